from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standby.domain.expected import Plan, days_of, judge, window
from standby.domain.outcome import Outcome
from standby.domain.units import HOUR, MINUTE, SECOND

WEEK = days_of(["mon", "tue", "wed", "thu", "fri", "sat", "sun"])
STOCKHOLM = ZoneInfo("Europe/Stockholm")


def at(text: str, zone: ZoneInfo = STOCKHOLM) -> int:
    """Local wall time in ns; the first of two."""
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()) * SECOND


def plan(by: str = "06:00", begins: str = "00:00", days: frozenset[int] = WEEK, at_least: float = 100) -> Plan:
    return Plan(at_least, time.fromisoformat(by), time.fromisoformat(begins), STOCKHOLM, days)


@pytest.mark.parametrize(
    ("now", "count", "by_pace", "outcome", "says"),
    [
        ("2026-11-25T05:00", 50, False, Outcome.UP, "50 of 100, 1h until 06:00; 10 an hour make 60"),
        ("2026-11-25T05:00", 50, True, Outcome.DEGRADED, "too slow: 50 of 100"),
        ("2026-11-25T05:00", 90, True, Outcome.UP, "90 of 100, 1h until 06:00; 18 an hour make 108"),
        ("2026-11-25T00:00:10", 0, True, Outcome.UP, "0 of 100, 5h59m until 06:00"),
        ("2026-11-25T05:00", 100, False, Outcome.UP, "100 of 100 before 06:00"),
        ("2026-11-25T05:59:59", 99, False, Outcome.UP, "99 of 100, 1s until 06:00; 16.5 an hour make 99"),
        ("2026-11-25T06:00", 99, False, Outcome.DOWN, "99 of 100 by 06:00: 1 short, 0s late"),
        ("2026-11-25T23:59", 99, False, Outcome.DOWN, "1 short, 17h59m late"),
        ("2026-11-25T06:00", 100, False, Outcome.UP, "100 of 100 by 06:00"),
        ("2026-11-26T00:00", 0, False, Outcome.UP, "0 of 100, 6h until 06:00"),
    ],
)
def test_a_day(now: str, count: float, by_pace: bool, outcome: Outcome, says: str) -> None:
    verdict = judge(plan(), count, at(now), by_pace=by_pace)
    assert verdict.outcome is outcome
    assert says in verdict.message


def test_large_numbers_are_readable() -> None:
    verdict = judge(plan("10:30", at_least=40_000), 28_000, at("2026-11-25T10:31"))
    assert verdict.message == "28,000 of 40,000 by 10:30: 12,000 short, 1m late"


def test_counting_may_begin_the_evening_before() -> None:
    night = plan("06:00", "18:00", days_of(["tue"]))  # by Tuesday 06:00, since Monday 18:00
    assert window(night, at("2026-11-23T18:00")).due == at("2026-11-24T06:00")
    assert window(night, at("2026-11-24T17:59")).due == at("2026-11-24T06:00")
    assert judge(night, 0, at("2026-11-24T17:59")).outcome is Outcome.DOWN
    assert judge(night, 0, at("2026-11-24T18:00")).outcome is Outcome.UP
    assert judge(night, 0, at("2026-11-25T07:00")).message == "0 of 100; none is due on wed"


@pytest.mark.parametrize(
    ("day", "by", "hours"),
    [
        ("2026-03-29", "06:00", 5),  # the night is an hour shorter
        ("2026-10-25", "06:00", 7),
        ("2026-11-25", "06:00", 6),
        ("2026-03-29", "02:30", 2.5),  # a time that there is not
        ("2026-10-25", "02:30", 2.5),  # one that there is twice: the first
    ],
)
def test_the_clocks_may_change(day: str, by: str, hours: float) -> None:
    found = window(plan(by), at(f"{day}T00:00"))
    assert found.due - found.begins == hours * HOUR


@given(
    st.integers(at("2026-01-01T00:00") // SECOND, at("2027-12-31T00:00") // SECOND),
    st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    st.sampled_from(["Europe/Stockholm", "America/New_York", "Australia/Lord_Howe", "UTC", "Asia/Kathmandu"]),
    st.floats(0, 200),
)
def test_every_instant_is_in_one_window_and_short_is_down_only_after_the_deadline(
    when: int, due: time, begins: time, zone: str, count: float
) -> None:
    terms = Plan(100, due, begins, ZoneInfo(zone), WEEK)
    now = when * SECOND
    found = window(terms, now)
    assert found.begins <= now < found.ends
    assert found.begins <= found.due
    assert found.ends - found.begins in range(22 * HOUR, 26 * HOUR + MINUTE)
    verdict = judge(terms, count, now)
    assert (verdict.outcome is Outcome.DOWN) == (now >= found.due and count < 100)
