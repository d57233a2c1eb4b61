"""Other people's documents: whatever stands there, something small comes out; instants however they are written."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standby.checks.documents import every, first_text, number, rows, table, text
from standby.checks.instants import instant
from standby.domain.units import format_instant


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2024-02-16T12:00:00Z", "2024-02-16T12:00:00.000Z"),
        ("2022-02-15T13:37:37.407-08:00", "2022-02-15T21:37:37.407Z"),
        ("2026-04-12 18:14:00.000", "2026-04-12T18:14:00.000Z"),
        ("2026-03-17T03:00:00.123456789Z", "2026-03-17T03:00:00.123Z"),
        ("1772369485", "2026-03-01T12:51:25.000Z"),
        (1772369485, "2026-03-01T12:51:25.000Z"),
        (1772369485123, "2026-03-01T12:51:25.123Z"),
        ("Fri, 23 Aug 2019 04:18:35 PDT", "2019-08-23T11:18:35.000Z"),
        ("Sat, 24 Aug 2019 04:18:35 PST", "2019-08-24T12:18:35.000Z"),
        ("Mon, 16 Aug 2010 23:00:23 +0000", "2010-08-16T23:00:23.000Z"),
        ("Fri, 31 Jul 2026 00:12:00 Z", "2026-07-31T00:12:00.000Z"),
    ],
)
def test_an_instant_however_it_is_written(written: object, meant: str) -> None:
    found = instant(written)
    assert found is not None
    assert format_instant(found) == meant


@pytest.mark.parametrize(
    "written",
    ["not-a-date", "", None, True, {}, [], 0, -1, "0001-01-01T00:00:00Z", "99999-01-01", float("nan"), 1e300, "9" * 40],
)
def test_what_is_no_instant_is_none(written: object) -> None:
    assert instant(written) is None


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=60),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)


@given(ANYTHING)
def test_whatever_stands_there_is_no_error(found: Any) -> None:
    assert isinstance(table(found), dict)
    assert all(isinstance(one, dict) for one in [*rows(found), *every(found)])
    assert len(every(found)) == (len(found) if isinstance(found, list) else 0)
    assert len(text(found, 20)) <= 20
    assert isinstance(first_text(table(found), "a", "b"), str)
    assert number(found) is None or number(found) == number(found)
    instant(found)


def test_numbers_come_as_texts() -> None:
    assert [number(one) for one in ("3", 3, "0e+00", "NaN", "+Inf", "x", True, None, "1" * 40)] == [
        3.0, 3.0, 0.0, None, None, None, None, None, None
    ]  # fmt: skip
