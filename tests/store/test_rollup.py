"""Minutes and hours say what their samples said, however late these came."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from standby.domain.observation import Observation
from standby.domain.outcome import Outcome
from standby.domain.sketch import Sketch
from standby.domain.units import HOUR, MINUTE, SECOND
from standby.store.reader import Reader
from standby.store.rows import Batch, RollupRow
from standby.store.writer import Writer

from .samples import T0, observed

FOREVER = 2**62


def sums(path: Path, resolution: str = "minute") -> list[RollupRow]:
    reader = Reader(path)
    try:
        return reader.rollups(None, resolution, 0, FOREVER)  # type: ignore[arg-type]
    finally:
        reader.close()


def expected(observations: list[Observation], span: int) -> list[tuple[object, ...]]:
    """The same sums made the slow way, straight from the samples."""
    groups: dict[tuple[str, int], list[Observation]] = {}
    for one in observations:
        groups.setdefault((one.check_id, one.slot // span * span), []).append(one)
    rows: list[tuple[object, ...]] = []
    for (check, bucket), group in sorted(groups.items()):
        counts = [
            sum(one.outcome in outcomes for one in group)
            for outcomes in (
                {Outcome.UP, Outcome.DEGRADED, Outcome.DOWN},
                {Outcome.DOWN},
                {Outcome.DEGRADED},
                {Outcome.UNKNOWN},
                {Outcome.MAINTENANCE},
            )
        ]
        times = [round(one.latency_ms * 1000) for one in group if one.latency_ms is not None and one.outcome.decided]
        low, high = (min(times), max(times)) if times else (None, None)
        rows.append((check, bucket, *counts, len(times), low, sum(times), high))
    return rows


def figures(rows: list[RollupRow]) -> list[tuple[object, ...]]:
    return [
        (
            row.check_id,
            row.bucket,
            row.count,
            row.failures,
            row.degraded,
            row.unknown,
            row.maintenance,
            row.latency_count,
            row.latency_min_us,
            row.latency_sum_us,
            row.latency_max_us,
        )
        for row in rows
    ]


def some_day(seed: int) -> list[Observation]:
    """Two checks over three hours, with holes, every outcome and some samples without a latency."""
    chance = random.Random(seed)
    found = []
    for check, every in (("a", 7), ("b", 90)):
        for slot in range(0, 3 * 3600, every):
            if chance.random() < 0.9 and not 4000 < slot < 7600:
                latency = None if chance.random() < 0.1 else chance.lognormvariate(4, 0.5)
                found.append(observed(check, T0 + slot * SECOND, chance.choice(list(Outcome)), latency))
    chance.shuffle(found)
    return found


@pytest.mark.parametrize("seed", range(4))
async def test_sums_are_those_of_the_samples_in_whatever_order_they_came(writer: Writer, path: Path, seed: int) -> None:
    chance = random.Random(seed)
    samples = some_day(seed)
    now = T0
    for start in range(0, len(samples), 200):
        await writer.commit(Batch(observations=samples[start : start + 200]))
        now = max(T0, now + chance.randint(-30, 40) * MINUTE)  # the wall clock jumps, too
        await writer.roll_up(now)
    await writer.roll_up(T0 + 3 * HOUR)
    await writer.roll_up(T0 + 3 * HOUR)
    assert figures(sums(path)) == expected(samples, MINUTE)
    assert figures(sums(path, "hour")) == expected(samples, HOUR)


async def test_doing_it_twice_changes_nothing(writer: Writer, path: Path) -> None:
    await writer.commit(Batch(observations=some_day(1)))
    await writer.roll_up(T0 + 3 * HOUR)
    first = sums(path), sums(path, "hour")
    connection = writer._transactions.connection
    connection.execute("UPDATE watermark SET at = 0")  # as after a crash before the first mark
    await writer.roll_up(T0 + 3 * HOUR)
    assert (sums(path), sums(path, "hour")) == first


async def test_an_hours_quantiles_are_those_of_its_samples(writer: Writer, path: Path) -> None:
    samples = [observed("a", T0 + n * SECOND, latency_ms=1.0 + n) for n in range(3600)]
    await writer.commit(Batch(observations=samples))
    await writer.roll_up(T0 + HOUR)
    (hour,) = sums(path, "hour")
    assert hour.sketch is not None
    sketch = Sketch.from_bytes(hour.sketch)
    assert sketch.count == 3600
    for q in (0.5, 0.95, 0.99):
        assert sketch.quantile(q) == pytest.approx(3600 * q, rel=0.021)


async def test_the_present_minute_waits_until_it_is_over(writer: Writer, path: Path) -> None:
    await writer.commit(Batch(observations=[observed(slot=T0), observed(slot=T0 + MINUTE)]))
    await writer.roll_up(T0 + MINUTE + 59 * SECOND)
    assert [row.bucket for row in sums(path)] == [T0]
    await writer.roll_up(T0 + 2 * MINUTE)
    assert [row.bucket for row in sums(path)] == [T0, T0 + MINUTE]


async def test_a_late_observation_changes_its_minute_and_its_hour(writer: Writer, path: Path) -> None:
    await writer.commit(Batch(observations=[observed(slot=T0)]))
    await writer.roll_up(T0 + 2 * HOUR)
    late = observed(slot=T0 + 30 * SECOND, outcome=Outcome.DOWN, latency_ms=None)
    await writer.commit(Batch(observations=[late, observed("new", slot=T0 + 5 * MINUTE)]))
    await writer.roll_up(T0 + 2 * HOUR)
    for resolution in ("minute", "hour"):
        found = {row.check_id: (row.count, row.failures) for row in sums(path, resolution)}
        assert found == {"payments-api": (2, 1), "new": (1, 0)}
    assert writer._transactions.connection.execute("SELECT count(*) FROM late_minute").fetchone() == (0,)


async def test_a_damaged_sketch_costs_the_quantiles_only(writer: Writer, path: Path) -> None:
    await writer.commit(Batch(observations=[observed(slot=T0), observed(slot=T0 + MINUTE)]))
    await writer.roll_up(T0 + 2 * MINUTE)
    writer._transactions.connection.execute("UPDATE rollup_minute SET sketch = x'ffff' WHERE bucket = ?", (T0,))
    await writer.roll_up(T0 + HOUR)
    (hour,) = sums(path, "hour")
    assert (hour.count, hour.latency_count, hour.latency_sum_us) == (2, 2, 25_000)
    assert hour.sketch is not None
    assert Sketch.from_bytes(hour.sketch).count == 1
