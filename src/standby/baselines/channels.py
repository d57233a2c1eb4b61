"""The ways of looking at one series, each with the little that it remembers.

Every `take` is given a value and answers how far out it is in robust standard deviations (z). Residuals are clipped
before they are learned, so that an outage teaches little and a new level is accepted in the end. `Gains.learn` is 1.0,
or 0.0 for a sample that must leave the memory as it is.

`bank.py` does the same with arrays; a test holds the two together.
"""

from __future__ import annotations

import math
from array import array

from standby.baselines import constants as c
from standby.baselines.constants import ROBUST


def clipped(residual: float, limit: float) -> float:
    """`residual` within ±`limit`."""
    return limit if residual > limit else -limit if residual < -limit else residual


class Gains:
    """The shares of one new value in what is remembered, `step` seconds after the last one."""

    __slots__ = ("bucket", "bucket_spread", "learn", "least", "long", "memory", "step", "warm", "week")

    def __init__(self, step: float) -> None:
        inside = min(step, float(c.BUCKET_S))
        self.step = step
        self.memory = c.gain(c.MEMORY_S, step)
        self.long = c.gain(c.LONG_MEMORY_S, step)
        self.bucket = c.gain(c.SEASON_S, inside)
        self.bucket_spread = c.gain(c.SEASON_SPREAD_S, inside)
        self.week = [c.gain(c.WEEK_S * weeks, step) for weeks in range(1, c.WEEKS_MOST + 1)]
        self.least = self.learn = 1.0
        self.warm = 0

    def at(self, seen: int, learn: bool) -> None:  # noqa: FBT001 - once a sample
        """For the sample after `seen` others: each counts at least 1/n, so that a mean starts as one."""
        self.warm = seen
        self.least = 1.0 / (seen + 1)
        self.learn = 1.0 if learn else 0.0


class Season:
    """The half hour of the day; and the hour of the week, as far as enough weeks were seen of it."""

    __slots__ = ("error", "hour", "level", "offset", "samples", "spread", "week", "weeks")

    def __init__(self) -> None:
        self.level = [0.0] * c.BUCKETS
        self.spread = array("f", [0.0]) * c.BUCKETS
        self.samples = array("B", [0]) * c.BUCKETS
        self.week = array("f", [0.0]) * c.HOURS
        self.weeks = array("B", [0]) * c.HOURS
        self.offset = self.error = 0.0
        self.hour = -1

    def usual(self, bucket: int, hour: int) -> float:
        """What is expected then; of no meaning before the bucket has samples."""
        full = self.weeks[hour] - 1.0
        share = full / (full + c.WEEK_SHRINK) if full > 0.0 else 0.0
        return self.level[bucket] + share * self.week[hour] + self.offset

    def take(self, value: float, bucket: int, hour: int, tiny: float, gains: Gains) -> tuple[float, bool]:
        """z, and whether the bucket knows enough to have a say."""
        samples = self.samples[bucket]
        if samples == 0:
            self.level[bucket] = value - self.offset
        residual = value - self.usual(bucket, hour)
        spread = self.spread[bucket]
        scale = max(spread, 0.5 * self.error, tiny)
        known = samples >= c.SEASON_LEAST
        learned = clipped(residual, c.SEASON_CLIP * scale) if known else residual
        if gains.learn:
            self._learn(learned, bucket, hour, gains)
        return (residual / scale if known else 0.0), known

    def _learn(self, residual: float, bucket: int, hour: int, gains: Gains) -> None:
        samples = self.samples[bucket]
        size = ROBUST * abs(residual)
        least = 1.0 / (samples + 1)
        self.level[bucket] += max(gains.bucket, least) * residual
        spread = self.spread[bucket]
        self.spread[bucket] = spread + max(gains.bucket_spread, least) * (size - spread)
        if samples < c.SEASON_MOST:
            self.samples[bucket] = samples + 1
        if gains.warm >= c.SEASON_OFFSET_AFTER:
            self.offset += gains.memory * residual
        self.error += max(gains.memory, gains.least) * (size - self.error)
        if hour != self.hour:
            self.hour = hour
            self.weeks[hour] = min(self.weeks[hour] + 1, c.WEEKS_MOST)
        week = self.week[hour]
        self.week[hour] = week + gains.week[self.weeks[hour] - 1] * residual


class Level:
    """The samples just before: a sudden spike. `size` is the clipped residual's size, for `Spread`."""

    __slots__ = ("level", "scale", "size")

    def __init__(self) -> None:
        self.level = self.scale = self.size = 0.0

    def take(self, value: float, tiny: float, gains: Gains) -> float:
        residual = value - self.level
        scale = max(self.scale, tiny)
        learned = clipped(residual, c.LEVEL_CLIP * scale) if gains.warm >= c.WARM else residual
        self.size = abs(learned)
        self.level += c.LEVEL_GAIN * learned
        self.scale += gains.learn * max(gains.memory, gains.least) * (ROBUST * self.size - self.scale)
        return residual / scale if gains.warm >= c.WARM else 0.0


class Shift:
    """The present level beside that of days: a lasting deviation. `slow` and `wide`: the plain usual and its width."""

    __slots__ = ("fast", "scale", "slow", "wide")

    def __init__(self) -> None:
        self.fast = self.slow = self.scale = self.wide = 0.0

    def take(self, value: float, tiny: float, gains: Gains) -> float:
        warm = gains.warm >= c.WARM
        share = gains.learn * max(gains.memory, gains.least)
        self.fast += max(c.SHIFT_GAIN, gains.least) * (value - self.fast)
        residual = value - self.slow
        if warm:
            residual = clipped(residual, c.VALUE_CLIP * max(ROBUST * self.wide, tiny))
        self.slow += share * residual
        self.wide += share * (abs(residual) - self.wide)
        apart = self.fast - self.slow
        scale = max(self.scale, c.SHIFT_FLOOR * self.wide, tiny)
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
        scale = max(self.scale, tiny)
        learned = clipped(residual, c.VALUE_CLIP * scale) if gains.warm >= c.WARM else residual
        share = gains.learn * max(gains.long, gains.least)
        self.middle += share * learned
        self.scale += share * (ROBUST * abs(learned) - self.scale)
        return residual / scale if gains.warm >= c.WARM else 0.0


class Spread:
    """How much it varies, as the logarithm of the sizes that `Level` saw."""

    __slots__ = ("fast", "scale", "slow")

    def __init__(self) -> None:
        self.fast = self.slow = self.scale = 0.0

    def take(self, size: float, floor: float, gains: Gains) -> float:
        self.fast += max(c.SPREAD_GAIN, gains.least) * (size - self.fast)
        varies = math.log(self.fast + floor)
        if gains.warm == 0:
            self.slow = varies
        residual = varies - self.slow
        warm = gains.warm >= c.WARM_SPREAD
        scale = max(self.scale, c.SPREAD_FLOOR)
        learned = clipped(residual, c.SPREAD_CLIP * scale) if warm else residual
        share = gains.learn * max(gains.memory, gains.least)
        self.slow += share * learned
        self.scale += share * (ROBUST * abs(learned) - self.scale)
        return residual / scale if warm else 0.0


class Magnitude:
    """How many standard deviations, whatever was seen before: what somebody on call would call large."""

    __slots__ = ("middle", "smooth", "square")

    def __init__(self) -> None:
        self.middle = self.square = self.smooth = 0.0

    def take(self, value: float, tiny: float, gains: Gains) -> float:
        """z; `smooth` is its size averaged over the last few samples."""
        residual = value - self.middle
        scale = max(math.sqrt(self.square), tiny)
        warm = gains.warm >= c.WARM
        learned = clipped(residual, c.MAGNITUDE_CLIP * scale) if warm else residual
        share = gains.learn * max(gains.memory, gains.least)
        self.middle += share * learned
        self.square += share * (learned * learned - self.square)
        z = residual / scale if warm else 0.0
        self.smooth += c.MAGNITUDE_GAIN * (abs(z) - self.smooth)
        return z


class Tail:
    """How rare one channel's z is: a histogram of asinh(z), read between its bins."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = array("f", [0.0]) * c.BINS
        self.total = 0.0

    def take(self, z: float, learn: float) -> float:
        """Surprise: -log10 of the share of bins that were hit no more often, more for a lonely place; 0 when young."""
        place = min(max(math.asinh(z) / c.BIN_WIDTH + c.BIN_MIDDLE, 0.0), c.BIN_LAST)
        left = int(place)
        part = place - left
        counts = self.counts
        lower, upper = counts[left], counts[left + 1]
        surprise = 0.0
        if self.total >= c.TAIL_LEAST:
            limit = (1.0 - part) * lower + part * upper + c.TAIL_SLACK
            rarer = sum([count for count in counts if count <= limit])
            surprise = -math.log10(min((rarer + c.TAIL_PRIOR) / (self.total + c.TAIL_PRIOR), 1.0))
            if lower < c.POPULATED and upper < c.POPULATED:
                surprise += c.GAP_WEIGHT * self._gap(place)
        if learn:
            counts[left] = lower + (1.0 - part)
            counts[left + 1] = upper + part
            self.total += 1.0
            if self.total > c.TAIL_MOST:
                self._age()
        return surprise

    def _gap(self, place: float) -> float:
        """Bins between a place and the nearest one that was ever visited."""
        nearest = min(
            [abs(place - at) for at, count in enumerate(self.counts) if count >= c.POPULATED], default=c.GAP_MOST
        )
        return max(min(nearest, c.GAP_MOST) - 1.0, 0.0)

    def _age(self) -> None:
        for at, count in enumerate(self.counts):
            self.counts[at] = count * c.TAIL_KEPT
        self.total *= c.TAIL_KEPT
