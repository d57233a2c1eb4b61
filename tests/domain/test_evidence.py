from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standby.domain.attribution import OVER, Judgement, Side, _span
from standby.domain.evidence import Said, Span, read, sum_up
from standby.domain.units import MINUTE, SECOND

THEM, US, BETWEEN, OPEN = Side.THEM, Side.US, Side.BETWEEN, Side.OPEN
END = 100


def said(*lines: tuple[int, Side | None]) -> list[Said]:
    return [Said(at, side, str(side)) for at, side in lines]


@pytest.mark.parametrize(
    ("lines", "holes", "cases", "unseen"),
    [
        ([], [], [], 0),
        ([], [(10, 30), (20, 40), (90, 300), (-5, 0)], [], 40),
        ([(10, THEM), (25, None)], [], [(10, 25, {THEM: 15}, 0)], 0),
        ([(10, THEM), (20, US), (25, THEM), (30, None)], [], [(10, 30, {THEM: 15, US: 5}, 0)], 0),
        ([(-50, THEM), (20, None)], [], [(0, 20, {THEM: 20}, 0)], 0),
        ([(-50, THEM), (-20, None)], [], [], 0),
        ([(70, OPEN)], [], [(70, None, {OPEN: 30}, 0)], 0),
        ([(70, BETWEEN), (130, None)], [], [(70, None, {BETWEEN: 30}, 0)], 0),
        ([(10, THEM), (50, None)], [(20, 30)], [(10, 50, {THEM: 30}, 10)], 10),
        ([(10, THEM), (30, US), (50, None)], [(0, 60)], [(10, 50, {THEM: 0, US: 0}, 40)], 60),
        ([(10, None), (20, THEM), (30, None), (40, US), (50, None)], [],
         [(20, 30, {THEM: 10}, 0), (40, 50, {US: 10}, 0)], 0),
    ],
)  # fmt: skip
def test_the_time_of_each_side(
    lines: list[tuple[int, Side | None]], holes: list[Span], cases: list[object], unseen: int
) -> None:
    found = sum_up(said(*lines), holes, 0, END)
    assert [(one.start, one.end, one.spent, one.unseen) for one in found.cases] == cases
    assert (found.unseen, found.coverage) == (unseen, 1 - unseen / END)


@pytest.mark.parametrize(
    ("text", "side", "lead"),
    [
        (OVER, None, None),
        ("them: page says down; we measure it too, and saw it 6m before", THEM, 6 * MINUTE),
        ("them: page says down; we measure it too, and saw it 1m30s after", THEM, -90 * SECOND),
        ("between us: api: no way there, or none back", BETWEEN, None),
        ("not clear: page: the monitor itself", OPEN, None),
        ("a word of another version", OPEN, None),
        ("them: saw it forever before", THEM, None),
    ],
)
def test_a_line_of_the_log(text: str, side: Side | None, lead: int | None) -> None:
    found = read(7, text)
    assert (found.at, found.side, found.lead) == (7, side, lead)


def test_the_lead_of_a_case_is_the_first_and_of_all_the_median() -> None:
    lines = [
        *(Said(1, THEM, "a"), Said(2, THEM, "b", 40), Said(3, THEM, "c", 10), Said(4, None)),
        *(Said(5, THEM, "d", -20), Said(6, None), Said(7, US, "e"), Said(8, None), Said(9, THEM, "f", 6)),
    ]
    found = sum_up(lines, [], 0, END)
    assert [(case.lead, case.says) for case in found.cases] == [(40, "c"), (-20, "d"), (None, "e"), (6, "f")]
    assert found.lead == 6
    assert sum_up([], [], 0, END).lead is None
    assert [case.side for case in found.cases] == [THEM, THEM, US, THEM]


@given(st.sampled_from(Side), st.integers(1, 40 * 24 * 3600), st.booleans())
def test_what_a_judgement_says_is_read_back(side: Side, seconds: int, before: bool) -> None:
    lead = seconds * SECOND if before else -seconds * SECOND
    reasons = ["page says down", f"we measure it too, and saw it {_span(lead)} {'before' if before else 'after'}"]
    found = read(1, str(Judgement(side, reasons, lead)))
    assert (found.side, found.lead) == (side, lead)


@given(
    st.lists(st.tuples(st.integers(-50, 150), st.sampled_from([*Side, None])), max_size=8),
    st.lists(st.tuples(st.integers(-50, 150), st.integers(-50, 150)), max_size=5),
)
def test_no_instant_counts_twice(lines: list[tuple[int, Side | None]], holes: list[Span]) -> None:
    found = sum_up(said(*sorted(lines, key=lambda line: line[0])), holes, 0, END)
    assert all(spent >= 0 for case in found.cases for spent in case.spent.values())
    assert sum(found.spent.values()) + found.unseen <= END
    for case in found.cases:
        assert sum(case.spent.values()) + case.unseen == (END if case.end is None else case.end) - case.start
