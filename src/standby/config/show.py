"""A configuration in force, as people and programs may see it: defaults filled in, secrets hidden."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from standby.config.alerting import Alerting
from standby.config.models import Table
from standby.config.references import is_sensitive, parse_reference
from standby.config.whole import Config
from standby.domain.text import clean

HIDDEN = "(hidden)"
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def shown(config: Config) -> dict[str, Any]:
    """JSON-able, in the shape of the file. References stay (they are no secrets), what may be one is hidden."""
    document: dict[str, Any] = {"standby": _plain(config.settings)}
    if config.simulator is not None:
        document["simulator"] = _plain(config.simulator)
    if config.alerting != Alerting():
        document["alerting"] = _plain(config.alerting)
    tables = (
        ("vendor", config.vendors),
        ("integration", config.integrations),
        ("check", config.checks),
        ("rule", config.rules),
        ("route", config.routes),
        ("channel", config.channels),
        ("person", config.people),
        ("policy", config.policies),
        ("source", config.sources),
        ("inhibit", config.inhibitions),
        ("maintenance", config.maintenance),
        ("time_interval", config.intervals),
    )
    return document | {table: [_plain(model) for model in models] for table, models in tables if models}


def _plain(model: Table) -> dict[str, Any]:
    written: dict[str, Any] = model.model_dump(mode="json", by_alias=True, exclude_none=True)
    return {key: _hide(key, value) for key, value in written.items() if value != ""}


def _hide(key: str, value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, str):
        return _hide_text(key, value)
    if isinstance(value, Mapping):
        return {name: _hide(name, item) for name, item in value.items()}
    if isinstance(value, list) and key == "command":
        return _hide_arguments(value)
    if isinstance(value, list):
        return [_hide(key, item) for item in value]
    return value


def _hide_text(key: str, value: str) -> str:
    reference = parse_reference(value)
    if reference is not None:
        return f"{reference.prefix}{reference}"
    if is_sensitive(key):
        return HIDDEN
    return _hide_query(value) if value.startswith(("http://", "https://")) else value


def _hide_query(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return HIDDEN
    pairs = [pair.partition("=") for pair in parts.query.split("&")]
    query = "&".join(f"{name}={HIDDEN}" if is_sensitive(name) else name + sign + value for name, sign, value in pairs)
    return urlunsplit(parts._replace(query=query)) if query != parts.query else url


def _hide_arguments(words: list[Any]) -> list[Any]:
    """`--password x` and `--password=x`."""
    kept: list[Any] = []
    for word in words:
        name, sign, _ = str(word).partition("=")
        if (
            kept
            and str(kept[-1]).startswith("-")
            and "=" not in str(kept[-1])
            and is_sensitive(str(kept[-1]).strip("-"))
        ):
            kept.append(HIDDEN)
        elif sign and is_sensitive(name.strip("-")):
            kept.append(f"{name}={HIDDEN}")
        else:
            kept.append(word)
    return kept


def as_toml(document: Mapping[str, Any]) -> str:
    """TOML that reads back as the same values."""
    lines: list[str] = []
    for table, value in document.items():
        for row in value if isinstance(value, list) else [value]:
            lines.append(f"[[{table}]]" if isinstance(value, list) else f"[{table}]")
            lines += [f"{_key(key)} = {_value(item)}" for key, item in row.items()]
            lines.append("")
    return "\n".join(lines)


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _text(key)


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f") if text.isprintable() else json.dumps(text)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(str(key))} = {_value(item)}" for key, item in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, float):
        return repr(value).replace("Infinity", "inf")
    return clean(str(value), 100)
