"""docs/configuration.md, made from the models so that it cannot be out of date (`make docs`)."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Mapping
from enum import Enum
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel, PlainSerializer, WithJsonSchema
from pydantic.fields import FieldInfo

from standby.config.alerting import Alerting, AlertRoute
from standby.config.cel import DNS, EXPECTATION, FIGURE, RULE, SERIES, Scope
from standby.config.entries import Kinds
from standby.config.inbound import AlertSource, Belonging
from standby.config.inhibitions import Inhibit
from standby.config.maintenance import Maintenance
from standby.config.models import (
    CheckModel,
    DirectorModel,
    Integration,
    Retention,
    Route,
    RouteTarget,
    Rule,
    Settings,
    Simulator,
    Table,
    Vendor,
)
from standby.config.people import ChannelModel, Level, Person, Policy, Reach
from standby.config.times import NamedInterval

_HEAD = """# Configuration

Made from the models by `make docs`; do not edit. `standby config check` names every mistake at once, with file, line
and the mend. `standby config schema` is the same as JSON Schema, `standby config show` says what is in force.

## Where it is looked for

1. `--config FILE`
2. `STANDBY_CONFIG`
3. `config.toml` in the working directory, when it has a `[standby]` table. It must belong to you or to root, and
   neither it nor its folder may be writable by others: whoever writes it decides which programs run.
4. `standby/config.toml` in your configuration folder (`$XDG_CONFIG_HOME`, else `~/.config`), under the same conditions
5. `/etc/standby/config.toml`

A file named with `--config` may be anywhere, but a `cmd:` secret or a `command` check in a file that others can write
is refused. Relative paths are relative to the file. `include = ["conf.d/*.toml"]` adds files of the same folder or
below it; included files may hold everything except `[standby]`,
`[alerting]` and `[simulator]`.

## Values

| value | written |
|---|---|
| duration | `500ms`, `10s`, `1m30s`, `2h`, `30d` |
| size | `500MB`, `2GB` (decimal) |
| id | lower-case letters, digits, `.`, `_`, `-`; at most 64; a letter or digit first |
| secret | `env:NAME`, `file:PATH`, `cmd:PROGRAM ARG...` (no shell, 5 s, 64 kB), `keyring:SERVICE/USER` |
| condition | [CEL](https://cel.dev), see below |

A secret may stand after a word, as in `Bearer env:NAME`. `keyring:` needs the library of that name. A secret that is
missing does not stop the engine: the checks that need it are `unknown` and say which.
"""
_CONDITIONS = """## Conditions

Conditions are CEL, checked for names and types when the configuration is loaded. `latency_ms < 800` and
`latency_ms < 800.0` are the same: where a whole number meets a decimal, it becomes one. Outside of that CEL's types
hold: compare text with text. `&&`, `||`, `!`, `in`, `size(x)`, `has(body.x)`, `x.contains('y')`, `x.startsWith('y')`,
`x.endsWith('y')`, `x.matches('pattern')` (written out, RE2), `list.exists(x, x.id == 1)`, `list.all(...)`.
"""
_EXPECT = """
An expectation about something that the answer does not have is a failed one: `body.status is missing`. `headers` has
lower-case names, `body` is parsed JSON or else text, `certificate` has `days_left`.
"""
_FIGURE = """
Of checks whose query gives figures. Each series or row is judged by itself: `value` is its number, `values` has all of
them by name where a row has several, `labels` says which one it is, `count` is how many there are.
"""
_SERIES = """
Each series that the query gives is judged by itself: `value` is its newest value, `values` all of a range, oldest
first, `labels` its labels. Conditions on `count` alone, how many series there are, are judged once, also when there is
none.
"""
_DNS = """
`dns` has `answers` (texts without final dots, in order), `ttl` (seconds, the shortest) and `code` (`NOERROR`, `NODATA`,
`NXDOMAIN`).
"""
_RULE = """
Each over the rule's `window`. While a value is not known the rule neither fires nor resolves. `metrics.NAME` is the
newest value of a metric; write `metrics['a-b']` for names with other characters.
"""


_PLAIN_TYPES = {str: "text", int: "whole number", float: "number", bool: "true or false", Path: "path"}


def markdown(kinds: Kinds) -> str:
    """The page, every kind of check and director included."""
    parts = [_HEAD]
    parts += _table("## `[standby]`", Settings)
    parts += _table("### `[standby.retention]`", Retention)
    for name, model in (("vendor", Vendor), ("integration", Integration), ("check", CheckModel)):
        parts += _table(f"## `[[{name}]]`", model)
    common = set(CheckModel.model_fields)
    for kind, model in sorted(kinds.checks.items()):
        parts += _table(f'### `kind = "{kind}"`', model, leave_out=common)
        for inner, names in _inner(model).items():
            parts += _table(f"#### {', '.join(f'`{name}`' for name in names)} of `{kind}`", inner)
    parts += _table("## `[[rule]]`", Rule)
    for title, table in (("[[route]]", Route), ("[[route.target]]", RouteTarget), ("director", DirectorModel)):
        parts += _table(f"{'##' if table is Route else '###'} `{title}`", table)
    for kind, director in sorted(kinds.directors.items()):
        parts += _table(f'#### `kind = "{kind}"`', director, leave_out=set(DirectorModel.model_fields))
    parts += _people(kinds)
    parts += _table("## `[alerting]`", Alerting)
    parts += _table("### `[[alerting.route]]`", AlertRoute)
    parts += _table("## `[[source]]`", AlertSource)
    parts += _table("### `[[source.belongs]]`", Belonging)
    parts += _table("## `[[inhibit]]`", Inhibit)
    parts += _table("## `[[maintenance]]`", Maintenance)
    parts += _table("## `[[time_interval]]`", NamedInterval)
    parts += _table("## `[simulator]`", Simulator)
    parts += [_CONDITIONS, *_names("### In `expect` and `prefer`", EXPECTATION), _EXPECT.lstrip()]
    parts += [*_names("### In `expect` and `prefer` of queries", FIGURE), _FIGURE.lstrip()]
    parts += [*_names("### In `expect` and `prefer` of `prometheus`", SERIES), _SERIES.lstrip()]
    parts += [*_names("### In `expect` and `prefer` of `dns`", DNS), _DNS.lstrip()]
    parts += [*_names("### In `when`", RULE), _RULE.lstrip()]
    return "\n".join(parts).rstrip("\n") + "\n"


def _people(kinds: Kinds) -> list[str]:
    parts = _table("## `[[channel]]`", ChannelModel)
    for kind, model in sorted(kinds.channels.items()):
        parts += _table(f'### `kind = "{kind}"`', model, leave_out=set(ChannelModel.model_fields))
    for title, table in (
        ("## `[[person]]`", Person),
        ("### `reach`", Reach),
        ("## `[[policy]]`", Policy),
        ("### `[[policy.level]]`", Level),
    ):
        parts += _table(title, table)
    return parts


def _table(title: str, model: type[Table], leave_out: set[str] | None = None) -> list[str]:
    rows = [
        f"| `{info.alias or name}` | {_type(info)} | {_default(info)} | {_cell(info.description or '')} |"
        for name, info in model.model_fields.items()
        if name not in (leave_out or ())
    ]
    text = inspect.cleandoc(model.__doc__ or "")
    said = text.partition(": ")[2] if text.startswith("`[") else text
    said = said[:1].upper() + said[1:]
    return [f"{title}\n\n{said}\n", "| key | value | default | meaning |\n|---|---|---|---|", *rows, ""]


def _inner(model: type[Table]) -> dict[type[Table], list[str]]:
    """The tables within a table, at any depth, with the keys that hold them."""
    found: dict[type[Table], list[str]] = {}
    for name, info in model.model_fields.items():
        for held in (info.annotation, *typing.get_args(info.annotation)):
            if isinstance(held, type) and issubclass(held, Table):
                found.setdefault(held, []).append(info.alias or name)
    for held in list(found):
        for deeper, names in _inner(held).items():
            known = found.setdefault(deeper, [])
            known += [name for name in names if name not in known]
    return found


def _names(title: str, scope: Scope) -> list[str]:
    said = {
        "INT": "whole number",
        "DOUBLE": "number",
        "STRING": "text",
        "DYN": "anything",
        "TEXTS": "table of texts",
        "NUMBERS": "table of numbers",
        "FIGURES": "list of numbers",
        "BOOL": "true or false",
        "CHECKS": "table of checks",
    }
    rows = [f"| `{name}` | {said[kind]} |" for name, kind in scope.variables]
    return [f"{title}\n\n| name | type |\n|---|---|", *rows, ""]


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "**required**"
    if info.default_factory is not None:
        return "see meaning"
    value = info.default
    if value is None or value in ((), [], {}, ""):
        return ""
    if isinstance(value, BaseModel):
        return "see below"
    return f"`{_plain(value, info)}`"


def _plain(value: object, info: FieldInfo) -> str:
    """A default as it would be written."""
    for one in info.metadata:
        if isinstance(one, PlainSerializer) and isinstance(value, int):
            return f'"{cast("Callable[[int], str]", one.func)(value)}"'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Enum):
        return f'"{value.value}"'
    return f'"{value}"' if isinstance(value, (str, Path)) else str(value)


def _type(info: FieldInfo) -> str:
    """What is written, in a word or two."""
    for one in info.metadata:
        if isinstance(one, WithJsonSchema) and one.json_schema is not None:
            return _word(one.json_schema)
    return _annotation(info.annotation)


def _word(schema: Mapping[str, Any]) -> str:
    pattern = str(schema.get("pattern", ""))
    words = {"ms|s|m|h|d": "duration", "kB|MB": "size", "a-z0-9][": "id", "https?": "URL", "env|file": "secret"}
    return next((word for part, word in words.items() if part in pattern), str(schema.get("type", "text")))


def _annotation(kind: Any) -> str:  # noqa: ANN401 - whatever a model's field is
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Annotated:
        for one in arguments[1:]:
            if hasattr(one, "json_schema") and one.json_schema:
                return _word(one.json_schema)
        return _annotation(arguments[0])
    if origin in (typing.Union, types.UnionType):
        return " or ".join(dict.fromkeys(_annotation(one) for one in arguments if one is not type(None)))
    if origin is typing.Literal:
        return " ".join(f"`{one}`" for one in arguments)
    if origin in (list, tuple):
        one, _, other = _annotation(arguments[0]).partition(" or ")
        return f"list of {one}s" + (f" or {other}" if other else "")
    if origin is dict:
        return "table"
    if isinstance(kind, type) and issubclass(kind, Enum):
        return " ".join(f"`{one.value}`" for one in kind)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return "table"
    return {str: "text", int: "whole number", float: "number", bool: "true or false", Path: "path"}.get(
        kind, "anything"
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
