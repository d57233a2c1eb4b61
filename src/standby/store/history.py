"""One integration over a while, out of the hours, the minutes that are in no hour yet, and the samples of the last one.

The percentiles of a column are those of all its observations: sketches are merged, percentiles never averaged.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter

from standby.domain import settled
from standby.domain.availability import Tally
from standby.domain.history import Column, History, Hole, Latency, Mark, Outage, PhaseTimes, edges, outages
from standby.domain.outcome import Outcome
from standby.domain.phases import PhaseSketches
from standby.domain.settled import Settled
from standby.domain.units import HOUR, MINUTE
from standby.store import values
from standby.store.rollup import Sums
from standby.store.sqlfile import statements

_SQL = statements("history")
_PERCENTILES = (0.50, 0.95, 0.99)
_CHANGES_A_CHECK = 10_000
_MARKS = 2_000
_HOLES = 1_000


@dataclass(frozen=True, slots=True)
class Asked:
    """`[start, end)` in ns since 1970, in columns of `step` ns, of some checks.

    `every_ns` has the interval of each of the `integration`'s checks, or of the one check that is asked for. `unit` is
    what the columns are summed from, a minute or an hour; `step` is a multiple of it.
    """

    integration: str
    every_ns: Mapping[str, int]
    start: int
    end: int
    step: int
    unit: int = MINUTE

    @property
    def begin(self) -> int:
        """Where the window begins: with a whole unit."""
        return self.start // self.unit * self.unit


@dataclass(slots=True)
class _Part:
    """One column while it is being summed."""

    start: int
    end: int
    sums: Sums = field(default_factory=Sums)
    expected: float = 0.0
    seen: float = 0.0

    def take(self, other: _Part) -> None:
        """Take a shorter one in."""
        self.sums.take(other.sums)
        self.expected += other.expected
        self.seen += other.seen

    def column(self) -> Column:
        """As a value."""
        up, degraded, down, maintenance, unknown = self.sums.counts
        tally = Tally(up + degraded + down, down, degraded, unknown, maintenance)
        return Column(self.start, self.end, tally, self.expected, min(self.seen, self.expected), self._latency())

    def _latency(self) -> Latency | None:
        sums = self.sums
        found = sums.sketch.quantiles(*_PERCENTILES)
        if not found or not sums.latency_count or sums.latency_min_us is None or sums.latency_max_us is None:
            return None
        mean = sums.latency_sum_us / sums.latency_count
        return Latency(sums.latency_count, sums.latency_min_us / 1000, mean / 1000, sums.latency_max_us / 1000, *found)


class _Parts:
    """The columns of what is asked, found by instant."""

    def __init__(self, asked: Asked) -> None:
        self.every = [_Part(*edge) for edge in edges(asked.begin, asked.end, asked.step)]
        self._first, self._step = asked.begin // asked.step, asked.step

    def at(self, instant: int) -> _Part:
        """The one that holds `instant`; the nearest for what a damaged cell says."""
        return self.every[max(0, min(len(self.every) - 1, instant // self._step - self._first))]


def read(connection: sqlite3.Connection, asked: Asked) -> History:
    """Everything of `asked`; several statements, so within one transaction. Raises sqlite3.Error."""
    parts, whole = _Parts(asked), _Part(asked.begin, asked.end)
    for check_id, every_ns in asked.every_ns.items():
        for part in parts.every:
            part.expected += (part.end - part.start) / every_ns
        found = connection.execute(_READ["check_no"], {"id": check_id}).fetchone()
        if found is not None:
            _read_check(connection, asked, parts, found[0], every_ns)
            _read_phases(connection, asked, whole, found[0])
    for part in parts.every:
        whole.take(part)
    holes = _holes(connection, asked)
    return History(
        asked.begin,
        asked.end,
        asked.step,
        [part.column() for part in parts.every],
        whole.column(),
        _outages(connection, asked, holes),
        _marks(connection, asked),
        holes,
        _phase_times(whole.sums.phases),
    )


def _read_check(connection: sqlite3.Connection, asked: Asked, parts: _Parts, check_no: int, every_ns: int) -> None:
    """What is rolled up from the coarsest layer that the columns allow, then what is in no layer yet."""
    layers = [("hour", HOUR)] if asked.unit == HOUR else []
    start = asked.begin
    for layer, span in (*layers, ("minute", MINUTE)):
        rolled = _watermark(connection, layer)
        names = {"check_no": check_no, "start": start, "end": min(asked.end, rolled), "step": asked.step}
        for row in connection.execute(_SQL[f"{layer}s"], names | {"most": math.ceil(span / every_ns)}):
            part = parts.at(values.whole(row[0]))
            part.sums.merge((*row[1:10], None))
            part.seen += values.whole(row[10])
        rows = connection.execute(_SQL[f"{layer}_sketches"], names)
        for place, sketches in groupby(rows, itemgetter(0)):
            parts.at(values.whole(place)).sums.sketched(map(itemgetter(1), sketches))
        start = max(start, rolled)
    _read_raw(connection, parts, {"check_no": check_no, "start": start, "end": asked.end}, every_ns)


def _read_phases(connection: sqlite3.Connection, asked: Asked, whole: _Part, check_no: int) -> None:
    """Those of the whole window, and of no column: from hours where whole ones lie in it, so there are few to merge.
    What is in no layer yet came with the samples."""
    hours, minutes = (min(asked.end, _watermark(connection, layer)) for layer in ("hour", "minute"))
    first = -(-asked.begin // HOUR) * HOUR
    last = max(first, -(-hours // HOUR) * HOUR if asked.unit == HOUR else hours // HOUR * HOUR)
    for name, start, end in (
        ("minute_phases", asked.begin, min(first, minutes)),
        ("hour_phases", first, last),
        ("minute_phases", last, minutes),
    ):
        rows = connection.execute(_SQL[name], {"check_no": check_no, "start": start, "end": end})
        whole.sums.phased(map(itemgetter(0), rows))


def _phase_times(found: PhaseSketches) -> dict[str, PhaseTimes]:
    times = found.quantiles(*_PERCENTILES)
    return {phase: PhaseTimes(count, *percentiles) for phase, (count, percentiles) in times.items()}


def _read_raw(connection: sqlite3.Connection, parts: _Parts, names: Mapping[str, int], every_ns: int) -> None:
    looks: dict[int, int] = {}
    for cell, outcome, latency_us, *phases_us in connection.execute(_SQL["raw"], names):
        slot, number = values.whole(cell), outcome if isinstance(outcome, int) else -1
        parts.at(slot).sums.add([(outcome, latency_us, *phases_us)])
        if number in _LOOKS:
            looks[slot // MINUTE] = looks.get(slot // MINUTE, 0) + 1
    most = math.ceil(MINUTE / every_ns)
    for minute, number in looks.items():
        parts.at(max(names["start"], minute * MINUTE)).seen += min(most, number)


def finest(connection: sqlite3.Connection, check_ids: Iterable[str], start: int) -> int:
    """The shortest step that goes back to `start`: minutes, or hours when their minutes have expired."""
    for check_id in check_ids:
        found = connection.execute(_READ["check_no"], {"id": check_id}).fetchone()
        if found is None:
            continue
        minutes, hours = map(values.maybe_whole, connection.execute(_SQL["oldest"], {"check_no": found[0]}).fetchone())
        expired = hours is not None and (minutes is None or hours < minutes // HOUR * HOUR)
        if expired and (minutes is None or start < minutes):
            return HOUR
    return MINUTE


def _watermark(connection: sqlite3.Connection, name: str) -> int:
    found = connection.execute(_READ["watermark"], {"name": name}).fetchone()
    return 0 if found is None else values.whole(found[0])


def _outages(connection: sqlite3.Connection, asked: Asked, holes: Sequence[Hole]) -> list[Outage]:
    turns = []
    for check_id in asked.every_ns:
        changes = list(_changes(connection, asked, check_id))[::-1]
        found = connection.execute(_SQL["present"], {"check_id": check_id}).fetchone()
        present = Outcome.UNKNOWN if found is None else values.word(found[0], Outcome, Outcome.UNKNOWN)
        turns.append((changes, present))
    return outages(turns, asked.begin, asked.end, holes)


def _changes(connection: sqlite3.Connection, asked: Asked, check_id: str) -> Iterator[Settled]:
    """Newest first, from those after the window (one may be the end of what began in it) to the last before it, which
    says how it began."""
    names = {"subject": f"check:{check_id}", "limit": _CHANGES_A_CHECK}
    for at, message in connection.execute(_SQL["settled"], names):
        change = settled.read(check_id, values.whole(at), values.text(message, values.MESSAGE_LIMIT))
        if change is not None:
            yield change
            if change.at < asked.begin:
                return


def _marks(connection: sqlite3.Connection, asked: Asked) -> list[Mark]:
    names = {"integration": asked.integration, "start": asked.begin, "end": asked.end, "limit": _MARKS}
    return [
        Mark(
            values.whole(at),
            values.text(kind),
            values.text(who),
            values.text(subject),
            values.text(message, values.MESSAGE_LIMIT),
        )
        for at, kind, who, subject, message in connection.execute(_SQL["marks"], names)
    ]


def _holes(connection: sqlite3.Connection, asked: Asked) -> list[Hole]:
    names = {"start": asked.begin, "end": asked.end, "limit": _HOLES}
    rows = connection.execute(_SQL["holes"], names).fetchall()[::-1]
    return [Hole(values.whole(row[0]), values.maybe_whole(row[1]), values.text(row[2])) for row in rows]


_READ = statements("read")
_LOOKS = frozenset(number for number, outcome in enumerate(values.OUTCOMES) if outcome is not Outcome.UNKNOWN)
