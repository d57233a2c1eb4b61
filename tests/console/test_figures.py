"""Numbers and instants as the screen writes them."""

from __future__ import annotations

import re
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from standby.console.present import figures
from standby.console.present.cells import Cell, Column, fit, lay_out, line, place, wrap
from standby.console.present.glyphs import plain
from standby.domain.units import DAY, HOUR, MINUTE, SECOND

from .shop import NOW


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (-5 * SECOND, "now"),
        (9 * SECOND, "now"),
        (49 * SECOND, "40s"),
        (61 * SECOND, "1m"),
        (HOUR + 5 * MINUTE, "1h05m"),
        (4 * DAY + 3 * HOUR, "4d03h"),
        (120 * DAY, "120d"),
        (10**30, "99999d"),
    ],
)
def test_age(ns: int, text: str) -> None:
    assert figures.age(ns) == text
    assert len(figures.age(ns)) <= 6


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (None, "–"), (float("nan"), "–"), (-1.0, "–"), (0.42, "0.4 ms"), (9.97, "10 ms"), (34.4, "34 ms"),
        (123.4, "120 ms"), (994.0, "990 ms"), (996.0, "1.0 s"), (1_234.0, "1.2 s"), (34_567.0, "35 s"),
    ],
)  # fmt: skip
def test_latency_keeps_two_digits(ms: float | None, text: str) -> None:
    assert figures.latency(ms) == text


@pytest.mark.parametrize(
    ("rate", "text"), [(None, "–"), (0.0, "0%"), (0.001, "<1%"), (0.434, "43%"), (1.0, "100%"), (7.0, "100%")]
)
def test_share(rate: float | None, text: str) -> None:
    assert figures.share(rate) == text


def test_stamp_names_the_day_when_it_is_not_today() -> None:
    assert figures.stamp(NOW - HOUR, NOW, UTC) == "02:10:24"
    assert figures.stamp(NOW - 4 * HOUR, NOW, UTC) == "22 Nov 23:10"
    assert figures.stamp(NOW - 900 * DAY, NOW, UTC) == "2024-06-06"
    assert figures.stamp(2**70, NOW, UTC) == "?"


def test_sparkline_puts_the_usual_low_and_trouble_high() -> None:
    minute = NOW // MINUTE
    values = [100.0, 100.0, None, 100.0, 1_000.0]
    known = [((minute - 5 + at) * MINUTE, value) for at, value in enumerate(values)]
    assert figures.sparkline(known, NOW, 7) == "  ▃▃·▃█"


def test_sparkline_does_not_move_within_a_minute() -> None:
    known = [((NOW // MINUTE - back) * MINUTE, float(back)) for back in range(1, 30)]
    start = NOW - NOW % MINUTE
    assert figures.sparkline(known, start, 20) == figures.sparkline(known, start + 59 * SECOND, 20)


@given(st.text(max_size=60), st.integers(0, 40), st.booleans())
def test_fit_is_exact_whatever_the_text(text: str, width: int, right: bool) -> None:
    fitted = fit(text, width, right=right)
    assert cell_len(fitted) == width
    assert not _UNSAFE.search(fitted)


@given(st.lists(st.tuples(st.text(max_size=30), st.sampled_from(["text", "down"])), max_size=6), st.integers(1, 50))
def test_a_line_is_as_wide_as_it_was_asked(parts: list[tuple[str, str]], width: int) -> None:
    row = line([Cell(*part) for part in parts], width)
    assert cell_len(row.text) == width
    ascii_only = "".join(cell.text for cell in plain(row.cells))
    assert cell_len(ascii_only) == width
    assert ascii_only.isascii()


@given(st.text(max_size=200), st.integers(2, 40))
def test_wrap_loses_no_letter(text: str, width: int) -> None:
    lines = wrap(text, width, 500)
    assert all(cell_len(one) <= width for one in lines)
    from standby.console.present.cells import safe

    assert "".join("".join(lines).split()) == "".join(safe(text).split())


def test_wrap_cuts_the_last_line_without_joining_words() -> None:
    assert wrap("a spike; highest of all", 8, 1) == ["a spike…"]
    assert wrap("a spike highest of all", 9, 1) == ["a spike …"]


_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_COLUMNS = (
    Column("a", "a", 5),
    Column("b", "b", 5, weight=1, most=8),
    Column("c", "c", 5, weight=1, drop=1),
    Column("d", "d", 5, drop=2),
)


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (11, {"a": 5, "b": 5}),
        (17, {"a": 5, "b": 5, "c": 5}),
        (23, {"a": 5, "b": 5, "c": 5, "d": 5}),
        (33, {"a": 5, "b": 8, "c": 12, "d": 5}),
        (3, {"a": 5, "b": 5}),
    ],
)
def test_lay_out_drops_then_grows(width: int, expected: dict[str, int]) -> None:
    assert {slot.column.key: slot.width for slot in lay_out(_COLUMNS, width)} == expected


@given(st.integers(1, 250))
def test_a_placed_row_fills_the_line(width: int) -> None:
    row = place(lay_out(_COLUMNS, width), {"a": Cell("x" * 99), "b": Cell("二" * 9)}, width)
    assert cell_len(row.text) == width


@pytest.mark.parametrize(
    ("share", "digits", "text"),
    [
        (None, 3, "–"),
        (float("nan"), 3, "–"),
        (1.0, 3, "100%"),
        (0.9999999, 3, "99.999%"),  # never rounded up to what did not hold
        (0.998443, 3, "99.844%"),
        (0.29, 1, "29.0%"),
        (0.0, 1, "0.0%"),
        (-0.1, 1, "0.0%"),
    ],
)
def test_shares_of_time_are_cut(share: float | None, digits: int, text: str) -> None:
    assert figures.percent(share, digits) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(None, "–"), (0.0, "0%"), (0.000001, "0.01%"), (0.0004, "0.04%"), (0.012, "1.2%"), (0.43, "43%"), (1.0, "100%")],
)
def test_rates_tell_a_single_failure(share: float | None, text: str) -> None:
    assert figures.rate(share) == text
