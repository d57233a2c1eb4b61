"""Where rows come from that are counted or compared: a query, a list in a JSON document, CSV from anywhere."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from standby.checks import pages
from standby.checks.answers import Reply
from standby.checks.apart import Apart
from standby.checks.api import Api, ApiModel, accepted, unreadable
from standby.checks.base import Context
from standby.checks.pages import Paged
from standby.checks.sql.rows import Cell, Rows, cell
from standby.checks.sql.source import Database, SqlKeys
from standby.config.cel.tokens import bare_name
from standby.config.cel.values import look_up
from standby.config.fields import Headers, Size, Text, Url
from standby.config.files import NotAFileError, read_regular
from standby.config.models import CheckModel, Table
from standby.config.revealed import Revealed, reveal
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.domain.text import clean
from standby.net.trouble import Trouble

MOST_BYTES = 16_000_000
MOST_COLUMNS = 200
_COLUMNS = "names for their columns: ours = theirs; `a.b` reaches into a JSON object"


class HttpRows(Paged):
    """A list of rows at an address, as JSON or CSV, with all of its pages."""

    url: Url
    headers: Headers = Field(default={}, description="values may be secret references")
    format: Literal["json", "csv"] = Field(default="json", description="what the answer is")
    columns: dict[str, str] = Field(default={}, max_length=MOST_COLUMNS, description=_COLUMNS)
    verify: bool | Path = Field(
        default=True, description="false, or a PEM file of authorities, instead of the system's"
    )
    max_body: Size = Field(default=MOST_BYTES, le=4 * MOST_BYTES, description="the largest list, all pages, decoded")


class CsvRows(Table):
    """A CSV file whose first line names the columns."""

    file: Path = Field(description="relative to the configuration's folder")
    delimiter: str = Field(default=",", min_length=1, max_length=1, description="what stands between values")
    columns: dict[str, str] = Field(default={}, max_length=MOST_COLUMNS, description=_COLUMNS)
    max_size: Size = Field(default=MOST_BYTES, le=4 * MOST_BYTES, description="the largest file")


class Source(Table):
    """One of `sql`, `http` and `csv`."""

    name: Text | None = Field(default=None, description="how messages call it")
    sql: SqlKeys | None = Field(default=None, description="rows of a query")
    http: HttpRows | None = Field(default=None, description="rows of an answer")
    csv: CsvRows | None = Field(default=None, description="rows of a file")

    @model_validator(mode="after")
    def _one(self) -> Source:
        if sum(each is not None for each in (self.sql, self.http, self.csv)) != 1:
            raise ValueError('needs exactly one of sql, http and csv; write csv = { file = "orders.csv" }')
        return self


@dataclass(frozen=True, slots=True)
class Most:
    """What may be taken of a source: rows, and ns of time."""

    rows: int
    within: int


class Reader:
    """Reads one source of one check, again and again."""

    def __init__(self, source: Source, model: CheckModel, role: str) -> None:
        self._source = source
        self._model = model
        self.name = source.name or role
        self._database = Database(source.sql, model.id) if source.sql is not None else None
        self._apart: Apart[Rows] = Apart(model.id)

    async def rows(self, context: Context, most: Most) -> Rows:
        """The rows. Raises Trouble, always `unknown`, that names the source; and SecretError."""
        try:
            return await self._rows(context, most)
        except Trouble as trouble:
            raise Trouble(
                trouble.failure, f"{self.name}: {trouble}", Outcome.UNKNOWN, retry_after_s=trouble.retry_after_s
            ) from trouble

    async def _rows(self, context: Context, most: Most) -> Rows:
        source = self._source
        if self._database is not None:
            return await self._database.fetch(context, most=most.rows, within=most.within)
        if source.http is not None:
            http = source.http
            replies = await self._replies(context, http)
            return await asyncio.to_thread(rows_of, replies, http, most.rows)
        assert source.csv is not None  # noqa: S101 - one of three
        keys, path = source.csv, context.base / source.csv.file
        return await self._apart.run(lambda: _of_file(path, keys, most.rows))

    async def found(self, context: Context, http: HttpRows) -> object:
        """What stands at `rows`: the list of all pages, or the value of the only one. Raises Trouble, SecretError."""
        replies = await self._replies(context, http)
        return await asyncio.to_thread(found_in, replies, http)

    async def _replies(self, context: Context, http: HttpRows) -> list[Reply]:
        """The pages, each with status 2xx. Raises Trouble without secrets, and SecretError."""
        revealed = await reveal(context.secrets, list(http.headers.values()))
        api = self._api(context, http, revealed)

        async def ask(url: str) -> Reply:
            return accepted(await api.get(url))

        try:
            return await pages.read(http, http.url, ask, http.max_body)
        except Trouble as trouble:
            said = revealed.redact(str(trouble))
            raise Trouble(trouble.failure, said, Outcome.UNKNOWN, retry_after_s=trouble.retry_after_s) from None

    def _api(self, context: Context, http: HttpRows, revealed: Revealed) -> Api:
        model = ApiModel(
            id=self._model.id,
            integration=self._model.integration,
            kind=self._model.kind,
            every=self._model.every,
            timeout=self._model.timeout,
            headers=http.headers,
            verify=http.verify,
            max_body=http.max_body,
        )
        return Api(context, model, dict(zip(http.headers.values(), revealed.values, strict=True)))


def rows_of(replies: Sequence[Reply], http: HttpRows, most: int) -> Rows:
    """The rows of all pages. Raises Trouble."""
    if http.format == "csv":
        return _together([of_csv(reply.text, ",", http.columns, most) for reply in replies], most)
    found = found_in(replies, http)
    if not isinstance(found, list):
        raise unreadable(f"{http.rows} is no list in the answer")
    return of_objects(found, http.columns, most)


def found_in(replies: Sequence[Reply], http: HttpRows) -> object:
    """The list of all pages together; of one page whatever stands there. Raises Trouble."""
    path = bare_name(http.rows, frozenset({"body"})) or ()
    parts = [look_up({"body": reply.document}, path) for reply in replies]
    if len(parts) == 1:
        return parts[0]
    if not all(isinstance(part, list) for part in parts):
        raise unreadable(f"{http.rows} is no list on every page")
    return [row for part in parts for row in part]


def _together(parts: Sequence[Rows], most: int) -> Rows:
    columns = parts[0].columns
    if any(part.columns != columns for part in parts):
        raise unreadable("the pages of the CSV have different columns")
    rows = tuple(row for part in parts for row in part.rows)
    return Rows(columns, rows[:most], cut=len(rows) > most or any(part.cut for part in parts))


def of_objects(found: Sequence[object], names: Mapping[str, str], most: int) -> Rows:
    """JSON objects as rows: the columns of all of them, or those that are named. Raises Trouble."""
    objects = found[:most]
    if not all(isinstance(one, dict) for one in objects):
        raise unreadable("the list holds something else than objects")
    tables: list[Mapping[str, Any]] = [one for one in objects if isinstance(one, dict)]
    columns = list(names) or list(dict.fromkeys(key for one in tables for key in one))[:MOST_COLUMNS]
    paths = {column: tuple(names.get(column, column).split(".")) if names else (column,) for column in columns}
    rows = tuple(tuple(_json_cell(look_up(one, paths[column])) for column in columns) for one in tables)
    return Rows(tuple(columns), rows, cut=len(found) > most)


def _json_cell(value: object) -> Cell:
    if isinstance(value, (dict, list)):
        return cell(json.dumps(value, sort_keys=True))
    return cell(value) if value is None or isinstance(value, (str, int, float)) else None


def of_csv(text: str, delimiter: str, names: Mapping[str, str], most: int) -> Rows:
    """CSV with a head as rows of text. A line that is too short or too long is one that was torn: raises Trouble."""
    lines = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=delimiter, strict=True)
    try:
        head = next(lines, None)
        if head is None:
            raise unreadable("the CSV is empty: it has not even a line that names its columns")
        places = _places([name.strip() for name in head], names)
        return _csv_rows(lines, places, len(head), most)
    except csv.Error as error:
        raise unreadable(f"line {lines.line_num} of the CSV cannot be read: {error}") from error


def _csv_rows(lines: Any, places: Mapping[str, int], width: int, most: int) -> Rows:  # noqa: ANN401 - csv has no type
    rows: list[tuple[Cell, ...]] = []
    for line in lines:
        if not line:
            continue
        if len(line) != width:
            raise unreadable(f"line {lines.line_num} of the CSV has {len(line)} values, not {width}: is it complete?")
        if len(rows) == most:
            return Rows(tuple(places), tuple(rows), cut=True)
        rows.append(tuple(cell(line[place]) for place in places.values()))
    return Rows(tuple(places), tuple(rows))


def _places(head: Sequence[str], names: Mapping[str, str]) -> dict[str, int]:
    """Which column is which. Raises Trouble for one that is not there."""
    if len(head) > MOST_COLUMNS:
        raise unreadable(f"the CSV has more than {MOST_COLUMNS} columns")
    wanted: Iterable[tuple[str, str]] = names.items() if names else ((name, name) for name in head)
    places = {}
    for ours, theirs in wanted:
        if theirs not in head:
            raise unreadable(f"the CSV has no column {clean(theirs, 60)}")
        places[ours] = head.index(theirs)
    return places


def _of_file(path: Path, keys: CsvRows, most: int) -> Rows:
    """The rows of a file. Raises Trouble."""
    try:
        raw, _ = read_regular(path, keys.max_size + 1)
        text = raw.decode("utf-8-sig")
    except (OSError, NotAFileError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise Trouble(Failure.INTERNAL, f"{keys.file} cannot be read: {why}", Outcome.UNKNOWN) from error
    except UnicodeDecodeError as error:
        raise unreadable(f"{keys.file} is not UTF-8 text") from error
    if len(raw) > keys.max_size:
        raise Trouble(Failure.TOO_LARGE, f"{keys.file} is larger than {keys.max_size} bytes", Outcome.UNKNOWN)
    return of_csv(text, keys.delimiter, keys.columns, most)
