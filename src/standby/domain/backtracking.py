"""How long a regular expression may take: Python's engine tries one way after another, and some have very many.

A pattern comes from a configuration, a person or another program, and one such as `(x+x+)+y` takes hours on a value of
a few dozen characters. So the ways are counted before it is taken: what stands in a row multiplies, what stands beside
each other adds up, and what repeats inside a repeat has no end.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

LONGEST = 300
"""Characters of the longest value that is looked at."""
MOST_WAYS = float(LONGEST**3)
"""Three open repeats in a row: half a second at the worst (measured)."""
_TOKEN = re.compile(
    r"(?P<atom>\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?[aiLmsux-]+\))"
    r"|(?P<open>\((?:\?(?:<?[=!]|P?<[^>]*>|[aiLmsux-]*:)?)?)|(?P<close>\))|(?P<bar>\|)"
    r"|(?P<times>[*+?]|\{(?P<least>[0-9]*)(?P<comma>,?)(?P<most>[0-9]*)\})[?+]?|.",
    re.DOTALL,
)


@dataclass(slots=True)
class _Row:
    """What stands in a row: the ways of the rows beside it, of what came before in it, and of its last part."""

    beside: float = 0.0
    before: float = 1.0
    last: float = 1.0

    @property
    def ways(self) -> float:
        return self.beside + self.before * self.last

    def add(self, ways: float) -> None:
        self.before, self.last = self.before * self.last, ways


def ways(pattern: str) -> float:
    """In how many ways it may be tried on a value of `LONGEST` characters at the worst; infinity: without end."""
    rows = [_Row()]
    for found in _TOKEN.finditer(pattern):
        if found["open"]:
            rows.append(_Row())
        elif found["close"] and len(rows) > 1:
            inner = rows.pop()
            rows[-1].add(inner.ways)
        elif found["bar"]:
            rows[-1] = _Row(rows[-1].ways)
        elif found["times"]:
            rows[-1].last = _repeated(rows[-1].last, found)
        else:
            rows[-1].add(1.0)
    return math.prod(row.ways for row in rows)


def refusal(pattern: str) -> str:
    """Why it is not taken, with the mend; empty when it may be."""
    if ways(pattern) <= MOST_WAYS:
        return ""
    return "could be tried for hours; write at most three of * and + in a row, and none inside another repeat"


def _repeated(once: float, found: re.Match[str]) -> float:
    if found["times"] == "?":
        return once + 1
    if found["times"] in {"*", "+"} or (found["comma"] and not found["most"]):
        return LONGEST if once == 1 else math.inf
    least, most = int(found["least"] or 0), int(found["most"] or found["least"] or 0)
    choices = max(most - least, 0) + 1
    return float(choices) if once == 1 else choices * once ** min(most, LONGEST)
