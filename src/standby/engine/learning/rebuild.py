"""Learning from what is stored: a year of hours, then the last week by minutes, in slices so that polling goes on."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from standby.baselines.bank import Bank
from standby.domain.baseline import CHECK, ERRORS, LATENCY, METRICS, Decision, DecisionKind, Series
from standby.domain.units import DAY, HOUR, MINUTE
from standby.engine.learning.reported import reported
from standby.engine.learning.step import MOST_SERIES, Learning
from standby.store.errors import StoreError
from standby.store.reader import Reader

LONGEST = 366 * DAY
FINE = 7 * DAY
JUDGED = 2 * DAY
"""What is older is learned only: how unusual it was is forgotten by now, and to look for it is half of the work."""
WATCHED = 16 * 7 * DAY
"""Of what is older the slow watch keeps less than a hundredth: each of 32 weekend days counts a sixth."""
AT_ONCE = 2_000  # figures at most, and
MOST_LINES = 12  # instants of
MOST_ROWS = 1_000  # series: some milliseconds, between two of which polls go on
REBUILT = (LATENCY, ERRORS)
"""What roll-ups know. The metrics that a check reports itself are only in single observations, of some days."""

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
        return self.every * self.unit

    @property
    def unit(self) -> int:
        """An hour or a minute, ns."""
        return HOUR if self.resolution == "hour" else MINUTE

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


@dataclass(frozen=True, slots=True)
class Wanted:
    """A series to learn: of which checks, from when on (ns since 1970), and the periods `[from, to)` to leave out."""

    series: Series
    checks: Sequence[str]
    start: int
    excluded: Sequence[tuple[int, int]]

    def column(self, sums: Sums, at: Whole) -> Floats:
        """Its figure at each instant; NaN: nothing, not yet, or excluded."""
        found = sums.figures(self.checks, self.series.kind)
        if len(at) and at[0] <= self.start:
            found[at <= self.start] = np.nan
        found[self.excludes(at)] = np.nan
        return found

    def excludes(self, at: Whole) -> NDArray[np.bool_]:
        """Of which instants nothing is learned."""
        found = np.zeros(len(at), dtype=np.bool_)
        for begin, end in self.excluded:
            found |= (at >= begin) & (at < end)
        return found


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
        self.samples = self.series = 0
        self._path = path
        self._learning = learning
        self._checks_of = checks_of
        self._decisions = decisions
        self._about = about

    async def run(self, starts: Mapping[Series, int], now: int, fine: int = FINE) -> None:
        """Learn these series, each from its instant (ns since 1970) on, with 0 anew. `Series(SUBJECT, METRICS)` is
        all that a check reports itself, whatever it is called and not named beside it. A store that cannot be read
        teaches nothing."""
        sums = {series: start for series, start in starts.items() if series.kind in REBUILT}
        if sums:
            await self._learn_sums(sums, now, fine)
        if reporting := {series: start for series, start in starts.items() if series.kind == METRICS}:
            await self._learn_reported(reporting, now)

    async def _learn_sums(self, starts: Mapping[Series, int], now: int, fine: int) -> None:
        draft = Draft(self._learning, self._wanted(starts), now - JUDGED)
        accepts = any(one.kind is DecisionKind.ACCEPT for one in self._decisions)
        for layer in layers(min(starts.values()), now, fine):
            oldest = await asyncio.to_thread(_oldest, self._path, layer, draft.wanted)
            for start, end in layer.slices():
                if end <= oldest and not accepts:
                    continue  # nearly all of the year of a store that is young
                at, values = await asyncio.to_thread(_columns, self._path, layer, draft.wanted, start, end)
                await self._learn(draft, at, values)
        await self._give(draft)

    async def _learn_reported(self, starts: Mapping[Series, int], now: int) -> None:
        """Of thousands of series: what is not the learning itself goes on aside, and polls meanwhile."""
        wanted, at, values = await asyncio.to_thread(self._reported, starts, now)
        draft = Draft(self._learning, wanted, now - JUDGED)
        await self._learn(draft, at, values)
        await self._give(draft)

    def _reported(self, starts: Mapping[Series, int], now: int) -> tuple[list[Wanted], Whole, Floats]:
        """What is to be learned of it, the instants, and the figures then: a column a series."""
        of_check: dict[str, int] = {}
        for series, start in starts.items():
            of_check[series.name] = min(start, of_check.get(series.name, start))
        found = reported(self._path, of_check, now - FINE, now)
        columns = {Series(f"{CHECK}{check}", name): column for column, (check, name) in enumerate(found.columns)}
        begins = {one: starts.get(one, starts.get(Series(one.subject, METRICS))) for one in columns}
        wanted = self._wanted({one: begin for one, begin in begins.items() if begin is not None})
        values = found.values[:, [columns[one.series] for one in wanted]]
        for column, one in enumerate(wanted):
            values[one.excludes(found.at), column] = np.nan
        return wanted, found.at, values

    async def _give(self, draft: Draft) -> None:
        self.series += await draft.give()
        self.samples += draft.samples

    def _wanted(self, starts: Mapping[Series, int]) -> list[Wanted]:
        exclusions = [one for one in self._decisions if one.kind is DecisionKind.EXCLUDE]
        return [
            Wanted(
                series,
                self._checks_of(series),
                starts[series],
                [(one.from_at, one.to_at) for one in exclusions if self._about(one, series)],
            )
            for series in sorted(starts)
        ]

    async def _learn(self, draft: Draft, at: Whole, values: Floats) -> None:
        """A slice of history, with what was accepted in between."""
        accepted = [one for one in self._decisions if one.kind is DecisionKind.ACCEPT and len(at) and at[0] < one.to_at]
        accepted.sort(key=lambda one: one.to_at)
        cuts = np.searchsorted(at, [one.to_at for one in accepted]).tolist()
        begin = 0
        for cut, decision in zip(cuts, accepted, strict=True):
            await draft.learn(at[begin:cut], values[begin:cut])
            begin = cut
            if cut < len(at):
                draft.accept([self._about(decision, one.series) for one in draft.wanted])
        await draft.learn(at[begin:], values[begin:])


class Draft:
    """What is being learned, of all kinds in one bank: half the calls, and nobody sees what is half known.

    `wanted` are its rows in their order; what is from `judged_from` on (ns since 1970) is judged.
    """

    def __init__(self, learning: Learning, wanted: Sequence[Wanted], judged_from: int) -> None:
        self.wanted = wanted
        self.samples = 0
        self._learning = learning
        self._judged_from = judged_from
        self._bank = Bank(len(wanted))
        self._last = np.zeros(len(wanted), dtype=np.int64)  # of which instant something was learned
        for row, one in enumerate(wanted):
            shelf = learning.shelves[one.series.kind]
            if one.start and one.series in shelf.rows:
                self._bank.put([row], shelf.bank, [shelf.rows[one.series]])

    async def learn(self, at: Whole, values: Floats) -> None:
        """A line an instant, a column a row; a few milliseconds at a time, as a poll may be due."""
        count, newest, at, values = await asyncio.to_thread(_filled, at, values)
        old = int(np.searchsorted(at, self._judged_from))
        watched_from = self._judged_from - WATCHED
        for rows in self._rows():
            lines = min(max(1, AT_ONCE // len(rows)), MOST_LINES)
            for first in range(0, old, lines):
                some = slice(first, min(first + lines, old))
                watch = bool(at[some.stop - 1] >= watched_from)
                self._bank.learn(rows, at[some].tolist(), values[some, rows[0] : rows[-1] + 1], watch=watch)
                await asyncio.sleep(0)
            for line in range(old, len(at)):
                self._bank.take(rows, at[line], values[line, rows])
                await asyncio.sleep(0)
        self.samples += count
        self._last = np.maximum(self._last, newest)

    def accept(self, which: Sequence[bool]) -> None:
        """The present of these rows is the new normal."""
        self._bank.reset(np.flatnonzero(np.array(which, dtype=np.bool_)))

    async def give(self) -> int:
        """It is what is known of those that have anything, as far as there is room; how many these are."""
        given = 0
        self._reserve()
        for rows in self._rows():
            for kind in (*REBUILT, METRICS):
                shelf = self._learning.shelves[kind]
                mine = [row for row in rows[self._last[rows] > 0].tolist() if self.wanted[row].series.kind == kind]
                mine = [row for row in mine if self._learning.room(self.wanted[row].series)]
                if mine:
                    shelf.bank.put([shelf.row(self.wanted[row].series) for row in mine], self._bank, mine)
                    shelf.at = max(shelf.at, int(self._last[mine].max()))
                    given += len(mine)
                await asyncio.sleep(0)
        return given

    def _reserve(self) -> None:
        """Room on the shelves at once: to grow by and by copies thousands of series again and again."""
        new = Counter(one.series.kind for one in self.wanted if one.series not in self._learning)
        for kind, count in new.items():
            self._learning.shelves[kind].bank.reserve(min(count, MOST_SERIES))

    def _rows(self) -> Iterator[Whole]:
        for first in range(0, len(self.wanted), MOST_ROWS):
            yield np.arange(first, min(first + MOST_ROWS, len(self.wanted)))


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
    def of(cls, found: Mapping[str, Whole], layer: Layer, start: int, count: int) -> Sums:
        """Of the figures that were read. The slowest of three or more is left out: baselines are of medians."""
        cells = np.zeros((5, count, len(found)))
        first = start // layer.unit
        for column, figures in enumerate(found.values()):
            cells[:, (figures[0] - first) // layer.every, column] = figures[1:]
        looks, failures, timed, total_us, most_us = cells
        trim = timed >= 3
        well = failures * 2 <= looks  # the latency of failures is no latency
        latencies = np.where(well, timed - trim, 0.0)
        latency_ms = np.where(well, total_us - trim * most_us, 0.0) / 1000.0
        return cls({check: column for column, check in enumerate(found)}, looks, failures, latencies, latency_ms)

    def figures(self, checks: Iterable[str], kind: str) -> Floats:
        """The latency or the error rate of some checks together; NaN where there was nothing."""
        mine = [self.columns[check] for check in checks if check in self.columns]
        above, below = (self.latency_ms, self.latencies) if kind == LATENCY else (self.failures, self.looks)
        if len(mine) == 1:
            total, number = above[:, mine[0]], below[:, mine[0]]
        else:
            total, number = above[:, mine].sum(axis=1), below[:, mine].sum(axis=1)
        found = np.full(self.count, np.nan)
        np.divide(total, number, out=found, where=number > 0)
        return found


def _filled(at: Whole, values: Floats) -> tuple[int, Whole, Whole, Floats]:
    """How many figures there are, when each column's last one was (0: it has none), and the lines that have any: a
    bank learns nothing from the others, and takes as long."""
    there = ~np.isnan(values)
    lines = there.any(axis=1)
    if not lines.any():
        return 0, np.zeros(values.shape[1], dtype=np.int64), at[:0], values[:0]
    newest = at[len(at) - 1 - there[::-1].argmax(axis=0)]
    if not lines.all():
        at, values = at[lines], values[lines]
    return int(there.sum()), np.where(there.any(axis=0), newest, 0), at, values


def _oldest(path: Path, layer: Layer, wanted: Sequence[Wanted]) -> int:
    """Before when a layer has nothing of any check, ns since 1970."""
    try:
        reader = Reader(path)
    except StoreError:
        return layer.end
    try:
        found = [reader.oldest(check, layer.resolution) for check in {check for one in wanted for check in one.checks}]
    except StoreError:
        return layer.start  # a slice that can be read may still teach something
    finally:
        reader.close()
    return min((bucket for bucket in found if bucket is not None), default=layer.end)


def _columns(path: Path, layer: Layer, wanted: Sequence[Wanted], start: int, end: int) -> tuple[Whole, Floats]:
    """Instants of a slice and the figures then: a line an instant, a column a series."""
    checks = sorted({check for one in wanted for check in one.checks})
    sums = Sums.of(_read(path, layer, checks, start, end), layer, start, -(-(end - start) // layer.step))
    at = layer.instants(start, sums.count)
    values = np.empty((len(at), len(wanted)))
    for column, one in enumerate(wanted):
        values[:, column] = one.column(sums, at)
    return at, values


def _read(path: Path, layer: Layer, checks: Sequence[str], start: int, end: int) -> dict[str, Whole]:
    found: dict[str, Whole] = {}
    try:
        reader = Reader(path)
    except StoreError:
        return found
    try:
        for check in checks:
            figures = reader.figures(check, layer.resolution, start, end, layer.every)
            if figures:
                found[check] = np.array([np.fromstring(column, np.int64, sep=",") for column in figures])
    except StoreError:
        return found
    finally:
        reader.close()
    return found
