"""`kind = "expected"`: at least so many of something by a time of day: orders exported, mails of a campaign sent."""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, model_validator

from standby.checks.apart import Apart
from standby.checks.base import Context, Kind, observation
from standby.checks.documents import number
from standby.checks.file import FileModel, Seen, newest
from standby.checks.sources import HttpRows, Most, Reader, Source
from standby.checks.sql.rows import Cell, Rows
from standby.config.fields import is_zone
from standby.config.models import CheckModel, Table
from standby.domain.expected import DAYS, Day, Plan, days_of, judge, window
from standby.domain.observation import Failure, Observation
from standby.domain.outcome import Outcome
from standby.domain.text import clean
from standby.net.phases import TRACE, Trace
from standby.net.trouble import Trouble

_MOST_ROWS = 200_000
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


def _time(value: str) -> str:
    if not _TIME.fullmatch(value):
        raise ValueError(f'"{clean(value, 30)}" is not a time of day; write one like "06:00"')
    return value


def _zone(value: str) -> str:
    if not is_zone(value):
        raise ValueError(f'"{clean(value, 60)}" is not a time zone; write one like "Europe/Stockholm" or "UTC"')
    return value


TimeOfDay = Annotated[str, AfterValidator(_time)]
Zone = Annotated[str, AfterValidator(_zone)]


class Files(Table):
    """Files that appear in a folder; those changed since the counting began are counted."""

    folder: Path = Field(description="where they are; relative to the configuration's folder")
    name: str = Field(min_length=1, max_length=255, description="a name, or a pattern like `orders-*.csv`")


class CountSource(Source):
    """One of `sql`, `http`, `csv` and `files`."""

    files: Files | None = Field(default=None, description="new files of a folder")

    @model_validator(mode="after")
    def _one(self) -> CountSource:
        if sum(each is not None for each in (self.sql, self.http, self.csv, self.files)) != 1:
            raise ValueError(
                'needs exactly one of sql, http, csv and files; write files = { folder = "in", name = "*" }'
            )
        return self


class ExpectedModel(CheckModel):
    """So many by a time of day. Before it the check is `up` and says how many are there, after it `down` when short."""

    unanswered: ClassVar[Outcome] = Outcome.UNKNOWN

    kind: Literal["expected"] = "expected"
    count: CountSource = Field(
        description="what is counted: a query's only number, or else its rows; a number or a list of an answer; files"
    )
    at_least: float = Field(gt=0, le=1e15, description="so many")
    by: TimeOfDay = Field(description="the deadline, like `06:00`")
    zone: Zone = Field(default="UTC", description="the time zone that the deadline is in, like `Europe/Stockholm`")
    days: tuple[Day, ...] = Field(default=DAYS, min_length=1, description="days of the week with a deadline")
    begins: TimeOfDay = Field(
        default="00:00", description="when counting begins anew; later than `by` means the evening before"
    )
    by_pace: bool = Field(default=False, description="`degraded` before the deadline when the pace will not do")

    @property
    def target(self) -> str:
        """How many by when."""
        return clean(f"{self.at_least:g} {self.count.name or ''} by {self.by} {self.zone}", 200)


class ExpectedCheck:
    """Looks by counting once."""

    def __init__(self, model: ExpectedModel) -> None:
        self.model = model
        self._reader = Reader(model.count, model, "count")
        self._apart: Apart[Seen | None] = Apart(model.id)
        self._plan = Plan(
            at_least=model.at_least,
            due=dt.time.fromisoformat(model.by),
            begins=dt.time.fromisoformat(model.begins),
            zone=zoneinfo.ZoneInfo(model.zone),
            days=days_of(model.days),
        )

    async def run(self, context: Context, slot: int) -> Observation:
        """Count once. Raises Trouble and SecretError."""
        model, trace = self.model, TRACE.get() or Trace(context.clock)
        count = await self._count(context)
        now = context.clock.now()
        latency_ms = trace.elapsed_ms
        trace.enter(None)
        found = judge(self._plan, count, now, by_pace=model.by_pace)
        metrics = {"count": count, "share": round(count / model.at_least, 6)}
        if found.left_s is not None:
            metrics["left_s"] = round(found.left_s, 3)
        if found.pace is not None:
            metrics["pace_per_hour"] = round(found.pace, 3)
        return observation(
            model,
            context,
            slot,
            found.outcome,
            found.message,
            failure=found.failure,
            latency_ms=latency_ms,
            metrics=metrics,
        )

    async def _count(self, context: Context) -> float:
        source = self.model.count
        if source.files is not None:
            return await self._files(context, source.files)
        if source.http is not None and source.http.format == "json":
            return _of_answer(await self._reader.found(context, source.http), source.http)
        rows = await self._reader.rows(context, Most(_MOST_ROWS, self.model.timeout))
        return _of_query(rows) if source.sql is not None else float(_whole(rows))

    async def _files(self, context: Context, files: Files) -> float:
        model = FileModel(
            id=self.model.id, integration=self.model.integration, folder=files.folder, name=files.name
        )  # fmt: skip
        folder, since = context.base / files.folder, window(self._plan, context.clock.now()).begins
        seen = await self._apart.run(lambda: newest(folder, model, since=since))
        return float(seen.files) if seen is not None else 0.0


def _of_answer(found: object, http: HttpRows) -> float:
    """A number, or the length of a list. Raises Trouble."""
    if isinstance(found, list):
        return float(len(found))
    figure = number(found)
    if figure is None:
        raise Trouble(Failure.UNREADABLE, f"{http.rows} is neither a number nor a list in the answer", Outcome.UNKNOWN)
    return figure


def _of_query(rows: Rows) -> float:
    """The only number of the only row, or how many rows there are. `sum()` over nothing is nothing."""
    if len(rows.rows) == 1 and len(rows.columns) == 1:
        held: Cell = rows.rows[0][0]
        if held is None:
            return 0.0
        figure = number(held if isinstance(held, (int, float)) else str(held))
        if figure is not None:
            return figure
    return float(_whole(rows))


def _whole(rows: Rows) -> int:
    if rows.cut:
        raise Trouble(Failure.TOO_LARGE, f"more than {_MOST_ROWS} rows; count them in the query", Outcome.UNKNOWN)
    return len(rows.rows)


KIND = Kind("expected", ExpectedModel, ExpectedCheck)
