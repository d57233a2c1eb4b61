"""Conditions so plain that Python may tell them: `status == 200`, `body.status == 'ok' && latency_ms < 800`.

Most are, and starting CEL for them cost a tenth of an observation (measured). CEL has compiled each of them all the
same, and decides wherever a value is missing or not of the type that it is compared with.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from standby.config.cel_tokens import Token, literal_text, path_at

_COMPARING: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_OF_TEXTS = ("==", "!=")  # the order of texts is left to CEL
_TYPES: dict[str, type | None] = {
    "INT": int,
    "DOUBLE": float,
    "STRING": str,
    "TEXTS": str,
    "NUMBERS": float,
    "DYN": None,
}
_OF_LITERALS: dict[str, type] = {"int": int, "float": float, "string": str}

Comparison = tuple[str, Sequence[str | int], type, Callable[[Any, Any], bool], int | float | str]


class Plain:
    """Comparisons of a path with a literal, all of which must hold. Immutable."""

    __slots__ = ("_comparisons",)

    def __init__(self, comparisons: Sequence[Comparison]) -> None:
        self._comparisons = tuple(comparisons)

    def holds(self, values: Mapping[str, Any]) -> bool | None:
        """Whether all hold; None when CEL must decide."""
        verdict = True
        for root, path, kind, compare, literal in self._comparisons:
            value: Any = values.get(root)
            for part in path:
                value = value.get(part) if type(value) is dict else None
            if type(value) is not kind:
                return None
            verdict = verdict and compare(value, literal)
        return verdict


def plain(line: Sequence[Token], types: Mapping[str, str]) -> Plain | None:
    """The plain form of an expression's words, `types` being CEL's of the names in scope; None when it has none."""
    parts: list[list[Token]] = [[]]
    for token in line:
        if token.text == "&&":
            parts.append([])
        else:
            parts[-1].append(token)
    comparisons = [_comparison(part, types) for part in parts]
    found = [comparison for comparison in comparisons if comparison is not None]
    return Plain(found) if len(found) == len(comparisons) else None


def _comparison(part: Sequence[Token], types: Mapping[str, str]) -> Comparison | None:
    if len(part) < 3 or part[0].text not in types or any("\\" in token.text for token in part):
        return None
    path, end = path_at(part, 0)
    if len(part) != end + 2 or part[end].text not in _COMPARING:
        return None
    kind = _kind(types[part[0].text], part[-1], deep=len(path) > 1)
    if kind is None or (kind is str and part[end].text not in _OF_TEXTS):
        return None
    text = part[-1].text
    return part[0].text, path[1:], kind, _COMPARING[part[end].text], literal_text(text) if kind is str else kind(text)


def _kind(declared: str, literal: Token, *, deep: bool) -> type | None:
    """The one type that both sides are of; None when CEL had better see to it. Only DYN has no type declared."""
    written = _OF_LITERALS.get(literal.kind)
    if written is None or (written is str and literal.text[0] not in "'\""):
        return None
    if declared in ("TEXTS", "NUMBERS") and not deep:
        return None
    kind = _TYPES.get(declared) or written
    return kind if kind is written or (kind is float and written is int) else None
