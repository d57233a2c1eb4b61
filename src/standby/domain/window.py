"""The observations of the last while, pooled: counts, rates and latencies that rules speak about."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right

from standby.domain.outcome import Outcome
from standby.domain.units import SECOND

_NS_PER_MS = 1_000_000
_LONGEST_MS = 1e12  # thirty years: more is a damaged figure
_OUTCOMES = tuple(Outcome)
_NUMBER = {outcome: number for number, outcome in enumerate(_OUTCOMES)}
_DECIDED = [outcome.decided for outcome in _OUTCOMES]  # by number
_DOWN = _NUMBER[Outcome.DOWN]
_FEW = 64  # entries that are out and may stay; then they go once they are half of all


class Window:
    """Observations whose slot lies in `(now - span_ns, now]`; slots may arrive a little out of order.

    Its figures are of what is inside since the last `evict`, each worked out when it is asked for: rates are 0..1,
    latencies milliseconds, percentiles exact by nearest rank, `None` where nothing says anything about it.

    `add` and `evict` cost about a microsecond at hundreds of observations. A day of one check every 5 s is 17,000
    observations, so they are columns of plain numbers, 25 bytes each (tuples in a deque took 136). Latencies are kept
    in order from the first time on that a percentile is asked for: most windows are never asked. `since` is when the
    watching began, by default the first slot added. Slots and `now` are whole numbers of 64 bits.
    """

    __slots__ = (
        "_counts",
        "_first",
        "_horizon",
        "_latencies",
        "_latency_sum",
        "_outcomes",
        "_since",
        "_slots",
        "_sorted",
        "_timed",
        "decided",
        "span_ns",
    )

    def __init__(self, span_ns: int, since: int | None = None) -> None:
        if span_ns <= 0:
            raise ValueError(f"a window of {span_ns} ns holds nothing")
        self.span_ns = span_ns
        self._since = since
        self._horizon: int | None = None  # slots at or before it are out
        self._first = 0  # entries before it are out
        self._slots = array("q")  # ascending
        self._outcomes = bytearray()  # their numbers
        self._latencies = array("q")  # nanoseconds, or -1
        self._counts = [0] * len(_OUTCOMES)  # by number
        self.decided = 0
        """How many say something about the third party."""
        self._sorted: array[int] | None = None  # the latencies that are times, once somebody wants to know
        self._timed = self._latency_sum = 0

    def __len__(self) -> int:
        return len(self._slots) - self._first

    def add(self, slot: int, outcome: Outcome, latency_ms: float | None = None) -> None:
        """Take one observation in, unless its slot is already out.

        A latency that is no time is left out, as is one that comes with unknown or maintenance.
        """
        if self._horizon is not None and slot <= self._horizon:
            return
        if self._since is None or slot < self._since:
            self._since = slot
        latency, number = -1, _NUMBER[outcome]
        if _DECIDED[number]:
            self.decided += 1
            if latency_ms is not None and 0 <= latency_ms <= _LONGEST_MS:
                latency = round(latency_ms * _NS_PER_MS)
                self._timed += 1
                self._latency_sum += latency
                if self._sorted is not None:
                    self._sorted.insert(bisect_left(self._sorted, latency), latency)
        self._counts[number] += 1
        slots = self._slots
        if not slots or slots[-1] <= slot:
            slots.append(slot)
            self._outcomes.append(number)
            self._latencies.append(latency)
        else:
            place = bisect_right(slots, slot, self._first)
            slots.insert(place, slot)
            self._outcomes.insert(place, number)
            self._latencies.insert(place, latency)

    def evict(self, now: int) -> None:
        """Let go of what is older than the span at `now`. A `now` before an earlier one changes nothing."""
        horizon = now - self.span_ns
        if self._horizon is not None and horizon <= self._horizon:
            return
        self._horizon = horizon
        slots, first = self._slots, self._first
        while first < len(slots) and slots[first] <= horizon:
            number, latency = self._outcomes[first], self._latencies[first]
            self._counts[number] -= 1
            self.decided -= _DECIDED[number]
            if latency >= 0:
                self._timed -= 1
                self._latency_sum -= latency
                if self._sorted is not None:
                    del self._sorted[bisect_left(self._sorted, latency)]
            first += 1
        if first > _FEW and 2 * first > len(slots):
            del slots[:first], self._outcomes[:first], self._latencies[:first]
            first = 0
        self._first = first

    def count(self, outcome: Outcome) -> int:
        """How many were this."""
        return self._counts[_NUMBER[outcome]]

    @property
    def failures(self) -> int | None:
        """How many of the decided were down; None when there is none."""
        return self._counts[_DOWN] if self.decided else None

    @property
    def error_rate(self) -> float | None:
        """The share of the decided that were down."""
        decided = self.decided
        return self._counts[_DOWN] / decided if decided else None

    @property
    def availability(self) -> float | None:
        """The share of the decided that were not down."""
        error_rate = self.error_rate
        return None if error_rate is None else 1 - error_rate

    @property
    def throughput(self) -> float | None:
        """Decided observations a second; None until the window has watched for its whole span."""
        return self.decided * SECOND / self.span_ns if self._full() else None

    @property
    def latency_ms(self) -> float | None:
        """The mean."""
        timed = self._timed
        return self._latency_sum / timed / _NS_PER_MS if timed else None

    @property
    def latency_p50_ms(self) -> float | None:
        """The median."""
        return self._percentile(50)

    @property
    def latency_p95_ms(self) -> float | None:
        """What 95 of 100 were at most."""
        return self._percentile(95)

    @property
    def latency_p99_ms(self) -> float | None:
        """What 99 of 100 were at most."""
        return self._percentile(99)

    def _full(self) -> bool:
        return self._since is not None and self._horizon is not None and self._horizon >= self._since

    def _percentile(self, percent: int) -> float | None:
        if self._sorted is None:
            self._sorted = array("q", sorted(one for one in self._latencies[self._first :] if one >= 0))
        timed = len(self._sorted)
        return self._sorted[-(-timed * percent // 100) - 1] / _NS_PER_MS if timed else None
