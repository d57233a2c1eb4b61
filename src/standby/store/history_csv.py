"""A history as rows of text for a CSV file: one a column of the history, and what was not seen is empty, never 0."""

from __future__ import annotations

from collections.abc import Iterator

from standby.domain.history import Column, History
from standby.domain.units import format_instant

HEAD = (
    "start",  # RFC 3339, UTC
    "of",  # integration:ID or check:ID
    "count",  # decided observations, the failures and degraded among them
    "failures",
    "degraded",
    "unknown",
    "maintenance",
    "availability",  # 0 to 1, by observations
    "coverage",  # 0 to 1
    "p50_ms",
    "p95_ms",
    "p99_ms",
    "min_ms",
    "avg_ms",
    "max_ms",
)


def rows(history: History, of: str) -> Iterator[tuple[str, ...]]:
    """As `HEAD` names them."""
    for column in history.columns:
        yield _row(column, of)


def _row(column: Column, of: str) -> tuple[str, ...]:
    tally, standing = column.tally, column.standing
    counts = (tally.decided, tally.failures, tally.degraded, tally.unknown, tally.maintenance)
    latency = column.latency
    times = [""] * 6
    if latency is not None:
        found = (latency.p50, latency.p95, latency.p99, latency.least, latency.mean, latency.most)
        times = [f"{one:.3f}" for one in found]
    share = "" if standing.share is None else f"{standing.share:.6f}"
    return (format_instant(column.start), of, *map(str, counts), share, f"{standing.coverage:.4f}", *times)
