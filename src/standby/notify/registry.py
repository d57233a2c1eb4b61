"""The kinds of channels: every module of `standby.notify` that has a `KIND`. A new kind is one new file."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

import standby.notify
from standby.config.people import ChannelModel
from standby.notify.base import Channel, Context, Kind


@cache
def kinds() -> Mapping[str, Kind]:
    """Every kind by its name."""
    found: dict[str, Kind] = {}
    for module in sorted(info.name for info in pkgutil.iter_modules(standby.notify.__path__)):
        kind = getattr(importlib.import_module(f"standby.notify.{module}"), "KIND", None)
        if isinstance(kind, Kind):
            if kind.name in found:
                raise RuntimeError(f"two modules of standby.notify are the kind {kind.name!r}")
            found[kind.name] = kind
    return MappingProxyType(found)


def models() -> Mapping[str, type[ChannelModel]]:
    """The configuration model of every kind, for `config.load`."""
    return {name: kind.model for name, kind in kinds().items()}


def build(model: ChannelModel, context: Context) -> Channel:
    """The channel that `model` describes. Raises KeyError for a kind that `models()` did not give."""
    return kinds()[model.kind].channel(model, context)
