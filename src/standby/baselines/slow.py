"""The slow watch: a small step, a ramp or a changed spread that lasts, beside a robust profile of its own.

The channels of `channels.py` judge a sample; this judges the last hours, and looks at the first sample of every five
minutes. Its profile gets used to nothing quickly: a visit counts a sixth of what is known of an hour, working days and
weekends are two profiles. `slows.py` does the same with arrays; a test holds the two together.
"""

from __future__ import annotations

import math
from array import array

from standby.baselines import constants as c
from standby.baselines.channels import Gains
from standby.baselines.constants import ROBUST
from standby.baselines.reading import Cause


class Pace:
    """The shares of one look in what is remembered, `step` seconds after the last one."""

    __slots__ = ("fade", "hours", "season", "step", "step_share", "width_share")

    def __init__(self, step: float) -> None:
        self.step = step
        self.hours = step / 3_600.0
        self.step_share = min(c.gain(c.STEP_S, step), c.STEP_GAIN)
        self.width_share = min(c.gain(c.WIDTH_S, step), c.WIDTH_GAIN)
        self.season = c.gain(c.SEASON_MEMORY_S, step)
        self.fade = 1.0 - c.gain(c.PAST_S, step)


class Watched:
    """One figure of the last hours beside its own usual size and the most it came to before.

    An excursion that has ended teaches at most half more than the most of before: one long trouble does not hide the
    next.
    """

    __slots__ = ("bound", "past", "scale", "top")

    def __init__(self, bound: float, ratio: float) -> None:
        self.bound = bound
        self.scale = bound / ratio
        self.past = self.top = 0.0

    def take(self, size: float, ratio: float, pace: Pace, learn: float) -> bool:
        """Whether it is larger than it ever should be; then it is learned, as far as anything may be."""
        scale, past, bound = self.scale, self.past, self.bound
        over = size >= bound and size >= ratio * scale and size >= c.PAST_RATIO * past
        if learn:
            least = c.WATCHED_FLOOR * bound
            most = c.WATCHED_CLIP * (scale if scale > least else least)
            self.scale = scale + pace.season * (ROBUST * (size if size < most else most) - scale)
            self.past = past = past * pace.fade
            if size < c.PAST_ENDED * self.top:
                self.past = max(past, min(self.top, max(c.PAST_GROWTH * past, c.PAST_LEAST * bound)))
                self.top = size
            elif size > self.top:
                self.top = size
        return over


class Slow:
    """`level` is what each hour of working days, then of weekends, brings; `wide` is how much it varies there."""

    __slots__ = (
        "_cell",
        "_hour",
        "_kind",
        "_lasts",
        "_looked",
        "_pace",
        "_slot",
        "apart",
        "hours",
        "level",
        "step",
        "varies",
        "wide",
        "width",
    )

    def __init__(self) -> None:
        self.level = array("f", [c.UNSEEN]) * (2 * c.BUCKETS)
        self.wide = array("f", [0.0]) * (2 * c.WIDE_SLOTS)
        self.hours = [0.0, 0.0]  # seen of working days and of weekends
        self._looked = -1  # the five minutes since the epoch in which it looked last
        self._lasts: Cause | None = None  # what it saw
        self._pace = Pace(c.LOOK_S)
        self._hour = -1  # since the epoch, and where it lies in the profile
        self._kind = self._cell = self._slot = 0
        self.step = 0.0  # how far the last hour lies from the profile, in robust standard deviations
        self.varies = 1.0  # how much the last two hours vary, beside the profile
        self.apart = Watched(c.STEP_BOUND, c.STEP_RATIO)
        self.width = Watched(c.WIDTH_BOUND, c.WIDTH_RATIO)

    def take(self, value: float, second: int, usual_scale: float, gains: Gains) -> Cause | None:
        """What lasts, if anything does, as the last look found it.

        `second` is since the epoch; `usual_scale`, in the value's unit, serves where nothing was seen yet.
        """
        looked = second // c.LOOK_S
        if looked != self._looked:
            self._looked = looked
            step = gains.step if gains.step > c.LOOK_S else c.LOOK_S
            if step != self._pace.step:
                self._pace = Pace(step)
            self._lasts = self._look(value, second, usual_scale, gains.learn)
        return self._lasts

    def _look(self, value: float, second: int, usual_scale: float, learn: float) -> Cause | None:
        pace = self._pace
        if second // c.BUCKET_S != self._hour:
            self._find(second)
        level, wide = self.level[self._cell], self.wide[self._slot] or usual_scale
        unseen = level >= c.UNSEEN_LEAST
        if unseen:
            level = value
        residual, scale, floor = value - level, wide, c.SLOW_FLOOR * abs(level) + c.TINY
        if scale < floor:
            scale = floor
        z, size, cause = 0.0, 1.0, None
        known = not unseen and self.hours[self._kind] >= c.SLOW_KNOWN_HOURS
        if known:
            z = _clipped(residual / scale, c.SLOW_CLIP)
            size = ROBUST * abs(z - self.step)
            if size > c.WIDE_CLIP:
                size = c.WIDE_CLIP
        self.step += pace.step_share * (z - self.step)
        self.varies += pace.width_share * (size - self.varies)
        if known:
            if self.width.take(abs(math.log(self.varies + c.WIDTH_SLACK)), c.WIDTH_RATIO, pace, learn):
                cause = Cause.SPREAD
            if self.apart.take(abs(self.step), c.STEP_RATIO, pace, learn):
                cause = Cause.SHIFT
        if learn:
            self._learn(residual, scale, wide, level, second)
        return cause

    def accept(self, now: float, second: int) -> None:
        """The present level is the new normal: the whole profile moves with it."""
        self._find(second)
        level = self.level[self._cell]
        if level < c.UNSEEN_LEAST:
            moved = [one if one >= c.UNSEEN_LEAST else one + (now - level) for one in self.level]
            self.level = array("f", moved)
        self.step, self.varies, self._lasts = 0.0, 1.0, None

    def _find(self, second: int) -> None:
        self._hour = second // c.BUCKET_S
        self._kind, bucket = int(second // c.DAY_S % 7 in c.WEEKEND), self._hour % c.BUCKETS
        self._cell, self._slot = self._kind * c.BUCKETS + bucket, self._kind * c.WIDE_SLOTS + bucket // c.WIDE_HOURS

    def _learn(self, residual: float, scale: float, wide: float, level: float, second: int) -> None:
        seen, hours = self.hours[self._kind], self._pace.hours
        before = min(int(seen / 24.0 + c.SLOW_ROUNDING), c.SLOW_VISITS - 1)
        size = ROBUST * abs(residual)
        if seen >= c.SLOW_OPEN_HOURS:
            residual = _clipped(residual, c.SLOW_LEVEL_CLIP * scale)
            if size > c.WIDE_CLIP * wide:
                size = c.WIDE_CLIP * wide
        self.level[self._cell] = level + hours / (before + second % c.BUCKET_S / 3_600.0 + hours) * residual
        spent = second % c.WIDE_S / 3_600.0 + hours
        self.wide[self._slot] = wide + hours / (c.WIDE_HOURS * before + spent) * (size - wide)
        if seen < c.SLOW_MOST_HOURS:
            self.hours[self._kind] = seen + hours


def _clipped(residual: float, limit: float) -> float:
    """`residual` within ±`limit`."""
    return limit if residual > limit else -limit if residual < -limit else residual
