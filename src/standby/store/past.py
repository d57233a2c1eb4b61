"""What was seen and what fired in a span, oldest first and a page at a time: a month of it fits into no memory.

No transaction is held between two pages, so an engine may write meanwhile.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import TypeVar

from standby.domain.observation import Observation
from standby.domain.units import MINUTE
from standby.store import values
from standby.store.rows import AlertRow, GapRow, RollupRow
from standby.store.sqlfile import statements

_SQL = statements("past")
_READ = statements("read")
_PAGE = 500  # rows: each check of a backtest holds one page
_Row = TypeVar("_Row")

Told = Callable[[], AbstractContextManager[None]]
"""What SQLite says within it becomes a StoreError."""


class Past:
    """See `Reader.past`. Instants are ns since 1970; spans are `[start, end)`."""

    def __init__(self, connection: sqlite3.Connection, told: Told) -> None:
        self._connection = connection
        self._told = told

    def observations(self, check_id: str, start: int, end: int) -> Iterator[Observation]:
        """Those of one check that are kept one by one, by slot."""
        yield from self._pages(
            "observations", check_id, start, end, lambda row: values.observation(check_id, row), lambda one: one.slot
        )

    def minutes(self, check_id: str, start: int, end: int) -> Iterator[RollupRow]:
        """The sums of one check."""
        yield from self._pages("minutes", check_id, start, end, values.rollup, lambda one: one.bucket)

    def single_from(self, check_id: str) -> int | None:
        """From when on every single observation of one check is kept; of before it there are sums at most, and with
        `None` altogether."""
        number = self._number(check_id)
        if number is None:
            return None
        with self._told():
            found = self._connection.execute(_SQL["single_from"], {"check_no": number}).fetchone()
        slot = values.maybe_whole(found[0])
        return None if slot is None else slot // MINUTE * MINUTE

    def first(self, check_id: str) -> int | None:
        """When the oldest that is known of a check was seen."""
        number = self._number(check_id)
        if number is None:
            return None
        with self._told():
            row = self._connection.execute(_SQL["first"], {"check_no": number}).fetchone()
        return min((cell for cell in map(values.maybe_whole, row) if cell is not None), default=None)

    def fired(self, start: int, end: int) -> list[AlertRow]:
        """The alerts that were firing at some time in the span."""
        with self._told():
            rows = self._connection.execute(_SQL["fired"], {"start": start, "end": end}).fetchall()
        return [values.alert(row) for row in rows]

    def holes(self, start: int, end: int) -> list[GapRow]:
        """When nothing was known, and why."""
        with self._told():
            rows = self._connection.execute(_READ["holes"], {"start": start, "end": end}).fetchall()
        return [values.gap(row) for row in rows]

    def _pages(
        self,
        name: str,
        check_id: str,
        start: int,
        end: int,
        make: Callable[[values.Cells], _Row],
        place: Callable[[_Row], int],
    ) -> Iterator[_Row]:
        number = self._number(check_id)
        while number is not None and start < end:
            names = {"check_no": number, "start": start, "end": end, "limit": _PAGE}
            with self._told():
                rows = self._connection.execute(_SQL[name], names).fetchall()
            last = None
            for row in rows:
                last = make(row)
                yield last
            if last is None or len(rows) < _PAGE:
                return
            start = max(start, place(last)) + 1

    def _number(self, check_id: str) -> int | None:
        with self._told():
            found = self._connection.execute(_READ["check_no"], {"id": check_id}).fetchone()
        return None if found is None else values.whole(found[0])
