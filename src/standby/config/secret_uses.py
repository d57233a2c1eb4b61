"""Where a configuration names secrets, and which of them cannot be had."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from standby.config.entries import Entries, Entry, key_text
from standby.config.problems import Problem
from standby.config.references import parse_reference
from standby.config.secrets import SecretError, Secrets
from standby.config.sources import Source
from standby.config.whole import Config, SecretUse

_TRIED_AT_LOAD = ("env", "file", "keyring")


def secret_uses(entries: Entries) -> list[SecretUse]:
    """Every reference to a secret, with its place."""
    uses: list[SecretUse] = []
    settings, source = entries.settings, entries.settings_source
    if settings is not None and source is not None and isinstance(settings.heartbeat_url, str):
        uses += _uses(source, ("standby",), "standby", {"heartbeat_url": settings.heartbeat_url}, None)
    for check in entries.checks:
        uses += _uses(check.source, check.path, check.label(), _written(check), check.model.id)
    for channel in entries.channels:
        uses += _uses(channel.source, channel.path, channel.label(), _written(channel), None)
    for one in entries.sources:
        uses += _uses(one.source, one.path, one.label(), {"token": one.model.token or ""}, None)
    for route in entries.routes:
        director = route.source.document.data["route"][int(route.path[1])]["director"]
        uses += _uses(route.source, (*route.path, "director"), route.label("director"), director, None)
    return uses


def _written(check: Entry[Any]) -> dict[str, Any]:
    table: dict[str, Any] = check.source.document.data[str(check.path[0])][int(check.path[1])]
    return {key: value for key, value in table.items() if key not in ("id", "integration", "kind", "expect", "prefer")}


def _uses(
    source: Source, path: tuple[str | int, ...], label: str, data: Mapping[str, Any], check: str | None
) -> Iterator[SecretUse]:
    for keys, text in _texts(data, ()):
        if parse_reference(text) is not None:
            line = source.line((*path, *keys))
            yield SecretUse(text, source.document.shown, line, f"{label}.{key_text(keys)}", check)


def _texts(value: object, keys: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, str):
        yield keys, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(item, (*keys, str(key)))
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _texts(item, (*keys, index))


def missing_secrets(config: Config, secrets: Secrets) -> list[Problem]:
    """The named secrets that cannot be had now. Commands are not run. An engine starts without them: the checks that
    need one are `unknown` and say which."""
    problems = []
    for use in config.secrets:
        reference = parse_reference(use.reference)
        if reference is None or reference.scheme not in _TRIED_AT_LOAD:
            continue
        try:
            secrets.resolve(use.reference)
        except SecretError as error:
            problems.append(Problem(use.file, use.line, use.key, f"secret {error}", _mend(reference.scheme)))
    return problems


def _mend(scheme: str) -> str:
    return {
        "env": "set it where the engine is started, or leave the key out",
        "file": "write the file, or leave the key out",
        "keyring": "store it there, or leave the key out",
    }[scheme]
