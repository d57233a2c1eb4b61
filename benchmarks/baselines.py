"""What baselines cost: a year of 500 checks learned at the start of an engine, going on after a restart, one sample.

    .venv/bin/python -m benchmarks baselines [--quick]

The engine's own start, with its store, on a clock that stands still. What only reads the same rows is the peer of the
rebuild, a plain rolling median that of a sample.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from benchmarks import history
from benchmarks.figure import Figure, Target
from benchmarks.generated import series
from standby.baselines.bank import Bank
from standby.baselines.detector import Detector
from standby.domain.units import DAY, HOUR, MINUTE
from standby.engine.learning.baselines import Baselines
from standby.engine.learning.rebuild import layers
from standby.engine.timeline import Timeline
from standby.store.reader import Reader
from standby.store.rows import EngineRow
from standby.store.writer import Writer

ROWS = 2_000
MEDIAN_OF = 7 * 288  # a week of five minutes: what a rolling median must hold to know as long a time
_TICK_S = 0.005
_LEARNED_HOURS = 300  # all is known by then: nothing of a sample is cheaper because of youth


def run(quick: bool) -> list[Figure]:  # noqa: FBT001 - the contract of all benchmarks
    """For the table of figures."""
    with tempfile.TemporaryDirectory() as folder:
        return [*_rebuilt(Path(folder) / "store" / "standby.db", quick=quick), *costs(quick)]


@dataclass(frozen=True, slots=True)
class _Start:
    """One start: seconds on the wall and of processor time, and the worst delay of the event loop (ms)."""

    wall: float
    cpu: float
    late_ms: float
    samples: int


class _Clock:
    """It stands still."""

    def now(self) -> int:
        return history.NOW

    def monotonic(self) -> int:
        return 0

    def call_at(self, monotonic: int, callback: Callable[[], None]) -> Any:  # noqa: ANN401, ARG002 - a timer
        return SimpleNamespace(cancel=lambda: None)

    async def sleep_until(self, monotonic: int) -> None:
        """Nobody waits for it."""


def _rebuilt(path: Path, *, quick: bool) -> list[Figure]:
    checks, days = (10, 40) if quick else (500, 365)
    asyncio.run(history.made(path))
    history.fill(path, checks, days)
    read = [_read_alone(path, checks) for _ in range(2)]
    first = asyncio.run(_start(path, checks))
    again = asyncio.run(_start(path, checks))
    if again.samples > first.samples // 100 or not first.samples:
        raise AssertionError(f"learned {first.samples} figures at the start, and {again.samples} again")
    name = f"a year of {checks} checks learned at the start" if not quick else f"{days} days of {checks} checks learned"
    note = f"{first.samples} stored figures, {first.cpu:.1f} s of processor time; theirs: the same rows only read"
    restart = "the same, with what was kept: the time since"
    return [
        Figure(name, (first.wall,), read, "s", Target(20.0), note),
        Figure("worst delay of the event loop meanwhile", (first.late_ms,), None, "ms", Target(20.0)),
        Figure(restart, (again.wall,), None, "s", None, f"{again.cpu:.2f} s of processor time"),
    ]


async def _start(path: Path, checks: int) -> _Start:
    """Start what learns in an engine, until it knows and has written down what it knows."""
    writer = await Writer.open(path, now=history.NOW)
    await writer.begin_term(EngineRow(0, "service", 1, "h", "u", "0", "d", history.NOW, history.NOW))
    said: list[str] = []
    clock = _Clock()
    recorder: Any = SimpleNamespace(say=lambda _kind, _subject, text: said.append(text))
    judge: Any = SimpleNamespace(alerts=(), checks={}, learned=None)
    config = _config(checks)
    baselines = Baselines(
        clock, Timeline(clock), recorder, writer, judge, config=lambda: config, planned=lambda _name, _at: False
    )
    late: list[float] = []
    watch = asyncio.create_task(_watch(late))
    await asyncio.sleep(10 * _TICK_S)
    wall, cpu = time.perf_counter(), time.process_time()
    await baselines.start()
    await baselines.rest()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    watch.cancel()
    await writer.close()
    return _Start(wall, cpu, max(late) * 1e3, sum(int(line.split()[4]) for line in said if line.startswith("learned")))


def _config(checks: int) -> Any:  # noqa: ANN401 - what is asked of a configuration
    models = [SimpleNamespace(id=f"c{number}", integration=f"i{number}", baseline=True) for number in range(checks)]
    settings = SimpleNamespace(retention=SimpleNamespace(minutes=30 * DAY))
    return SimpleNamespace(
        checks=models,
        check_by_id={model.id: model for model in models},
        checks_of={model.integration: [model] for model in models},
        rules=(),
        settings=settings,
    )


async def _watch(late: list[float]) -> None:
    while True:
        begun = time.perf_counter()
        await asyncio.sleep(_TICK_S)
        late.append(time.perf_counter() - begun - _TICK_S)


def _read_alone(path: Path, checks: int) -> float:
    begun = time.perf_counter()
    reader = Reader(path)
    for layer in layers(0, history.NOW):
        for start, end in layer.slices():
            for number in range(checks):
                reader.figures(f"c{number}", layer.resolution, start, end, layer.every)
    reader.close()
    return time.perf_counter() - begun


def costs(quick: bool) -> list[Figure]:  # noqa: FBT001 - as `run`
    """One sample of one series, of a bank's series, and what one remembers."""
    rows, repetitions = (200, 3) if quick else (ROWS, 20)
    made = series(1)
    values = made.values.tolist()
    detector, bank, every = Detector(), Bank(rows), np.arange(rows)
    shaken = np.random.default_rng(2).normal(1.0, 0.01, (rows, len(values)))
    clock = count(made.at(0), HOUR)
    for number, at in zip(range(_LEARNED_HOURS), clock, strict=False):  # all is learned from here on
        detector.take(at, values[number])
        bank.take(every, at, values[number] * shaken[:, number])
    known = np.random.default_rng(3).lognormal(4.0, 0.3, MEDIAN_OF)

    def one(number: int) -> None:
        detector.take(next(clock), values[number])

    def all_rows(number: int) -> None:
        bank.take(every, next(clock), values[number] * shaken[:, number])

    def rolling(number: int) -> None:
        known[number % MEDIAN_OF] = values[number]
        np.median(known)

    theirs = _timed(rolling, repetitions, 200)
    median = f"theirs: the median of the last {MEDIAN_OF} samples by NumPy"
    out, end = [], made.at(_LEARNED_HOURS * 12)
    for each, step, most in (("a minute", MINUTE, (15.0, 2.0)), ("each five minutes", 5 * MINUTE, None)):
        one_most, bank_most = (None, None) if most is None else map(Target, most)
        clock = count(end, step)
        ours = _timed(one, repetitions, 200)
        out.append(Figure(f"one sample, one series, {each}", ours, theirs, "us", one_most, median))
        clock = count(end, step)
        banked = [taken / rows for taken in _timed(all_rows, repetitions, 10)]
        out.append(Figure(f"one sample of a bank's series, {each}", banked, theirs, "us", bank_most, f"{rows} series"))
        end += 20 * 200 * step
    size = len(bank.to_bytes()) / rows
    return [*out, Figure("memory of one series", (size,), (8.0 * MEDIAN_OF,), "B", Target(3_000.0), median)]


def _timed(act: Callable[[int], None], repetitions: int, each: int) -> list[float]:
    """Microseconds of processor time for one call, a repetition of `each` calls in turn."""
    out, number = [], 300
    for _ in range(repetitions):
        began = time.process_time()
        for _ in range(each):
            act(number)
            number += 1
        out.append((time.process_time() - began) / each * 1e6)
    return out
