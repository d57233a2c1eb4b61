"""From how surprising each sample is to what is told: one trouble once."""

from __future__ import annotations

from standby.baselines.constants import (
    CLOSE,
    CLOSE_AFTER,
    FLAT_ACCEPTED_NS,
    FLAT_CHANGES,
    FLAT_GROWTH,
    FLAT_LEAST,
    FLAT_RATIO,
    FLAT_STRENGTH,
    FLAT_TAUGHT,
    GROWTH,
    HOLD_EASING,
    HOLD_NS,
    HOLD_RATIO,
    OPEN,
    SUSTAINED,
    SUSTAINED_OF,
)

WINDOW = (1 << SUSTAINED_OF[1]) - 1


class Hold:
    """After a peak nothing is told that is not clearly above it, for some hours."""

    __slots__ = ("at", "peak")

    def __init__(self) -> None:
        self.peak = 0.0
        self.at = 0  # ns

    def take(self, strength: float, at: int) -> float:
        """The strength, or 0 while a peak of before covers it."""
        passed = at - self.at
        if passed <= HOLD_NS:
            age = passed / HOLD_NS if passed > 0 else 0.0
            if strength <= HOLD_RATIO * self.peak * (1.0 - HOLD_EASING * age):
                return 0.0
        elif strength <= 0.0:
            return 0.0
        self.peak, self.at = strength, at
        return strength


class Incident:
    """Opens on one large sample or several of the last few, closes after a quiet while; `told`: what was said last."""

    __slots__ = ("below", "open", "recent", "told")

    def __init__(self) -> None:
        self.open = False
        self.recent = self.below = 0
        self.told = 0.0

    def take(self, strength: float) -> bool:
        """Whether there is news: it opens, or has grown."""
        high = strength >= SUSTAINED
        self.recent = (self.recent << 1 | high) & WINDOW
        if not self.open:
            news = strength >= OPEN or (high and self.recent.bit_count() >= SUSTAINED_OF[0])
            if news:
                self.open, self.below, self.told = True, 0, strength
            return news
        if strength >= GROWTH * self.told:
            self.told = strength
            return True
        self.below = self.below + 1 if strength < CLOSE else 0
        if self.below >= CLOSE_AFTER:
            self.open, self.recent = False, 0
        return False


class Frozen:
    """A run of one and the same value, beside the longest run that ever ended."""

    __slots__ = ("changed", "changes", "last", "longest", "run")

    def __init__(self) -> None:
        self.last = 0.0
        self.changed = 0  # when, ns
        self.run = self.longest = self.changes = 0.0

    def take(self, value: float, at: int, learn: float) -> float:
        """Strength: 0 for a series that never moved much, and for one that has stood still for days by now."""
        if value != self.last:
            if learn:
                most = FLAT_TAUGHT + FLAT_GROWTH * self.longest
                self.longest = max(self.longest, min(self.run, most))
                self.changes = min(self.changes + 1.0, FLAT_CHANGES)
            self.last, self.changed, self.run = value, at, 0.0
            return 0.0
        self.run += 1.0
        usual = FLAT_LEAST + FLAT_RATIO * self.longest
        if self.run <= usual or self.changes < FLAT_CHANGES or at - self.changed > FLAT_ACCEPTED_NS:
            return 0.0
        return FLAT_STRENGTH
