"""Dates that come out of figures."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standby.checks.contract.notices import Notices
from standby.domain.calendar import dues
from standby.domain.units import DAY, SECOND, format_instant

MIDNIGHT = int(datetime(2026, 12, 1, tzinfo=UTC).timestamp()) * SECOND


@given(st.integers(0, 4 * 365 * 86_400), st.integers(0, 900 * DAY))
def test_a_date_is_told_to_the_second_whenever_somebody_looks(ahead: int, before: int) -> None:
    ends, looked = MIDNIGHT + ahead * SECOND, MIDNIGHT - before
    [due] = dues(Notices(sunset=ends).metrics(looked), looked, looked)
    assert due.at == ends


@pytest.mark.parametrize("hours", [1, 7.3, 100.01])
def test_what_ends_at_midnight_does_not_end_on_the_day_before(hours: float) -> None:
    looked = MIDNIGHT - round(hours * 3600 * SECOND)
    [due] = dues(Notices(sunset=MIDNIGHT).metrics(looked), looked, looked)
    assert format_instant(due.at).startswith("2026-12-01T00:00:00")


def test_figures_that_are_no_dates_are_left_out() -> None:
    assert list(dues({"sunset_days": True, "token_days": 1e9, "certificate_days": "soon"}, 0, 0)) == []
    assert list(dues(["sunset_days"], 0, 0)) == []
