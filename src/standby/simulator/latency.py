"""How long a healthy third party takes: a lognormal spread with a rare slow answer, as real ones have."""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random

SLOW_SHARE = 0.02
SLOW_FACTOR = 5.0
MOST_MS = 450.0


@dataclass(frozen=True, slots=True)
class Pace:
    """The median in milliseconds and the spread (sigma of the logarithm)."""

    median_ms: float
    sigma: float = 0.3

    def draw(self, dice: Random) -> float:
        """Milliseconds of one answer; always two draws, so that sequences stay aligned."""
        ms = self.median_ms * math.exp(dice.gauss(0.0, self.sigma))
        if dice.random() < SLOW_SHARE:
            ms *= SLOW_FACTOR
        return min(ms, MOST_MS)
