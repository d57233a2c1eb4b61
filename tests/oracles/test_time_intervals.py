"""`domain.timeintervals` against Alertmanager, Icinga and Nagios."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from standby.domain.timeintervals import (
    TimeInterval,
    Weekdays,
    inside,
    instant,
    local_date,
    next_change,
    parse_days_of_month,
    parse_months,
    parse_times,
    parse_weekdays,
    parse_years,
)
from standby.domain.units import SECOND

from .loader import Case, cases, compare, oracle, strangers

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


def read(doc: Any) -> Any:
    """The written form as the parsed one of the oracle."""
    if isinstance(doc, list):
        return [read(one) for one in doc]
    if "start_time" in doc:
        begin, end = parse_times(f"{doc['start_time']}-{doc['end_time']}")
        return {"start_minute": begin, "end_minute": end}
    found: dict[str, Any] = {}
    for key, values in doc.items():
        if key == "times":
            found[key] = [read(one) for one in values]
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
ICINGA_WAIVERS = dict.fromkeys(
    (
        "icinga-dst-2021-03-14-02:30-03:30-running-2021-03-14 03:00:00 PDT",
        "icinga-dst-sunday 2-02:15-03:45-next-2021-03-14 01:00:00 PST",
        "icinga-dst-sunday -3-02:15-03:45-next-2021-03-14 01:00:00 PST",
    ),
    GAP,
)


def segment(day: date, text: str, zone: ZoneInfo) -> tuple[int, int]:
    begin, end = (sum(int(part) * 60 ** (1 - i) for i, part in enumerate(half.split(":"))) for half in text.split("-"))
    return instant(day, begin, zone), instant(day, end if end > begin else end + 24 * 60, zone)


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
    found = [segment(day, case["range"], zone) for day in days(case["day"], at, zone)]
    running = case["kind"] == "running_segment"
    ours = next(((a, b) for a, b in found if (a <= at < b if running else a > at)), None)
    expected = case["expected"] and tuple(map(ns, case["expected"]))
    compare(case, ours, expected, ICINGA_WAIVERS)


def test_no_waiver_is_for_nothing() -> None:
    assert not strangers(ICINGA_WAIVERS, ICINGA, "cases")
    assert not strangers(NAGIOS_WAIVERS, NAGIOS, "cases")


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
        begin, end = (
            sum(int(part) * 60.0 ** (1 - i) for i, part in enumerate(half.split(":")))
            for half in case["range"].split("-")
        )
        day = date.fromisoformat(case["ref_day"])
        ours = [instant(day, begin, UTC), instant(day, end if end > begin else end + 24 * 60, UTC)]
        assert ours == [ns(f"{one}+00:00") for one in case["expected"]]


EXCLUDES = "periods that leave others out are not written in this grammar"
NAGIOS_WAIVERS = {
    "nagios-tp-sunday_only-Europe/London-1256508000": "the end of a range is not in it any more; of Nagios it is",
}


def period(doc: dict[str, list[str]], zone: ZoneInfo) -> list[TimeInterval]:
    return [
        TimeInterval(times=[parse_times(one) for one in times], weekdays=[parse_weekdays(day)], zone=zone)
        for day, times in doc.items()
    ]


@pytest.mark.parametrize("case", cases(NAGIOS))
def test_as_nagios(case: Case) -> None:
    document = oracle(NAGIOS)
    assert document is not None
    doc = document["periods"][case["period"]]
    if "exclude" in doc:
        pytest.skip(EXCLUDES)
    intervals = period(doc, ZoneInfo(case["timezone"]))
    sweep = case.get("sweep")
    instants = [case["at"]] if sweep is None else range(sweep["from"], sweep["from"] + 1000 * sweep["step_s"], 1800)
    for at in instants:
        ours = inside(intervals, at * SECOND)
        found = at * SECOND if ours else next_change(intervals, at * SECOND)
        valid = at if sweep is not None else case["expected_next_valid"]
        compare(case, (ours, found), (case["expected_inside"], valid * SECOND), NAGIOS_WAIVERS)
