"""How many bytes a store will take: counted from the checks' intervals with constants measured on real stores."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from standby.domain.phases import PHASES
from standby.domain.units import DAY, HOUR, MINUTE
from standby.store.retention import Retention

DETAIL = 70.0  # bytes of message and metrics in one observation, where no store tells: an HTTPS check that is up
_SAMPLE = 44.0  # bytes of one observation with phases beside them
_SUM = 32.0  # bytes of one minute or hour beside its sketch
_SKETCH = 4.0  # bytes of a sketch beside its buckets
_PHASE = 2.0  # bytes of a phase beside its sketch
_PAGES = 1.2  # pages are five sixths full
_CHECK = 1_500  # bytes of a check's present, its integration's and their indices
_BASE = 300_000
_LOG = 4 * 2**20  # the write-ahead log between two checkpoints


@dataclass(frozen=True, slots=True)
class Prediction:
    """Bytes by what takes them; `total` is what the disk should have, bounded by `Retention.max_size`."""

    raw: int
    minutes: int
    hours: int
    other: int
    total: int
    bounded: bool


def predict(
    intervals: Sequence[int], retention: Retention, *, age: int | None = None, detail: float = DETAIL
) -> Prediction:
    """The store of checks that run every so many nanoseconds, after `age` (default: when nothing grows any more).

    `detail` is the mean number of bytes of message and metrics in an observation. Within 30 % of stores with lognormal
    latencies; vendors whose latency hardly varies take less.
    """
    raw, minutes, hours = (_span(span, age) for span in (retention.raw, retention.minutes, retention.hours))
    sizes = [0.0, 0.0, 0.0]
    for every in intervals:
        sizes[0] += raw / every * (_SAMPLE + detail)
        sizes[1] += minutes / max(MINUTE, every) * _sum(MINUTE / every)
        sizes[2] += hours / max(HOUR, every) * _sum(HOUR / every)
    layers = [int(size * _PAGES) for size in sizes]
    other = _BASE + _CHECK * len(intervals)
    total = sum(layers) + other
    bounded = retention.max_size is not None and total > retention.max_size
    if bounded and retention.max_size is not None:
        total = retention.max_size
    return Prediction(layers[0], layers[1], layers[2], other, total + _LOG, bounded)


def full_after(intervals: Sequence[int], retention: Retention, *, detail: float = DETAIL) -> int | None:
    """Days until `max_size` is reached and the oldest samples begin to go early; `None` when it never is."""
    if retention.max_size is None or not predict(intervals, retention, detail=detail).bounded:
        return None
    days = 1
    while not predict(intervals, retention, age=days * DAY, detail=detail).bounded:
        days += 1
    return days


def _span(span: int, age: int | None) -> int:
    return span if age is None else min(span, age)


def _sum(observations: float) -> float:
    """Bytes of one minute or hour: the more observations, the more different times, ever more slowly."""
    buckets = 1 + 12 * math.log1p(max(1.0, observations) / 8)
    return _SUM + _sketch(observations, buckets) + len(PHASES) * (_PHASE + _sketch(observations, buckets / 2))


def _sketch(observations: float, buckets: float) -> float:
    """As counts a byte a bucket, some empty; as bits one a value and about two a bucket."""
    return _SKETCH + min(1.2 * buckets, (observations + 2 * buckets) / 8)
