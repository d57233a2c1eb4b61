"""The words of a CEL expression, with their places: enough to mend numbers, find names and explain a failure.

CEL's own parser decides what is valid; this one only has to agree with it on what is a string, a number and a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

_TOKEN = re.compile(
    r"(?P<space>[ \t\r\n\f]+|//[^\n]*)"
    r"|(?P<string>(?:[bB][rR]?|[rR][bB]?)?(?:"
    r'"""(?:[^\\]|\\.)*?"""|' + r"'''(?:[^\\]|\\.)*?'''|" + r'"(?:[^"\\\r\n]|\\.)*"|' + r"'(?:[^'\\\r\n]|\\.)*'" + "))"
    r"|(?P<float>[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+|\.[0-9]+(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<special>0[xX][0-9A-Fa-f]+[uU]?|[0-9]+[uU])"  # hexadecimal and unsigned: integers that stay integers
    r"|(?P<int>[0-9]+)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*|`[^`\n]+`)"
    r"|(?P<operator>==|!=|<=|>=|&&|\|\||[-+*/%<>!?:.,()\[\]{}])"
    r"|(?P<other>.)",
    re.DOTALL,
)
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")
BINDING = {"||": 1, "&&": 2} | dict.fromkeys(("==", "!=", "<", "<=", ">", ">=", "in"), 3)
BINDING |= dict.fromkeys("+-", 4) | dict.fromkeys("*/%", 5)


@dataclass(frozen=True, slots=True)
class Token:
    """One word; `at` is where it stands in the text as written, counted from 0."""

    kind: str
    text: str
    at: int


def tokens(text: str) -> list[Token]:
    """Every word, spaces included: joined they are the text again."""
    return list(_tokens(text))


@lru_cache(maxsize=64)  # one expression is looked at from several sides while it is compiled
def _tokens(text: str) -> tuple[Token, ...]:
    return tuple(Token(str(found.lastgroup), found[0], found.start()) for found in _TOKEN.finditer(text))


def words(text: str) -> list[Token]:
    """The words without spaces and comments."""
    return [token for token in tokens(text) if token.kind != "space"]


def is_unary(line: Sequence[Token], index: int) -> bool:
    """Whether a `-` or `!` at `index` has nothing on its left."""
    for token in reversed(line[:index]):
        if token.kind != "space":
            return (token.kind == "operator" and token.text not in _CLOSING) or token.text == "in"
    return True


def operand(line: Sequence[Token], index: int, step: int) -> tuple[int, int]:
    """The operand right (`step` 1) or left (-1) of the binary operator at `index`: its slice of `line`.

    Follows CEL's precedence; brackets are skipped whole.
    """
    limit = BINDING[line[index].text]
    opening, closing = (_OPENING, _CLOSING) if step == 1 else (_CLOSING, _OPENING)
    depth, at = 0, index + step
    while 0 <= at < len(line):
        text, kind = line[at].text, line[at].kind
        if kind == "operator" and text in opening:
            depth += 1
        elif kind == "operator" and text in closing:
            if depth == 0:
                break
            depth -= 1
        elif depth == 0 and kind in ("operator", "name") and _ends(line, at, limit, step):
            break
        at += step
    start, end = (index + 1, at) if step == 1 else (at + 1, index)
    while start < end and line[start].kind == "space":
        start += 1
    while start < end and line[end - 1].kind == "space":
        end -= 1
    return start, end


def _ends(line: Sequence[Token], at: int, limit: int, step: int) -> bool:
    text = line[at].text
    if text in ("?", ":", ","):
        return True
    binding = BINDING.get(text)
    if binding is None or (text == "-" and is_unary(line, at)):
        return False
    return binding <= limit if step == 1 else binding < limit


@dataclass(frozen=True, slots=True)
class Name:
    """A name that an expression uses, with the path behind it: `body.items[0].id`."""

    text: str
    path: tuple[str | int, ...]
    at: int
    sized: bool = False  # it stands in size(...)


def names(text: str, roots: frozenset[str]) -> list[Name]:
    """The names that start with one of `roots`, in order, each once."""
    line = words(text)
    found = {name.text + str(name.sized): name for name in reversed(list(_names(line, roots)))}
    return sorted(found.values(), key=lambda name: name.at)


def bare_name(text: str, roots: frozenset[str]) -> tuple[str | int, ...] | None:
    """The path of the one name that `text` consists of, starting with one of `roots`; None for anything else."""
    line = words(text)
    if not line or line[0].text not in roots:
        return None
    path, end = path_at(line, 0)
    return tuple(path) if end == len(line) else None


def _names(line: Sequence[Token], roots: frozenset[str]) -> Iterator[Name]:
    for index, token in enumerate(line):
        if token.text not in roots or (index and line[index - 1].text == "."):
            continue
        path, end = path_at(line, index)
        before = [one.text for one in line[max(0, index - 2) : index]]
        after = line[end].text if end < len(line) else ""
        wrapped = before[-1:] == ["("] and after == ")" and before[0] == "size"
        shown = ".".join(str(part) if isinstance(part, str) else f"[{part}]" for part in path).replace(".[", "[")
        sized = wrapped or _asks_size(line, end)
        yield Name(shown, tuple(path), token.at, sized)


def path_at(line: Sequence[Token], index: int) -> tuple[list[str | int], int]:
    """The names and literal indexes behind the one at `index`, and where they end. A method's name is none of them."""
    path: list[str | int] = [line[index].text]
    at = index + 1
    while at + 1 < len(line):
        step = line[at + 1]
        if line[at].text == "." and step.kind == "name":
            if at + 2 < len(line) and line[at + 2].text == "(":
                break
            path.append(step.text.strip("`"))
            at += 2
        elif (
            line[at].text == "[" and at + 2 < len(line) and line[at + 2].text == "]" and step.kind in ("int", "string")
        ):
            path.append(int(step.text[:18]) if step.kind == "int" else literal_text(step.text))
            at += 3
        else:
            break
    return path, at


def flattened(text: str) -> str:
    """The same text with `latency_ms` for each `checks["api"].latency_ms`; everything stays in its place."""
    line, found = words(text), text
    for index, token in enumerate(line):
        if token.text != "checks" or (index and line[index - 1].text == "."):
            continue
        path, _ = path_at(line, index)
        if len(path) < 3:
            continue
        at = index + 1
        for _ in range(2):
            at += 2 if line[at].text == "." else 3
        end = line[at - 1].at + len(line[at - 1].text)
        found = found[: token.at] + str(path[2]).ljust(end - token.at) + found[end:]
    return found


def _asks_size(line: Sequence[Token], end: int) -> bool:
    return [token.text for token in line[end : end + 4]] == [".", "size", "(", ")"]


def literal_text(text: str) -> str:
    """What a string literal says, as far as messages need it: simple escapes only."""
    body = text.lstrip("bBrR")
    quotes = 3 if body[:3] in ('"""', "'''") else 1
    inside = body[quotes:-quotes]
    if text[:1] in "rR":
        return inside
    return re.sub(r"\\(.)", lambda found: {"n": "\n", "t": "\t"}.get(found[1], found[1]), inside)
