"""Let people write `latency_ms < 800`: CEL keeps whole numbers and decimals apart, users do not.

The type checker says where a decimal meets a whole number; there, and nowhere else, the whole-number side becomes a
decimal: literals get `.0`, anything else is wrapped in `double(...)`. Text in quotes is never touched.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from standby.config.cel.errors import Complaint, complaint
from standby.config.cel.tokens import BINDING, Token, is_unary, operand, tokens

MOST_MENDS = 100
_SIDES = {"(double, int)": 1, "(int, double)": -1}
_PURE = frozenset("+-*/()")


class RefusedError(Exception):
    """CEL does not take it, numbers mended or not; `at` is the word it points at, in the text as written."""

    def __init__(self, said: Complaint, line: list[Token], index: int | None) -> None:
        super().__init__(said.text)
        self.said, self.line, self.index = said, line, index


def compile_mended(compile_: Callable[[str], Any], text: str, line: list[Token] | None = None) -> Any:  # noqa: ANN401
    """Compile, mending numbers where the checker asks for it. Raises RefusedError. Returns what `compile_` does."""
    line = tokens(text) if line is None else line
    for _ in range(MOST_MENDS):
        source = "".join(token.text for token in line)
        try:
            return compile_(source)
        except Exception as error:  # noqa: BLE001 - the library's errors have no class of their own
            said = complaint(error, source)
        index = _index_at(line, said.offset)
        if index is None or not _mend(line, index, said):
            raise RefusedError(said, line, index)
    raise RefusedError(said, line, None)


def _index_at(line: list[Token], offset: int) -> int | None:
    if offset < 0:
        return None
    at = 0
    for index, token in enumerate(line):
        at += len(token.text)
        if offset < at:
            return index
    return None


def _mend(line: list[Token], index: int, said: Complaint) -> bool:
    if said.overload is None or said.overload[1] not in _SIDES:
        return False
    if line[index].text not in BINDING or line[index].text in ("in", "%"):
        return False
    start, end = operand(line, index, _SIDES[said.overload[1]])
    if start >= end:
        return False
    if all(token.kind in ("int", "space", "float") or token.text in _PURE for token in line[start:end]):
        line[start:end] = [_decimal(token) for token in line[start:end]]
    else:
        line.insert(end, Token("operator", ")", line[end - 1].at))
        line[start:start] = [Token("name", "double", line[start].at), Token("operator", "(", line[start].at)]
    return True


def _decimal(token: Token) -> Token:
    return Token("float", f"{token.text}.0", token.at) if token.kind == "int" else token


def with_decimals(text: str) -> list[Token] | None:
    """The same expression with every whole number beside + - * / made a decimal; None when there is none.

    For values whose type only the answer knows: `body.amount * 2` when the amount is 1.5.
    """
    line = tokens(text)
    found = False
    for index, token in enumerate(line):
        if BINDING.get(token.text, 0) < 4 or token.text == "%" or is_unary(line, index):
            continue
        for step in (-1, 1):
            start, end = operand(line, index, step)
            if end - start == 1 and line[start].kind == "int":
                line[start] = _decimal(line[start])
                found = True
    return line if found else None
