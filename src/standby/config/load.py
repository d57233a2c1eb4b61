"""Read a configuration: whole and checked, or every problem at once.

Each entry is judged on its own first (`entries`), then the ones that stand are judged together (`cross`), so that one
mistake hides no other.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from standby.config.alerting import Alerting
from standby.config.cross import check_together
from standby.config.entries import Entries, Kinds, read_entries
from standby.config.files import as_seen
from standby.config.models import CheckModel, Settings
from standby.config.problems import Problems
from standby.config.programs import check_programs
from standby.config.secret_uses import secret_uses
from standby.config.sources import Source, read_sources
from standby.config.whole import Config


def load(
    path: Path, kinds: Kinds, *, shown: str | None = None, instead: Mapping[Path, bytes] = MappingProxyType({})
) -> Config:
    """The configuration at `path`. Raises ConfigError with every problem in it, and nothing else.

    `kinds` are the models of checks and directors by kind (each registry's `models()`); `shown` is how messages name
    the file; `instead` are other bytes for some of its files (of `Config.files`), to know what they would do.
    """
    problems = Problems()
    sources = read_sources(path, as_seen(path) if shown is None else shown, problems, instead)
    return config_of(path, sources, kinds, problems)


def config_of(path: Path, sources: list[Source], kinds: Kinds, problems: Problems) -> Config:
    """The configuration in these files; `path` names the first. Raises ConfigError with every problem, also those
    that were there before."""
    entries = read_entries(sources, kinds, problems)
    check_together(entries, problems)
    uses = secret_uses(entries)
    check_programs(sources, entries, uses, problems)
    problems.raise_if_any()
    settings = entries.settings
    if settings is None:  # cannot be: its absence is a problem
        raise problems.error()
    return Config(
        settings=settings,
        vendors=tuple(one.model for one in entries.vendors),
        integrations=tuple(one.model for one in entries.integrations),
        checks=_rated(entries),
        rules=tuple(one.model for one in entries.rules),
        simulator=entries.simulator if entries.simulator is not None and entries.simulator.enabled else None,
        path=path,
        files=tuple(source.document.path for source in sources),
        digest=digest(settings, entries),
        secrets=tuple(uses),
        routes=tuple(one.model for one in entries.routes),
        channels=tuple(one.model for one in entries.channels),
        people=tuple(one.model for one in entries.people),
        policies=tuple(one.model for one in entries.policies),
        alerting=entries.alerting or Alerting(),
        sources=tuple(one.model for one in entries.sources),
        inhibitions=tuple(one.model for one in entries.inhibitions),
        maintenance=tuple(one.model for one in entries.maintenance),
        intervals=tuple(one.model for one in entries.intervals),
        places={
            (one.model.integration, one.model.id): f"{one.source.document.shown}:{one.line()}" for one in entries.rules
        },
    )


def _rated(entries: Entries) -> tuple[CheckModel, ...]:
    """The checks, those without a rate of their own with their vendor's."""
    rates = {one.model.id: one.model.rate for one in entries.vendors if one.model.rate is not None}
    vendor = {one.model.id: one.model.vendor for one in entries.integrations}
    found = []
    for one in entries.checks:
        rate = rates.get(vendor.get(one.model.integration, ""))
        own = one.model if rate is None or one.model.rate is not None else one.model.model_copy(update={"rate": rate})
        found.append(own)
    return tuple(found)


def digest(settings: Settings, entries: Entries) -> str:
    """16 bytes of BLAKE2b, in hex, of what the configuration says: not of its comments, order of keys or layout."""
    content = {
        "standby": settings.model_dump(mode="json", by_alias=True),
        "simulator": None if entries.simulator is None else entries.simulator.model_dump(mode="json"),
        "vendor": [one.model.model_dump(mode="json", by_alias=True) for one in entries.vendors],
        "integration": [one.model.model_dump(mode="json", by_alias=True) for one in entries.integrations],
        "check": [one.model.model_dump(mode="json", by_alias=True) for one in entries.checks],
        "rule": [one.model.model_dump(mode="json", by_alias=True) for one in entries.rules],
        "route": [one.model.model_dump(mode="json", by_alias=True) for one in entries.routes],
        "channel": [one.model.model_dump(mode="json", by_alias=True) for one in entries.channels],
        "person": [one.model.model_dump(mode="json", by_alias=True) for one in entries.people],
        "policy": [one.model.model_dump(mode="json", by_alias=True) for one in entries.policies],
        "alerting": None if entries.alerting is None else entries.alerting.model_dump(mode="json", by_alias=True),
        "source": [one.model.model_dump(mode="json", by_alias=True) for one in entries.sources],
        "inhibit": [one.model.model_dump(mode="json", by_alias=True) for one in entries.inhibitions],
        "maintenance": [one.model.model_dump(mode="json", by_alias=True) for one in entries.maintenance],
        "time_interval": [one.model.model_dump(mode="json", by_alias=True) for one in entries.intervals],
    }
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.blake2b(canonical.encode(), digest_size=16).hexdigest()
