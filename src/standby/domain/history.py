"""What became of one integration over a while: columns of equal length, outages, what people and rules did."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from standby.domain.availability import NOTHING, Standing, Tally, standing
from standby.domain.outcome import Outcome
from standby.domain.settled import Settled
from standby.domain.units import DAY, HOUR, MINUTE

WINDOWS: Mapping[str, int] = {"1h": HOUR, "24h": DAY, "7d": 7 * DAY, "30d": 30 * DAY}
"""The spans that people look at, in nanoseconds."""

FIRST = "24h"
"""The one that is shown first."""

STEPS = tuple(
    [number * MINUTE for number in (1, 2, 5, 10, 15, 20, 30)]
    + [number * HOUR for number in (1, 2, 3, 4, 6, 8, 12)]
    + [number * DAY for number in (1, 2, 5, 10, 30)]
)
"""Lengths of a column that people can read a clock by."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Latencies of the decided observations in milliseconds; percentiles within `sketch.ACCURACY`."""

    count: int
    least: float
    mean: float
    most: float
    p50: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True)
class PhaseTimes:
    """Times of one phase in milliseconds over `count` observations; percentiles within 4.1 % (see `phases`)."""

    count: int
    p50: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True)
class Column:
    """`[start, end)` in ns since 1970. Of `expected` slots `seen` were looked at; a second look counts once."""

    start: int
    end: int
    tally: Tally = NOTHING
    expected: float = 0.0
    seen: float = 0.0
    latency: Latency | None = None

    @property
    def standing(self) -> Standing:
        """The availability and what it rests on."""
        return standing(self.tally, self.seen, self.expected)

    @property
    def silent(self) -> bool:
        """Whether something should have been seen and nothing was: nobody looked, or all was unknown."""
        return self.expected >= 1 and not (self.tally.decided or self.tally.maintenance)


_NO_TIME = Column(0, 0)


@dataclass(frozen=True, slots=True)
class Hole:
    """When nothing was known, and why; `end` is `None` while it lasts."""

    start: int
    end: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Outage:
    """When at least one check was settled as down; `end` is `None` while it lasts. `unseen_ns` of it lie in holes."""

    start: int
    end: int | None
    unseen_ns: int = 0

    def lasted(self, now: int) -> int:
        """Nanoseconds, up to `now` while it lasts."""
        return max(0, (now if self.end is None else self.end) - self.start)

    def within(self, start: int, end: int) -> int:
        """Nanoseconds of it in `[start, end)`."""
        return max(0, (end if self.end is None else min(end, self.end)) - max(start, self.start))


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that somebody did, or that an alert of the integration did: a line of the log."""

    at: int
    kind: str  # fired, ack, unack, resolved, note, failover-moved...
    who: str
    subject: str
    text: str

    @property
    def moved(self) -> bool:
        """Whether traffic went, or may have gone, another way."""
        return self.kind in _MOVES


_MOVES = frozenset({"failover-moved", "failover-rolled-back", "failover-failed"})


@dataclass(frozen=True, slots=True)
class History:
    """One integration, or one check, over `[start, end)`. `columns` leave no instant out; `whole` is all of them."""

    start: int
    end: int
    step: int
    columns: Sequence[Column] = ()
    whole: Column = _NO_TIME
    outages: Sequence[Outage] = ()  # that touch the window, oldest first
    marks: Sequence[Mark] = ()
    holes: Sequence[Hole] = ()
    phases: Mapping[str, PhaseTimes] = field(default_factory=dict)
    """Of the whole, those that happened, in their order. Sums made before there were any have none."""

    @property
    def down_ns(self) -> int:
        """How long at least one check was down within the window."""
        return sum(outage.within(self.start, self.end) for outage in self.outages)

    def column_at(self, at: int) -> int:
        """The number of the column that holds `at`; of the nearest when it is outside."""
        first = self.start // self.step
        return max(0, min(len(self.columns) - 1, at // self.step - first))


def unit_for(span: int) -> int:
    """What a window of `span` ns is summed from: minutes are kept for a month, and reading more of them takes long."""
    return MINUTE if span <= 2 * DAY else HOUR


def step_for(span: int, columns: int) -> int:
    """The shortest step with which `span` ns, wherever they begin, fit into so many columns."""
    return next((step for step in STEPS if span <= (columns - 1) * step), STEPS[-1])


def edges(start: int, end: int, step: int) -> Iterator[tuple[int, int]]:
    """The columns' beginnings and ends: multiples of `step`, the first and the last cut to the window."""
    for at in range(start // step * step, end, step):
        yield max(start, at), min(end, at + step)


def outages(
    turns: Iterable[tuple[Sequence[Settled], Outcome]], start: int, end: int, holes: Sequence[Hole]
) -> list[Outage]:
    """When a check was down, over all checks; those that touch `[start, end)`.

    For each check its changes, oldest first and from before `start` on where there are some, and its present outcome,
    which is all there is to say of a check that never changed.
    """
    spans = [span for changes, present in turns for span in _down(changes, present, start)]
    found: list[Outage] = []
    for begun, over in sorted(spans, key=lambda span: span[0]):
        last = found[-1] if found else None
        if last is not None and (last.end is None or begun <= last.end):
            longer = None if last.end is None or over is None else max(last.end, over)
            found[-1] = replace(last, end=longer)
        else:
            found.append(Outage(begun, over))
    return [
        replace(one, unseen_ns=_within(holes, one.start, end if one.end is None else one.end))
        for one in found
        if one.start < end and (one.end is None or one.end > start)
    ]


def _down(changes: Sequence[Settled], present: Outcome, start: int) -> Iterator[tuple[int, int | None]]:
    first = changes[0].before if changes else present
    begun = start if first is Outcome.DOWN else None
    for change in changes:
        if change.after is Outcome.DOWN and begun is None:
            begun = change.at
        elif change.after is not Outcome.DOWN and begun is not None:
            yield begun, change.at
            begun = None
    if begun is not None:
        yield begun, None


def _within(holes: Iterable[Hole], start: int, end: int) -> int:
    return sum(max(0, min(end, end if hole.end is None else hole.end) - max(start, hole.start)) for hole in holes)
