"""Changes are found at their minute, in every zone and over every step of its clock."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from standby.domain.timeintervals import (
    TimeInterval,
    Weekdays,
    inside,
    instant,
    next_change,
    parse_days_of_month,
    parse_months,
    parse_times,
    parse_weekdays,
    parse_years,
    spans,
)
from standby.domain.units import DAY, HOUR, MINUTE, SECOND

ZONES = (
    "America/Chicago", "Europe/London", "Australia/Lord_Howe", "America/Sao_Paulo", "Pacific/Apia", "Asia/Kathmandu",
)  # fmt: skip
QUARTERS = 24 * 4 * 4
T0 = int(datetime(2011, 12, 26, tzinfo=UTC).timestamp()) * SECOND  # Apia leaves out the 30th of December


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * SECOND


RANGES = st.tuples(st.integers(0, 47), st.integers(1, 48)).filter(lambda pair: pair[0] < pair[1])
INTERVALS = st.builds(
    TimeInterval,
    times=st.lists(RANGES.map(lambda pair: (pair[0] * 30, pair[1] * 30)), max_size=2),
    weekdays=st.lists(st.builds(Weekdays, st.integers(0, 2), st.integers(2, 6)), max_size=1),
    days_of_month=st.lists(st.sampled_from([(1, 10), (-5, -1), (20, 31)]), max_size=1),
    zone=st.sampled_from(ZONES).map(ZoneInfo),
)
BEGINS = st.one_of(
    st.sampled_from([T0, at("2026-03-28T00:00+00:00"), at("2026-10-24T00:00+00:00"), at("2026-03-06T00:00+00:00")]),
    st.integers(0, 365).map(lambda days: T0 + days * DAY),
)


@settings(max_examples=12)
@given(st.lists(INTERVALS, min_size=1, max_size=2), BEGINS)
def test_a_walk_by_quarters_of_an_hour_finds_the_same_changes(intervals: list[TimeInterval], begin: int) -> None:
    walked = [begin + step * HOUR // 4 for step in range(QUARTERS)]
    states = [inside(intervals, moment) for moment in walked]
    found, moment = [], next_change(intervals, begin)
    while moment is not None and moment <= walked[-1]:
        found.append(moment)
        moment = next_change(intervals, moment)
    steps = [after for after, one, two in zip(walked[1:], states, states[1:], strict=False) if one is not two]
    assert [change for change in found if change in walked] == steps
    assert all(inside(intervals, one) is not inside(intervals, one - MINUTE) for one in found)


def test_tomorrow_there_may_begin_before_today_ends_here() -> None:
    here = TimeInterval(weekdays=[Weekdays(0, 2)], zone=ZoneInfo("America/Chicago"))
    there = TimeInterval([(0, 1230)], days_of_month=[(1, 10)], zone=ZoneInfo("Pacific/Apia"))
    # Wednesday, the 28th of December 2011, begins in Chicago twenty hours after it began in Apia.
    assert next_change([here, there], 1_324_857_600 * SECOND) == 1_325_052_000 * SECOND


@pytest.mark.parametrize(
    ("day", "minute", "zone", "expected"),
    [
        ("2026-03-08", 150, "America/Chicago", "2026-03-08T03:00-05:00"),  # left out: the first after the gap
        ("2026-11-01", 90, "America/Chicago", "2026-11-01T01:30-05:00"),  # comes twice: the first
        ("2026-10-04", 135, "Australia/Lord_Howe", "2026-10-04T02:30+11:00"),  # half an hour is left out
        ("2011-12-30", 600, "Pacific/Apia", "2011-12-31T00:00+14:00"),  # the whole day is
        ("2026-05-01", 24 * 60, "Asia/Kathmandu", "2026-05-02T00:00+05:45"),
    ],
)
def test_a_time_of_day_is_an_instant(day: str, minute: int, zone: str, expected: str) -> None:
    assert instant(date.fromisoformat(day), minute, ZoneInfo(zone)) == at(expected)


def test_the_next_stretches() -> None:
    patches = [TimeInterval([(120, 240)], [parse_weekdays("tuesday#2")], zone=ZoneInfo("Europe/Berlin"))]
    found = spans(patches, at("2026-03-10T01:30+00:00"), 3)
    assert found == [
        (at("2026-03-10T01:30+00:00"), at("2026-03-10T03:00+00:00")),
        (at("2026-04-14T00:00+00:00"), at("2026-04-14T02:00+00:00")),
        (at("2026-05-12T00:00+00:00"), at("2026-05-12T02:00+00:00")),
    ]


def test_what_never_comes_is_looked_for_in_vain_and_for_a_bounded_time() -> None:
    assert next_change([TimeInterval(years=[(1999, 1999)])], T0) is None
    assert next_change([TimeInterval()], T0) is None
    assert spans([TimeInterval()], T0, 5) == [(T0, None)]
    assert spans([], T0, 5) == []
    leap = [TimeInterval(months=[(2, 2)], days_of_month=[(29, 29)])]
    assert spans(leap, at("2024-03-01T00:00+00:00"), 1)[0][0] == at("2028-02-29T00:00+00:00")


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (parse_times, "9-17"),
        (parse_times, "09:00"),
        (parse_times, "17:00-09:00"),
        (parse_times, "24:00-24:00"),
        (parse_weekdays, "tuesday#6"),
        (parse_weekdays, "#2"),
        (parse_weekdays, ""),
        (parse_days_of_month, "+1"),
        (parse_days_of_month, "1:2:3"),
        (parse_days_of_month, "-1:-7"),
        (parse_days_of_month, "8:-25"),
        (parse_months, "13"),
        (parse_months, "x" * 5000),
        (parse_years, "99999999999999999999"),
        (parse_years, "2028:2026"),
    ],
)
def test_what_is_no_time_says_how_to_write_one(read: object, text: str) -> None:
    assert callable(read)
    with pytest.raises(ValueError, match=r"write|has to") as caught:
        read(text)
    assert len(str(caught.value)) < 200
