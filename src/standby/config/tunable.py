"""The number in a condition that may be tried at other values: of plain comparisons joined by `&&`, of nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from standby.config.cel import RULE
from standby.config.cel_tokens import Token, path_at, tokens, words

_ORDERS = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
"""How each reads from the other side."""
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


def differ_in_a_number(old: str, new: str) -> bool:
    """Whether two conditions are the same but for one number of `thresholds(old)`."""
    before, after = tokens(old), tokens(new)
    if len(before) != len(after):
        return False
    changed = [(one, two) for one, two in zip(before, after, strict=True) if one.text != two.text]
    if len(changed) != 1:
        return False
    [(one, two)] = changed
    return two.kind in ("int", "float") and one.at in {found.start for found in thresholds(old)}


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
