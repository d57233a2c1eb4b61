"""`kind = "reconcile"`: two lists of the same things, say orders here and orders there, that should agree."""

from __future__ import annotations

import asyncio
import re
from decimal import Decimal
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from standby.checks.apart import Apart
from standby.checks.base import Context, Kind, observation
from standby.checks.sources import Most, Reader, Source
from standby.checks.sql.rows import Rows
from standby.config.models import CheckModel, Table
from standby.domain.observation import Failure, Observation
from standby.domain.outcome import Outcome
from standby.domain.reconcile import EXACT, Comparison, Terms, Tolerance, compare
from standby.domain.text import clean
from standby.domain.units import SECOND, parse_duration
from standby.net.phases import TRACE, Trace

_MOST_ROWS = 200_000
_NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]{1,9})?")


def _amount(value: object) -> str:
    """`3`, `0.01`, `"0.1%"`, as text."""
    text = str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value
    if isinstance(text, str) and _NUMBER.fullmatch(text.removesuffix("%")):
        return text
    raise ValueError('is not an amount; write one like 3 or "0.1%"')


def _tolerance(value: object) -> str:
    if isinstance(value, str) and value[-1:].isalpha():
        parse_duration(value)
        return value
    return _amount(value)


_AMOUNT_SCHEMA = WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string"}]})
Amount = Annotated[str, BeforeValidator(_amount), _AMOUNT_SCHEMA]
"""A count, or a share of the rows of the longer list: `3`, `"0.1%"`."""
ToleranceText = Annotated[str, BeforeValidator(_tolerance), _AMOUNT_SCHEMA]
"""`0.01`, `"0.1%"` or, for times, `"5s"`."""


class Allow(Table):
    """How many rows may be wrong: a count, or a share like `"0.1%"` of the longer list."""

    missing: Amount = Field(default="0", description="rows of the left list that the right one does not have")
    extra: Amount = Field(default="0", description="rows of the right list that the left one does not have")
    duplicate: Amount = Field(default="0", description="rows that are there twice, on either side")
    different: Amount = Field(default="0", description="rows with other values")


class ReconcileModel(CheckModel):
    """Two lists held against each other by a key. Personal data are masked in messages."""

    unanswered: ClassVar[Outcome] = Outcome.UNKNOWN

    kind: Literal["reconcile"] = "reconcile"
    left: Source = Field(description="what should be: the list that the other one is held against")
    right: Source = Field(description="what is there")
    key: tuple[str, ...] = Field(min_length=1, max_length=10, description="the columns that name a row")
    compare: tuple[str, ...] = Field(
        default=(), max_length=100, description="the columns that must be the same; all that both have when left out"
    )
    tolerances: dict[str, ToleranceText] = Field(
        default={}, max_length=100, description='by column, how far apart values may be: 0.01, "0.1%", "5s" for times'
    )
    allow: Allow = Field(default=Allow(), description="how many rows may be wrong")
    min_rows: int = Field(default=1, ge=0, description="fewer on either side proves nothing: `unknown`")
    max_rows: int = Field(default=50_000, ge=1, le=_MOST_ROWS, description="more on either side is an error")

    @model_validator(mode="after")
    def _names(self) -> ReconcileModel:
        if self.compare and (unused := self.tolerances.keys() - set(self.compare)):
            raise ValueError(f"tolerances name {clean(min(unused), 60)}, which compare does not; add it there")
        return self

    @property
    def target(self) -> str:
        """Both names."""
        return clean(f"{self.left.name or 'left'} and {self.right.name or 'right'}", 200)


class ReconcileCheck:
    """Looks by reading both sources at once."""

    def __init__(self, model: ReconcileModel) -> None:
        self.model = model
        self._left = Reader(model.left, model, "left")
        self._right = Reader(model.right, model, "right")
        self._apart: Apart[Comparison] = Apart(model.id)

    async def run(self, context: Context, slot: int) -> Observation:
        """Compare once. Raises Trouble and SecretError."""
        model, trace = self.model, TRACE.get() or Trace(context.clock)
        most = Most(model.max_rows, model.timeout)
        try:
            async with asyncio.TaskGroup() as group:
                reading = [group.create_task(one.rows(context, most)) for one in (self._left, self._right)]
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from None
        left, right = (task.result() for task in reading)
        latency_ms = trace.elapsed_ms
        trace.enter(None)
        found, why = None, self._incomparable(left, right)
        outcome, message, failure = Outcome.UNKNOWN, *why
        if not message:
            terms = self._terms(left, right)
            found = await self._apart.run(lambda: compare(list(left.tables()), list(right.tables()), terms))
            outcome, message, failure = self._judge(found)
        return observation(
            model,
            context,
            slot,
            outcome,
            message,
            failure=failure,
            latency_ms=latency_ms,
            metrics={} if found is None else _metrics(found),
        )

    def _incomparable(self, left: Rows, right: Rows) -> tuple[str, Failure | None]:
        """Why nothing can be said; empty when something can."""
        model = self.model
        for reader, rows in ((self._left, left), (self._right, right)):
            if rows.cut:
                return f"{reader.name} has more than {model.max_rows} rows (max_rows)", Failure.TOO_LARGE
            if len(rows.rows) < model.min_rows:
                return f"{reader.name} has {len(rows.rows)} rows, fewer than {model.min_rows}", Failure.DATA
            for column in (*model.key, *model.compare, *model.tolerances) if rows.rows else ():
                if column not in rows.columns:
                    had = clean(", ".join(rows.columns), 200)
                    return f"{reader.name} has no column {clean(column, 60)}, only {had}", Failure.REQUEST
        return "", None

    def _terms(self, left: Rows, right: Rows) -> Terms:
        model = self.model
        both = [name for name in left.columns if name in right.columns and name not in model.key]
        names = model.compare or tuple(both)
        return Terms(model.key, {name: tolerance(model.tolerances.get(name)) for name in names})

    def _judge(self, found: Comparison) -> tuple[Outcome, str, Failure | None]:
        allow = self.model.allow
        sorts = (
            ("missing", found.missing, allow.missing, f"in {self._left.name} but not in {self._right.name}"),
            ("extra", found.extra, allow.extra, f"in {self._right.name} but not in {self._left.name}"),
            ("duplicate", found.duplicate, allow.duplicate, "there twice"),
            ("different", found.different, allow.different, "different"),
        )
        wrong = [(sort, count, said) for sort, count, _, said in sorts if count]
        over = [count > most(limit, found.larger) for _, count, limit, _ in sorts]
        held = f"{found.left} rows of {self._left.name}, {found.right} of {self._right.name}"
        if not wrong:
            return Outcome.UP, f"{held} agree", None
        counts = "; ".join(f"{count} {said}: {_listed(found, sort)}" for sort, count, said in wrong)
        if any(over):
            return Outcome.DOWN, f"{counts} (of {held})", Failure.DATA
        return Outcome.UP, f"within what is allowed: {counts} (of {held})", None


def tolerance(text: str | None) -> Tolerance:
    """How far apart, from its text."""
    if text is None:
        return EXACT
    if text[-1:].isalpha():
        return Tolerance(seconds=parse_duration(text) / SECOND)
    if text.endswith("%"):
        return Tolerance(share=Decimal(text.removesuffix("%")) / 100)
    return Tolerance(absolute=Decimal(text))


def most(limit: str, rows: int) -> Decimal:
    """How many rows an allowance is."""
    if limit.endswith("%"):
        return Decimal(limit.removesuffix("%")) / 100 * rows
    return Decimal(limit)


def _listed(found: Comparison, sort: str) -> str:
    shown = found.examples.get(sort, [])
    more = ", …" if getattr(found, sort) > len(shown) else ""
    return ", ".join(shown) + more


def _metrics(found: Comparison) -> dict[str, float]:
    return {
        "rows_left": float(found.left),
        "rows_right": float(found.right),
        "missing": float(found.missing),
        "extra": float(found.extra),
        "duplicate": float(found.duplicate),
        "different": float(found.different),
    }


KIND = Kind("reconcile", ReconcileModel, ReconcileCheck)
