"""What CEL complains about, said so that a person can mend it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from standby.config.cel.tokens import Token
from standby.config.problems import nearest
from standby.domain.text import clean

_ERROR = re.compile(r"ERROR: <input>:(-?\d+):(-?\d+): (.*)")
_UNKNOWN_NAME = re.compile(r"undeclared reference to '([^']{1,200})'")
_OVERLOAD = re.compile(r"found no matching overload for '([^']{1,80})' applied to '(.{0,300}?)'$")
_RUNTIME_OVERLOAD = re.compile(r"No matching overloads found : (\S+?)\((.*)\)")
_TYPES = {
    "int": "a whole number",
    "int64": "a whole number",
    "double": "a number",
    "string": "text",
    "bool": "true or false",
    "bytes": "bytes",
    "null": "null",
    "null_type": "null",
    "dyn": "a value",
    "list": "a list",
    "map": "a table",
}
_INSTEAD = {"and": "&&", "or": "||", "not": "!", "is": "==", "=": "=="}
FUNCTIONS = ("size", "has", "double", "int", "string", "bool", "type", "duration", "timestamp", "matches")
METHODS = ("contains", "startsWith", "endsWith", "matches", "size", "all", "exists", "exists_one", "filter", "map")


class ExpressionError(Exception):
    """An expression that is refused: one line with the mend; `column` counts from 1 (0: the whole)."""

    def __init__(self, message: str, column: int = 0) -> None:
        self.message = clean(message, 300)
        self.column = column
        super().__init__(self.message, column)

    def __str__(self) -> str:
        return f"column {self.column}: {self.message}" if self.column else self.message


@dataclass(frozen=True, slots=True)
class Complaint:
    """The first thing that CEL said, at an offset from 0 into the text that it was given."""

    text: str
    offset: int

    @property
    def overload(self) -> tuple[str, str] | None:
        """Operator or function, and the types that it was given, when they do not go together."""
        found = _OVERLOAD.search(self.text)
        return None if found is None else (found[1], found[2])


def complaint(error: Exception, source: str) -> Complaint:
    """Read CEL's message; whatever it is, something comes out."""
    for line in str(error).splitlines():
        found = _ERROR.search(line)
        if found is None:
            continue
        row, column = int(found[1]), int(found[2])
        if row < 1 or column < 1:
            return Complaint(found[3].removesuffix(" [INVALID_ARGUMENT]"), -1)
        start = sum(len(part) + 1 for part in source.split("\n")[: row - 1])
        return Complaint(found[3].removesuffix(" [INVALID_ARGUMENT]"), start + column - 1)
    return Complaint(str(error), -1)


def refusal(said: Complaint, line: Sequence[Token], index: int | None, roots: Sequence[str]) -> ExpressionError:
    """The error for a person. `line` are the words as written, `index` the one that CEL pointed at."""
    column = line[index].at + 1 if index is not None else 0
    found = _UNKNOWN_NAME.search(said.text)
    if found is not None:
        return _unknown(found[1], line, index, roots)
    if said.overload is not None:
        return ExpressionError(mismatch(*said.overload), column)
    if "recursion" in said.text or "size exceeds" in said.text:
        return ExpressionError("is too deeply nested or too long; split it into several", column)
    return _syntax(said.text, line, index, column)


def _unknown(word: str, line: Sequence[Token], index: int | None, roots: Sequence[str]) -> ExpressionError:
    column = 0
    options: Sequence[str] = roots
    what = "a name"
    if index is not None:
        token = line[index]
        if token.text == "(":  # CEL points at the bracket of an unknown function
            before = [one for one in line[:index] if one.kind != "space"]
            method = len(before) > 1 and before[-2].text == "."
            options, what = (METHODS, "a method") if method else (FUNCTIONS, "a function")
            token = before[-1] if before else token
        elif "." in word:  # and at the last dot of a path of which nothing is known
            word = word.partition(".")[0]
            token = next((one for one in reversed(line[:index]) if one.text == word), token)
        column = token.at + 1
    word = clean(word.partition(".")[0], 60)
    if word in _INSTEAD:
        return ExpressionError(f'"{word}" is not CEL; write {_INSTEAD[word]}', column)
    near = nearest(word, options)
    mend = f'did you mean "{near}"?' if near else f"known here: {', '.join(options)}"
    return ExpressionError(f'"{word}" is not {what} that is known here; {mend}', column)


def _syntax(text: str, line: Sequence[Token], index: int | None, column: int) -> ExpressionError:
    if index is not None:
        here = line[index].text
        before = next((token.text for token in reversed(line[:index]) if token.kind != "space"), "")
        word = here if here in _INSTEAD else before if before in ("not", "=") else ""
        if word == "=" and (before in ("==", "=", "!=") or (here == "=" and _doubled(line, index))):
            return ExpressionError("a comparison is written == or !=", column)
        if word:
            return ExpressionError(f'"{word}" is not CEL; write {_INSTEAD[word]}', column)
        if here[:1] in "\"'":
            return ExpressionError("the text is not closed; add the quote", column)
    if "<EOF>" in text and "extraneous" not in text and "expecting <EOF>" not in text:
        return ExpressionError("ends too early; write the rest, like status == 200", column)
    plain = re.sub(r" expecting (\{.*|'.*)", "", text.removeprefix("Syntax error: "))
    return ExpressionError(f"is not CEL: {plain or 'empty'}", column)


def _doubled(line: Sequence[Token], index: int) -> bool:
    return index > 0 and line[index - 1].text in ("==", "!=", "=")


def mismatch(operator: str, types: str) -> str:
    """`== does not go with a whole number and text`, for compile and for run time."""
    name = operator.strip("_@").replace("_", "")
    said = " and ".join(_type_name(one) for one in _split(types.strip("()")))
    return (
        f"{clean(name, 30)} does not go with {said}; compare like with like"
        if said
        else f"{clean(name, 30)} needs a value"
    )


def runtime_mismatch(text: str) -> tuple[str, str] | None:
    """Operator and types of a mismatch that only running showed; None for another error."""
    found = _RUNTIME_OVERLOAD.search(text)
    return None if found is None else (found[1], found[2])


def _split(types: str) -> list[str]:
    """The types of a signature at its top level: commas inside brackets belong to a type."""
    parts, depth = [""], 0
    for letter in types:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts if part.strip()]


def _type_name(name: str) -> str:
    return _TYPES.get(name.partition("(")[0], clean(name, 40))
