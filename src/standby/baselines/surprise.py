"""The channels of `channels.py` for many series at once. `numbers` is a copy of their lines, changed in place."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from standby.baselines import constants as c
from standby.baselines.constants import FLOOR, ROBUST
from standby.baselines.layout import F, Memory

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

_WEIGHTS = np.array(c.WEIGHTS)[:, None]


@dataclass(frozen=True, slots=True)
class Step:
    """`Gains` as arrays; `may` is `learn` as a flag."""

    length: Floats
    seen: Floats
    least: Floats
    learn: Floats
    may: Flags
    memory: Floats  # the share of a new value, at least 1/n, 0 when nothing may be learned

    @classmethod
    def of(cls, length: Floats, seen: Floats, may: Flags) -> Step:
        """For steps of `length` seconds after `seen` samples."""
        least, learn = 1.0 / (seen + 1.0), may.astype(np.float64)
        return cls(length, seen, least, learn, may, learn * np.maximum(gains(c.MEMORY_S, length), least))

    def share(self, tau: float) -> Floats:
        """As `memory`, for another time."""
        return self.learn * np.maximum(gains(tau, self.length), self.least)


def gains(tau: float | Floats, step: Floats) -> Floats:
    """`constants.gain` of arrays."""
    out: Floats = -np.expm1(-step / tau)
    return out


def clipped(residual: Floats, limit: Floats, where: Flags) -> Floats:
    """`residual` within ±`limit`, there where it is to be clipped."""
    return np.where(where, np.clip(residual, -limit, limit), residual)


def places_of(at: Ints) -> tuple[Ints, Ints]:
    """The hour of the day and the hour of the week, in UTC."""
    seconds = at // c.NS
    return seconds % c.DAY_S // c.BUCKET_S, seconds // 3_600 % c.HOURS


def usual_of(memory: Memory, rows: Ints, numbers: Floats, bucket: Ints, hour: Ints) -> Floats:
    """What the season expects then."""
    weeks = memory.weeks[rows, hour].astype(np.float64)
    out: Floats = memory.level[rows, bucket] + weeks / (weeks + c.WEEKS_SHRINK) * memory.week[rows, hour]
    out += numbers[F.SEASON_OFFSET]
    return out


def surprise(
    memory: Memory, rows: Ints, numbers: Floats, step: Step, at: Ints, values: Floats
) -> tuple[Floats, Floats, Floats]:
    """Strength, what each channel adds to it (channels, rows), and the z of the value's place."""
    tiny = tiny_of(numbers)
    season, known = _season(memory, rows, numbers, step, at, values, tiny)
    level, size = _level(numbers, step, values, tiny)
    shift, place = _shift(numbers, step, values, tiny), _place(numbers, step, values, tiny)
    spread = _spread(numbers, step, size, tiny + c.SPREAD_LEAST * numbers[F.LEVEL_SCALE])
    heard = np.empty((len(c.WEIGHTS), len(rows)))
    heard[0] = _tail(memory, 0, rows, season, step.may & known)
    heard[0] *= known
    for channel, one in enumerate((level, shift, place, spread), 1):
        heard[channel] = _tail(memory, channel, rows, one, step.may)
    heard *= _WEIGHTS
    together = np.sqrt((heard * heard).sum(axis=0))
    smooth = gains(c.SMOOTH_S, np.maximum(step.length, c.SMOOTH_STEP_S))
    numbers[F.SMOOTH] += smooth * (together - numbers[F.SMOOTH])
    numbers[F.LASTING] += gains(c.LASTING_S, step.length) * (together - numbers[F.LASTING])
    return np.hypot(numbers[F.SMOOTH], c.LASTING_WEIGHT * numbers[F.LASTING]), heard, place


def tiny_of(numbers: Floats) -> Floats:
    """Below it a spread is rounding."""
    out: Floats = FLOOR * np.abs(numbers[F.LEVEL]) + c.TINY
    return out


def _season(
    memory: Memory, rows: Ints, numbers: Floats, step: Step, at: Ints, values: Floats, tiny: Floats
) -> tuple[Floats, Flags]:
    bucket, hour = places_of(at)
    samples = memory.samples[rows, bucket]
    fresh = samples == 0
    if fresh.any():
        memory.level[rows[fresh], bucket[fresh]] = (values - numbers[F.SEASON_OFFSET])[fresh]
    residual = values - usual_of(memory, rows, numbers, bucket, hour)
    spread = memory.spread[rows, bucket].astype(np.float64)
    scale = np.maximum(np.maximum(spread, 0.5 * numbers[F.SEASON_ERROR]), tiny)
    known = samples >= c.SEASON_LEAST
    learned = clipped(residual, c.SEASON_CLIP * scale, known)
    _learn_week(memory, rows, step, hour, learned, step.may & known)
    size = ROBUST * np.abs(learned)
    least = np.where(samples < c.SEASON_MOST, 1.0 / (samples + 1.0), 0.0)
    inside = np.minimum(step.length, float(c.BUCKET_S))
    memory.level[rows, bucket] += step.learn * np.maximum(gains(c.SEASON_S, inside), least) * learned
    wider = step.learn * np.maximum(gains(c.SEASON_SPREAD_S, inside), least) * (size - spread)
    memory.spread[rows, bucket] = spread + wider
    memory.samples[rows, bucket] = np.where(step.may & (samples < c.SEASON_MOST), samples + 1, samples)
    moves = step.learn * gains(c.SEASON_MEMORY_S, step.length) * learned
    numbers[F.SEASON_OFFSET] += np.where(step.seen >= c.SEASON_OFFSET_AFTER, moves, 0.0)
    numbers[F.SEASON_ERROR] += step.share(c.SEASON_MEMORY_S) * (size - numbers[F.SEASON_ERROR])
    return np.where(known, residual / scale, 0.0), known


def _learn_week(memory: Memory, rows: Ints, step: Step, hour: Ints, residual: Floats, may: Flags) -> None:
    week, weeks = memory.week[rows, hour].astype(np.float64), memory.weeks[rows, hour].astype(np.float64)
    hours = step.length / 3_600.0
    spent = weeks + hours
    told = residual + weeks / (weeks + c.WEEKS_SHRINK) * week
    moved = week + hours / np.minimum(spent, c.WEEKS_MEMORY) * (told - week)
    memory.week[rows, hour] = np.where(may, moved, week)
    memory.weeks[rows, hour] = np.where(may, np.minimum(spent, c.WEEKS_MOST), weeks)


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


def _tail(memory: Memory, channel: int, rows: Ints, z: Floats, may: Flags) -> Floats:
    """`Tail.take`."""
    place = np.clip(np.arcsinh(z) / c.BIN_WIDTH + c.BIN_MIDDLE, 0.0, c.BIN_LAST)
    left = place.astype(np.int64)
    part = place - left
    counts, totals = memory.counts[channel], memory.totals[channel, rows]
    lower, upper = (counts[rows, at].astype(np.float64) for at in (left, left + 1))
    out = np.zeros(len(rows))
    old = np.flatnonzero(totals >= c.TAIL_LEAST)
    if len(old):
        limit = ((1.0 - part) * lower + part * upper + c.TAIL_SLACK)[old]
        bins = counts[rows[old]]
        rarer = np.where(bins <= _below(limit)[:, None], bins, np.float32(0.0)).sum(axis=1, dtype=np.float64)
        out[old] = -np.log10(np.minimum((rarer + c.TAIL_PRIOR) / (totals[old] + c.TAIL_PRIOR), 1.0))
    counts[rows, left] = np.where(may, lower + (1.0 - part), lower)
    counts[rows, left + 1] = np.where(may, upper + part, upper)
    totals = totals + may
    full = totals > c.TAIL_MOST
    if full.any():
        counts[rows[full]] = counts[rows[full]].astype(np.float64) * c.TAIL_KEPT
        totals = np.where(full, totals * c.TAIL_KEPT, totals)
    memory.totals[channel, rows] = totals
    return out


def _below(limit: Floats) -> NDArray[np.float32]:
    """The largest single not above: comparing singles is three times as fast, and this keeps the answer."""
    single = limit.astype(np.float32)
    return np.where(single > limit, np.nextafter(single, np.float32(-math.inf)), single)
