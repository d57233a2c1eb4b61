"""Conditions so plain that Python may tell them: `status == 200`, `error_rate > 0.05 && latency_ms > 800`.

Most conditions are, and starting CEL for them cost a tenth of an observation (measured). CEL has compiled each of them
all the same, and decides wherever a value is missing or not of the type that it was compiled for.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from standby.config.cel_tokens import Token, literal_text

_COMPARING: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_OF_TEXTS = ("==", "!=")  # the order of texts is left to CEL
_TYPES: dict[str, type] = {"INT": int, "DOUBLE": float, "STRING": str}

Comparison = tuple[str, type, Callable[[Any, Any], bool], object]


class Plain:
    """Comparisons of a name with a literal, all of which must hold. Immutable."""

    __slots__ = ("_comparisons",)

    def __init__(self, comparisons: Sequence[Comparison]) -> None:
        self._comparisons = tuple(comparisons)

    def holds(self, values: Mapping[str, Any]) -> bool | None:
        """Whether all hold; None when CEL must decide."""
        verdict = True
        for name, kind, compare, literal in self._comparisons:
            value = values.get(name)
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
    if len(part) != 3 or part[0].text not in types or part[1].text not in _COMPARING:
        return None
    name, sign, literal = part
    kind = _TYPES.get(types[name.text])
    value = _literal(literal, kind)
    if kind is None or value is None or (kind is str and sign.text not in _OF_TEXTS):
        return None
    return name.text, kind, _COMPARING[sign.text], value


def _literal(token: Token, kind: type | None) -> int | float | str | None:
    if kind is int and token.kind == "int":
        return int(token.text)
    if kind is float and token.kind in ("int", "float"):
        return float(token.text)
    if kind is str and token.kind == "string" and token.text[:1] in "'\"" and "\\" not in token.text:
        return literal_text(token.text)
    return None
