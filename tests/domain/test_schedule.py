"""The grid of slots."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from standby.domain.schedule import missed, offset, slot_after, slot_at
from standby.domain.units import DAY, SECOND

IDS = st.text(min_size=1, max_size=60)
INTERVALS = st.integers(1, 40 * DAY)
INSTANTS = st.integers(-DAY, 4_000_000_000 * SECOND)


def test_the_offset_is_the_same_after_every_restart() -> None:
    """Written down: a change of the hash would move every check of every installation."""
    assert offset("payments-api", 10 * SECOND) == 2_512_607_849
    assert offset("käse \ud800", 60 * SECOND) == 12_831_414_403


@given(IDS, INTERVALS, INSTANTS)
def test_the_grid(check_id: str, every: int, now: int) -> None:
    last, following = slot_at(check_id, every, now), slot_after(check_id, every, now)
    assert last <= now < following == last + every
    assert 0 <= offset(check_id, every) < every
    assert (last - offset(check_id, every)) % every == 0
    assert slot_at(check_id, every, last) == last
    assert slot_after(check_id, every, last) == following


@given(IDS, INTERVALS, INSTANTS, st.integers(0, 1_000))
def test_counting_what_was_left_out(check_id: str, every: int, now: int, lost: int) -> None:
    last = slot_at(check_id, every, now)
    assert missed(last, last + (lost + 1) * every, every) == lost


def test_a_run_off_the_grid_owes_the_slots_after_it() -> None:
    """The first run after a start, or after the interval was changed."""
    assert missed(97, 100, 10) == 0
    assert missed(97, 110, 10) == 1
    assert missed(91, 100, 10) == 0


def test_nothing_is_missed_when_the_clock_steps_back() -> None:
    assert missed(100, 40, 10) == 0
    assert missed(100, 100, 10) == 0


def test_checks_are_spread() -> None:
    every, tenths = 10 * SECOND, [0] * 10
    for number in range(1_000):
        tenths[offset(f"check-{number}", every) * 10 // every] += 1
    assert min(tenths) > 60
    assert max(tenths) < 140
