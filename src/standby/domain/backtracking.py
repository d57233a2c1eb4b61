"""How long a regular expression may take: Python's engine tries one way after another, and some have very many.

A pattern comes from a configuration, a person or another program, and one such as `(x+x+)+y` takes hours on a value of
a few dozen characters. So the ways are counted before it is taken. There is one way where the next character alone
decides: whether `[0-9]+` goes on before a dot, which of `(eu|us)` it is. Where it does not, what stands in a row
multiplies, what stands beside each other adds up, and what repeats inside a repeat has no end.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache

LONGEST = 300
"""Characters of the longest value that is looked at."""
MOST_WAYS = float((LONGEST + 1) ** 3)
"""Three open repeats in a row that may take the same characters: half a second at the worst (measured)."""
_DEEPEST = 100
_TOKEN = re.compile(
    r"(?P<nothing>\(\?(?:[aiLmsu]+|#[^)]*)\))|(?P<atom>\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?P=[^)]*\))"
    r"|(?P<looks>\(\?<?[=!])|(?P<unknown>\(\?(?!P<|[aiLmsu-]*:|>))|(?P<open>\((?:\?(?:P<[^>]*>|[aiLmsu-]*:|>))?)"
    r"|(?P<close>\))|(?P<bar>\|)"
    r"|(?P<times>[*+?]|\{(?P<least>[0-9]*)(?P<comma>,?)(?P<most>[0-9]*)\})[?+]?|(?P<other>.)",
    re.DOTALL,
)
_IGNORES_CASE = re.compile(r"\(\?[aLmsu]*i")
_ASCII = [chr(code) for code in range(128)]
_BEYOND = "beyond ASCII"  # one member for all characters that are
_ALL = frozenset((*_ASCII, _BEYOND))
_NOTHING: frozenset[str] = frozenset()
_LINES_UP = frozenset([r"\b", r"\B", r"\A", r"\Z", r"^", r"$"])  # match between characters

Chars = frozenset[str]


@dataclass(frozen=True, slots=True)
class _Part:
    """Something of a pattern: `once` are the branches of its content (none of an atom), each a row of parts."""

    first: Chars  # what it may begin with
    empty: bool  # whether it may match nothing
    once: tuple[tuple[_Part, ...], ...] = ()
    least: int = 1
    most: float = 1
    looks: bool = False  # what it holds is only looked at, and what follows it may be anything

    def ways(self, follow: Chars) -> float:
        """In how many ways it may match, `follow` being what may come after it."""
        again = _ALL if self.looks else self.first | follow if self.most > 1 else follow
        inner = _beside(self.once, again) if self.once else 1.0
        if (self.least, self.most) == (1, 1):
            return inner
        hollow = bool(self.once) and any(_empty(row) for row in self.once)
        if inner == 1 and not hollow:
            return 1.0 if self.least == self.most or self.first.isdisjoint(follow) else self._choices
        return math.inf if self.most == math.inf else self._choices * inner**self.most

    @property
    def _choices(self) -> float:
        return min(self.most, LONGEST) - min(self.least, LONGEST) + 1


@dataclass(slots=True)
class _Open:
    """A group that is being read."""

    looks: bool = False
    rows: list[list[_Part]] = field(default_factory=lambda: [[]])

    def close(self) -> _Part:
        rows = tuple(tuple(row) for row in self.rows)
        if self.looks:
            return _Part(_NOTHING, empty=True, once=rows, looks=True)
        first = frozenset().union(*(_first(row, _NOTHING) for row in rows))
        return _Part(first, any(_empty(row) for row in rows), rows)


def ways(pattern: str) -> float:
    """In how many ways it may be tried on a value of `LONGEST` characters at the worst; infinity: without end."""
    groups, ignore_case = [_Open()], _IGNORES_CASE.search(pattern) is not None
    for found in _TOKEN.finditer(pattern):
        row = groups[-1].rows[-1]
        if found["open"] or found["looks"]:
            groups.append(_Open(looks=bool(found["looks"])))
        elif found["close"] and len(groups) > 1:
            inner = groups.pop().close()
            groups[-1].rows[-1].append(inner)
        elif found["bar"]:
            groups[-1].rows.append([])
        elif found["times"] and row:
            row[-1] = _repeated(row[-1], found)
        elif not found["nothing"]:
            row.append(_atom(found[0], ignore_case=ignore_case))
        if found["unknown"] or len(groups) > _DEEPEST:  # conditions, and spaces that are none: nobody needs them here
            return math.inf
    return math.prod(_beside(group.close().once, _NOTHING) for group in groups)


def refusal(pattern: str) -> str:
    """Why it is not taken, with the mend; empty when it may be."""
    if ways(pattern) <= MOST_WAYS:
        return ""
    return (
        "could be tried for hours; write at most three of * and + that may take the same characters, "
        "and none inside another repeat"
    )


def _repeated(part: _Part, found: re.Match[str]) -> _Part:
    least, most = {"*": (0, math.inf), "+": (1, math.inf), "?": (0, 1)}.get(found["times"], (0, math.inf))
    if found["times"][0] == "{":
        least = int(found["least"] or 0)
        most = int(found["most"] or found["least"] or 0) if found["most"] or not found["comma"] else math.inf
    plain = (part.least, part.most) == (1, 1) and not part.looks
    content = part.once if plain and part.once else ((part,),)
    return _Part(part.first, part.empty or least == 0, content, least, most)


@cache
def _atom(text: str, *, ignore_case: bool) -> _Part:
    """One character's place. What is beyond ASCII is one character here, whichever it is."""
    if text in _LINES_UP:
        return _Part(_NOTHING, empty=True)
    if text.startswith("(?P="):  # what a group held: it may be anything
        return _Part(_ALL, empty=True)
    try:
        one = re.compile(text, re.DOTALL | (re.IGNORECASE if ignore_case else 0))
    except re.error:  # the same by number, or no atom at all
        return _Part(_ALL, empty=True)
    many = text == "." or text.startswith("[^") or re.search(r"\\[a-zA-Z0-9]", text) is not None
    beyond = many or not text.isascii()  # what folds to an ASCII letter shares that with whatever else it matches
    chars = {char for char in _ASCII if one.fullmatch(char)} | ({_BEYOND} if beyond else set())
    return _Part(frozenset(chars), empty=False)


def _beside(rows: Sequence[Sequence[_Part]], follow: Chars) -> float:
    """Branches: one of them when the next character tells which, else one after the other."""
    found = [math.prod(part.ways(after) for part, after in _followed(row, follow)) for row in rows]
    firsts = [_first(row, follow) for row in rows]
    told = sum(map(len, firsts)) == len(frozenset().union(*firsts)) if firsts else True
    return max(found, default=1.0) if told else sum(found)


def _followed(row: Sequence[_Part], follow: Chars) -> Iterator[tuple[_Part, Chars]]:
    """Each part with what may come after it, the last one first."""
    for part in reversed(row):
        yield part, follow
        follow = _before(part, follow)


def _first(row: Sequence[_Part], follow: Chars) -> Chars:
    """What may come first: of the row, or behind it when it may be empty."""
    for part in reversed(row):
        follow = _before(part, follow)
    return follow


def _before(part: _Part, follow: Chars) -> Chars:
    """What may come where the part begins."""
    return part.first | follow if part.empty else part.first


def _empty(row: Sequence[_Part]) -> bool:
    return all(part.empty for part in row)
