"""`kind = "sql"`: figures, counts and the age of what is in a database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import ClassVar, Literal

from pydantic import Field

from standby.checks.api import Finding
from standby.checks.base import Context, Kind, observation
from standby.checks.documents import number
from standby.checks.expectations import Expectations
from standby.checks.series import Asked, Series, judge
from standby.checks.sql.rows import Cell, Rows, instant
from standby.checks.sql.source import Database, SqlKeys
from standby.config.cel import FIGURE
from standby.config.fields import Duration, FigureExpectation
from standby.config.models import CheckModel
from standby.domain.observation import Failure, Observation
from standby.domain.outcome import Outcome
from standby.domain.text import clean
from standby.domain.units import SECOND, format_duration
from standby.net.phases import TRACE, Trace

MOST_ROWS = 1000
_VALUE = "value"


class SqlModel(CheckModel, SqlKeys):
    """One read-only query. Each row is judged by itself: numbers are its values, texts its labels, a time its age."""

    unanswered: ClassVar[Outcome] = Outcome.UNKNOWN

    kind: Literal["sql"] = "sql"
    time: str | None = Field(default=None, description="the column that says when; else the first that holds a time")
    max_age: Duration | None = Field(default=None, description="the newest row is older: `down`")
    expect: list[FigureExpectation] = Field(default=[], description="CEL on each row; a broken one is `down`")
    prefer: list[FigureExpectation] = Field(default=[], description="CEL on each row; a broken one is `degraded`")
    absent: Literal["unknown", "up", "degraded", "down"] = Field(
        default="down", description="what it means when there is no row"
    )
    max_rows: int = Field(default=100, ge=1, le=MOST_ROWS, description="so many are looked at; more are an error")

    @property
    def target(self) -> str:
        """The database, never its DSN."""
        return clean(str(self.database), 200) if self.database is not None else "PostgreSQL"


class SqlCheck:
    """Looks by one query."""

    def __init__(self, model: SqlModel) -> None:
        self.model = model
        self._database = Database(model, model.id)
        self._expectations = Expectations(model.expect, model.prefer, FIGURE)

    async def run(self, context: Context, slot: int) -> Observation:
        """Ask once. Raises Trouble and SecretError."""
        model, trace = self.model, TRACE.get() or Trace(context.clock)
        rows = await self._database.fetch(context, most=model.max_rows, within=model.timeout)
        latency_ms, now = trace.elapsed_ms, context.clock.now()
        trace.enter(None)
        found = self._judge(rows, now, latency_ms)
        return observation(
            model,
            context,
            slot,
            found.outcome,
            found.message,
            failure=found.failure,
            latency_ms=latency_ms,
            metrics=found.metrics,
        )

    def _judge(self, rows: Rows, now: int, latency_ms: float) -> Finding:
        model = self.model
        if rows.cut:
            message = f"more than {model.max_rows} rows (max_rows); group them in the query"
            return Finding(Outcome.UNKNOWN, message, Failure.TOO_LARGE)
        series = list(figures(rows, model.time))
        if model.time is not None and model.time not in rows.columns:
            message = f"there is no column {clean(model.time, 60)}; write one of {clean(', '.join(rows.columns), 200)}"
            return Finding(Outcome.UNKNOWN, message, Failure.REQUEST)
        instants = [one.at for one in series if one.at is not None]
        age = now - max(instants) if instants else None
        found = judge(self._expectations, series, Asked(now, latency_ms, Outcome(model.absent)))
        if age is not None:
            metrics = {**found.metrics, "age_s": round(age / SECOND, 3)}
            found = replace(found, metrics=metrics, message=_with_age(found, age))
        if series and model.max_age is not None and found.outcome in (Outcome.UP, Outcome.DEGRADED, Outcome.UNKNOWN):
            found = self._fresh(found, age, model.max_age)
        return found

    def _fresh(self, found: Finding, age: int | None, limit: int) -> Finding:
        if age is None:
            message = "no row says when it is from: max_age needs a column that holds a time"
            return replace(found, outcome=Outcome.UNKNOWN, message=message, failure=Failure.DATA)
        if age > limit:
            message = f"the newest is {_ago(age)} old, older than {format_duration(limit)}"
            return replace(found, outcome=Outcome.DOWN, message=message, failure=Failure.STALE)
        return found


def figures(rows: Rows, time: str | None) -> Iterable[Series]:
    """Each row that holds something as a figure: its value is the column of that name, or its only number."""
    for row in rows.tables():
        if all(held is None for held in row.values()):
            continue  # `max()` over nothing
        at = _at(row, time)
        rest = {name: held for name, held in row.items() if name != time}
        values = {name: found for name, held in rest.items() if (found := _number(held)) is not None}
        labels = {name: clean(held, 120) for name, held in rest.items() if isinstance(held, str)}
        value = values.get(_VALUE, next(iter(values.values())) if len(values) == 1 else None)
        yield Series(value, values, labels, at)


def _at(row: Mapping[str, Cell], time: str | None) -> int | None:
    if time is not None:
        return instant(row.get(time))
    return next((instant(held) for held in row.values() if isinstance(held, dt.datetime)), None)


def _number(held: Cell) -> float | None:
    """A number of the database's own: text that looks like one is text."""
    return number(float(held)) if isinstance(held, (int, float, Decimal)) else None


def _with_age(found: Finding, age: int) -> str:
    if found.outcome is not Outcome.UP:
        return found.message
    return "; ".join(part for part in (found.message, f"the newest is {_ago(age)} old") if part)


def _ago(age: int) -> str:
    return format_duration(max(0, age) // SECOND * SECOND)


KIND = Kind("sql", SqlModel, SqlCheck)
