"""`domain.timeintervals` against Alertmanager, Icinga and Nagios."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from pydantic import TypeAdapter

from standby.config.times import Zone
from standby.domain.hours import Named, hush
from standby.domain.timeintervals import (
    TimeInterval,
    Weekdays,
    inside,
    instant,
    local_date,
    parse_days_of_month,
    parse_months,
    parse_times,
    parse_weekdays,
    parse_years,
)
from standby.domain.units import MINUTE, SECOND

from .loader import Case, assert_agrees, cases, oracle

FILE = "c_time_intervals_alertmanager"
ICINGA = "c_timeperiods_icinga"
NAGIOS = "c_timeperiods_nagios"


def interval(doc: dict[str, Any]) -> TimeInterval:
    return TimeInterval(
        times=[(one["start_minute"], one["end_minute"]) for one in doc.get("times", ())],
        weekdays=[Weekdays(*one) for one in doc.get("weekdays", ())],
        days_of_month=[tuple(one) for one in doc.get("days_of_month", ())],
        months=[tuple(one) for one in doc.get("months", ())],
        years=[tuple(one) for one in doc.get("years", ())],
        zone=ZoneInfo(doc.get("location", "UTC")),
    )


def ns(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp()) * SECOND


@pytest.mark.parametrize("case", cases(FILE))
def test_as_alertmanager(case: Case) -> None:
    at = ns(case["at"])
    if case["kind"] == "contains":
        assert inside([interval(one) for one in case["intervals"]], at) is case["expected"]
        return
    active = case["kind"].startswith("active")
    named = case["active_intervals"] if active else case["named_intervals"]
    held = [name for name, docs in named.items() if inside([interval(one) for one in docs], at)]
    found = [name for name in named if not held] if active else held
    assert found == case["expected"]


READ: dict[str, Callable[[str], Any]] = {
    "weekdays": parse_weekdays,
    "days_of_month": parse_days_of_month,
    "months": parse_months,
    "years": parse_years,
}
read_zone = TypeAdapter(Zone).validate_python


def read(doc: Any) -> Any:
    """The written form as the parsed one of the oracle."""
    if isinstance(doc, list):
        return [read(one) for one in doc]
    if "start_time" in doc:
        begin, end = parse_times(f"{doc['start_time']}-{doc.get('end_time', '')}")
        return {"start_minute": begin, "end_minute": end}
    found: dict[str, Any] = {}
    for key, values in doc.items():
        if key == "times":
            found[key] = [read(one) for one in values]
        elif key == "location":
            found[key] = read_zone(values)
        else:
            parsed = [READ[key](str(one)) for one in values]
            found[key] = [[one.first, one.last] if isinstance(one, Weekdays) else list(one) for one in parsed]
    return found


@pytest.mark.parametrize("case", cases(FILE, "parse_cases"))
def test_is_written_as_for_alertmanager(case: Case) -> None:
    doc = yaml.safe_load(case["yaml"])
    if case["expected_error"] is None:
        assert read(doc) == case["expected_parsed"]
    else:
        with pytest.raises(ValueError, match=r"write|has to"):
            read(doc)


GAP = "Icinga reads a time that spring leaves out with the old offset; ours is the first instant after the gap"


def clocks(text: str) -> tuple[float, float]:
    """Minutes from the beginning of the day; an end before the beginning is of the next day."""
    halves = (half.split(":") for half in text.split("-"))
    begin, end = (sum(int(part) * 60.0 ** (1 - i) for i, part in enumerate(half)) for half in halves)
    return begin, end if end > begin else end + 24 * 60


def segment(day: date, text: str, zone: ZoneInfo) -> tuple[int, int]:
    begin, end = clocks(text)
    return instant(day, begin, zone), instant(day, end, zone)


def left_out(day: date, minute: float, zone: ZoneInfo) -> bool:
    """Whether the clock there never shows this."""
    wall = datetime.combine(day, datetime.min.time()) + timedelta(minutes=minute)
    return wall.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None) != wall


def days(text: str, at: int, zone: ZoneInfo) -> list[date]:
    """The days around `at` that are meant."""
    if text[0].isdigit():
        return [date.fromisoformat(text)]
    name, _, nth = text.partition(" ")
    rule = TimeInterval(weekdays=[parse_weekdays(f"{name}#{nth}" if nth else name)], zone=zone)
    first = local_date(at, zone) - timedelta(days=1)
    return [day for day in (first + timedelta(days=off) for off in range(800)) if rule.on(day)]


@pytest.mark.parametrize("case", cases(ICINGA))
def test_as_icinga(case: Case) -> None:
    zone, at = ZoneInfo("America/Los_Angeles"), ns(case["at"])
    found = [(segment(day, case["range"], zone), day) for day in days(case["day"], at, zone)]
    running = {"running_segment": True, "next_segment": False}[case["kind"]]
    ours, day = next((((a, b), day) for (a, b), day in found if (a <= at < b if running else a > at)), (None, None))
    expected = case["expected"] and tuple(map(ns, case["expected"]))
    gap = day is not None and any(left_out(day, minute, zone) for minute in clocks(case["range"]))
    assert_agrees(ours, expected, GAP if gap else None)


def test_a_day_without_end_has_no_hole_when_the_clock_is_set() -> None:
    document = oracle(ICINGA)
    if document is None:
        pytest.skip("the recording is not here")
    sweep = document["sweep_24x7"]
    always = [TimeInterval(times=[(0, 24 * 60)], zone=ZoneInfo(sweep["timezone"]))]
    region = sweep["region_begins"]
    for at in range(region["from"], region["to"] + max(sweep["region_lengths_s"]), sweep["probe_step_s"]):
        assert inside(always, at * SECOND) is sweep["expected_inside"]


def test_the_nth_weekday_of_a_month() -> None:
    document = oracle(ICINGA)
    if document is None:
        pytest.skip("the recording is not here")
    for case in document["nth_weekday"]:
        rule = TimeInterval(weekdays=[parse_weekdays(f"{case['weekday']}#{case['n']}")])
        first = date(case["year"], case["month"], 1)
        found = [day for day in (first + timedelta(days=off) for off in range(31)) if day.month == first.month]
        assert [str(day) for day in found if rule.on(day)] == [case["expected"]]


def test_a_range_that_passes_midnight_ends_on_the_next_day() -> None:
    document = oracle(ICINGA)
    if document is None:
        pytest.skip("the recording is not here")
    for case in document["ranges"]:
        day = date.fromisoformat(case["ref_day"])
        ours = [instant(day, minute, UTC) for minute in clocks(case["range"])]
        assert ours == [ns(f"{one}+00:00") for one in case["expected"]]


END_IS_IN = "the end of a range is not in it any more; of Nagios it is"
COMES_TWICE = "a time of day that comes twice is inside both times; with Nagios only the first time"
Days = dict[str, list[str]]


def period(doc: Days, at: int, zone: ZoneInfo) -> dict[str, TimeInterval]:
    """The days of a period in our grammar, each under a name of its own, in the years around `at`."""
    number = count()
    return {
        f"{name} {next(number)}": one
        for name, times in doc.items()
        for one in intervals(name, [parse_times(text) for text in times], local_date(at, zone), zone)
    }


def intervals(name: str, times: list[tuple[int, int]], around: date, zone: ZoneInfo) -> Iterator[TimeInterval]:
    """Of `sunday`, `tuesday 2`, and what goes from one day of each month, or year, to another."""
    first, dash, last = name.partition(" - ")
    if not dash:
        yield TimeInterval(times=times, weekdays=[parse_weekdays(name.replace(" ", "#"))], zone=zone)
        return
    for begin in filter(None, (nth_day(first, around, off) for off in range(-13, 25))):
        ends = filter(None, (nth_day(last, begin, off) for off in range(13)))
        end = next(day for day in ends if day >= begin)
        for day in (begin + timedelta(days=off) for off in range((end - begin).days + 1)):
            years, months, of_month = ([(part, part)] for part in (day.year, day.month, day.day))
            yield TimeInterval(times, (), of_month, months, years, zone)


def nth_day(text: str, around: date, later: int) -> date | None:
    """`april 1`, or `tuesday -1`, so many months later; `None` when that is another month."""
    name, number = text.split(" ")
    months = around.year * 12 + around.month - 1 + later
    first = date(months // 12, months % 12 + 1, 1)
    if name not in {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}:
        return first.replace(day=int(number)) if parse_months(name)[0] == first.month else None
    rule = TimeInterval(weekdays=[parse_weekdays(f"{name}#{number}")])
    length = monthrange(first.year, first.month)[1]
    return next(day for day in (first + timedelta(days=off) for off in range(length)) if rule.on(day))


@pytest.mark.parametrize("case", cases(NAGIOS))
def test_as_nagios(case: Case) -> None:
    """A period that leaves another out is active hours with quiet ones in them."""
    document = oracle(NAGIOS)
    assert document is not None
    doc, zone = dict(document["periods"][case["period"]]), ZoneInfo(case["timezone"])
    left = doc.pop("exclude", {})
    left = document["periods"][left] if isinstance(left, str) else left
    sweep = case.get("sweep")
    instants = [case["at"]] if sweep is None else range(sweep["from"], sweep["from"] + 1000 * sweep["step_s"], 1800)
    for at in (second * SECOND for second in instants):
        quiet, active = (period(one, at, zone) for one in (left, doc))
        quiet |= {} if doc else {"never": TimeInterval()}
        found = hush(quiet, active, at)
        valid = at if found is None else found.until
        seconds = case["expected_next_valid"] if sweep is None else at // SECOND
        expected = case["expected_inside"], None if seconds is None else seconds * SECOND
        assert_agrees((found is None, valid), expected, differs(quiet, active, at, valid, zone))


def differs(quiet: Named, active: Named, at: int, valid: int | None, zone: ZoneInfo) -> str | None:
    """Why Nagios says something else about `at`, and about the next instant that is in the period."""
    if inside([*active.values()], at - 1) and not inside([*active.values()], at):
        return END_IS_IN
    if valid is not None and inside([*quiet.values()], valid - 1):
        return END_IS_IN
    if valid is None or not datetime.fromtimestamp(valid // SECOND, zone).fold:
        return None
    first = instant(local_date(valid, zone), minute_of_day(valid, zone), zone)
    over = any(not inside([*active.values()], between) for between in range(first, valid, MINUTE))
    return COMES_TWICE if over else None


def minute_of_day(at: int, zone: ZoneInfo) -> float:
    wall = datetime.fromtimestamp(at // SECOND, zone)
    return wall.hour * 60 + wall.minute + wall.second / 60
