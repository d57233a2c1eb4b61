"""Times by phase: their accuracy, their size, and bytes that are not their own."""

from __future__ import annotations

import math
import random
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standby.domain.observation import Phases
from standby.domain.phases import PHASES, PhaseSketches

TIMES = st.none() | st.integers(0, 86_400_000_000)
EXCHANGES = st.lists(st.tuples(*[TIMES] * len(PHASES)), max_size=60)
Exchanges = list[tuple[int | None, ...]]


def sketches_of(exchanges: Exchanges) -> PhaseSketches:
    sketches = PhaseSketches()
    for times in exchanges:
        sketches.add(times)
    return sketches


def test_they_are_those_of_an_observation() -> None:
    assert tuple(field.name for field in fields(Phases)) == PHASES


@given(EXCHANGES, st.floats(0, 1))
def test_quantiles_are_those_of_each_phase(exchanges: Exchanges, q: float) -> None:
    found = sketches_of(exchanges).quantiles(q)
    for number, phase in enumerate(PHASES):
        times = sorted(us / 1000 for one in exchanges if (us := one[number]) is not None)
        assert (phase in found) == bool(times)
        if times:
            count, [told] = found[phase]
            exact = times[max(1, math.ceil(q * len(times))) - 1]
            assert (count, told) == (len(times), pytest.approx(exact, rel=0.041))


@given(st.lists(EXCHANGES, max_size=4))
def test_merging_stored_ones_is_adding(groups: list[Exchanges]) -> None:
    stored, merged, at_once = PhaseSketches(), PhaseSketches(), PhaseSketches()
    for group in groups:
        stored.merge_bytes(sketches_of(group).to_bytes())
        merged.merge(sketches_of(group))
    at_once.merge_stored(sketches_of(group).to_bytes() for group in groups)
    whole = sketches_of([one for group in groups for one in group])
    assert stored.quantiles(0.5, 0.99) == merged.quantiles(0.5, 0.99) == whole.quantiles(0.5, 0.99)
    assert stored.to_bytes() == whole.to_bytes() == at_once.to_bytes()


@given(EXCHANGES, st.binary(max_size=60), st.integers(0, 300))
def test_damage_is_refused_or_harmless(exchanges: Exchanges, noise: bytes, cut: int) -> None:
    for data in (noise, sketches_of(exchanges).to_bytes()[:cut]):
        sketches = PhaseSketches()
        try:
            sketches.merge_bytes(data)
        except ValueError as error:
            assert "damaged" in str(error) or "version" in str(error)  # noqa: PT017 - nothing else may come
        sketches.quantiles(0.5)
        assert PhaseSketches().to_bytes() == b""


def test_a_minute_and_an_hour_of_them_are_small() -> None:
    chance = random.Random(1)
    usual = ((0.5, 0.6), (20.0, 0.15), (25.0, 0.15), (60.0, 0.35), (0.3, 0.5))  # median in ms, spread

    def looks(count: int) -> int:
        times = [[round(ms * math.exp(chance.gauss(0, spread)) * 1000) for ms, spread in usual] for _ in range(count)]
        return len(sketches_of([tuple(one) for one in times]).to_bytes())

    assert looks(1) <= 25
    assert looks(12) <= 45
    assert looks(720) <= 220
