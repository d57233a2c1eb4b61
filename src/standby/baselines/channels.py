"""The ways of looking at one series, each with the little that it remembers.

Every `take` is given a value and answers how far out it is in robust standard deviations (z). Residuals are clipped
before they are learned, so that an outage teaches little and a new level is accepted in the end. `Gains.learn` is 1.0,
or 0.0 for a sample that must leave the memory as it is.

`bank.py` does the same with arrays; a test holds the two together.
"""

from __future__ import annotations

from array import array
from math import asinh, log, log10
from struct import Struct

from standby.baselines import constants as c
from standby.baselines.constants import ROBUST

_SINGLES = Struct("ff")
_packed, _singles = _SINGLES.pack, _SINGLES.unpack  # round to single precision


def clipped(residual: float, limit: float) -> float:
    """`residual` within ±`limit`."""
    return limit if residual > limit else -limit if residual < -limit else residual


class Gains:
    """The shares of one new value in what is remembered, `step` seconds after the last one."""

    __slots__ = (
        "bucket",
        "bucket_spread",
        "hours",
        "lasting",
        "learn",
        "least",
        "long",
        "memory",
        "memory_share",
        "season",
        "season_share",
        "smooth",
        "step",
        "warm",
    )

    def __init__(self, step: float) -> None:
        inside = min(step, float(c.BUCKET_S))
        self.step = step
        self.memory = c.gain(c.MEMORY_S, step)
        self.long = c.gain(c.LONG_MEMORY_S, step)
        self.season = c.gain(c.SEASON_MEMORY_S, step)
        self.bucket = c.gain(c.SEASON_S, inside)
        self.bucket_spread = c.gain(c.SEASON_SPREAD_S, inside)
        self.hours = step / 3_600.0
        self.smooth = c.gain(c.SMOOTH_S, max(step, c.SMOOTH_STEP_S))
        self.lasting = c.gain(c.LASTING_S, step)
        self.least = self.learn = self.memory_share = self.season_share = 1.0
        self.warm = 0

    def at(self, seen: int, learn: bool) -> None:  # noqa: FBT001 - once a sample
        """For the sample after `seen` others: each counts at least 1/n, so that a mean starts as one."""
        self.warm = seen
        self.least = least = 1.0 / (seen + 1)
        self.learn = 1.0 if learn else 0.0
        self.memory_share = self.learn * (self.memory if self.memory > least else least)
        self.season_share = self.season if self.season > least else least


class Season:
    """The hour of the day; and the hour of the week, as far as enough weeks were seen of it."""

    __slots__ = ("error", "level", "offset", "samples", "spread", "week", "weeks")

    def __init__(self) -> None:
        self.level = [0.0] * c.BUCKETS
        self.spread = array("f", [0.0]) * c.BUCKETS
        self.samples = array("B", [0]) * c.BUCKETS
        self.week = array("f", [0.0]) * c.HOURS
        self.weeks = array("f", [0.0]) * c.HOURS  # hours spent there
        self.offset = self.error = 0.0

    def usual(self, bucket: int, hour: int) -> float:
        """What is expected then; of no meaning before the bucket has samples."""
        weeks = self.weeks[hour]
        return self.level[bucket] + weeks / (weeks + c.WEEKS_SHRINK) * self.week[hour] + self.offset

    def take(self, value: float, bucket: int, hour: int, tiny: float, gains: Gains) -> tuple[float, bool]:
        """z, and whether the bucket knows enough to have a say."""
        samples = self.samples[bucket]
        if samples == 0:
            self.level[bucket] = value - self.offset
        residual = value - self.usual(bucket, hour)
        scale, error = self.spread[bucket], 0.5 * self.error
        if scale < error:
            scale = error
        if scale < tiny:
            scale = tiny
        known = samples >= c.SEASON_LEAST
        if gains.learn:
            learned = clipped(residual, c.SEASON_CLIP * scale) if known else residual
            if known:
                self._learn_week(learned, hour, gains)
            self._learn(learned, bucket, samples, gains)
        return (residual / scale if known else 0.0), known

    def _learn(self, residual: float, bucket: int, samples: int, gains: Gains) -> None:
        size = ROBUST * abs(residual)
        share, wider = gains.bucket, gains.bucket_spread
        if samples < c.SEASON_MOST:
            least = 1.0 / (samples + 1)
            share, wider = max(share, least), max(wider, least)
            self.samples[bucket] = samples + 1
        self.level[bucket] += share * residual
        spread = self.spread[bucket]
        self.spread[bucket] = spread + wider * (size - spread)
        if gains.warm >= c.SEASON_OFFSET_AFTER:
            self.offset += gains.season * residual
        self.error += gains.season_share * (size - self.error)

    def _learn_week(self, residual: float, hour: int, gains: Gains) -> None:
        week, weeks = self.week[hour], self.weeks[hour]
        spent = weeks + gains.hours  # never less than this very visit
        told = residual + weeks / (weeks + c.WEEKS_SHRINK) * week
        memory = spent if spent < c.WEEKS_MEMORY else c.WEEKS_MEMORY
        self.week[hour] = week + gains.hours / memory * (told - week)
        self.weeks[hour] = spent if spent < c.WEEKS_MOST else c.WEEKS_MOST


class Level:
    """The samples just before: a sudden spike. `size` is the clipped residual's size, for `Spread`."""

    __slots__ = ("level", "scale", "size")

    def __init__(self) -> None:
        self.level = self.scale = self.size = 0.0

    def take(self, value: float, tiny: float, gains: Gains) -> float:
        residual = value - self.level
        scale = self.scale if self.scale > tiny else tiny
        warm = gains.warm >= c.WARM
        learned = clipped(residual, c.LEVEL_CLIP * scale) if warm else residual
        self.size = abs(learned)
        self.level += c.LEVEL_GAIN * learned
        self.scale += gains.memory_share * (ROBUST * self.size - self.scale)
        return residual / scale if warm else 0.0


class Shift:
    """The present level beside that of days: a lasting deviation. `slow` and `wide`: the plain usual and its width."""

    __slots__ = ("fast", "scale", "slow", "wide")

    def __init__(self) -> None:
        self.fast = self.slow = self.scale = self.wide = 0.0

    def take(self, value: float, tiny: float, gains: Gains) -> float:
        warm = gains.warm >= c.WARM
        share = gains.memory_share
        quick = c.SHIFT_GAIN if gains.least < c.SHIFT_GAIN else gains.least
        self.fast += quick * (value - self.fast)
        residual, wide = value - self.slow, ROBUST * self.wide
        if warm:
            residual = clipped(residual, c.VALUE_CLIP * (wide if wide > tiny else tiny))
        self.slow += share * residual
        self.wide += share * (abs(residual) - self.wide)
        apart = self.fast - self.slow
        scale, floor = self.scale, c.SHIFT_FLOOR * self.wide
        if scale < floor:
            scale = floor
        if scale < tiny:
            scale = tiny
        learned = clipped(apart, c.SHIFT_CLIP * scale) if warm else apart
        self.scale += share * (ROBUST * abs(learned) - self.scale)
        return apart / scale if warm else 0.0


class Place:
    """Where a value lies among all that were seen."""

    __slots__ = ("middle", "scale")

    def __init__(self) -> None:
        self.middle = self.scale = 0.0

    def take(self, value: float, tiny: float, gains: Gains) -> float:
        residual = value - self.middle
        scale = self.scale if self.scale > tiny else tiny
        learned = clipped(residual, c.VALUE_CLIP * scale) if gains.warm >= c.WARM else residual
        share = gains.learn * (gains.long if gains.long > gains.least else gains.least)
        self.middle += share * learned
        self.scale += share * (ROBUST * abs(learned) - self.scale)
        return residual / scale if gains.warm >= c.WARM else 0.0


class Spread:
    """How much it varies, as the logarithm of the sizes that `Level` saw."""

    __slots__ = ("fast", "scale", "slow")

    def __init__(self) -> None:
        self.fast = self.slow = self.scale = 0.0

    def take(self, size: float, floor: float, gains: Gains) -> float:
        quick = c.SPREAD_GAIN if gains.least < c.SPREAD_GAIN else gains.least
        self.fast += quick * (size - self.fast)
        varies = log(self.fast + floor)
        if gains.warm == 0:
            self.slow = varies
        residual = varies - self.slow
        warm = gains.warm >= c.WARM_SPREAD
        scale = self.scale if self.scale > c.SPREAD_FLOOR else c.SPREAD_FLOOR
        learned = clipped(residual, c.SPREAD_CLIP * scale) if warm else residual
        share = gains.memory_share
        self.slow += share * learned
        self.scale += share * (ROBUST * abs(learned) - self.scale)
        return residual / scale if warm else 0.0


class Tail:
    """How rare one channel's z is: a histogram of asinh(z), read between its bins.

    The counts are floats of single precision, as a bank keeps them.
    """

    __slots__ = ("_first", "_past", "counts", "total")

    def __init__(self) -> None:
        self.counts = [0.0] * c.BINS
        self.total = 0.0
        self._first, self._past = c.BINS, 0  # the bins that were ever hit

    def take(self, z: float, learn: float) -> float:
        """-log10 of the share of samples in bins that were hit no more often than this place; 0 when young."""
        place = asinh(z) / c.BIN_WIDTH + c.BIN_MIDDLE
        if not 0.0 <= place <= c.BIN_LAST:
            place = 0.0 if place < 0.0 else c.BIN_LAST
        left = int(place)
        right, part = left + 1, place - left
        rest = 1.0 - part
        counts, total, rarity = self.counts, self.total, 0.0
        lower, upper = counts[left], counts[right]
        if total >= c.TAIL_LEAST:
            limit, rarer = rest * lower + part * upper + c.TAIL_SLACK, 0.0
            for count in counts[self._first : self._past]:
                if count <= limit:
                    rarer += count
            if rarer < total:
                rarity = -log10((rarer + c.TAIL_PRIOR) / (total + c.TAIL_PRIOR))
        if learn:
            counts[left], counts[right] = _singles(_packed(lower + rest, upper + part))
            if left < self._first:
                self._first = left
            if right >= self._past:
                self._past = right + 1
            self.total = total = total + 1.0
            if total > c.TAIL_MOST:
                self._age()
        return rarity

    def _age(self) -> None:
        self.counts = array("f", [count * c.TAIL_KEPT for count in self.counts]).tolist()
        self.total *= c.TAIL_KEPT
