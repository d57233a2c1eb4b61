"""One minute of every series through its detector: what was seen, how unusual it is, what is usual now."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

from standby.baselines import constants
from standby.baselines.bank import Bank, Readings
from standby.baselines.reading import CAUSES, Cause
from standby.domain.baseline import ERRORS, KINDS, LATENCY, Band, Series
from standby.engine.learning.shelf import Shelf
from standby.store.baselines import MemoryRow

Floats = NDArray[np.float64]

MOST_SERIES = 10_000
_FEW = 5  # minutes whose middle is the present level
_LEAST_SD = {LATENCY: 0.5, ERRORS: 0.01}
"""Milliseconds and a share: below it a spread is rounding, and any look would be a thousand of them away."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One minute of one series, judged. The fields are those of `baselines.reading.Reading`; `at` is its start."""

    series: Series
    at: int
    value: float
    usual: float | None
    low: float | None
    high: float | None
    deviation: float | None
    strength: float
    alert: bool
    news: bool
    cause: Cause | None
    samples: int
    days: float


@dataclass(frozen=True, slots=True)
class _Place:
    """Where one series is learned: its row, the least standard deviation that counts, its last minutes."""

    series: Series
    kind: str
    row: int
    least: float
    last: deque[float]


class Learning:
    """The shelves, and what may be on them. `together`: in one bank, which costs less a minute, but cannot be kept."""

    def __init__(self, most: int = MOST_SERIES, *, together: bool = False) -> None:
        bank = Bank() if together else None
        self.shelves = {kind: Shelf(kind, bank) for kind in KINDS}
        self._batches: Sequence[Sequence[str]] = [KINDS] if together else [(kind,) for kind in KINDS]
        self._places: dict[Series, _Place] = {}  # of those on a shelf that had a minute
        self.refused: set[Series] = set()  # there was no room for them
        self._most = most
        self._wanted: Callable[[Series], bool] = lambda _: True
        self._last: dict[Series, deque[float]] = {}  # of the last minutes

    def __len__(self) -> int:
        return sum(len(shelf.rows) for shelf in self.shelves.values())

    def __contains__(self, series: Series) -> bool:
        return series in self.shelves[series.kind].rows

    def series(self) -> list[Series]:
        """All that are learned."""
        return [series for shelf in self.shelves.values() for series in shelf.rows]

    def room(self, series: Series) -> bool:
        """Whether it is learned or may be; one for which there is no room is counted."""
        if series in self:
            return True
        if not self._wanted(series):
            return False
        if len(self) < self._most:
            return True
        self.refused.add(series)
        return False

    def take(self, at: int, values: Mapping[Series, float], learn: Callable[[Series], bool]) -> list[Seen]:
        """Judge the minute that began at `at` (ns since 1970), then learn of it what may be learned."""
        found: dict[str, list[tuple[_Place, float]]] = {kind: [] for kind in KINDS}
        for series, value in values.items():
            place = self._places.get(series) or self._place(series)
            if place is not None:
                place.last.append(value)
                found[place.kind].append((place, value))
        seen: list[Seen] = []
        for kinds in self._batches:
            mine = [one for kind in kinds for one in found[kind]]
            if mine:
                seen += self._judged(self.shelves[kinds[0]].bank, at, mine, learn)
        for kind, some in found.items():
            if some:
                self.shelves[kind].at = max(self.shelves[kind].at, at)
        return seen

    def _judged(
        self, bank: Bank, at: int, mine: Sequence[tuple[_Place, float]], learn: Callable[[Series], bool]
    ) -> list[Seen]:
        series = [place.series for place, _ in mine]
        values = np.array([value for _, value in mine])
        may = np.array([learn(one) for one in series])
        told = bank.take([place.row for place, _ in mine], at, values, may)
        return _seen(series, at, values, told, np.array([place.least for place, _ in mine]))

    def _place(self, series: Series) -> _Place | None:
        """Where it is learned, made when there is none; None when there is no room."""
        if not self.room(series):
            return None
        last = self._last.setdefault(series, deque(maxlen=_FEW))
        least = max(_LEAST_SD.get(series.kind, 0.0), constants.TINY)
        place = _Place(series, series.kind, self.shelves[series.kind].row(series), least, last)
        self._places[series] = place
        return place

    def bands(self, now: int) -> dict[Series, Band]:
        """What is usual at `now`, of everything that has been learned long enough."""
        found: dict[Series, Band] = {}
        for kind, shelf in self.shelves.items():
            if not shelf.rows:
                continue
            bands = shelf.bank.usual(list(shelf.rows.values()), now)
            least = _LEAST_SD.get(kind, 0.0)
            columns = zip(shelf.rows, bands.usual.tolist(), bands.low.tolist(), bands.high.tolist(), strict=True)
            for series, usual, low, high in columns:
                if usual == usual:  # no NaN: it is not learning
                    found[series] = Band(usual, low, high, max((high - usual) / constants.BAND, least))
        return found

    def only(self, wanted: Callable[[Series], bool]) -> list[Series]:
        """Let go of all others and take none of them from now on; which these were."""
        self._wanted = wanted
        self._places = {}
        gone = [series for series in self.series() if not wanted(series)]
        for shelf in self.shelves.values():
            shelf.drop([series for series in gone if series.kind == shelf.kind])
        for series in gone:
            self._last.pop(series, None)
        self.refused = set()
        return gone

    def accept(self, series: Iterable[Series]) -> None:
        """The present of these is the new normal: the middle of their last minutes, as far as there were any."""
        levels = {one: median(self._last[one]) if one in self._last else math.nan for one in series}
        for shelf in self.shelves.values():
            shelf.accept({one: level for one, level in levels.items() if one.kind == shelf.kind})

    def restore(self, memories: Iterable[MemoryRow]) -> list[str]:
        """Go on from what was kept; a line for each that cannot be read."""
        said = []
        self._places = {}
        for memory in memories:
            shelf = self.shelves.get(memory.kind)
            if shelf is None:
                continue
            try:
                shelf.restore(memory)
            except ValueError as error:
                said.append(f"what was learned of {memory.kind} cannot be read ({error}); it is learned again")
        return said

    def memories(self) -> Sequence[MemoryRow]:
        """All of it, for the store."""
        return [shelf.memory() for shelf in self.shelves.values() if shelf.rows]


def _seen(series: Sequence[Series], at: int, values: Floats, told: Readings, least: Floats) -> list[Seen]:
    sd = np.maximum((told.high - told.usual) / constants.BAND, least)
    deviation = (values - told.usual) / sd
    columns = zip(
        series, values.tolist(), told.usual.tolist(), told.low.tolist(), told.high.tolist(), deviation.tolist(),
        told.strength.tolist(), told.alert.tolist(), told.news.tolist(), told.cause.tolist(), told.seen.tolist(),
        told.days.tolist(), strict=True,
    )  # fmt: skip
    return [
        Seen(
            one, at, value, _known(usual), _known(low), _known(high), _known(deviates), strength, alert, news,
            CAUSES[cause - 1] if cause else None, samples, days,
        )
        for one, value, usual, low, high, deviates, strength, alert, news, cause, samples, days in columns
    ]  # fmt: skip


def _known(value: float) -> float | None:
    return value if value == value else None  # NaN: it is learning
