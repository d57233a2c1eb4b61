"""What `doctor` says a store will take is what stores take."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from standby.domain.observation import Observation, Phases
from standby.domain.units import DAY, HOUR, MINUTE, SECOND
from standby.store.retention import Retention
from standby.store.rows import Batch
from standby.store.size import full_after, predict
from standby.store.writer import Writer

from .samples import T0, observed, state

LOG = 4 * 2**20


def timed(check: str, slot: int, chance: random.Random) -> Observation:
    """An HTTPS check that is up."""
    phases = Phases(*(chance.lognormvariate(mean, 0.4) for mean in (-1.0, 2.0, 3.0, 4.0, -1.0)))
    return replace(observed(check, slot, latency_ms=chance.lognormvariate(4, 0.4)), phases=phases)


async def grow(path: Path, intervals: list[int], hours: int) -> int:
    """A store of these checks after so many hours, with lognormal latencies; its bytes."""
    from .samples import engine

    chance = random.Random(5)
    writer = await Writer.open(path, now=T0)
    await writer.begin_term(engine())
    offsets = [chance.randrange(every // SECOND) * SECOND for every in intervals]
    for start in range(T0, T0 + hours * HOUR, 10 * MINUTE):
        rows = [
            timed(f"integration-{n}-api", slot + offset, chance)
            for n, (every, offset) in enumerate(zip(intervals, offsets, strict=True))
            for slot in range(start, start + 10 * MINUTE, every)
        ]
        rows.sort(key=lambda row: row.slot)
        for first in range(0, len(rows), 100):
            await writer.commit(Batch(observations=rows[first : first + 100]))
    await writer.commit(Batch(check_states=[state(f"integration-{n}-api") for n in range(len(intervals))]))
    for _ in range(10):
        await writer.roll_up(T0 + hours * HOUR + MINUTE)
    await writer.close()
    return path.stat().st_size


@pytest.mark.parametrize(
    ("intervals", "hours"),
    [([5 * SECOND] * 10, 4), ([30 * SECOND] * 40, 6), ([60 * SECOND] * 30 + [10 * SECOND] * 5, 8)],
)
async def test_the_prediction_is_within_30_percent(path: Path, intervals: list[int], hours: int) -> None:
    real = await grow(path, intervals, hours)
    detail = float(len("status 200") + len('{"status":200,"certificate_days":88.4}'))
    told = predict(intervals, Retention(), age=hours * HOUR, detail=detail).total - LOG
    assert told == pytest.approx(real, rel=0.3)


def test_it_stops_growing_when_everything_has_its_age() -> None:
    intervals = [10 * SECOND] * 500
    sizes = [predict(intervals, Retention(), age=days * DAY).total for days in (1, 2, 30, 365, 800, 5000)]
    assert sizes == sorted(sizes)
    assert sizes[-1] == sizes[-2] == predict(intervals, Retention()).total


def test_a_bound_is_a_bound_and_when_it_is_met_is_told() -> None:
    intervals = [10 * SECOND] * 500
    bounded = Retention(max_size=500_000_000)
    found = predict(intervals, bounded)
    assert found.bounded
    assert found.total == 500_000_000 + LOG
    days = full_after(intervals, bounded)
    assert days is not None
    assert not predict(intervals, bounded, age=(days - 1) * DAY).bounded
    assert predict(intervals, bounded, age=days * DAY).bounded
    assert full_after(intervals, Retention()) is None
    assert full_after(intervals[:1], bounded) is None
