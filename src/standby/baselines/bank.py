"""Thousands of series at once: `Detector` in NumPy arrays, a row each.

The formulas are those of `channels.py`, `incident.py` and `detector.py`, where they are explained; a test holds every
answer to theirs within 1e-12.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray

from standby.baselines import constants as c
from standby.baselines import layout
from standby.baselines.incidents import frozen, held, opened
from standby.baselines.layout import F, Memory, T
from standby.baselines.reading import CHANNELS, CODES, Cause
from standby.baselines.slows import accept_slow, due, slow
from standby.baselines.surprise import Step, cells_of, places_of, surprise, teach, tiny_of, usual_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

_DROP, _FLAT = CODES[Cause.DROP], CODES[Cause.FLAT]
_ALL = np.ones(1, np.bool_)
_CHANNELS = np.array([CODES[cause] for cause in CHANNELS])


@dataclass(frozen=True, slots=True)
class Bands:
    """`Band` as arrays, a value a row asked for: NaN while learning."""

    usual: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, slots=True)
class Readings:
    """`Reading` as arrays, in the order of the rows asked for: None is NaN, no cause is 0, else as in `CODES`."""

    score: Floats
    strength: Floats
    usual: Floats
    low: Floats
    high: Floats
    deviation: Floats
    alert: Flags
    news: Flags
    cause: Ints
    seen: Ints
    days: Floats


class Bank:
    """Series by row; `add` answers the row of a new one. Rows keep their number for as long as the bank lives."""

    def __init__(self, size: int = 0) -> None:
        """With rows 0 to `size` - 1."""
        self._memory = layout.blank(size)
        self._size = size

    def __len__(self) -> int:
        return self._size

    @property
    def nbytes(self) -> int:
        """What it holds in memory."""
        return self._memory.nbytes

    def reserve(self, more: int) -> None:
        """Room for so many more series, so that adding them one by one copies nothing."""
        if self._size + more > self._memory.size:
            self._memory = self._memory.grown(self._size + more)

    def add(self) -> int:
        """Room for one more series; its row."""
        if self._size == self._memory.size:
            self._memory = self._memory.grown(self._size + max(8, self._size // 8))
        self._size += 1
        return self._size - 1

    def take(self, rows: ArrayLike, at: ArrayLike, values: ArrayLike, learn: ArrayLike = True) -> Readings:  # noqa: FBT002
        """Judge one sample of each of these rows (each named once), then learn from it, as `Detector.take` does.

        `at` is ns since the epoch, `values` what was measured (NaN: missing), `learn` whether it may be learned; the
        latter three are arrays as long as `rows`, or one for all. Raises IndexError for a row that was not added,
        ValueError for one named twice.
        """
        which = self._each_once(rows)
        instants = np.broadcast_to(np.asarray(at, np.int64), which.shape)
        samples = np.broadcast_to(np.asarray(values, np.float64), which.shape)
        may = np.broadcast_to(np.asarray(learn, np.bool_), which.shape)
        young = self._memory.numbers[F.SEEN, which] < c.LEARNING_SAMPLES
        there = (np.abs(samples) <= c.HUGE) & (may | ~young)
        if there.all():
            return self._judged(which, instants, samples, may)
        told = self._missing(which, instants)
        if there.any():
            judged = self._judged(which[there], instants[there], samples[there], may[there])
            for field in fields(Readings):
                getattr(told, field.name)[there] = getattr(judged, field.name)
        return told

    def learn(self, rows: ArrayLike, at: Sequence[int], values: Floats, *, watch: bool = True) -> None:
        """Learn some samples of each of these rows and judge none: for what is long over, at half the cost of `take`.

        `at` is their instants, ns since the epoch; `values` has a line an instant and a column a row (NaN: missing).
        What is usual becomes the same as by `take`. How surprising the last samples were, and whether that is an alert,
        stays as it is: that is forgotten within a day or two, so take the last few days. Without `watch` the slow watch
        learns nothing of them: it needs no more than the last months. Raises as `take` does.
        """
        which, memory = self._each_once(rows), self._memory
        numbers, times = memory.numbers[:, which], memory.times[:, which]
        for instant, samples in zip(at, values, strict=True):
            there = np.abs(samples) <= c.HUGE
            if there.all():
                _learn(memory, which, numbers, times, instant, samples, watch=watch)
            elif there.any():
                some_numbers, some_times = numbers[:, there], times[:, there]
                _learn(memory, which[there], some_numbers, some_times, instant, samples[there], watch=watch)
                numbers[:, there], times[:, there] = some_numbers, some_times
        memory.numbers[:, which], memory.times[:, which] = numbers, times

    def usual(self, rows: ArrayLike, at: ArrayLike) -> Bands:
        """What would be usual for these rows at an instant each (or one for all); nothing is taken."""
        which = self._rows(rows)
        return self._bands(which, np.broadcast_to(np.asarray(at, np.int64), which.shape))

    def reset(self, rows: ArrayLike, levels: ArrayLike = np.nan) -> None:
        """Take the present level as the new normal, as `Detector.accept` does. `levels` are the present ones, where
        somebody knows them better than what was smoothed (not NaN); an array as long as `rows`, or one for all."""
        which = self._rows(rows)
        known = np.broadcast_to(np.asarray(levels, np.float64), which.shape)
        seen = self._memory.numbers[F.SEEN, which] > 0.0
        accept(self._memory, which[seen], known[seen])

    def put(self, rows: ArrayLike, other: Bank, others: ArrayLike) -> None:
        """These rows are from now on what `others` of another bank are, each with its own memory of it."""
        self._memory.put(self._each_once(rows), other._memory, other._rows(others))

    def forget(self, rows: ArrayLike) -> None:
        """As if these series had never been seen: the row serves another one."""
        self._memory.clear(self._rows(rows))

    def to_bytes(self) -> bytes:
        """Everything, as an .npz."""
        return layout.to_bytes(self._memory, self._size)

    @classmethod
    def from_bytes(cls, content: bytes) -> Bank:
        """What `to_bytes` gave. Raises ValueError for anything else."""
        bank = cls()
        bank._memory = layout.from_bytes(content)
        bank._size = bank._memory.size
        return bank

    def _each_once(self, rows: ArrayLike) -> Ints:
        which = self._rows(rows)
        if len(which) and np.bincount(which).max() > 1:
            raise ValueError("a row is named twice: take its samples one after the other")
        return which

    def _rows(self, rows: ArrayLike) -> Ints:
        which = np.asarray(rows, np.int64).reshape(-1)
        if len(which) and (which.min() < 0 or which.max() >= self._size):
            raise IndexError(f"rows are 0 to {self._size - 1}")
        return which

    def _judged(self, which: Ints, at: Ints, values: Floats, learn: Flags) -> Readings:
        memory = self._memory
        numbers, times = memory.numbers[:, which], memory.times[:, which]
        looks = due(numbers, times[T.LAST], at)
        step = _tick(numbers, times, at, values, learn)
        bands = bands_of(memory, which, numbers, times, at)
        usual = numbers[F.PLACE].copy()
        strength, heard, place = surprise(memory, which, numbers, step, at, values)
        still = frozen(numbers, times, at, values, step.learn)
        slow(memory, which, numbers, step, at, values, looks)
        lasts = (numbers[F.LASTS] > 0.0) & (_days(times, at) >= c.WEEK_DAYS) & (strength <= c.SLOW_STRENGTH)
        strength = np.where(lasts, c.SLOW_STRENGTH, strength)
        strength = np.where(_learned(numbers, times, at), np.maximum(strength, still), 0.0)
        fell = (place <= c.DROP_Z) & (np.abs(values) <= c.FLOOR * np.abs(usual))
        cause = np.where(fell, _DROP, _CHANNELS[heard.argmax(axis=0)])
        cause = np.where(lasts, numbers[F.LASTS].astype(np.int64), cause)
        cause = np.where((still > 0.0) & (still >= strength), _FLAT, cause)
        numbers[F.SEEN] += learn
        numbers[F.POSITIVE] *= values >= 0.0
        readings = _told(numbers, times, at, values, bands, strength, cause)
        memory.numbers[:, which], memory.times[:, which] = numbers, times
        return readings

    def _missing(self, which: Ints, at: Ints) -> Readings:
        numbers, times = self._memory.numbers[:, which], self._memory.times[:, which]
        bands, none = self._bands(which, at), np.zeros(len(which))
        return Readings(
            none,
            none.copy(),
            bands.usual,
            bands.low,
            bands.high,
            np.full(len(which), np.nan),
            numbers[F.TOLD] > 0.0,
            np.zeros(len(which), np.bool_),
            numbers[F.CAUSE].astype(np.int64),
            numbers[F.SEEN].astype(np.int64),
            np.where(numbers[F.SEEN] > 0.0, _days(times, at), 0.0),
        )

    def _bands(self, which: Ints, at: Ints) -> Bands:
        memory = self._memory
        return bands_of(memory, which, memory.numbers[:, which], memory.times[:, which], at)


def bands_of(memory: Memory, which: Ints, numbers: Floats, times: Ints, at: Ints) -> Bands:
    """The bands of rows whose numbers and times are at hand."""
    bucket, hour = (cells_of(which, column) for column in places_of(at))
    usual, scale = numbers[F.SHIFT_SLOW], c.ROBUST * numbers[F.SHIFT_WIDE]
    error = numbers[F.SEASON_ERROR]
    seasonal = (_days(times, at) >= c.PROFILE_DAYS) & (error < scale)
    seasonal &= memory.samples[bucket] >= c.SEASON_LEAST
    usual = np.where(seasonal, usual_of(memory, numbers, bucket, hour), usual)
    scale = np.where(seasonal, np.maximum(memory.spread[bucket], 0.5 * error), scale)
    width = c.BAND * np.maximum(scale, c.FLOOR * np.abs(usual))
    low = usual - width
    low = np.where(numbers[F.POSITIVE] > 0.0, np.maximum(low, 0.0), low)
    young = ~_learned(numbers, times, at)
    return Bands(*(np.where(young, np.nan, one) for one in (usual, low, usual + width)))


def accept(memory: Memory, rows: Ints, levels: Floats) -> None:
    """`Detector.accept`."""
    numbers, times = memory.numbers[:, rows], memory.times[:, rows]
    now = np.where(np.isnan(levels), numbers[F.SHIFT_FAST], levels)
    bucket, hour = (cells_of(rows, column) for column in places_of(times[T.LAST]))
    numbers[F.SEASON_OFFSET] += now - usual_of(memory, numbers, bucket, hour)
    numbers[[F.LEVEL, F.SHIFT_FAST, F.SHIFT_SLOW, F.PLACE]] = now
    accept_slow(memory, rows, numbers, now, times[T.LAST])
    floor = tiny_of(numbers) + c.SPREAD_LEAST * numbers[F.LEVEL_SCALE]
    numbers[F.SPREAD_SLOW] = np.log(numbers[F.SPREAD_FAST] + floor)
    numbers[F.FROZEN_LONGEST] = np.maximum(numbers[F.FROZEN_LONGEST], numbers[F.FROZEN_RUN])
    numbers[[F.SMOOTH, F.LASTING, F.HOLD_PEAK, F.RECENT, F.BELOW, F.TOLD, F.CAUSE]] = 0.0
    memory.numbers[:, rows] = numbers


def _tick(numbers: Floats, times: Ints, at: Ints, values: Floats, learn: Flags) -> Step:
    fresh = numbers[F.SEEN] == 0.0
    passed = (at - times[T.LAST]) / c.NS
    if fresh.any():
        times[T.FIRST] = np.where(fresh, at, times[T.FIRST])
        times[T.CHANGED] = np.where(fresh, at, times[T.CHANGED])
        for line in (F.LEVEL, F.SHIFT_FAST, F.SHIFT_SLOW, F.PLACE, F.FROZEN_LAST):
            numbers[line] = np.where(fresh, values, numbers[line])
    goes = ~fresh & (passed > 0.0)
    numbers[F.STEP] = np.where(goes, np.minimum(passed, c.LONGEST_STEP_S), numbers[F.STEP])
    times[T.LAST] = at
    return Step.of(numbers[F.STEP], numbers[F.SEEN].copy(), learn)


def _learn(memory: Memory, rows: Ints, numbers: Floats, times: Ints, at: int, values: Floats, *, watch: bool) -> None:
    """One sample of each; `numbers` and `times` are copies of their lines, changed in place."""
    instants = np.array([at])
    looks = due(numbers, times[T.LAST], instants) if watch else None
    step = _tick(numbers, times, instants, values, _ALL)
    teach(memory, rows, numbers, step, instants, values)
    if looks is not None:
        slow(memory, rows, numbers, step, instants, values, looks)
    frozen(numbers, times, instants, values, step.learn)
    numbers[F.SEEN] += 1.0
    numbers[F.POSITIVE] *= values >= 0.0


def _told(
    numbers: Floats, times: Ints, at: Ints, values: Floats, bands: Bands, strength: Floats, cause: Ints
) -> Readings:
    news = opened(numbers, strength)
    alert = numbers[F.TOLD] > 0.0
    seen = np.where(strength >= c.CLOSE, cause, 0)
    numbers[F.CAUSE] = np.where(news | ~alert | (cause == _FLAT), seen, numbers[F.CAUSE])
    told = held(numbers, times, strength, at)
    scale = np.maximum((bands.high - bands.usual) / c.BAND, c.TINY)
    return Readings(
        told / (told + c.SCORE_HALF),
        strength,
        bands.usual,
        bands.low,
        bands.high,
        (values - bands.usual) / scale,
        alert,
        news,
        numbers[F.CAUSE].astype(np.int64),
        numbers[F.SEEN].astype(np.int64),
        _days(times, at),
    )


def _days(times: Ints, at: Ints) -> Floats:
    out: Floats = (at - times[T.FIRST]) / (c.NS * c.DAY_S)
    return out


def _learned(numbers: Floats, times: Ints, at: Ints) -> Flags:
    out: Flags = (numbers[F.SEEN] >= c.LEARNING_SAMPLES) & (_days(times, at) >= c.LEARNING_DAYS)
    return out
