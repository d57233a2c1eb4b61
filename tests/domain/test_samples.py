"""Series as they are written in a test of rules."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.domain.samples import MOST, Look, figures, looks
from standby.domain.units import MINUTE, SECOND

UP, DOWN = Look(Outcome.UP), Look(Outcome.DOWN)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("up", [UP]),
        ("up x2, down x3", [UP, UP, DOWN, DOWN, DOWN]),
        ("up x2 down", [UP, UP, DOWN]),
        ("up 30s", [UP, UP, UP]),
        ("up x0, down", [DOWN]),
        ("_ x2, up", [None, None, UP]),
        ("down:timeout", [Look(Outcome.DOWN, Failure.TIMEOUT)]),
    ],
)
def test_looks(text: str, expected: list[Look | None]) -> None:
    assert looks(text, 10 * SECOND) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("120", [120.0]),
        ("0.5 x2, _", [0.5, 0.5, None]),
        ("100+20 x3", [100.0, 120.0, 140.0]),
        ("100-20 x3 7", [100.0, 80.0, 60.0, 7.0]),
        ("-5 1m", [-5.0] * 6),
        ("1e3", [1000.0]),
    ],
)
def test_figures(text: str, expected: list[float | None]) -> None:
    assert figures(text, 10 * SECOND) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        (" , ", "is empty"),
        ("uo x10", '"uo" is no outcome; write one of up, degraded'),
        ("down:tiemout", '"tiemout" is no failure; write one of resolve'),
        ("x10", '"x10" is no outcome'),
        ("up x10 x10", '"x10" is no outcome'),
        ("up 15s", "15s is no multiple of the interval 10s; write how often"),
        ("up x999999999", f"has more than {MOST} samples"),
        ("up 1d " * 40, f"has more than {MOST} samples"),
    ],
)
def test_what_is_wrong_is_said(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        looks(text, 10 * SECOND)


@pytest.mark.parametrize("text", ["12O", "nan", "inf", "1e999", "--1", "1+"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no number"):
        figures(text, MINUTE)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (looks, figures):
        said = ""
        try:
            assert len(read(text, MINUTE)) <= MOST
        except ValueError as error:
            said = str(error)
        assert not said or "; write " in said or "test a shorter time" in said
