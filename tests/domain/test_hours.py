"""Quiet and active hours of a route: why it is quiet, and until when."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standby.domain.hours import hush, turns
from standby.domain.timeintervals import TimeInterval, read
from standby.domain.units import DAY, MINUTE, parse_instant

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = read({"times": ("22:00-24:00", "00:00-06:00")}, BERLIN)
WEEKEND = read({"weekdays": ("saturday", "sunday")}, BERLIN)
OFFICE = read({"times": ("09:00-17:00",), "weekdays": ("monday:friday",)}, BERLIN)
LUNCH = read({"times": ("12:00-13:00",)}, BERLIN)
ALWAYS = read({"times": ("00:00-24:00",)}, BERLIN)


def at(text: str) -> int:
    return parse_instant(text)


NAMED = {"night": NIGHT, "end": WEEKEND, "office": OFFICE, "lunch": LUNCH, "always": ALWAYS}
THURSDAY, FRIDAY = "2026-11-26T{}:00+01:00", "2026-11-27T{}:00+01:00"
MONDAY = "2026-11-30T{}:00+01:00"


@pytest.mark.parametrize(
    ("quiet", "active", "now", "why", "until"),
    [
        ("night", "", THURSDAY.format("21:00"), None, None),
        ("night", "", THURSDAY.format("22:00"), "quiet hours night", FRIDAY.format("06:00")),
        ("night", "", "2026-10-24T23:00:00+02:00", "quiet hours night", "2026-10-25T06:00:00+01:00"),
        # where one ends within another it goes on
        ("night end", "", FRIDAY.format("23:00"), "quiet hours night", MONDAY.format("06:00")),
        ("", "office", THURSDAY.format("10:00"), None, None),
        ("", "office", FRIDAY.format("17:00"), "outside the hours office", MONDAY.format("09:00")),
        ("", "office end", FRIDAY.format("18:00"), "outside the hours office, end", "2026-11-28T00:00:00+01:00"),
        ("lunch", "office", THURSDAY.format("12:30"), "quiet hours lunch", THURSDAY.format("13:00")),
        ("night", "office", THURSDAY.format("23:00"), "quiet hours night", FRIDAY.format("09:00")),
        ("always", "", THURSDAY.format("23:00"), "quiet hours always", None),
        ("", "", THURSDAY.format("23:00"), None, None),
    ],
)
def test_why_and_until_when(quiet: str, active: str, now: str, why: str | None, until: str | None) -> None:
    found = hush(named(quiet), named(active), at(now))
    assert (found.why if found else None) == why
    assert (found.until if found else None) == (at(until) if until else None)


def named(names: str) -> dict[str, TimeInterval]:
    return {name: NAMED[name] for name in names.split()}


@given(st.integers(at("2026-01-01T00:00:00Z") // MINUTE, at("2027-01-01T00:00:00Z") // MINUTE))
def test_it_is_quiet_until_then_and_no_longer(minute: int) -> None:
    now, quiet, active = minute * MINUTE, {"lunch": LUNCH, "night": NIGHT}, {"office": OFFICE}
    found, turn = hush(quiet, active, now), turns(quiet, active, now)
    assert turn is not None
    assert now < turn <= now + DAY
    if found is None:
        assert hush(quiet, active, turn) is not None
    else:
        assert found.until is not None
        assert hush(quiet, active, found.until) is None
        assert hush(quiet, active, found.until - 1) is not None
