"""What one run of the engine did, in numbers: for `--report` and for whoever measures."""

from __future__ import annotations

import resource
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from standby.domain.sketch import Sketch
from standby.domain.units import MILLISECOND


class Figures:
    """Counters since the start."""

    def __init__(self) -> None:
        self.observations = 0
        self.missed = 0
        self.own_delays = 0
        self._late = Sketch()
        self._latest = 0.0

    def started_late(self, ns: int) -> None:
        """A run began this long after its slot."""
        late_ms = max(0, ns) / MILLISECOND
        self._late.add(late_ms)
        self._latest = max(self._latest, late_ms)

    def report(self, seconds: float, store: Path, alerts: Mapping[str, int]) -> dict[str, Any]:
        """The document of `--report`, as INTERFACES names its fields."""
        return {
            "seconds": round(seconds, 3),
            "observations": self.observations,
            "missed": self.missed,
            "own_delays": self.own_delays,
            "late_ms_p99": self.late_ms_p99(),
            "late_ms_max": round(self._latest, 3),
            "cpu_seconds": cpu_seconds(),
            "max_rss_mb": max_rss_mb(),
            "store_bytes": store_bytes(store),
            "alerts": dict(alerts),
        }

    def late_ms_p99(self) -> float:
        """99 of 100 runs began at most this late, milliseconds."""
        late = self._late.quantile(0.99)
        return round(late, 3) if late is not None else 0.0


def cpu_seconds() -> float:
    """Processor time of this process so far, user and system."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return round(usage.ru_utime + usage.ru_stime, 3)


def max_rss_mb() -> float:
    """The most memory that this process had, megabytes. Linux counts in kilobytes, macOS in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (2**20 if sys.platform == "darwin" else 2**10), 1)


def store_bytes(path: Path) -> int:
    """The store on disk, its write-ahead log included."""
    total = 0
    for file in (path, path.with_name(path.name + "-wal")):
        try:
            total += file.stat().st_size
        except OSError:
            continue
    return total
