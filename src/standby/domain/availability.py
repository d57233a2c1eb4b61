"""How much of the time an integration worked, and how much of the time we know (S66)."""

from __future__ import annotations

from dataclasses import dataclass

DEFINITION = "by observations"
"""Which of the many availabilities this is, unknown and maintenance excluded: stands beside every figure."""

LOW_COVERAGE = 0.99
"""Below it one figure says too much: what is shown is the band between the worst and the best case."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of observations; adds up over checks, minutes and hours. `decided` holds the failures and degraded too."""

    decided: int = 0
    failures: int = 0
    degraded: int = 0
    unknown: int = 0
    maintenance: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.decided + other.decided,
            self.failures + other.failures,
            self.degraded + other.degraded,
            self.unknown + other.unknown,
            self.maintenance + other.maintenance,
        )

    @property
    def availability(self) -> float | None:
        """0..1: decided observations that were not down. Maintenance and unknown count on neither side.

        `None` when nothing was decided: no data is not a figure.
        """
        return 1 - self.failures / self.decided if self.decided else None

    @property
    def error_rate(self) -> float | None:
        """0..1, or `None` when nothing was decided."""
        return self.failures / self.decided if self.decided else None

    def coverage(self, expected: float) -> float:
        """0..1: how much of what should have been seen was; stands beside every availability.

        `expected` is the number of slots. Maintenance is seen; unknown and missing observations are not.
        """
        if expected <= 0:
            return 0.0
        return min(1.0, (self.decided + self.maintenance) / expected)

    def band(self, unseen: float) -> tuple[float, float] | None:
        """The availability if all of so many unseen slots had been down, and if all had been up; `None` without any.

        It is what can be said for certain: a target between the two is neither kept nor broken (failover 3.4).
        """
        base = self.decided + max(0.0, unseen)
        if base <= 0:
            return None
        return (self.decided - self.failures) / base, 1 - self.failures / base


NOTHING = Tally()


@dataclass(frozen=True, slots=True)
class Standing:
    """An availability with what it rests on; all 0..1. `low` and `high` are the band of what was not seen."""

    share: float | None
    low: float
    high: float
    coverage: float

    @property
    def certain(self) -> bool:
        """Whether enough was seen for one figure."""
        return self.share is not None and self.coverage >= LOW_COVERAGE


def standing(tally: Tally, seen: float, expected: float) -> Standing:
    """`seen` of the `expected` slots were looked at; a second look at the same slot counts once in `seen`."""
    low, high = tally.band(expected - seen) or (0.0, 1.0)
    coverage = min(1.0, seen / expected) if expected > 0 else 0.0
    return Standing(tally.availability, low, high, coverage)
