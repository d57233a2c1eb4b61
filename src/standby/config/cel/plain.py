"""Conditions so plain that Python may tell them: `status == 200`, `body.status == 'ok' && text.contains('ready')`.

Most are, and starting CEL for them cost a fifth of an observation (measured): `matches` alone compiles its pattern at
every look. CEL has compiled each condition all the same, and decides wherever a value is missing or not of the type
that it is compared with.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any, Literal

from standby.config.cel.tokens import Token, literal_text, path_at

_COMPARING: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_OF_TEXTS = ("==", "!=")  # the order of texts is left to CEL
_ASKING: dict[str, Callable[[Any, Any], bool]] = {
    "contains": operator.contains,
    "startsWith": str.startswith,
    "endsWith": str.endswith,
}
_STRAIGHT = re.compile(r"\^?[^\\^$.|?*+()\[\]{}](?:[^\\^$.|?*+()\[\]{}][*+]?)*")
_TYPES: dict[str, type | None] = {
    "INT": int,
    "DOUBLE": float,
    "STRING": str,
    "TEXTS": str,
    "NUMBERS": float,
    "DYN": None,
}
_OF_LITERALS: dict[str, type] = {"int": int, "float": float, "string": str}


class Telling(Enum):
    """What is neither true nor false, and no question for CEL."""

    UNTOLD = "untold"  # a value is missing, and none that is there decides


UNTOLD = Telling.UNTOLD
Comparison = tuple[str, Sequence[str | int], type, Callable[[Any, Any], bool], object]


class Plain:
    """Comparisons of a path with a literal, all of which must hold. Immutable.

    `lenient`: no value is ever null, so that one which is not there is missing, and one that is false decides.
    """

    __slots__ = ("_comparisons", "_lenient")

    def __init__(self, comparisons: Sequence[Comparison], *, lenient: bool = False) -> None:
        self._comparisons = tuple(comparisons)
        self._lenient = lenient

    def holds(self, values: Mapping[str, Any]) -> bool | Literal[Telling.UNTOLD] | None:
        """Whether all hold; None when CEL must decide."""
        verdict, untold = True, False
        for root, path, kind, compare, literal in self._comparisons:
            value: Any = values.get(root)
            for part in path:
                value = value.get(part) if type(value) is dict else None
            if type(value) is not kind and not (kind is str and isinstance(value, str)):
                if value is not None or not self._lenient:
                    return None
                untold = True
            else:
                verdict = verdict and compare(value, literal)
        return UNTOLD if untold and verdict else verdict


def plain(line: Sequence[Token], types: Mapping[str, str], *, lenient: bool = False) -> Plain | None:
    """The plain form of an expression's words, `types` being CEL's of the names in scope; None when it has none.

    `lenient`: see `Plain`.
    """
    parts: list[list[Token]] = [[]]
    for token in line:
        if token.text == "&&":
            parts.append([])
        else:
            parts[-1].append(token)
    comparisons = [_comparison(part, types) for part in parts]
    found = [comparison for comparison in comparisons if comparison is not None]
    return Plain(found, lenient=lenient) if len(found) == len(comparisons) else None


def _comparison(part: Sequence[Token], types: Mapping[str, str]) -> Comparison | None:
    if len(part) == 1 and types.get(part[0].text) == "BOOL":
        return part[0].text, (), bool, operator.eq, True
    if len(part) < 3 or part[0].text not in types or any("\\" in token.text for token in part):
        return None
    path, end = path_at(part, 0)
    declared, rest, depth = types[part[0].text], part[end:], 1
    if declared == "CHECKS":
        declared, depth = (types.get(str(path[2]), ""), 3) if len(path) > 2 else ("", 0)
    if not declared or (declared in ("TEXTS", "NUMBERS") and len(path) == depth):
        return None
    found = _compared(declared, *rest) if len(rest) == 2 else _asked(declared, rest)
    return None if found is None else (part[0].text, path[1:], *found)


def _compared(declared: str, sign: Token, literal: Token) -> tuple[type, Callable[[Any, Any], bool], object] | None:
    """`== 200`, `< 0.5`."""
    compare, kind = _COMPARING.get(sign.text), _kind(declared, literal)
    if compare is None or kind is None or (kind is str and sign.text not in _OF_TEXTS):
        return None
    return kind, compare, literal_text(literal.text) if kind is str else kind(literal.text)


def _asked(declared: str, rest: Sequence[Token]) -> tuple[type, Callable[[Any, Any], bool], object] | None:
    """`.contains('ready')`, `.matches('"status": *"ok"')`."""
    if len(rest) != 5 or [rest[0].text, rest[2].text, rest[4].text] != [".", "(", ")"]:
        return None
    if _kind(declared, rest[3]) is not str:
        return None
    text, method = literal_text(rest[3].text), rest[1].text
    if method == "matches" and _is_straight(text):
        return str, _matches, re.compile(text)
    return (str, _ASKING[method], text) if method in _ASKING else None


def _matches(text: str, pattern: re.Pattern[str]) -> bool:
    return pattern.search(text) is not None


def _is_straight(pattern: str) -> bool:
    """Whether Python's engine cannot be led astray by any text: only characters, and those repeated stand alone.

    Then there is one way to go on at each place, and no part of a text is gone over again from another place.
    """
    repeated = re.findall(r"(.)[*+]", pattern, re.DOTALL)
    return _STRAIGHT.fullmatch(pattern) is not None and all(pattern.count(each) == 1 for each in repeated)


def _kind(declared: str, literal: Token) -> type | None:
    """The one type that both sides are of; None when CEL had better see to it. Only DYN has no type declared."""
    written = _OF_LITERALS.get(literal.kind)
    if written is None or (written is str and literal.text[0] not in "'\""):
        return None
    kind = _TYPES.get(declared) or written
    return kind if kind is written or (kind is float and written is int) else None
