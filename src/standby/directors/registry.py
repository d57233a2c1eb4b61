"""The kinds of directors: every module of `standby.directors` that has a `KIND`. A new kind is one new file."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

import standby.directors
from standby.config.models import DirectorModel
from standby.directors.base import Context, Director, Kind


@cache
def kinds() -> Mapping[str, Kind]:
    """Every kind by its name."""
    found: dict[str, Kind] = {}
    for module in sorted(info.name for info in pkgutil.iter_modules(standby.directors.__path__)):
        kind = getattr(importlib.import_module(f"standby.directors.{module}"), "KIND", None)
        if isinstance(kind, Kind):
            if kind.name in found:
                raise RuntimeError(f"two modules of standby.directors are the kind {kind.name!r}")
            found[kind.name] = kind
    return MappingProxyType(found)


def models() -> Mapping[str, type[DirectorModel]]:
    """The configuration model of every kind, for `config.load`."""
    return {name: kind.model for name, kind in kinds().items()}


def build(model: DirectorModel, targets: Mapping[str, str], context: Context) -> Director:
    """The director that `model` describes; `targets` gives the place of each target by its id.

    Raises KeyError for a kind that `models()` did not give.
    """
    return kinds()[model.kind].director(model, targets, context)
