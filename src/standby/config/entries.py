"""Each table of a configuration on its own: known keys, right types, allowed values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Any, Generic, TypeVar, get_args

from pydantic import ValidationError

from standby.config.alerting import Alerting
from standby.config.discover import default_store, resolve_store
from standby.config.inbound import AlertSource
from standby.config.inhibitions import Inhibit
from standby.config.lines import KeyPath
from standby.config.maintenance import Maintenance
from standby.config.models import (
    CheckModel,
    DirectorModel,
    Integration,
    Route,
    Rule,
    Settings,
    Simulator,
    Table,
    Vendor,
)
from standby.config.people import ChannelModel, Person, Policy
from standby.config.problems import Problems, did_you_mean
from standby.config.sentences import DATE, sentence
from standby.config.sources import INCLUDE, Source
from standby.config.times import NamedInterval
from standby.domain.text import clean

M = TypeVar("M", bound=Table)
LISTS = (
    "vendor",
    "integration",
    "check",
    "rule",
    "route",
    "channel",
    "person",
    "policy",
    "source",
    "inhibit",
    "maintenance",
    "time_interval",
)
MAIN_ONLY = ("standby", "simulator", "alerting")


@dataclass(frozen=True, slots=True)
class Entry(Generic[M]):
    """A table that stands on its own, with its place."""

    model: M
    source: Source
    table: str  # "check"
    path: KeyPath  # ("check", 3)

    def label(self, key: str = "") -> str:
        """`check[payments-api].timeout`."""
        name = f"{self.table}[{getattr(self.model, 'id', '')}]"
        return f"{name}.{key}" if key else name

    def line(self, *keys: str | int) -> int:
        """The line of one of its keys; of the table when the key is not written."""
        return self.source.line((*self.path, *keys))

    def complain(self, problems: Problems, keys: tuple[str | int, ...], message: str, mend: str) -> None:
        """A problem at one of its keys."""
        key = key_text(keys)
        problems.add(self.source.document.shown, self.line(*keys), self.label(key), message, mend)


@dataclass(frozen=True, slots=True)
class Row:
    """A table as written, whether it stands or not."""

    data: Mapping[str, Any]
    source: Source
    path: KeyPath

    def complain(self, problems: Problems, keys: KeyPath, message: str, mend: str) -> None:
        """A problem at one of its keys."""
        label = f"{_label(str(self.path[0]), self.path, self.data)}.{key_text(keys)}"
        problems.add(self.source.document.shown, self.source.line((*self.path, *keys)), label, message, mend)


@dataclass(slots=True)
class Entries:
    """What stands on its own. `rows` are all tables as written, also those that do not stand: a check whose timeout
    is wrong still exists for the rule that names it."""

    settings: Settings | None = None
    settings_source: Source | None = None
    simulator: Simulator | None = None
    alerting: Alerting | None = None
    vendors: list[Entry[Vendor]] = field(default_factory=list)
    integrations: list[Entry[Integration]] = field(default_factory=list)
    checks: list[Entry[CheckModel]] = field(default_factory=list)
    rules: list[Entry[Rule]] = field(default_factory=list)
    routes: list[Entry[Route]] = field(default_factory=list)
    channels: list[Entry[ChannelModel]] = field(default_factory=list)
    people: list[Entry[Person]] = field(default_factory=list)
    policies: list[Entry[Policy]] = field(default_factory=list)
    sources: list[Entry[AlertSource]] = field(default_factory=list)
    inhibitions: list[Entry[Inhibit]] = field(default_factory=list)
    maintenance: list[Entry[Maintenance]] = field(default_factory=list)
    intervals: list[Entry[NamedInterval]] = field(default_factory=list)
    rows: dict[str, list[Row]] = field(default_factory=lambda: {table: [] for table in LISTS})
    partial: set[tuple[str, str]] = field(default_factory=set)  # (table, id) of entries that do not stand

    def known(self, table: str) -> list[str]:
        """The ids of one table, in order."""
        return [row.data["id"] for row in self.rows[table] if isinstance(row.data.get("id"), str)]


def key_text(keys: tuple[str | int, ...]) -> str:
    """`headers.Accept`, `expect[1]`."""
    text = ""
    for key in keys:
        text += f"[{key}]" if isinstance(key, int) else f".{clean(key, 60)}"
    return text.removeprefix(".")


@dataclass(frozen=True, slots=True)
class Kinds:
    """The models of what comes in kinds, by kind; each registry gives its own."""

    checks: Mapping[str, type[CheckModel]] = field(default_factory=dict)
    directors: Mapping[str, type[DirectorModel]] = field(default_factory=dict)
    channels: Mapping[str, type[ChannelModel]] = field(default_factory=dict)


def read_entries(sources: list[Source], kinds: Kinds, problems: Problems) -> Entries:
    """Judge every table of every file on its own."""
    entries = Entries()
    for source in sources:
        _top_level(source, problems)
        if source.main:
            _settings(source, entries, problems)
        reader = _Tables(source, entries, problems)
        entries.vendors += reader.read("vendor", Vendor)
        entries.integrations += reader.read("integration", Integration)
        entries.checks += reader.of_kinds("check", CheckModel, kinds.checks)
        entries.rules += reader.read("rule", Rule)
        entries.routes += reader.routes(kinds.directors)
        entries.channels += reader.of_kinds("channel", ChannelModel, kinds.channels)
        entries.people += reader.read("person", Person)
        entries.policies += reader.read("policy", Policy)
        entries.sources += reader.read("source", AlertSource)
        entries.inhibitions += reader.read("inhibit", Inhibit)
        entries.maintenance += reader.read("maintenance", Maintenance)
        entries.intervals += reader.read("time_interval", NamedInterval)
    return entries


def _top_level(source: Source, problems: Problems) -> None:
    shown = source.document.shown
    for key in source.document.data:
        if problems.enough:
            break
        if key in MAIN_ONLY and not source.main:
            problems.add(
                shown, source.line((key,)), key, "does not belong in an included file", "move it to the main file"
            )
        elif key not in (*MAIN_ONLY, INCLUDE, *LISTS):
            mend = did_you_mean(key, (*MAIN_ONLY, *LISTS, INCLUDE), "tables")
            problems.add(shown, source.line((key,)), key_text((key,)), "is not a table of a configuration", mend)


def _settings(source: Source, entries: Entries, problems: Problems) -> None:
    data = source.document.data
    written = data.get("standby")
    entries.settings_source = source
    if written is None:
        mend = 'add [standby] with name = "shop-eu" and environment = "production"'
        problems.add(source.document.shown, 1, "standby", "is missing", mend)
    else:
        entries.settings = read_table(source, ("standby",), "standby", written, Settings, problems)
    if "alerting" in data:
        entries.alerting = read_table(source, ("alerting",), "alerting", data["alerting"], Alerting, problems)
    if entries.settings is not None:
        _place_store(source, entries, problems)
    if "simulator" in data:
        entries.simulator = read_table(source, ("simulator",), "simulator", data["simulator"], Simulator, problems)


def _place_store(source: Source, entries: Entries, problems: Problems) -> None:
    """The store's path is absolute from here on."""
    settings, config = entries.settings, source.document.path
    if settings is None:
        return
    store = default_store(config)
    written = source.document.data["standby"].get("store")
    if written is not None:
        try:
            store = resolve_store(written, config)
        except ValueError as error:
            shown, line = source.document.shown, source.line(("standby", "store"))
            problems.add(shown, line, "standby.store", str(error), 'write a path like "standby.db"')
    entries.settings = settings.model_copy(update={"store": store})


@dataclass(frozen=True, slots=True)
class _Tables:
    source: Source
    entries: Entries
    problems: Problems

    def read(self, table: str, model: type[M]) -> list[Entry[M]]:
        """The entries of one list of tables that stand."""
        found = []
        for path, data in self._rows(table):
            entry = self._entry(table, path, data, model)
            if entry is not None:
                found.append(entry)
        return found

    def of_kinds(self, table: str, common: type[M], kinds: Mapping[str, type[M]]) -> list[Entry[M]]:
        """The entries of a table that comes in kinds, each by the model of its kind."""
        found: list[Entry[M]] = []
        for path, data in self._rows(table):
            kind = data.get("kind")
            model = kinds.get(kind) if isinstance(kind, str) else None
            if model is None:
                self._unknown_kind(table, path, data, common, kinds)
                continue
            entry = self._entry(table, path, data, model)
            if entry is not None:
                found.append(entry)
        return found

    def routes(self, kinds: Mapping[str, type[DirectorModel]]) -> list[Entry[Route]]:
        """The routes that stand, each director by the model of its kind."""
        found: list[Entry[Route]] = []
        for path, data in self._rows("route"):
            written = data.get("director")
            rest = {key: value for key, value in data.items() if key != "director"}
            entry = self._entry("route", path, rest, Route)
            director = self._director(path, _label("route", path, data), written, kinds)
            if entry is not None and director is not None:
                found.append(replace(entry, model=entry.model.model_copy(update={"director": director})))
        return found

    def _director(
        self, path: KeyPath, label: str, written: object, kinds: Mapping[str, type[DirectorModel]]
    ) -> DirectorModel | None:
        at = (*path, "director")
        if written is None:
            mend = f"write director = {{ kind = ... }}, one of {', '.join(kinds)}"
            self._say(path, f"{label}.director", "is missing", mend)
            return None
        kind = written.get("kind") if isinstance(written, dict) else None
        model = kinds.get(kind) if isinstance(kind, str) else None
        if model is None and isinstance(written, dict):
            mend = did_you_mean(str(kind), list(kinds), "kinds")
            self._say((*at, "kind"), f"{label}.director.kind", "is not a kind of director", mend)
            return None
        return read_table(self.source, at, f"{label}.director", written, model or DirectorModel, self.problems)

    def _rows(self, table: str) -> list[tuple[KeyPath, dict[str, Any]]]:
        rows = self.source.document.data.get(table, [])
        if not isinstance(rows, list):
            self._say((table,), table, "is one table, not a list of tables", f"write [[{table}]] with two brackets")
            return []
        good: list[tuple[KeyPath, dict[str, Any]]] = []
        for index, row in enumerate(rows):
            if self.problems.enough:
                break
            if not isinstance(row, dict):
                self._say((table, index), f"{table}[#{index + 1}]", "is not a table", f"write [[{table}]] and its keys")
                continue
            self.entries.rows[table].append(Row(row, self.source, (table, index)))
            good.append(((table, index), row))
        return good

    def _entry(self, table: str, path: KeyPath, data: dict[str, Any], model: type[M]) -> Entry[M] | None:
        label = _label(table, path, data)
        value = read_table(self.source, path, label, data, model, self.problems)
        if value is None:
            self.entries.partial.add((table, str(data.get("id"))))
            return None
        return Entry(value, self.source, table, path)

    def _unknown_kind(
        self, table: str, path: KeyPath, data: dict[str, Any], common: type[M], kinds: Mapping[str, type[M]]
    ) -> None:
        self.entries.partial.add((table, str(data.get("id"))))
        label = f"{_label(table, path, data)}.kind"
        kind = data.get("kind")
        if kind is None:
            self._say((*path, "kind"), label, "is missing", f"write one of {', '.join(kinds)}")
        elif not isinstance(kind, str):
            self._say(
                (*path, "kind"), label, "is not text", f'write it in quotes, like kind = "{next(iter(kinds), "")}"'
            )
        else:
            mend = did_you_mean(kind, list(kinds), "kinds")
            self._say((*path, "kind"), label, f'"{clean(kind, 60)}" is not a kind of {table}', mend)
        read_table(self.source, path, _label(table, path, data), _common(data, common), common, self.problems)

    def _say(self, path: KeyPath, key: str, message: str, mend: str) -> None:
        self.problems.add(self.source.document.shown, self.source.line(path), key, message, mend)


def _common(data: dict[str, Any], model: type[Table]) -> dict[str, Any]:
    """The keys that every kind has, so that they are judged even when the kind is not known."""
    common = {key: value for key, value in data.items() if key in model.model_fields}
    return {**common, "kind": "unknown"}


def _label(table: str, path: KeyPath, data: Mapping[str, Any]) -> str:
    name = data.get("id")
    return f"{table}[{clean(name, 64)}]" if isinstance(name, str) and name else f"{table}[#{int(path[-1]) + 1}]"


def read_table(source: Source, path: KeyPath, label: str, data: object, model: type[M], problems: Problems) -> M | None:
    """One table by its model, or None and problems with their lines; `label` is how messages call it."""
    if not isinstance(data, dict):
        mend = f"write [{label}] or {label} = {{ key = value }}"
        problems.add(source.document.shown, source.line(path), label, "is not a table", mend)
        return None
    text = json.dumps(data, default=_dated)
    try:
        return model.model_validate_json(text, strict=True, context={"file": source.document.shown})
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            if problems.enough:
                break
            if detail["type"] == "default_factory_not_called":  # it needs a key that is wrong and told already
                continue
            keys = _located(data, detail["loc"])
            message, mend = sentence(detail, _keys_of(model, keys))
            place = source.line((*path, *keys))
            problems.add(source.document.shown, place, f"{label}.{key_text(keys)}" if keys else label, message, mend)
    return None


def _dated(value: object) -> object:
    """TOML has dates and times, no key of ours does: a value that no type accepts."""
    return {DATE: str(value)} if isinstance(value, (date, datetime, time)) else str(value)


def _located(data: dict[str, Any], loc: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """The part of pydantic's path that is written in the file: names of union branches are none of it."""
    keys: list[str | int] = []
    at: Any = data
    for position, part in enumerate(loc):
        if isinstance(part, int):
            if not isinstance(at, list):
                continue
            at = at[part]
        elif isinstance(at, dict) and part in at:
            at = at[part]
        elif position < len(loc) - 1 or not isinstance(at, dict) or " " in part:
            continue
        keys.append(part)
    return tuple(keys)


def _keys_of(model: type[Table], keys: tuple[str | int, ...]) -> list[str]:
    """The valid keys of the table that holds the last of `keys`."""
    at: type[Table] = model
    for key in keys[:-1]:
        field_ = at.model_fields.get(str(key))
        inner = None if field_ is None else _table_in(field_.annotation)
        at = at if inner is None else inner
    return [info.alias or name for name, info in at.model_fields.items()]


def _table_in(annotation: object) -> type[Table] | None:
    """The table of a field, also of one that has a list of them, or one for each name."""
    if isinstance(annotation, type) and issubclass(annotation, Table):
        return annotation
    return next((found for part in get_args(annotation) if (found := _table_in(part)) is not None), None)
