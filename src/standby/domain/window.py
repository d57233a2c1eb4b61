"""The observations of the last while, pooled: counts, rates and latencies that rules speak about."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from dataclasses import dataclass

from standby.domain.outcome import Outcome
from standby.domain.units import SECOND

_NS_PER_MS = 1_000_000
_LONGEST_MS = 1e12  # thirty years: more is a damaged figure


@dataclass(frozen=True, slots=True)
class Values:
    """What a window holds. Rates are 0..1, latencies milliseconds; `None` where nothing says anything about it."""

    up: int
    degraded: int
    down: int
    maintenance: int
    unknown: int
    decided: int
    error_rate: float | None
    availability: float | None
    throughput: float | None  # decided observations a second; None until the window has watched for its whole span
    latency_ms: float | None  # mean
    latency_p50_ms: float | None
    latency_p95_ms: float | None
    latency_p99_ms: float | None


class Window:
    """Observations whose slot lies in `(now - span_ns, now]`; slots may arrive a little out of order.

    `add` and `evict` cost about a microsecond at hundreds of observations; memory is about 150 bytes each. `since` is
    when the watching began, by default the first slot added.
    """

    __slots__ = ("_counts", "_entries", "_horizon", "_latencies", "_latency_sum", "_since", "span_ns")

    def __init__(self, span_ns: int, since: int | None = None) -> None:
        if span_ns <= 0:
            raise ValueError(f"a window of {span_ns} ns holds nothing")
        self.span_ns = span_ns
        self._since = since
        self._horizon: int | None = None  # slots at or before it are out
        self._entries: deque[tuple[int, Outcome, int]] = deque()  # slot, outcome, latency in ns or -1; by slot
        self._counts = dict.fromkeys(Outcome, 0)
        self._latencies: list[int] = []  # sorted
        self._latency_sum = 0

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, slot: int, outcome: Outcome, latency_ms: float | None = None) -> None:
        """Take one observation in, unless its slot is already out.

        A latency that is no time is left out, as is one that comes with unknown or maintenance.
        """
        if self._horizon is not None and slot <= self._horizon:
            return
        if self._since is None or slot < self._since:
            self._since = slot
        latency = -1
        if latency_ms is not None and 0 <= latency_ms <= _LONGEST_MS and outcome.decided:
            latency = round(latency_ms * _NS_PER_MS)
            insort(self._latencies, latency)
            self._latency_sum += latency
        self._counts[outcome] += 1
        entries = self._entries
        place = len(entries)
        while place and entries[place - 1][0] > slot:
            place -= 1
        if place == len(entries):
            entries.append((slot, outcome, latency))
        else:
            entries.insert(place, (slot, outcome, latency))

    def evict(self, now: int) -> None:
        """Let go of what is older than the span at `now`. A `now` before an earlier one changes nothing."""
        horizon = now - self.span_ns
        if self._horizon is not None and horizon <= self._horizon:
            return
        self._horizon = horizon
        entries, latencies = self._entries, self._latencies
        while entries and entries[0][0] <= horizon:
            _, outcome, latency = entries.popleft()
            self._counts[outcome] -= 1
            if latency >= 0:
                self._latency_sum -= latency
                del latencies[bisect_left(latencies, latency)]

    def values(self) -> Values:
        """The figures of what is inside since the last `evict`. Percentiles are exact, by nearest rank."""
        counts = self._counts
        up, degraded, down = counts[Outcome.UP], counts[Outcome.DEGRADED], counts[Outcome.DOWN]
        decided = up + degraded + down
        error_rate = down / decided if decided else None
        timed = len(self._latencies)
        return Values(
            up=up,
            degraded=degraded,
            down=down,
            maintenance=counts[Outcome.MAINTENANCE],
            unknown=counts[Outcome.UNKNOWN],
            decided=decided,
            error_rate=error_rate,
            availability=None if error_rate is None else 1 - error_rate,
            throughput=decided * SECOND / self.span_ns if self._full() else None,
            latency_ms=self._latency_sum / timed / _NS_PER_MS if timed else None,
            latency_p50_ms=self._percentile(50),
            latency_p95_ms=self._percentile(95),
            latency_p99_ms=self._percentile(99),
        )

    def _full(self) -> bool:
        return self._since is not None and self._horizon is not None and self._horizon >= self._since

    def _percentile(self, percent: int) -> float | None:
        timed = len(self._latencies)
        if not timed:
            return None
        return self._latencies[-(-timed * percent // 100) - 1] / _NS_PER_MS
