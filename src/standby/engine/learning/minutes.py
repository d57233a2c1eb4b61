"""The minute that is running, check by check: what baselines are made of, never a single poll."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from statistics import median

from standby.domain.baseline import ERRORS, LATENCY, METRICS, THROUGHPUT
from standby.domain.observation import Observation
from standby.domain.outcome import Outcome

MOST_METRICS = 20  # of one check, the first by name
_SECONDS = 60.0
_LONGEST_NAME = 100


@dataclass(slots=True)
class Minute:
    """What was seen of a check, or of several together, within one minute. Only what was decided is in it."""

    decided: int = 0
    failed: int = 0
    latencies: list[float] = field(default_factory=list)  # ms, of what did not fail
    metrics: list[Mapping[str, float]] = field(default_factory=list)

    def figures(self) -> Iterator[tuple[str, float]]:
        """By metric: the median of latencies and metrics, the share of failures, looks a second."""
        if self.latencies:
            yield LATENCY, median(self.latencies)
        yield ERRORS, self.failed / self.decided
        yield THROUGHPUT, self.decided / _SECONDS
        yield from self.reported()

    def reported(self) -> Iterator[tuple[str, float]]:
        """Of the metrics alone, the first 20 by name."""
        for name in self.names()[:MOST_METRICS]:
            yield f"{METRICS}.{name}", median([one[name] for one in self.metrics if _fits(one.get(name))])

    def names(self) -> list[str]:
        """The metrics that have a value, by name."""
        found = {name for one in self.metrics for name, value in one.items() if _fits(value)}
        return sorted(name for name in found if len(name) <= _LONGEST_NAME)


class Minutes:
    """Of all checks."""

    def __init__(self) -> None:
        self._open: dict[str, Minute] = {}

    def take(self, observation: Observation) -> None:
        """One look; it costs a microsecond. What says nothing of the third party says nothing of what is usual."""
        if not observation.outcome.decided:
            return
        minute = self._open.get(observation.check_id)
        if minute is None:
            minute = self._open[observation.check_id] = Minute()
        minute.decided += 1
        if observation.outcome is Outcome.DOWN:
            minute.failed += 1
        elif observation.latency_ms is not None and math.isfinite(observation.latency_ms):
            minute.latencies.append(observation.latency_ms)
        if observation.metrics:
            minute.metrics.append(observation.metrics)

    def close(self) -> dict[str, Minute]:
        """The minute is over: what it held, by check."""
        closed, self._open = self._open, {}
        return closed


def pooled(minutes: Iterable[Minute]) -> Minute:
    """Several checks as one, without what each reports itself."""
    pool = Minute()
    for one in minutes:
        pool.decided += one.decided
        pool.failed += one.failed
        pool.latencies += one.latencies
    return pool


def _fits(value: float | None) -> bool:
    return value is not None and math.isfinite(value)
