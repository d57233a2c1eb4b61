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
    """`Gains` as arrays."""

    length: Floats
    seen: Floats
    least: Floats
    learn: Floats
    memory: Floats  # the share of a new value, at least 1/n, 0 when nothing may be learned
    long: Floats

    @classmethod
    def of(cls, length: Floats, seen: Floats, learn: Flags) -> Step:
        """For steps of `length` seconds after `seen` samples."""
        least, may = 1.0 / (seen + 1.0), learn.astype(np.float64)
        memory = may * np.maximum(gains(c.MEMORY_S, length), least)
        return cls(length, seen, least, may, memory, may * np.maximum(gains(c.LONG_MEMORY_S, length), least))


def gains(tau: float | Floats, step: Floats) -> Floats:
    """`constants.gain` of arrays."""
    out: Floats = -np.expm1(-step / tau)
    return out


def clipped(residual: Floats, limit: Floats, where: Flags) -> Floats:
    """`residual` within ±`limit`, there where it is to be clipped."""
    return np.where(where, np.clip(residual, -limit, limit), residual)


def places_of(at: Ints) -> tuple[Ints, Ints]:
    """The half hour of the day and the hour of the week, in UTC."""
    seconds = at // c.NS
    return seconds % c.DAY_S // c.BUCKET_S, seconds // 3_600 % c.HOURS


def usual_of(memory: Memory, rows: Ints, numbers: Floats, bucket: Ints, hour: Ints) -> Floats:
    """What the season expects then."""
    full = np.maximum(memory.weeks[rows, hour] - 1.0, 0.0)
    share = full / (full + c.WEEK_SHRINK)
    out: Floats = memory.level[rows, bucket] + share * memory.week[rows, hour] + numbers[F.SEASON_OFFSET]
    return out


def surprise(
    memory: Memory, rows: Ints, numbers: Floats, step: Step, at: Ints, values: Floats
) -> tuple[Floats, Floats, Floats]:
    """Novelty smoothed, what each channel adds to it (channels, rows), and how large the value is in z."""
    tiny = tiny_of(numbers)
    season, known = _season(memory, rows, numbers, step, at, values, tiny)
    level, size = _level(numbers, step, values, tiny)
    shift, place = _shift(numbers, step, values, tiny), _place(numbers, step, values, tiny)
    spread = _spread(numbers, step, size, tiny + c.SPREAD_LEAST * numbers[F.LEVEL_SCALE])
    z = _magnitude(numbers, step, values, tiny)
    heard = np.empty((len(c.WEIGHTS), len(rows)))
    heard[0] = _tail(memory, 0, rows, season, np.where(known, step.learn, 0.0))
    heard[0] *= known
    for channel, one in enumerate((level, shift, place, spread), 1):
        heard[channel] = _tail(memory, channel, rows, one, step.learn)
    heard *= _WEIGHTS
    together = np.sqrt((heard * heard).sum(axis=0))
    numbers[F.NOVELTY] += c.NOVELTY_GAIN * (together - numbers[F.NOVELTY])
    return numbers[F.NOVELTY], heard, z


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
    may = step.learn > 0.0
    size, least = ROBUST * np.abs(learned), 1.0 / (samples + 1.0)
    inside = np.minimum(step.length, float(c.BUCKET_S))
    memory.level[rows, bucket] += step.learn * np.maximum(gains(c.SEASON_S, inside), least) * learned
    wider = step.learn * np.maximum(gains(c.SEASON_SPREAD_S, inside), least) * (size - spread)
    memory.spread[rows, bucket] = spread + wider
    memory.samples[rows, bucket] = np.where(may & (samples < c.SEASON_MOST), samples + 1, samples)
    moves = step.learn * gains(c.MEMORY_S, step.length) * learned
    numbers[F.SEASON_OFFSET] += np.where(step.seen >= c.SEASON_OFFSET_AFTER, moves, 0.0)
    numbers[F.SEASON_ERROR] += step.memory * (size - numbers[F.SEASON_ERROR])
    _week(memory, rows, numbers, step, hour, learned)
    return np.where(known, residual / scale, 0.0), known


def _week(memory: Memory, rows: Ints, numbers: Floats, step: Step, hour: Ints, residual: Floats) -> None:
    may = step.learn > 0.0
    weeks = memory.weeks[rows, hour]
    enters = may & (numbers[F.SEASON_HOUR] != hour) & (weeks < c.WEEKS_MOST)
    weeks = weeks + enters
    memory.weeks[rows, hour] = weeks
    numbers[F.SEASON_HOUR] = np.where(may, hour, numbers[F.SEASON_HOUR])
    share = step.learn * gains(c.WEEK_S * np.maximum(weeks, 1.0), step.length)
    memory.week[rows, hour] = memory.week[rows, hour] + share * residual


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
    numbers[F.PLACE] += step.long * learned
    numbers[F.PLACE_SCALE] += step.long * (ROBUST * np.abs(learned) - numbers[F.PLACE_SCALE])
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


def _magnitude(numbers: Floats, step: Step, values: Floats, tiny: Floats) -> Floats:
    residual = values - numbers[F.MAGNITUDE]
    scale = np.maximum(np.sqrt(numbers[F.MAGNITUDE_SQUARE]), tiny)
    warm = step.seen >= c.WARM
    learned = clipped(residual, c.MAGNITUDE_CLIP * scale, warm)
    numbers[F.MAGNITUDE] += step.memory * learned
    numbers[F.MAGNITUDE_SQUARE] += step.memory * (learned * learned - numbers[F.MAGNITUDE_SQUARE])
    z = np.where(warm, residual / scale, 0.0)
    numbers[F.MAGNITUDE_SMOOTH] += c.MAGNITUDE_GAIN * (np.abs(z) - numbers[F.MAGNITUDE_SMOOTH])
    return z


def _tail(memory: Memory, channel: int, rows: Ints, z: Floats, learn: Floats) -> Floats:
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
        total = totals[old]
        out[old] = -np.log10(np.minimum((rarer + c.TAIL_PRIOR) / (total + c.TAIL_PRIOR), 1.0))
        lonely = np.flatnonzero((lower[old] < c.POPULATED) & (upper[old] < c.POPULATED))
        if len(lonely):
            out[old[lonely]] += c.GAP_WEIGHT * _gap(bins[lonely], place[old[lonely]])
    counts[rows, left] = np.where(learn > 0.0, lower + (1.0 - part), lower)
    counts[rows, left + 1] = np.where(learn > 0.0, upper + part, upper)
    totals = totals + learn
    aged = rows[totals > c.TAIL_MOST]
    if len(aged):
        counts[aged] = counts[aged].astype(np.float64) * c.TAIL_KEPT
        totals = np.where(totals > c.TAIL_MOST, totals * c.TAIL_KEPT, totals)
    memory.totals[channel, rows] = totals
    return out


def _below(limit: Floats) -> NDArray[np.float32]:
    """The largest single not above: comparing singles is three times as fast, and this keeps the answer."""
    single = limit.astype(np.float32)
    return np.where(single > limit, np.nextafter(single, np.float32(-math.inf)), single)


def _gap(bins: NDArray[np.float32], place: Floats) -> Floats:
    away = np.abs(place[:, None] - np.arange(c.BINS))
    nearest = np.where(bins >= c.POPULATED, away, c.GAP_MOST).min(axis=1)
    out: Floats = np.maximum(np.minimum(nearest, c.GAP_MOST) - 1.0, 0.0)
    return out
