"""The ways of looking at one series, each with the little that it remembers.

Every `take` is given a value and answers how far out it is in robust standard deviations (z). Residuals are clipped
before they are learned, so that an outage teaches little and a new level is accepted in the end. Each channel clips by
itself and names its constants directly: this runs for every sample, and a call costs as much as the clipping.
`Gains.learn` is 1.0, or 0.0 for a sample that must leave the memory as it is.

`bank.py` does the same with arrays; a test holds the two together.
"""

from __future__ import annotations

from array import array
from math import asinh, log, log10
from struct import Struct

from standby.baselines import constants as c
from standby.baselines.constants import (
    BIN_LAST,
    BIN_MIDDLE,
    BIN_WIDTH,
    BINS,
    BUCKETS,
    HOURS,
    LEVEL_CLIP,
    LEVEL_GAIN,
    ROBUST,
    SEASON_CLIP,
    SEASON_LEAST,
    SEASON_MOST,
    SEASON_OFFSET_AFTER,
    SHIFT_CLIP,
    SHIFT_FLOOR,
    SHIFT_GAIN,
    SPREAD_CLIP,
    SPREAD_FLOOR,
    SPREAD_GAIN,
    TAIL_BEYOND,
    TAIL_KEPT,
    TAIL_LEAST,
    TAIL_MOST,
    TAIL_PRIOR,
    VALUE_CLIP,
    WARM,
    WARM_SPREAD,
    WEEKS_MEMORY,
    WEEKS_MOST,
    WEEKS_SHRINK,
)

_SINGLES = Struct("ff")
_packed, _singles = _SINGLES.pack, _SINGLES.unpack  # round to single precision


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
        "long_share",
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
        self.least = self.learn = self.memory_share = self.long_share = self.season_share = 1.0
        self.warm = 0

    def at(self, seen: int, learn: bool) -> None:  # noqa: FBT001 - once a sample
        """For the sample after `seen` others: each counts at least 1/n, so that a mean starts as one."""
        self.warm = seen
        self.least = least = 1.0 / (seen + 1)
        self.learn = 1.0 if learn else 0.0
        self.memory_share = self.learn * (self.memory if self.memory > least else least)
        self.long_share = self.learn * (self.long if self.long > least else least)
        self.season_share = self.season if self.season > least else least


class Season:
    """The hour of the day; and the hour of the week, as far as enough weeks were seen of it."""

    __slots__ = ("error", "level", "offset", "samples", "spread", "week", "weeks")

    def __init__(self) -> None:
        self.level = [0.0] * BUCKETS
        self.spread = array("f", [0.0]) * BUCKETS
        self.samples = array("B", [0]) * BUCKETS
        self.week = array("f", [0.0]) * HOURS
        self.weeks = array("f", [0.0]) * HOURS  # hours spent there
        self.offset = self.error = 0.0

    def usual(self, bucket: int, hour: int) -> float:
        """What is expected then; of no meaning before the bucket has samples."""
        weeks = self.weeks[hour]
        return self.level[bucket] + weeks / (weeks + WEEKS_SHRINK) * self.week[hour] + self.offset

    def take(self, value: float, bucket: int, hour: int, tiny: float, gains: Gains) -> tuple[float, bool]:
        """z, and whether the bucket knows enough to have a say."""
        samples, weeks = self.samples[bucket], self.weeks[hour]
        if samples == 0:
            self.level[bucket] = value - self.offset
        week = weeks / (weeks + WEEKS_SHRINK) * self.week[hour]
        residual = value - (self.level[bucket] + week + self.offset)
        scale, error = self.spread[bucket], 0.5 * self.error
        if scale < error:
            scale = error
        if scale < tiny:
            scale = tiny
        if samples < SEASON_LEAST:
            if gains.learn:
                self._learn(residual, bucket, samples, gains)
            return 0.0, False
        if gains.learn:
            limit = SEASON_CLIP * scale
            learned = limit if residual > limit else -limit if residual < -limit else residual
            self._learn_week(learned + week, hour, weeks, gains.hours)
            self._learn(learned, bucket, samples, gains)
        return residual / scale, True

    def _learn(self, residual: float, bucket: int, samples: int, gains: Gains) -> None:
        share, wider = gains.bucket, gains.bucket_spread
        if samples < SEASON_MOST:
            least = 1.0 / (samples + 1)
            share, wider = max(share, least), max(wider, least)
            self.samples[bucket] = samples + 1
        self.level[bucket] += share * residual
        size, spread = ROBUST * abs(residual), self.spread[bucket]
        self.spread[bucket] = spread + wider * (size - spread)
        if gains.warm >= SEASON_OFFSET_AFTER:
            self.offset += gains.season * residual
        self.error += gains.season_share * (size - self.error)

    def _learn_week(self, told: float, hour: int, weeks: float, hours: float) -> None:
        week, spent = self.week[hour], weeks + hours  # never less than this very visit
        self.week[hour] = week + hours / (spent if spent < WEEKS_MEMORY else WEEKS_MEMORY) * (told - week)
        self.weeks[hour] = spent if spent < WEEKS_MOST else WEEKS_MOST


class Level:
    """The samples just before: a sudden spike. `size` is the clipped residual's size, for `Spread`."""

    __slots__ = ("level", "scale", "size")

    def __init__(self) -> None:
        self.level = self.scale = self.size = 0.0

    def take(self, value: float, tiny: float, gains: Gains) -> float:
        residual, scale = value - self.level, self.scale
        least = scale if scale > tiny else tiny
        z = residual / least
        if gains.warm < WARM:
            z = 0.0
        elif not -LEVEL_CLIP <= z <= LEVEL_CLIP:
            residual = LEVEL_CLIP * least if z > 0.0 else -LEVEL_CLIP * least
        self.size = size = abs(residual)
        self.level += LEVEL_GAIN * residual
        self.scale = scale + gains.memory_share * (ROBUST * size - scale)
        return z


class Shift:
    """The present level beside that of days: a lasting deviation. `slow` and `wide`: the plain usual and its width."""

    __slots__ = ("fast", "scale", "slow", "wide")

    def __init__(self) -> None:
        self.fast = self.slow = self.scale = self.wide = 0.0

    def take(self, value: float, tiny: float, gains: Gains) -> float:
        share, warm = gains.memory_share, gains.warm >= WARM
        quick = SHIFT_GAIN if gains.least < SHIFT_GAIN else gains.least
        self.fast = fast = self.fast + quick * (value - self.fast)
        residual, wide = value - self.slow, self.wide
        if warm:
            usual = ROBUST * wide
            limit = VALUE_CLIP * (usual if usual > tiny else tiny)
            if not -limit <= residual <= limit:
                residual = limit if residual > 0.0 else -limit
        self.slow = slow = self.slow + share * residual
        self.wide = wide = wide + share * (abs(residual) - wide)
        apart, scale, floor = fast - slow, self.scale, SHIFT_FLOOR * wide
        if floor < tiny:
            floor = tiny
        least = scale if scale > floor else floor
        z = apart / least
        if not warm:
            z = 0.0
        elif not -SHIFT_CLIP <= z <= SHIFT_CLIP:
            apart = SHIFT_CLIP * least if z > 0.0 else -SHIFT_CLIP * least
        self.scale = scale + share * (ROBUST * abs(apart) - scale)
        return z


class Place:
    """Where a value lies among all that were seen."""

    __slots__ = ("middle", "scale")

    def __init__(self) -> None:
        self.middle = self.scale = 0.0

    def take(self, value: float, tiny: float, gains: Gains) -> float:
        residual, scale = value - self.middle, self.scale
        least = scale if scale > tiny else tiny
        z = residual / least
        if gains.warm < WARM:
            z = 0.0
        elif not -VALUE_CLIP <= z <= VALUE_CLIP:
            residual = VALUE_CLIP * least if z > 0.0 else -VALUE_CLIP * least
        share = gains.long_share
        self.middle += share * residual
        self.scale = scale + share * (ROBUST * abs(residual) - scale)
        return z


class Spread:
    """How much it varies, as the logarithm of the sizes that `Level` saw."""

    __slots__ = ("fast", "scale", "slow")

    def __init__(self) -> None:
        self.fast = self.slow = self.scale = 0.0

    def take(self, size: float, floor: float, gains: Gains) -> float:
        share = gains.memory_share
        quick = SPREAD_GAIN if gains.least < SPREAD_GAIN else gains.least
        self.fast = fast = self.fast + quick * (size - self.fast)
        varies = log(fast + floor)
        if gains.warm == 0:
            self.slow = varies
        residual, scale = varies - self.slow, self.scale
        least = scale if scale > SPREAD_FLOOR else SPREAD_FLOOR
        z = residual / least
        if gains.warm < WARM_SPREAD:
            z = 0.0
        elif not -SPREAD_CLIP <= z <= SPREAD_CLIP:
            residual = SPREAD_CLIP * least if z > 0.0 else -SPREAD_CLIP * least
        self.slow += share * residual
        self.scale = scale + share * (ROBUST * abs(residual) - scale)
        return z


class Tail:
    """How rare one channel's z is: a histogram of asinh(z), read between its bins.

    The counts are floats of single precision, as a bank keeps them.
    """

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0.0] * BINS
        self.total = 0.0

    def take(self, z: float, learn: float) -> float:
        """-log10 of the share of samples that were here or further out; 0 when young.

        That share is reckoned from this place's own: it counts for `TAIL_BEYOND` bins.
        """
        place = asinh(z) / BIN_WIDTH + BIN_MIDDLE
        if not 0.0 <= place <= BIN_LAST:
            place = 0.0 if place < 0.0 else BIN_LAST
        left = int(place)
        right, part = left + 1, place - left
        rest = 1.0 - part
        counts, total, rarity = self.counts, self.total, 0.0
        lower, upper = counts[left], counts[right]
        if total >= TAIL_LEAST:
            share = (TAIL_BEYOND * (rest * lower + part * upper) + TAIL_PRIOR) / (total + TAIL_PRIOR)
            if share < 1.0:
                rarity = -log10(share)
        if learn:
            counts[left], counts[right] = _singles(_packed(lower + rest, upper + part))
            self.total = total = total + 1.0
            if total > TAIL_MOST:
                self._age()
        return rarity

    def _age(self) -> None:
        self.counts = array("f", [count * TAIL_KEPT for count in self.counts]).tolist()
        self.total *= TAIL_KEPT
