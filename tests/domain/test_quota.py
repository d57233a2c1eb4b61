"""How long a quota lasts: by tables, and whatever the figures are."""

from __future__ import annotations

from datetime import UTC, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standby.domain.quota import Quota, ends, forecast, later_reset, next_midnight, wall_time
from standby.domain.units import DAY, HOUR, MINUTE, parse_instant

MIDNIGHT = parse_instant("2026-07-01T00:00:00Z")
NOON, NEXT = MIDNIGHT + 12 * HOUR, MIDNIGHT + DAY


@pytest.mark.parametrize(
    ("used", "limit", "at", "end"),
    [
        (750, 1000, NOON, MIDNIGHT + 16 * HOUR),
        (500, 1000, NOON, None),  # lasts exactly until it starts anew
        (501, 1000, NOON, MIDNIGHT + round(12 * HOUR * (1000 / 501))),
        (1000, 1000, NOON, NOON),
        (1200, 1000, NOON, NOON),
        (0, 1000, NOON, None),
        (-5, 1000, NOON, None),
        (1, 0, NOON, NOON),
        (10, 1000, MIDNIGHT, None),  # no time has passed
        (10, 1000, MIDNIGHT - MINUTE, None),
        (10, 1000, NEXT + MINUTE, None),
    ],
)
def test_a_quota_ends_at_the_pace_since_its_reset(used: float, limit: float, at: int, end: int | None) -> None:
    assert ends(Quota(used, limit, at, NEXT)) == end


@given(st.floats(0, 1e9), st.floats(1, 1e9), st.integers(0, DAY))
def test_an_end_lies_between_now_and_the_reset(used: float, limit: float, passed: int) -> None:
    at = MIDNIGHT + passed
    end = ends(Quota(used, limit, at, NEXT))
    assert end is None or at <= end <= NEXT


def test_the_forecast_speaks_the_wall_time_of_the_account() -> None:
    east = ZoneInfo("US/Eastern")
    quota = Quota(750, 1000, NOON, NEXT)
    assert forecast(quota, "daily calls") == "daily calls end at 16:00 UTC at this pace"
    assert forecast(quota, "daily calls", east) == "daily calls end at 12:00 EDT at this pace"
    assert forecast(Quota(1000, 1000, NOON, NEXT), "daily calls", east) == "daily calls are used up until 20:00 EDT"
    assert forecast(Quota(1, 1000, NOON, NEXT), "daily calls") == ""
    assert wall_time(NOON, timezone(timedelta(hours=-4))) == "08:00 UTC-04:00"


@pytest.mark.parametrize(
    ("at", "zone", "midnight"),
    [
        ("2026-07-01T12:00:00Z", "UTC", "2026-07-02T00:00:00Z"),
        ("2026-07-01T00:00:00Z", "UTC", "2026-07-02T00:00:00Z"),
        ("2026-07-01T03:59:00Z", "US/Eastern", "2026-07-01T04:00:00Z"),
        ("2026-03-29T00:30:00+01:00", "Europe/Berlin", "2026-03-30T00:00:00+02:00"),  # a day of 23 hours
        ("2026-10-25T00:30:00+02:00", "Europe/Berlin", "2026-10-26T00:00:00+01:00"),  # and one of 25
    ],
)
def test_midnight_is_the_zones(at: str, zone: str, midnight: str) -> None:
    assert next_midnight(parse_instant(at), ZoneInfo(zone)) == parse_instant(midnight)


def test_a_reset_that_is_over_comes_again_each_day() -> None:
    assert later_reset(MIDNIGHT, NOON) == NEXT
    assert later_reset(NEXT, NOON) == NEXT
    assert later_reset(NOON, NOON) == NOON + DAY
    assert next_midnight(NOON, UTC) == NEXT
