"""The kinds of checks: every module of `standby.checks` that has a `KIND`. A new kind is one new file."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

import standby.checks
from standby.checks.base import Check, Kind
from standby.config.models import CheckModel


@cache
def kinds() -> Mapping[str, Kind]:
    """Every kind by its name."""
    found: dict[str, Kind] = {}
    for module in sorted(info.name for info in pkgutil.iter_modules(standby.checks.__path__)):
        kind = getattr(importlib.import_module(f"standby.checks.{module}"), "KIND", None)
        if isinstance(kind, Kind):
            if kind.name in found:
                raise RuntimeError(f"two modules of standby.checks are the kind {kind.name!r}")
            found[kind.name] = kind
    return MappingProxyType(found)


def models() -> Mapping[str, type[CheckModel]]:
    """The configuration model of every kind, for `config.load`."""
    return {name: kind.model for name, kind in kinds().items()}


def build(model: CheckModel) -> Check:
    """The check that looks as `model` says. Raises KeyError for a kind that `models()` did not give."""
    return kinds()[model.kind].check(model)
