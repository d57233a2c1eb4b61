"""Which conditions could take long on a hostile answer, and how large an answer they may see.

CEL gives up after 10,000 steps of its loops, but one step can be a search through a megabyte: a loop over 9,000 texts
with `contains` took 32 s (measured), `map` over 10,000 elements 2 s. Everything else is linear in the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from standby.config.cel.tokens import BINDING, Token

_LOOPS = frozenset({"all", "exists", "exists_one", "map", "filter"})
_BUILDING = frozenset({"map", "filter"})
_SEARCHING = frozenset({"contains", "matches", "startsWith", "endsWith", "in", "string", "bytes", "+"})
_LITERALS = frozenset({"string", "int", "float", "special"})
_COMPARING = BINDING["=="]


@dataclass(frozen=True, slots=True)
class Limit:
    """The largest answer that a condition may see: characters and elements together, and elements alone."""

    weight: int
    elements: int


_SEARCH = Limit(weight=50_000, elements=50_000)  # at most half a second
_BUILD = Limit(weight=50_000, elements=2_000)


def limit_of(line: Sequence[Token]) -> Limit | None:
    """The limit for an expression's words; None when it is linear."""
    called = {token.text for token, after in pairwise(line) if after.text == "("}
    if called & _BUILDING:
        return _BUILD
    if called & _LOOPS:
        heavy = any(token.text in _SEARCHING and token.kind != "string" for token in line)
        return _SEARCH if heavy or _compares_names(line) else None
    return _SEARCH if _searches_for_a_name(line) else None


def _compares_names(line: Sequence[Token]) -> bool:
    """Whether anything but a literal is compared with anything but a literal: `x == y`."""
    for index, token in enumerate(line):
        if token.kind == "operator" and BINDING.get(token.text) == _COMPARING:
            sides = (line[index - 1] if index else token, line[index + 1] if index + 1 < len(line) else token)
            if not any(_literal(side) for side in sides):
                return True
    return False


def _searches_for_a_name(line: Sequence[Token]) -> bool:
    """`text.contains(body.name)`: both are the vendor's, and searching is not linear for the worst of them."""
    return any(
        token.text == "contains" and index + 2 < len(line) and line[index + 2].kind != "string"
        for index, token in enumerate(line)
    )


def _literal(token: Token) -> bool:
    return token.kind in _LITERALS or token.text in ("true", "false", "null", "-")


def exceeds(values: Sequence[object], limit: Limit) -> bool:
    """Whether values together are larger than the limit. Stops counting there."""
    weight = elements = 0
    level = list(values)
    while level:
        below: list[object] = []
        for item in level:
            if isinstance(item, (str, bytes)):
                weight += len(item)
            elif isinstance(item, dict):
                below += item.values()
                weight += sum(map(len, item)) if all(isinstance(key, str) for key in item) else 0
            elif isinstance(item, list):
                below += item
        elements += len(below)
        if elements > limit.elements or weight + elements > limit.weight:
            return True
        level = below
    return False
