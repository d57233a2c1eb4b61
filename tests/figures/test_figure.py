from __future__ import annotations

import pytest
from benchmarks.figure import Figure, Target
from benchmarks.report import page, row, section


@pytest.mark.parametrize(
    ("target", "ours", "theirs", "met"),
    [
        (Target(0.4, of_theirs=True), (0.9, 1.0, 5.0), (2.5, 2.4, 2.6), True),
        (Target(0.4, of_theirs=True), (1.1, 1.0, 1.2), (2.5, 2.4, 2.6), False),
        (Target(0.4, of_theirs=True), (1.0,), None, None),
        (Target(17), (16.0, 16.5, 18.0), None, True),
        (Target(17, always=True), (16.0, 16.5, 18.0), None, False),
        (Target(300, at_least=True), (300.0, 300.0, 299.0), None, True),
        (Target(300, at_least=True, always=True), (300.0, 300.0, 299.0), None, False),
        (Target(0), (0.0,), None, True),
        (None, (3.0,), (1.0,), None),
        (Target(17), (), None, None),
    ],
)
def test_a_target_is_held_by_what_was_measured(
    target: Target | None, ours: tuple[float, ...], theirs: tuple[float, ...] | None, met: bool | None
) -> None:
    assert Figure("it", ours, theirs, "s", target).met is met


def test_a_page_tells_a_miss_and_a_gap() -> None:
    missed = Figure("slow", (2.0, 1.0, 3.0), (2.0, 4.0, 2.0), "ms", Target(0.5, of_theirs=True))
    gap = Figure.unmeasured("gone", "s", Target(1), "nginx is not installed")
    assert row(missed) == ("slow", "2 ms (1 to 3)", "2 ms (2 to 4)", "1.00", "≤ 0.5 × theirs", "**no**")
    written = section([missed, gap], "0.10")
    assert "| gone [2] | not measured | — | — | ≤ 1 s | — |" in written
    assert "- [2] not measured: nginx is not installed" in written


def test_a_page_keeps_what_was_not_measured_again() -> None:
    order = ("first", "second", "third")
    whole = page({"third": "c\n\n- [1] a note", "first": "a"}, "", order)
    again = page({"second": "b", "first": "A"}, whole, order)
    assert again.partition("## first")[2].split() == [
        "A",
        *["##", "second", "b", "##", "third", "c", "-", "[1]", "a", "note"],
    ]
