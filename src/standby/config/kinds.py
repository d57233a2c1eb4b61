"""What comes in kinds (checks, directors, channels): one module a kind, found by being there."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType, ModuleType
from typing import Protocol, TypeVar


class Named(Protocol):
    """A kind of something."""

    @property
    def name(self) -> str:
        """What a configuration writes."""
        ...


_Kind = TypeVar("_Kind", bound=Named)


def kinds_in(package: ModuleType, what: type[_Kind]) -> Mapping[str, _Kind]:
    """The `KIND` of every module of `package` that has one, by its name. Raises RuntimeError on a name used twice."""
    found: dict[str, _Kind] = {}
    for module in sorted(info.name for info in pkgutil.iter_modules(package.__path__)):
        kind = getattr(importlib.import_module(f"{package.__name__}.{module}"), "KIND", None)
        if isinstance(kind, what):
            if kind.name in found:
                raise RuntimeError(f"two modules of {package.__name__} are the kind {kind.name!r}")
            found[kind.name] = kind
    return MappingProxyType(found)
