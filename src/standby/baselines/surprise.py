"""The channels of `channels.py` for many series at once. `numbers` is a copy of their lines, changed in place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from standby.baselines import constants as c
from standby.baselines.constants import FLOOR, ROBUST
from standby.baselines.layout import F, Memory

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Cells = tuple[Ints | slice, Ints | int]
"""One cell a row of an array of (series, hours)."""
_Kind = TypeVar("_Kind", bound=np.generic)

_WEIGHTS = np.array(c.WEIGHTS)[:, None]
_NUMBERS = np.arange(len(c.WEIGHTS))[:, None]
_PLACE = 3


@dataclass(frozen=True, slots=True)
class Step:
    """`Gains` as arrays, of one when it is the same for all; `may` is `learn` as a flag."""

    length: Floats
    seen: Floats
    least: Floats
    learn: Floats
    may: Flags
    memory: Floats  # the share of a new value, at least 1/n, 0 when nothing may be learned

    @classmethod
    def of(cls, length: Floats, seen: Floats, may: Flags) -> Step:
        """For steps of `length` seconds after `seen` samples."""
        length, seen, may = alike(length), alike(seen), alike(may)
        least, learn = 1.0 / (seen + 1.0), may.astype(np.float64)
        return cls(length, seen, least, learn, may, learn * np.maximum(gains(c.MEMORY_S, length), least))

    def share(self, tau: float) -> Floats:
        """As `memory`, for another time."""
        return self.learn * np.maximum(gains(tau, self.length), self.least)


def alike(rows: NDArray[_Kind]) -> NDArray[_Kind]:
    """One for all when all are the same, as polls of one minute are: what follows from it is reckoned once."""
    return rows[:1] if (rows == rows[:1]).all() else rows


def gains(tau: float | Floats, step: Floats) -> Floats:
    """`constants.gain` of arrays."""
    out: Floats = -np.expm1(-step / tau)
    return out


def clipped(residual: Floats, limit: Floats, where: Flags) -> Floats:
    """`residual` within ±`limit`, there where it is to be clipped."""
    return np.where(where, np.minimum(np.maximum(residual, -limit), limit), residual)


def places_of(at: Ints) -> tuple[Ints, Ints]:
    """The hour of the day and the hour of the week, in UTC."""
    seconds = alike(at) // c.NS
    return seconds % c.DAY_S // c.BUCKET_S, seconds // 3_600 % c.HOURS


def cells_of(rows: Ints, column: Ints) -> Cells:
    """An index of one cell a row. Rows in their order and one column are a slice, which is a tenth of the work."""
    if len(column) == 1 and len(rows) and (rows == np.arange(rows[0], rows[0] + len(rows))).all():
        return slice(int(rows[0]), int(rows[0]) + len(rows)), int(column[0])
    return rows, column


def usual_of(memory: Memory, numbers: Floats, bucket: Cells, hour: Cells) -> Floats:
    """What the season expects in these cells."""
    weeks = memory.weeks[hour].astype(np.float64)
    out: Floats = memory.level[bucket] + weeks / (weeks + c.WEEKS_SHRINK) * memory.week[hour]
    out += numbers[F.SEASON_OFFSET]
    return out


def surprise(
    memory: Memory, rows: Ints, numbers: Floats, step: Step, at: Ints, values: Floats
) -> tuple[Floats, Floats, Floats]:
    """Strength, what each channel adds to it (channels, rows), and the z of the value's place."""
    z, known = _channels(memory, rows, numbers, step, at, values)
    bins = _Bins.of(memory, rows, z)
    heard = _rarity(memory, rows, bins)
    _count(memory, rows, bins, step, known)
    heard[0] *= known
    heard *= _WEIGHTS
    together = np.sqrt((heard * heard).sum(axis=0))
    smooth = gains(c.SMOOTH_S, np.maximum(step.length, c.SMOOTH_STEP_S))
    numbers[F.SMOOTH] += smooth * (together - numbers[F.SMOOTH])
    numbers[F.LASTING] += gains(c.LASTING_S, step.length) * (together - numbers[F.LASTING])
    return np.hypot(numbers[F.SMOOTH], c.LASTING_WEIGHT * numbers[F.LASTING]), heard, z[_PLACE]


def teach(memory: Memory, rows: Ints, numbers: Floats, step: Step, at: Ints, values: Floats) -> None:
    """As `surprise`, without looking how rare it is: that is half of the work."""
    z, known = _channels(memory, rows, numbers, step, at, values)
    _count(memory, rows, _Bins.of(memory, rows, z), step, known)


def tiny_of(numbers: Floats) -> Floats:
    """Below it a spread is rounding."""
    out: Floats = FLOOR * np.abs(numbers[F.LEVEL]) + c.TINY
    return out


def _channels(
    memory: Memory, rows: Ints, numbers: Floats, step: Step, at: Ints, values: Floats
) -> tuple[Floats, Flags]:
    """z of each channel (channels, rows), and for which rows that of the season counts."""
    tiny = tiny_of(numbers)
    z = np.empty((len(c.WEIGHTS), len(rows)))
    z[0], known = _season(memory, rows, numbers, step, at, values, tiny)
    z[1], size = _level(numbers, step, values, tiny)
    z[2] = _shift(numbers, step, values, tiny)
    z[_PLACE] = _place(numbers, step, values, tiny)
    z[4] = _spread(numbers, step, size, tiny + c.SPREAD_LEAST * numbers[F.LEVEL_SCALE])
    return z, known


def _season(
    memory: Memory, rows: Ints, numbers: Floats, step: Step, at: Ints, values: Floats, tiny: Floats
) -> tuple[Floats, Flags]:
    bucket, hour = (cells_of(rows, column) for column in places_of(at))
    samples = memory.samples[bucket].copy()
    fresh = samples == 0
    if fresh.any():
        memory.level[bucket] = np.where(fresh, values - numbers[F.SEASON_OFFSET], memory.level[bucket])
    residual = values - usual_of(memory, numbers, bucket, hour)
    spread = memory.spread[bucket].astype(np.float64)
    scale = np.maximum(np.maximum(spread, 0.5 * numbers[F.SEASON_ERROR]), tiny)
    known = samples >= c.SEASON_LEAST
    learned = clipped(residual, c.SEASON_CLIP * scale, known)
    _learn_week(memory, step, hour, learned, step.may & known)
    size = ROBUST * np.abs(learned)
    least = np.where(samples < c.SEASON_MOST, 1.0 / (samples + 1.0), 0.0)
    inside = np.minimum(step.length, float(c.BUCKET_S))
    memory.level[bucket] += step.learn * np.maximum(gains(c.SEASON_S, inside), least) * learned
    wider = step.learn * np.maximum(gains(c.SEASON_SPREAD_S, inside), least) * (size - spread)
    memory.spread[bucket] = spread + wider
    memory.samples[bucket] = np.where(step.may & (samples < c.SEASON_MOST), samples + 1, samples)
    moves = step.learn * gains(c.SEASON_MEMORY_S, step.length) * learned
    numbers[F.SEASON_OFFSET] += np.where(step.seen >= c.SEASON_OFFSET_AFTER, moves, 0.0)
    numbers[F.SEASON_ERROR] += step.share(c.SEASON_MEMORY_S) * (size - numbers[F.SEASON_ERROR])
    return np.where(known, residual / scale, 0.0), known


def _learn_week(memory: Memory, step: Step, hour: Cells, residual: Floats, may: Flags) -> None:
    week, weeks = memory.week[hour].astype(np.float64), memory.weeks[hour].astype(np.float64)
    hours = step.length / 3_600.0
    spent = weeks + hours
    told = residual + weeks / (weeks + c.WEEKS_SHRINK) * week
    moved = week + hours / np.minimum(spent, c.WEEKS_MEMORY) * (told - week)
    memory.week[hour] = np.where(may, moved, week)
    memory.weeks[hour] = np.where(may, np.minimum(spent, c.WEEKS_MOST), weeks)


def _level(numbers: Floats, step: Step, values: Floats, tiny: Floats) -> tuple[Floats, Floats]:
    residual = values - numbers[F.LEVEL]
    scale = np.maximum(numbers[F.LEVEL_SCALE], tiny)
    warm = step.seen >= c.WARM
    learned = clipped(residual, c.LEVEL_CLIP * scale, warm)
    size = np.abs(learned)
    numbers[F.LEVEL] += c.LEVEL_GAIN * learned
    numbers[F.LEVEL_SCALE] += step.memory * (ROBUST * size - numbers[F.LEVEL_SCALE])
    return np.where(warm, residual / scale, 0.0), size


def _shift(numbers: Floats, step: Step, values: Floats, tiny: Floats) -> Floats:
    warm = step.seen >= c.WARM
    numbers[F.SHIFT_FAST] += np.maximum(c.SHIFT_GAIN, step.least) * (values - numbers[F.SHIFT_FAST])
    limit = c.VALUE_CLIP * np.maximum(ROBUST * numbers[F.SHIFT_WIDE], tiny)
    residual = clipped(values - numbers[F.SHIFT_SLOW], limit, warm)
    numbers[F.SHIFT_SLOW] += step.memory * residual
    numbers[F.SHIFT_WIDE] += step.memory * (np.abs(residual) - numbers[F.SHIFT_WIDE])
    apart = numbers[F.SHIFT_FAST] - numbers[F.SHIFT_SLOW]
    scale = np.maximum(np.maximum(numbers[F.SHIFT_SCALE], c.SHIFT_FLOOR * numbers[F.SHIFT_WIDE]), tiny)
    learned = clipped(apart, c.SHIFT_CLIP * scale, warm)
    numbers[F.SHIFT_SCALE] += step.memory * (ROBUST * np.abs(learned) - numbers[F.SHIFT_SCALE])
    return np.where(warm, apart / scale, 0.0)


def _place(numbers: Floats, step: Step, values: Floats, tiny: Floats) -> Floats:
    residual = values - numbers[F.PLACE]
    scale = np.maximum(numbers[F.PLACE_SCALE], tiny)
    warm = step.seen >= c.WARM
    learned = clipped(residual, c.VALUE_CLIP * scale, warm)
    share = step.share(c.LONG_MEMORY_S)
    numbers[F.PLACE] += share * learned
    numbers[F.PLACE_SCALE] += share * (ROBUST * np.abs(learned) - numbers[F.PLACE_SCALE])
    return np.where(warm, residual / scale, 0.0)


def _spread(numbers: Floats, step: Step, size: Floats, floor: Floats) -> Floats:
    numbers[F.SPREAD_FAST] += np.maximum(c.SPREAD_GAIN, step.least) * (size - numbers[F.SPREAD_FAST])
    varies = np.log(numbers[F.SPREAD_FAST] + floor)
    slow = np.where(step.seen == 0.0, varies, numbers[F.SPREAD_SLOW])
    residual = varies - slow
    warm = step.seen >= c.WARM_SPREAD
    scale = np.maximum(numbers[F.SPREAD_SCALE], c.SPREAD_FLOOR)
    learned = clipped(residual, c.SPREAD_CLIP * scale, warm)
    numbers[F.SPREAD_SLOW] = slow + step.memory * learned
    numbers[F.SPREAD_SCALE] += step.memory * (ROBUST * np.abs(learned) - numbers[F.SPREAD_SCALE])
    return np.where(warm, residual / scale, 0.0)


@dataclass(frozen=True, slots=True)
class _Bins:
    """Where each z lies in the histogram of its channel and row: `part` of the way from a bin to the next one.

    All are (channels, rows); `place` is the bin's number in the counts as one flat array.
    """

    place: Ints
    part: Floats
    lower: Floats  # what the bin counts
    upper: Floats  # and the next one

    @classmethod
    def of(cls, memory: Memory, rows: Ints, z: Floats) -> _Bins:
        at = np.clip(np.arcsinh(z) / c.BIN_WIDTH + c.BIN_MIDDLE, 0.0, c.BIN_LAST)
        left = at.astype(np.int64)
        place = (_NUMBERS * memory.size + rows) * c.BINS + left
        flat = memory.counts.reshape(-1)
        return cls(place, at - left, flat[place].astype(np.float64), flat[place + 1].astype(np.float64))


def _rarity(memory: Memory, rows: Ints, bins: _Bins) -> Floats:
    """`Tail.take`, what it answers."""
    totals = memory.totals[:, rows]
    here = (1.0 - bins.part) * bins.lower + bins.part * bins.upper
    share = (c.TAIL_BEYOND * here + c.TAIL_PRIOR) / (totals + c.TAIL_PRIOR)
    return np.where(totals >= c.TAIL_LEAST, -np.log10(np.minimum(share, 1.0)), 0.0)


def _count(memory: Memory, rows: Ints, bins: _Bins, step: Step, known: Flags) -> None:
    """`Tail.take`, what it learns."""
    more = np.ones(bins.part.shape) * step.learn
    more[0] *= known
    flat = memory.counts.reshape(-1)
    flat[bins.place] = bins.lower + more * (1.0 - bins.part)
    flat[bins.place + 1] = bins.upper + more * bins.part
    totals = memory.totals[:, rows] + more
    full = totals > c.TAIL_MOST
    if full.any():
        channels, which = np.nonzero(full)
        aged = memory.counts[channels, rows[which]].astype(np.float64) * c.TAIL_KEPT
        memory.counts[channels, rows[which]] = aged
        totals = np.where(full, totals * c.TAIL_KEPT, totals)
    memory.totals[:, rows] = totals
