"""Columns, outages out of the changes of several checks, and the length of a column."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standby.domain.availability import Tally
from standby.domain.history import STEPS, WINDOWS, Column, History, Hole, Mark, Outage, edges, outages, step_for
from standby.domain.outcome import Outcome
from standby.domain.settled import Settled, read, told
from standby.domain.units import DAY, HOUR, MINUTE

T0 = 20_000 * DAY
UP, DOWN, UNKNOWN = Outcome.UP, Outcome.DOWN, Outcome.UNKNOWN


def turns(*steps: tuple[int, Outcome], before: Outcome = UP) -> list[Settled]:
    """Changes at so many minutes after T0."""
    found = []
    for minute, after in steps:
        found.append(Settled(T0 + minute * MINUTE, before, after))
        before = after
    return found


OUTAGES = [
    ("never changed, up", [([], UP)], []),
    ("never changed, down", [([], DOWN)], [(0, None)]),
    ("never seen", [([], UNKNOWN)], []),
    ("down and up again", [(turns((10, DOWN), (15, UP)), UP)], [(10, 15)]),
    ("lasts", [(turns((10, DOWN)), DOWN)], [(10, None)]),
    ("was down before", [(turns((5, UP), before=DOWN), UP)], [(0, 5)]),
    ("began before", [(turns((-30, DOWN), (5, UP)), UP)], [(-30, 5)]),
    ("over before", [(turns((-30, DOWN), (-5, UP)), UP)], []),
    ("unknown is not down", [(turns((10, DOWN), (15, UNKNOWN), (20, DOWN), (30, UP)), UP)], [(10, 15), (20, 30)]),
    ("down twice in the log", [([*turns((10, DOWN)), *turns((12, DOWN), (20, UP))], UP)], [(10, 20)]),
    ("two checks that overlap", [(turns((10, DOWN), (20, UP)), UP), (turns((15, DOWN), (40, UP)), UP)], [(10, 40)]),
    ("one inside another", [(turns((10, DOWN), (50, UP)), UP), (turns((15, DOWN), (20, UP)), UP)], [(10, 50)]),
    ("one lasts", [(turns((10, DOWN)), DOWN), (turns((15, DOWN), (20, UP)), UP)], [(10, None)]),
    ("two that touch", [(turns((10, DOWN), (20, UP)), UP), (turns((20, DOWN), (30, UP)), UP)], [(10, 30)]),
    ("apart", [(turns((10, DOWN), (20, UP)), UP), (turns((21, DOWN), (30, UP)), UP)], [(10, 20), (21, 30)]),
]


@pytest.mark.parametrize(("checks", "expected"), [case[1:] for case in OUTAGES], ids=[case[0] for case in OUTAGES])
def test_outages(checks: list[tuple[list[Settled], Outcome]], expected: list[tuple[int, int | None]]) -> None:
    found = outages(checks, T0, T0 + HOUR, ())
    assert found == [
        Outage(T0 + begun * MINUTE, None if over is None else T0 + over * MINUTE) for begun, over in expected
    ]


def test_an_outage_says_how_much_of_it_nobody_saw() -> None:
    holes = [Hole(T0, T0 + 12 * MINUTE, "blind"), Hole(T0 + 18 * MINUTE, None, "engine away")]
    lasting, short = [(turns((10, DOWN)), DOWN)], [(turns((10, DOWN), (20, UP)), UP)]
    assert outages(short, T0, T0 + HOUR, holes)[0].unseen_ns == 4 * MINUTE
    assert outages(lasting, T0, T0 + HOUR, holes)[0].unseen_ns == 44 * MINUTE
    assert outages(lasting, T0, T0 + HOUR, holes)[0].lasted(T0 + HOUR) == 50 * MINUTE


@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 59), st.sampled_from(list(Outcome))), max_size=8).map(
            lambda steps: sorted(dict(steps).items())
        ),
        max_size=4,
    )
)
def test_outages_are_the_minutes_in_which_a_check_was_down(checks: list[list[tuple[int, Outcome]]]) -> None:
    """Against the slow way: minute by minute, the last change of each check."""
    given_turns = [(turns(*steps), steps[-1][1] if steps else UP) for steps in checks]
    found = outages(given_turns, T0, T0 + HOUR, ())
    for minute in range(60):
        states = [next((after for at, after in reversed(steps) if at <= minute), UP) for steps in checks]
        inside = [
            one
            for one in found
            if one.start <= T0 + minute * MINUTE and (one.end is None or one.end > T0 + minute * MINUTE)
        ]
        assert bool(inside) is (DOWN in states)
    assert all(one.end is not None and one.end < two.start for one, two in pairwise(found))


@pytest.mark.parametrize("before", list(Outcome))
@pytest.mark.parametrize("message", ["", "status == 200: status is 503", "up to down: down to up"])
def test_the_log_says_what_was_settled(before: Outcome, message: str) -> None:
    for after in Outcome:
        assert read("payments-api", T0, told("payments-api", before, after, message)) == Settled(T0, before, after)


@pytest.mark.parametrize("line", ["", "other: up to down", "payments-api: up to gone", "x payments-api: up to down"])
def test_another_line_is_no_change(line: str) -> None:
    assert read("payments-api", T0, line) is None


@given(st.integers(0, 40 * DAY), st.integers(2, 400))
def test_a_window_fits_into_its_columns(begin: int, columns: int) -> None:
    for span in WINDOWS.values():
        step = step_for(span, columns)
        start = (T0 + begin) // MINUTE * MINUTE
        assert len(list(edges(start, start + span, step))) <= columns
        shorter = STEPS[max(0, STEPS.index(step) - 1)]
        assert shorter == step or span > (columns - 1) * shorter


@pytest.mark.parametrize(
    ("window", "columns", "step"),
    [
        ("1h", 73, MINUTE),
        ("24h", 73, 20 * MINUTE),  # a terminal of 80 columns
        ("7d", 73, 3 * HOUR),
        ("30d", 73, 12 * HOUR),
        ("24h", 113, 15 * MINUTE),
        ("30d", 113, 8 * HOUR),
        ("24h", 193, 10 * MINUTE),
        ("30d", 193, 4 * HOUR),
    ],
)
def test_steps_that_people_can_read_a_clock_by(window: str, columns: int, step: int) -> None:
    assert step_for(WINDOWS[window], columns) == step


def test_edges_leave_no_instant_out() -> None:
    found = list(edges(T0 + 7 * MINUTE, T0 + 65 * MINUTE, 20 * MINUTE))
    assert [(start - T0, end - T0) for start, end in found] == [
        (7 * MINUTE, 20 * MINUTE),
        (20 * MINUTE, 40 * MINUTE),
        (40 * MINUTE, 60 * MINUTE),
        (60 * MINUTE, 65 * MINUTE),
    ]


def test_an_instant_finds_its_column() -> None:
    columns = [Column(*edge) for edge in edges(T0 + 7 * MINUTE, T0 + 65 * MINUTE, 20 * MINUTE)]
    history = History(T0 + 7 * MINUTE, T0 + 65 * MINUTE, 20 * MINUTE, columns)
    assert [history.column_at(T0 + minute * MINUTE) for minute in (0, 7, 19, 20, 64, 65, 900)] == [0, 0, 0, 1, 3, 3, 3]


@pytest.mark.parametrize(
    ("column", "silent"),
    [
        (Column(T0, T0 + HOUR, Tally(), 12.0), True),
        (Column(T0, T0 + HOUR, Tally(unknown=12), 12.0), True),
        (Column(T0, T0 + HOUR, Tally(decided=1), 12.0, 1.0), False),
        (Column(T0, T0 + HOUR, Tally(maintenance=12), 12.0, 12.0), False),
        (Column(T0, T0 + HOUR, Tally(), 0.5), False),  # it is not looked at that often
    ],
)
def test_silence(column: Column, silent: bool) -> None:
    assert column.silent is silent


def test_traffic_that_may_have_moved_is_told_from_plans() -> None:
    kinds = ("failover-armed", "failover-moved", "failover-rolled-back", "failover-expired", "ack")
    assert [Mark(T0, kind, "ana", "integration:payments", "").moved for kind in kinds] == [
        False, True, True, False, False
    ]  # fmt: skip
