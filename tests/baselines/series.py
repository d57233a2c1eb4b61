"""Seeded series with a day's and a week's shape, and what a detector says of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from standby.baselines.detector import Detector
from standby.baselines.reading import Reading

STEP = 300
DAY = 86_400 // STEP
NS = 1_000_000_000
MONDAY = 1_699_833_600 * NS  # 2023-11-13T00:00:00Z


def latencies(days: float, seed: int = 1) -> NDArray[np.float64]:
    """Milliseconds every five minutes: quiet nights, a busy noon, noise with a few percent of slow answers."""
    rng, count = np.random.default_rng(seed), int(days * DAY)
    day = np.arange(count) / DAY
    profile = 200.0 + 80.0 * np.sin(2 * np.pi * (day - 0.25))
    out: NDArray[np.float64] = profile + rng.gamma(2.0, 8.0, count)
    return out


def instants(count: int) -> list[int]:
    return [MONDAY + number * STEP * NS for number in range(count)]


def read(values: NDArray[np.float64], detector: Detector | None = None, start: int = 0) -> list[Reading]:
    """Each value taken, one every five minutes from sample `start` on."""
    detector = detector or Detector()
    first = MONDAY + start * STEP * NS
    return [detector.take(first + number * STEP * NS, value) for number, value in enumerate(values.tolist())]
