"""The number in a condition that may be tried at other values: of plain comparisons joined by `&&`, of nothing else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from standby.config.cel import RULE
from standby.config.cel.tokens import Token, path_at, words
from standby.config.models import Rule
from standby.domain.text import clean
from standby.domain.units import format_duration, parse_duration

_ORDERS = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
"""How each reads from the other side."""
_NUMBER = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,15})?")
_TOO_MUCH = frozenset({"||", "?", "!", "(", ")", "{", "}", "in", "+", "-", "*", "/", "%"})


@dataclass(frozen=True, slots=True)
class Threshold:
    """`name op value` somewhere in a condition; `start` and `end` are where the number stands in its text."""

    name: str
    operator: str  # as read with the name on the left
    text: str  # the number as it is written
    start: int
    end: int

    @property
    def value(self) -> float:
        """The number."""
        return float(self.text)

    @property
    def whole(self) -> bool:
        """Whether it is written as a whole number, and has to stay one."""
        return self.text.isdigit()

    @property
    def upward(self) -> bool:
        """Whether a larger number makes it hold less often."""
        return self.operator in (">", ">=")


def thresholds(when: str) -> list[Threshold]:
    """Every number that a known name is held against; none when the condition says more than plain comparisons."""
    line = words(when)
    if any(token.text in _TOO_MUCH or token.kind in ("other", "special") for token in line):
        return []
    return [found for part in _parts(line) if (found := _comparison(part)) is not None]


def with_number(when: str, threshold: Threshold, number: str) -> str:
    """The condition with another number in that place, all else as it is written."""
    return when[: threshold.start] + number + when[threshold.end :]


@dataclass(frozen=True, slots=True)
class Change:
    """Another value for one key of a rule: a span for `for` and `keep_firing_for`, for `when` the number that stands
    at `at` in its text, so that nobody sends a whole condition."""

    key: str
    value: str
    at: int = 0

    def keys(self, rule: Rule) -> dict[str, str]:
        """The key as it would be written. Raises ValueError with what is wrong."""
        if self.key in ("for", "keep_firing_for"):
            return {self.key: format_duration(parse_duration(self.value))}
        if self.key != "when":
            raise ValueError(f"{clean(self.key, 40)} of a rule is not changed; only when, for and keep_firing_for are")
        found = next((one for one in thresholds(rule.when) if one.start == self.at), None)
        if found is None or not _NUMBER.fullmatch(self.value):
            raise ValueError(f"{clean(self.value, 40)} cannot stand at {self.at} of {clean(rule.when, 200)}")
        return {"when": with_number(rule.when, found, self.value)}


def _parts(line: Sequence[Token]) -> list[list[Token]]:
    parts: list[list[Token]] = [[]]
    for token in line:
        if token.text == "&&":
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _comparison(part: list[Token]) -> Threshold | None:
    places = [place for place, token in enumerate(part) if token.kind == "operator" and token.text in _ORDERS]
    if len(places) != 1:
        return None
    sign = part[places[0]].text
    left, right = part[: places[0]], part[places[0] + 1 :]
    if _is_number(right) and _is_name(left):
        return _threshold(left, sign, right[0])
    if _is_number(left) and _is_name(right):
        return _threshold(right, _ORDERS[sign], left[0])
    return None


def _threshold(name: list[Token], sign: str, number: Token) -> Threshold:
    said = "".join(token.text for token in name)
    return Threshold(said, sign, number.text, number.at, number.at + len(number.text))


def _is_number(side: list[Token]) -> bool:
    return len(side) == 1 and side[0].kind in ("int", "float")


def _is_name(side: list[Token]) -> bool:
    return bool(side) and side[0].text in RULE.roots and path_at(side, 0)[1] == len(side)
