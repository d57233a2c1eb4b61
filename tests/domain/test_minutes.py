"""Counts of minutes against looks that are simply kept."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from standby.domain.minutes import QUARTER, SPANS, Minutes
from standby.domain.units import DAY, HOUR, MINUTE

LOOKS = st.lists(
    st.tuples(
        st.one_of(
            st.integers(0, 90),
            st.sampled_from([0, 30 * 60, 5 * 3600, 20 * 3600, 4 * 86_400]),
            st.integers(-3600, 0),  # of before, as a restart gives them
        ),
        st.booleans(),
    ),
    max_size=60,
)


def slow(looks: list[tuple[int, bool]], now: int, span: int) -> tuple[int, int, int]:
    cell = QUARTER if span >= DAY else MINUTE
    first = now // cell - span // cell + 1
    inside = [(at // cell, bad) for at, bad in looks if first <= at // cell <= now // cell]
    return sum(bad for _, bad in inside), len(inside), len({at for at, _ in inside})


@given(LOOKS, st.integers(0, 7 * 3600))
@settings(max_examples=60, deadline=None)
def test_sums_are_those_of_the_looks_in_the_span(steps: list[tuple[int, bool]], later: int) -> None:
    minutes, now, newest, looks = Minutes(), 10 * DAY, 10 * DAY, []
    for step, bad in steps:
        now = newest + step * 1_000_000_000
        newest = max(newest, now)
        minutes.add(now, bad=int(bad))
        looks.append((now, bad))
    end = newest + later * 1_000_000_000
    for span in SPANS:
        found = minutes.sum(end, span)
        assert (found.bad, found.total, found.cells) == slow(looks, end, span)


def test_a_look_of_before_the_longest_span_counts_nowhere() -> None:
    minutes = Minutes()
    minutes.add(10 * DAY, bad=0)
    minutes.add(10 * DAY - 3 * DAY - HOUR, bad=1)
    assert all(minutes.sum(10 * DAY, span).total == 1 for span in SPANS)
