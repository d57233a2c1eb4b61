"""Whether a companion may go on where an engine died: the same user, the same configuration, every secret at hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from standby.config.secrets import SecretError, Secrets
from standby.store.errors import StoreError
from standby.store.reader import Reader

if TYPE_CHECKING:
    from standby.config.whole import Config
    from standby.store.rows import EngineRow


def refusal(config: Config, store: Path, user: str, secrets: Secrets) -> str:
    """Why this user with this configuration may not; empty when they may. For people: says who may."""
    try:
        reader = Reader(store)
        try:
            last = reader.changes(0).engine
        finally:
            reader.close()
    except StoreError as error:
        return "" if error.kind == "missing" else str(error)
    if last is None:
        return ""
    return _not_the_heir(last, config, user) or _unresolved(config, secrets)


def _not_the_heir(last: EngineRow, config: Config, user: str) -> str:
    if last.user != user:
        return f"the engine was {last.user}'s: a console of {last.user} starts the next one, or `standby engine`"
    if last.config_digest != config.digest:
        return f"the engine ran another configuration than {config.path}: start `standby engine` with the one you mean"
    if last.kind == "service" and last.state == "stopped":
        return "the service was stopped on purpose: start it again"
    return ""


def _unresolved(config: Config, secrets: Secrets) -> str:
    for reference in sorted({use.reference for use in config.secrets}):
        try:
            secrets.resolve(reference)
        except SecretError as error:
            return f"a secret cannot be had here: {error}; a console that has it starts the next engine"
    return ""
