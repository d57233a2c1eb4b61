"""The slow watch of `slow.py` for many series at once. `numbers` is a copy of their lines, changed in place: what it
saw is the line `LASTS`, a cause as a bank holds it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from standby.baselines import constants as c
from standby.baselines.constants import ROBUST
from standby.baselines.layout import F, Memory
from standby.baselines.reading import CODES, Cause
from standby.baselines.surprise import Cells, Step, alike, cells_of, clipped, gains

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

_SHIFT, _SPREAD = CODES[Cause.SHIFT], CODES[Cause.SPREAD]
STEP = (F.STEP_SCALE, F.STEP_PAST, F.STEP_TOP, c.STEP_BOUND, c.STEP_RATIO)
WIDTH = (F.WIDTH_SCALE, F.WIDTH_PAST, F.WIDTH_TOP, c.WIDTH_BOUND, c.WIDTH_RATIO)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the profile each row is."""

    second: Ints
    weekend: Flags
    cell: Cells
    slot: Cells

    @classmethod
    def of(cls, rows: Ints, at: Ints) -> _Place:
        second = alike(at) // c.NS
        bucket, weekend = second % c.DAY_S // c.BUCKET_S, weekends(second)
        cell, slot = weekend * c.BUCKETS + bucket, weekend * c.WIDE_SLOTS + bucket // c.WIDE_HOURS
        return cls(second, weekend, cells_of(rows, cell), cells_of(rows, slot))


def weekends(second: Ints) -> Flags:
    """Which instants are on a Saturday or Sunday, UTC."""
    day = second // c.DAY_S % 7
    out: Flags = (day == c.WEEKEND[0]) | (day == c.WEEKEND[1])
    return out


@dataclass(frozen=True, slots=True)
class Pace:
    """`slow.Pace` as arrays, of one when it is the same for all; `may`: where something may be learned."""

    length: Floats
    may: Flags

    @classmethod
    def of(cls, step: Step, rows: Flags | None = None) -> Pace:
        """Of the samples' own steps; only of some rows."""
        length, may = np.maximum(step.length, c.LOOK_S), step.may
        if rows is None:
            return cls(length, may)
        return cls(length if len(length) == 1 else length[rows], may if len(may) == 1 else may[rows])


def due(numbers: Floats, last: Ints, at: Ints) -> Flags:
    """Which rows are looked at: those with the first sample of their five minutes. `last`: the instants before."""
    look = c.LOOK_S * c.NS
    out: Flags = (at // look != last // look) | (numbers[F.SEEN] == 0.0)
    return out


def slow(memory: Memory, rows: Ints, numbers: Floats, step: Step, at: Ints, values: Floats, looks: Flags) -> None:
    """`Slow.take` of those rows that it `looks` at. After `surprise` of the same sample."""
    if looks.all():
        _look(memory, rows, numbers, Pace.of(step), at, values)
    elif looks.any():
        some, instants = numbers[:, looks], at if len(at) == 1 else at[looks]
        _look(memory, rows[looks], some, Pace.of(step, looks), instants, values[looks])
        numbers[:, looks] = some


def _look(memory: Memory, rows: Ints, numbers: Floats, pace: Pace, at: Ints, values: Floats) -> None:
    place = _Place.of(rows, at)
    level, wide = memory.hourly[place.cell].astype(np.float64), memory.wide[place.slot].astype(np.float64)
    wide = np.where(wide == 0.0, numbers[F.LEVEL_SCALE], wide)
    unseen = level >= c.UNSEEN_LEAST
    level = np.where(unseen, values, level)
    residual = values - level
    scale = np.maximum(wide, c.SLOW_FLOOR * np.abs(level) + c.TINY)
    seen = np.where(place.weekend, numbers[F.WEEKENDS], numbers[F.WORKDAYS])
    known = ~unseen & (seen >= c.SLOW_KNOWN_HOURS)
    z = np.where(known, np.minimum(np.maximum(residual / scale, -c.SLOW_CLIP), c.SLOW_CLIP), 0.0)
    size = np.where(known, np.minimum(ROBUST * np.abs(z - numbers[F.APART]), c.WIDE_CLIP), 1.0)
    numbers[F.APART] += np.minimum(gains(c.STEP_S, pace.length), c.STEP_GAIN) * (z - numbers[F.APART])
    numbers[F.VARIES] += np.minimum(gains(c.WIDTH_S, pace.length), c.WIDTH_GAIN) * (size - numbers[F.VARIES])
    may = known & pace.may
    moved = known & _watched(numbers, STEP, np.abs(numbers[F.APART]), pace, may)
    wider = known & _watched(numbers, WIDTH, np.abs(np.log(numbers[F.VARIES] + c.WIDTH_SLACK)), pace, may)
    _learn(memory, numbers, pace, place, (level, residual, scale, wide, seen))
    numbers[F.LASTS] = np.where(moved, _SHIFT, np.where(wider, _SPREAD, 0))


def accept_slow(memory: Memory, rows: Ints, numbers: Floats, now: Floats, at: Ints) -> None:
    """`Slow.accept`."""
    levels = memory.hourly[rows].astype(np.float64)
    level = memory.hourly[_Place.of(rows, at).cell].astype(np.float64)
    moved = np.where(level < c.UNSEEN_LEAST, now - level, 0.0)[:, None]
    memory.hourly[rows] = np.where(levels < c.UNSEEN_LEAST, levels + moved, levels)
    numbers[F.APART], numbers[F.VARIES], numbers[F.LASTS] = 0.0, 1.0, 0.0


def _watched(numbers: Floats, lines: tuple[F, F, F, float, float], size: Floats, pace: Pace, may: Flags) -> Flags:
    """`Watched.take`."""
    scale_line, past_line, top_line, bound, ratio = lines
    scale, past, top = numbers[scale_line], numbers[past_line], numbers[top_line]
    over: Flags = size >= np.maximum(np.maximum(bound, ratio * scale), c.PAST_RATIO * past)
    most = c.WATCHED_CLIP * np.maximum(scale, c.WATCHED_FLOOR * bound)
    learned = scale + gains(c.SEASON_MEMORY_S, pace.length) * (ROBUST * np.minimum(size, most) - scale)
    faded = past * (1.0 - gains(c.PAST_S, pace.length))
    ended = size < c.PAST_ENDED * top
    taught = np.maximum(faded, np.minimum(top, np.maximum(c.PAST_GROWTH * faded, c.PAST_LEAST * bound)))
    numbers[scale_line] = np.where(may, learned, scale)
    numbers[past_line] = np.where(may, np.where(ended, taught, faded), past)
    numbers[top_line] = np.where(may, np.where(ended, size, np.maximum(size, top)), top)
    return over


def _learn(
    memory: Memory, numbers: Floats, pace: Pace, place: _Place, what: tuple[Floats, Floats, Floats, Floats, Floats]
) -> None:
    level, residual, scale, wide, seen = what
    hours = pace.length / 3_600.0
    before = np.minimum(np.floor(seen / 24.0 + c.SLOW_ROUNDING), c.SLOW_VISITS - 1)
    known = seen >= c.SLOW_OPEN_HOURS
    size = ROBUST * np.abs(residual)
    size = np.where(known, np.minimum(size, c.WIDE_CLIP * wide), size)
    residual = clipped(residual, c.SLOW_LEVEL_CLIP * scale, known)
    moved = level + hours / (before + place.second % c.BUCKET_S / 3_600.0 + hours) * residual
    memory.hourly[place.cell] = np.where(pace.may, moved, memory.hourly[place.cell])
    spent = place.second % c.WIDE_S / 3_600.0 + hours
    moved = wide + hours / (c.WIDE_HOURS * before + spent) * (size - wide)
    memory.wide[place.slot] = np.where(pace.may, moved, memory.wide[place.slot])
    seen = np.where(pace.may & (seen < c.SLOW_MOST_HOURS), seen + hours, seen)
    numbers[F.WEEKENDS] = np.where(place.weekend, seen, numbers[F.WEEKENDS])
    numbers[F.WORKDAYS] = np.where(place.weekend, numbers[F.WORKDAYS], seen)
