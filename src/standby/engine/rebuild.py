"""Learning from what is stored: a year of hours, then the last week by minutes, in slices so that polling goes on."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from standby.domain.baseline import ERRORS, LATENCY, Decision, DecisionKind, Series
from standby.domain.units import DAY, HOUR, MINUTE
from standby.engine.learning import Learning
from standby.store.errors import StoreError
from standby.store.reader import Reader

LONGEST = 366 * DAY
FINE = 7 * DAY
REBUILT = (LATENCY, ERRORS)
"""What roll-ups know. The metrics that a check reports itself are only in single observations: they begin anew."""

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Layer:
    """`[start, end)` of the hours or minutes, one in `every`, `slice_ns` at a time."""

    resolution: Literal["minute", "hour"]
    start: int
    end: int
    every: int
    slice_ns: int

    @property
    def step(self) -> int:
        """From one to the next, ns."""
        return self.every * (HOUR if self.resolution == "hour" else MINUTE)

    def slices(self) -> Iterator[tuple[int, int]]:
        """Begin and end of each, on whole steps."""
        at = self.start // self.step * self.step
        while at < self.end:
            yield at, min(at + self.slice_ns, self.end)
            at += self.slice_ns

    def instants(self, start: int, count: int) -> Whole:
        """What each is learned as. An hour speaks for both of its halves: in turn, for one a day."""
        found = start + np.arange(count, dtype=np.int64) * self.step
        if self.resolution == "hour":
            found += np.where(found // DAY % 2 == 0, HOUR // 4, 3 * HOUR // 4)
        return found


def layers(start: int, now: int, fine: int = FINE) -> list[Layer]:
    """What is read to learn from `start` to `now` (ns since 1970), minutes going back `fine` ns."""
    begin = max(start, now - LONGEST)
    seam = max(begin, now - fine) // HOUR * HOUR
    if now - begin <= DAY:  # an engine that was away
        return [Layer("minute", begin, now, 1, DAY)]
    return [Layer("hour", begin, seam, 1, 14 * DAY), Layer("minute", seam, now, 5, DAY)]


class Rebuild:
    """`checks_of` gives the checks whose looks a series is made of."""

    def __init__(
        self,
        path: Path,
        learning: Learning,
        checks_of: Callable[[Series], Sequence[str]],
        decisions: Sequence[Decision],
        about: Callable[[Decision, Series], bool],
    ) -> None:
        self.samples = 0
        self._path = path
        self._learning = learning
        self._checks_of = checks_of
        self._decisions = decisions
        self._about = about

    async def run(self, starts: Mapping[Series, int], now: int, fine: int = FINE) -> None:
        """Learn these series, each from its instant (ns since 1970) on. A store that cannot be read teaches nothing."""
        mine = {kind: sorted(series for series in starts if series.kind == kind) for kind in REBUILT}
        if not starts:
            return
        checks = sorted({check for series in starts for check in self._checks_of(series)})
        for layer in layers(min(starts.values()), now, fine):
            for start, end in layer.slices():
                found = await asyncio.to_thread(_read, self._path, layer, checks, start, end)
                sums = Sums.of(found, start, layer.step, -(-(end - start) // layer.step))
                at = layer.instants(start, sums.count)
                await self._learn(at, {kind: self._columns(sums, at, mine[kind], starts) for kind in REBUILT}, mine)

    def _columns(self, sums: Sums, at: Whole, series: Sequence[Series], starts: Mapping[Series, int]) -> Floats:
        """A column a series, a line an instant; NaN: nothing, not yet, or excluded."""
        found = np.full((len(at), len(series)), np.nan)
        for column, one in enumerate(series):
            found[:, column] = sums.figures(self._checks_of(one), one.kind)
            out = at <= starts[one]
            for decision in self._decisions:
                if decision.kind is DecisionKind.EXCLUDE and self._about(decision, one):
                    out |= (at >= decision.from_at) & (at < decision.to_at)
            found[out, column] = np.nan
        return found

    async def _learn(self, at: Whole, columns: Mapping[str, Floats], series: Mapping[str, Sequence[Series]]) -> None:
        there = {kind: ~np.isnan(values) for kind, values in columns.items()}
        rows = {kind: self._rows(series[kind], there[kind]) for kind in columns}
        accepted = sorted(
            (one for one in self._decisions if one.kind is DecisionKind.ACCEPT), key=lambda one: one.to_at
        )
        accepted = [one for one in accepted if len(at) and at[0] < one.to_at]
        for line, instant in enumerate(at.tolist()):
            while accepted and accepted[0].to_at <= instant:
                self._accept(accepted.pop(0))
            for kind, values in columns.items():
                which = there[kind][line]
                if which.any():
                    shelf = self._learning.shelves[kind]
                    shelf.bank.take(rows[kind][which], instant, values[line, which])
                    shelf.at = max(shelf.at, instant)
                    self.samples += int(which.sum())
                    await asyncio.sleep(0)  # a poll may be due

    def _rows(self, series: Sequence[Series], there: NDArray[np.bool_]) -> Whole:
        """Rows of the series that have anything; of the others none is asked for."""
        found = np.full(len(series), -1, dtype=np.int64)
        for column in np.flatnonzero(there.any(axis=0)).tolist():
            one = series[column]
            if self._learning.room(one):
                found[column] = self._learning.shelves[one.kind].row(one)
        there &= found >= 0
        return found

    def _accept(self, decision: Decision) -> None:
        for kind in REBUILT:
            shelf = self._learning.shelves[kind]
            mine = shelf.chosen(lambda series: self._about(decision, series))
            shelf.accept(dict.fromkeys(mine, math.nan))


@dataclass(frozen=True, slots=True)
class Sums:
    """Looks, failures, latencies and their sums (ms) of each check: a line an instant, a column a check."""

    columns: Mapping[str, int]
    looks: Floats
    failures: Floats
    latencies: Floats
    latency_ms: Floats

    @property
    def count(self) -> int:
        """Instants."""
        return len(self.looks)

    @classmethod
    def of(cls, found: Mapping[str, Whole], start: int, step: int, count: int) -> Sums:
        """Of the figures that were read. The slowest of three or more is left out: baselines are of medians."""
        columns = {check: column for column, check in enumerate(found)}
        looks, failures, latencies, sums = (np.zeros((count, len(found))) for _ in range(4))
        for check, rows in found.items():
            if not len(rows):
                continue
            column, line = columns[check], (rows[:, 0] - start) // step
            looks[line, column], failures[line, column] = rows[:, 1], rows[:, 2]
            trim = (rows[:, 3] >= 3).astype(np.int64)
            well = rows[:, 2] * 2 <= rows[:, 1]  # the latency of failures is no latency
            latencies[line, column] = np.where(well, rows[:, 3] - trim, 0)
            sums[line, column] = np.where(well, rows[:, 4] - trim * rows[:, 5], 0) / 1000.0
        return cls(columns, looks, failures, latencies, sums)

    def figures(self, checks: Iterable[str], kind: str) -> Floats:
        """The latency or the error rate of some checks together; NaN where there was nothing."""
        mine = [self.columns[check] for check in checks if check in self.columns]
        above, below = (self.latency_ms, self.latencies) if kind == LATENCY else (self.failures, self.looks)
        number = below[:, mine].sum(axis=1)
        found = np.full(self.count, np.nan)
        np.divide(above[:, mine].sum(axis=1), number, out=found, where=number > 0)
        return found


def _read(path: Path, layer: Layer, checks: Sequence[str], start: int, end: int) -> dict[str, Whole]:
    found: dict[str, Whole] = {}
    try:
        reader = Reader(path)
    except StoreError:
        return found
    try:
        for check in checks:
            rows = reader.figures(check, layer.resolution, start, end, layer.every)
            found[check] = np.array(rows, dtype=np.int64).reshape(-1, 6)
    except StoreError:
        return found
    finally:
        reader.close()
    return found
