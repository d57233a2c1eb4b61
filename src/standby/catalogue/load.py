"""Read the catalogue: one file a vendor, found by being there."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from standby.catalogue.models import VendorFacts


@cache
def catalogue() -> Mapping[str, VendorFacts]:
    """Every vendor by its id, in the order of their names. Raises ValueError for a file that is not as it should be."""
    found = {}
    for entry in files("standby.catalogue").joinpath("vendors").iterdir():
        if not entry.name.endswith(".toml"):
            continue
        one = VendorFacts.model_validate(tomllib.loads(entry.read_text("utf-8")))
        if f"{one.id}.toml" != entry.name:
            raise ValueError(f"{entry.name} is about {one.id}; a file has the name of its vendor's id")
        found[one.id] = one
    return MappingProxyType(dict(sorted(found.items(), key=lambda item: item[1].name.lower())))


def search(words: str = "", category: str | None = None) -> Sequence[VendorFacts]:
    """The vendors whose id, name or categories have every word, of one category when it is given."""
    wanted = words.lower().split()
    return [
        one
        for one in catalogue().values()
        if (category is None or category in one.categories)
        and all(word in " ".join((one.id, one.name.lower(), *one.categories)) for word in wanted)
    ]


def categories() -> Sequence[str]:
    """Every category that has a vendor."""
    return sorted({name for one in catalogue().values() for name in one.categories})
