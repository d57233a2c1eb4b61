"""How much of the time an integration worked, and how much of the time we know (S66)."""

from __future__ import annotations

from dataclasses import dataclass


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

    def coverage(self, expected: int) -> float:
        """0..1: how much of what should have been seen was; stands beside every availability.

        `expected` is the number of slots. Maintenance is seen; unknown and missing observations are not.
        """
        if expected <= 0:
            return 0.0
        return min(1.0, (self.decided + self.maintenance) / expected)
