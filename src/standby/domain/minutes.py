"""How many looks were good and bad in each minute of the last six hours and each quarter of an hour of three days.

That is what burn rates are reckoned from: sums over a handful of spans, kept up to date as time goes on, so that asking
costs nothing. Instants are whole nanoseconds of one steady clock.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass

from standby.domain.units import DAY, HOUR, MINUTE

QUARTER = 15 * MINUTE


@dataclass(frozen=True, slots=True)
class Sum:
    """Looks in a span: how many were bad, of how many; `cells` of the span's `of` cells had any."""

    bad: int
    total: int
    cells: int
    of: int
    cell_ns: int


class _Ring:
    """Counts by cells of `cell_ns`, the newest `size` of them, and their sums over some spans."""

    __slots__ = ("_bad", "_cell_ns", "_newest", "_size", "_spans", "_sums", "_total")

    def __init__(self, cell_ns: int, spans: tuple[int, ...]) -> None:
        self._cell_ns = cell_ns
        self._spans = tuple(span // cell_ns for span in spans)
        self._size = max(self._spans)
        self._bad = array("I", bytes(4 * self._size))
        self._total = array("I", bytes(4 * self._size))
        self._newest: int | None = None
        self._sums = [[0, 0, 0] for _ in spans]  # bad, total, cells with any

    def add(self, at: int, bad: int, total: int) -> None:
        cell = at // self._cell_ns
        if self._newest is None:
            self._newest = cell
        elif cell > self._newest:
            self._go_on(cell)
        elif cell <= self._newest - self._size:
            return
        place, age = cell % self._size, self._newest - cell
        first = not self._total[place]
        self._bad[place] += bad
        self._total[place] += total
        for span, sums in zip(self._spans, self._sums, strict=True):
            if age < span:
                sums[0] += bad
                sums[1] += total
                sums[2] += first

    def sum(self, at: int, number: int) -> Sum:
        cell = at // self._cell_ns
        if self._newest is not None and cell > self._newest:
            self._go_on(cell)
        bad, total, cells = self._sums[number]
        return Sum(bad, total, cells, self._spans[number], self._cell_ns)

    def _go_on(self, cell: int) -> None:
        """The cells up to `cell` begin, empty; as many leave each span."""
        newest = self._newest if self._newest is not None else cell
        size = self._size
        if cell - newest >= size:
            self._bad, self._total = array("I", bytes(4 * size)), array("I", bytes(4 * size))
            self._sums = [[0, 0, 0] for _ in self._spans]
            self._newest = cell
            return
        for one in range(newest + 1, cell + 1):
            for span, sums in zip(self._spans, self._sums, strict=True):
                place = (one - span) % size
                total = self._total[place]
                if total:
                    sums[0] -= self._bad[place]
                    sums[1] -= total
                    sums[2] -= 1
            self._bad[one % size] = self._total[one % size] = 0
        self._newest = cell


_FINE = (5 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 6 * HOUR)
_COARSE = (DAY, 3 * DAY)
SPANS = (*_FINE, *_COARSE)
"""What may be asked for; of each up to one cell is still to come."""
LONGEST = SPANS[-1]
_PLACES = {span: (0, number) for number, span in enumerate(_FINE)}
_PLACES |= {span: (1, number) for number, span in enumerate(_COARSE)}


class Minutes:
    """Good and bad looks of the last three days, about 5 kB. `since` is the oldest look that was ever taken in."""

    __slots__ = ("_rings", "since")

    def __init__(self) -> None:
        self._rings = (_Ring(MINUTE, _FINE), _Ring(QUARTER, _COARSE))
        self.since: int | None = None

    def add(self, at: int, *, bad: int, total: int = 1) -> None:
        """Take looks in, those of before the start too, in any order within a span."""
        if self.since is None or at < self.since:
            self.since = at
        for ring in self._rings:
            ring.add(at, bad, total)

    def sum(self, at: int, span: int) -> Sum:
        """What one of `SPANS` holds at `at`. Raises KeyError for another span."""
        ring, number = _PLACES[span]
        return self._rings[ring].sum(at, number)
