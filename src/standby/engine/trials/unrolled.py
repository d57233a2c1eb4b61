"""The sums of minutes taken apart into observations again, as honestly as sums allow.

How many there were, what they found and how long they took is right to the minute; in which order within it is not
kept. What failed is put together, beside a minute that failed as well, as one outage would have it. Messages, causes,
phases and metrics are in no sum.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from standby.domain.observation import Failure, Observation
from standby.domain.outcome import Outcome
from standby.domain.sketch import Sketch, ascending
from standby.domain.units import MINUTE
from standby.store.rows import RollupRow

MESSAGE = "taken from the sums of a minute"
_MOST = 60_000  # looks in a minute: one each millisecond; more is a damaged row

Span = tuple[int, int]


def unrolled(rows: Iterable[RollupRow], blind: Sequence[Span] = ()) -> Iterator[Observation]:
    """The observations of one check, oldest first. `blind` are spans (ns since 1970) in which our network was gone:
    what is unknown then says nothing of the check."""
    before: Outcome | None = None
    row: RollupRow | None = None
    for after in rows:
        if row is not None:
            next_fails = after.failures > 0 and after.bucket - row.bucket <= MINUTE
            minute = list(_minute(row, before, blind, next_fails=next_fails))
            yield from minute
            before = minute[-1].outcome if minute and after.bucket - row.bucket <= MINUTE else None
        row = after
    if row is not None:
        yield from _minute(row, before, blind, next_fails=False)


def _minute(
    row: RollupRow, before: Outcome | None, blind: Sequence[Span], *, next_fails: bool
) -> Iterator[Observation]:
    outcomes = _in_order(row, before is Outcome.DOWN, next_fails=next_fails)
    latencies = _latencies(row, outcomes)
    is_blind = row.unknown > 0 and any(start < row.bucket + MINUTE and row.bucket < end for start, end in blind)
    for place, (outcome, latency_ms) in enumerate(zip(outcomes, latencies, strict=True)):
        slot = row.bucket + place * MINUTE // len(outcomes)
        failure = Failure.BLIND if is_blind and outcome is Outcome.UNKNOWN else None
        yield Observation(row.check_id, slot, slot, outcome, MESSAGE, failure, latency_ms)


def _in_order(row: RollupRow, failed_before: bool, *, next_fails: bool) -> list[Outcome]:  # noqa: FBT001
    """The failures at the side where the trouble goes on, at both when it does on both."""
    down = min(row.failures, row.count, _MOST)
    good = [Outcome.UP] * min(max(0, row.count - row.failures - row.degraded), _MOST)
    good += [Outcome.MAINTENANCE] * min(row.maintenance, _MOST) + [Outcome.UNKNOWN] * min(row.unknown, _MOST)
    good += [Outcome.DEGRADED] * min(row.degraded, _MOST)
    last = (down // 2 if failed_before else down) if next_fails or not failed_before else 0
    first = down - last
    return [Outcome.DOWN] * first + good + [Outcome.DOWN] * last


def _latencies(row: RollupRow, outcomes: Sequence[Outcome]) -> list[float | None]:
    """As many as were measured, spread as they were; what failed is the first to have none."""
    decided: Sequence[int] = range(len(outcomes))
    if row.unknown or row.maintenance:
        decided = [place for place, outcome in enumerate(outcomes) if outcome.decided]
    found: list[float | None] = [None] * len(outcomes)
    count = min(row.latency_count, len(decided))
    if not count:
        return found
    ranked = sorted(decided, key=lambda place: outcomes[place] is Outcome.DOWN) if row.failures else decided
    for place, latency in zip(ranked, _spread(row, count), strict=False):
        found[place] = latency
    return found


def _spread(row: RollupRow, count: int) -> list[float]:
    try:
        every = ascending(row.sketch or b"", count)
        if every is not None and len(every) == count:
            return every
        sketch = Sketch.from_bytes(row.sketch or b"")
    except ValueError:  # damaged, or of before there were any
        return [row.latency_sum_us / row.latency_count / 1000.0] * count
    return sketch.quantiles(*((place + 0.5) / count for place in range(count)))
