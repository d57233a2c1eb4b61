"""How an answer differs from its contract, in words that a person can act on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol

from standby.domain.text import clean

MOST = 500
"""Differences that are looked at: of a list of thousands each entry may have lost the same field."""
_SHOWN = 60
_WORDS = {"integer": "a whole number", "number": "a number", "string": "text", "boolean": "true or false"}
_WORDS |= {"object": "an object", "array": "a list", "null": "null"}


@dataclass(frozen=True, slots=True)
class Drift:
    """One kind of difference at one place; `breaking`: whoever reads the answer may fail. `times` is how often."""

    place: str
    what: str
    breaking: bool
    times: int = 1

    def __str__(self) -> str:
        """`body.items[].price: null where it never was (12 times)`."""
        times = f" ({self.times} times)" if self.times > 1 else ""
        return f"{self.place}: {self.what}{times}"


class Error(Protocol):
    """What is used of `jsonschema_rs.ValidationError`."""

    message: str
    instance: Any
    instance_path: Sequence[str | int]
    kind: Any


def drifts(errors: Iterable[Error]) -> list[Drift]:
    """The differences, the breaking ones first, each place once."""
    found: dict[tuple[str, str, bool], int] = {}
    for error in islice(errors, MOST):
        for place, what, breaking in _told(error):
            key = (clean(place, 120), clean(what, 160), breaking)
            found[key] = found.get(key, 0) + 1
    told = [Drift(*key, times) for key, times in found.items()]
    return sorted(told, key=lambda one: not one.breaking)


def _told(error: Error) -> Iterable[tuple[str, str, bool]]:
    place, kind = _place(error.instance_path), error.kind
    name = getattr(kind, "name", "")
    if name == "required":
        yield f"{place}.{kind.property}", "is gone", True
    elif name in ("additionalProperties", "unevaluatedProperties"):
        for new in kind.unexpected:
            yield f"{place}.{new}", "is new", False
    elif name == "type":
        yield place, _typed(error.instance, kind.types), True
    elif name == "enum":
        known = ", ".join(str(one) for one in kind.options[:8])
        yield place, f"new value {_value(error.instance)}, known are {known}", True
    elif name in ("anyOf", "oneOf") and error.instance is None:
        yield place, "null where it never was", True
    else:
        yield place, error.message, True


def _typed(instance: object, wanted: Sequence[str]) -> str:
    if instance is None:
        return "null where it never was"
    return f"{_word(instance)} instead of {' or '.join(_WORDS.get(one, one) for one in wanted)}"


def _word(instance: object) -> str:
    match instance:
        case bool():
            return "true or false"
        case int():
            return "a whole number"
        case float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case _:
            return "an object"


def _value(instance: object) -> str:
    return clean(json.dumps(instance, ensure_ascii=False), _SHOWN)


def _place(path: Sequence[str | int]) -> str:
    """`body.items[].price`: the same for each entry of a list."""
    return "body" + "".join("[]" if isinstance(part, int) else f".{part}" for part in path)
