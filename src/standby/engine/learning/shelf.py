"""The detectors of one kind of metric: a bank, and which of its rows is whose."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from standby.baselines.bank import Bank
from standby.domain.baseline import Series
from standby.store.baselines import MemoryRow

_NOBODY = Series("", "")


class Shelf:
    """Rows by series, of a bank of its own or of one that others have rows in too. `at` is the last minute (its start,
    ns since 1970) that was learned; 0 before the first."""

    def __init__(self, kind: str, bank: Bank | None = None) -> None:
        self.kind = kind
        self.bank = Bank() if bank is None else bank
        self.rows: dict[Series, int] = {}
        self.at = 0
        self._free: list[int] = []

    def row(self, series: Series) -> int:
        """Its row, made when there is none."""
        found = self.rows.get(series)
        if found is None:
            found = self.rows[series] = self._free.pop() if self._free else self.bank.add()
        return found

    def drop(self, gone: Iterable[Series]) -> None:
        """Nothing is known of these any more; their rows serve others."""
        rows = [self.rows.pop(series) for series in gone if series in self.rows]
        if rows:
            self.bank.forget(rows)
            self._free += rows

    def forget(self, series: Iterable[Series]) -> None:
        """These begin anew, in their rows."""
        rows = [self.rows[one] for one in series if one in self.rows]
        if rows:
            self.bank.forget(rows)

    def accept(self, levels: Mapping[Series, float]) -> None:
        """The present of these is the new normal: their level now, NaN where nobody knows it better."""
        mine = {self.rows[series]: level for series, level in levels.items() if series in self.rows}
        if mine:
            self.bank.reset(list(mine), list(mine.values()))

    def chosen(self, choose: Callable[[Series], bool]) -> list[Series]:
        """Those of its series."""
        return [series for series in self.rows if choose(series)]

    def memory(self) -> MemoryRow:
        """All of it, for the store."""
        by_row: list[Series] = [_NOBODY] * len(self.bank)
        for series, row in self.rows.items():
            by_row[row] = series
        return MemoryRow(self.kind, self.at, by_row, self.bank.to_bytes())

    def restore(self, memory: MemoryRow) -> None:
        """Go on from there. Raises ValueError for what no shelf of this version has made; it is as new then."""
        bank = Bank.from_bytes(memory.state)
        if len(bank) != len(memory.series):
            raise ValueError(f"{len(bank)} detectors for {len(memory.series)} series")
        rows = {series: row for row, series in enumerate(memory.series) if series != _NOBODY}
        if len(rows) != sum(series != _NOBODY for series in memory.series):
            raise ValueError("a series is there twice")
        if any(series.kind != self.kind for series in rows):
            raise ValueError("a series of another kind")
        self.bank, self.rows, self.at = bank, rows, memory.at
        self._free = [row for row, series in enumerate(memory.series) if series == _NOBODY]


def shelf_of(shelves: Sequence[Shelf], series: Series) -> Shelf:
    """Where it is."""
    return next(shelf for shelf in shelves if shelf.kind == series.kind)
