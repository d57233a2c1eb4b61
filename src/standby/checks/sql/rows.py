"""Rows as they come out of a database or a file: plain values in named columns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from standby.domain.text import clean

Cell = str | int | float | Decimal | dt.datetime | None
LONGEST_CELL = 1000  # characters


@dataclass(frozen=True, slots=True)
class Rows:
    """`cut`: there were more rows than were taken."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    cut: bool = False

    def tables(self) -> Iterable[Mapping[str, Cell]]:
        """Each row by the names of its columns."""
        return (dict(zip(self.columns, row, strict=True)) for row in self.rows)


def cell(value: object) -> Cell:
    """A database's value as a plain one: instants in UTC (naive ones are taken for it), the rest as cleaned text."""
    if value is None or isinstance(value, Decimal):
        return value
    if isinstance(value, (bool, int, float)):
        return int(value) if isinstance(value, bool) else value
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return f"{len(value)} bytes"
    return clean(str(value), LONGEST_CELL)


def instant(value: Cell) -> int | None:
    """The instant (ns since 1970) that a cell says: a time, ISO 8601 text, or seconds or milliseconds since 1970."""
    if isinstance(value, str):
        try:
            value = dt.datetime.fromisoformat(value)
        except ValueError:
            return None
        value = value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value
    if isinstance(value, dt.datetime):
        since = value - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
        return since // dt.timedelta(microseconds=1) * 1000
    if isinstance(value, (int, float, Decimal)) and 0 < value < 1e14:
        return int(value * (1_000_000 if value > 1e11 else 1_000_000_000))
    return None
