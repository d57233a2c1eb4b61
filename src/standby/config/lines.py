"""On which line each key of a TOML file stands. tomllib does not say, and a message without a line is half a message.

Reads only text that tomllib has accepted, so it can lean on that: it follows keys, strings and brackets and leaves
values alone.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right

KeyPath = tuple[str | int, ...]
"""Keys and positions in lists, as in the parsed value: ("check", 0, "headers", "Accept")."""

_BLANK = re.compile(r"[ \t\r\n]*(?:#[^\n]*\n?[ \t\r\n]*)*")
_KEY = re.compile(r"""[ \t]*("(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[A-Za-z0-9_-]+)[ \t]*""")
_STRING = re.compile(
    r'"""(?:[^"\\]|\\.|"{1,2}(?!"))*"{3,5}' + r"|'''(?:[^']|'{1,2}(?!'))*'{3,5}"
    r"""|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}#\n]*")


class Lines:
    """The lines of one file. `line()` answers for any path, for an unknown one with the nearest table around it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]
        self._lines: dict[KeyPath, int] = {(): 1}
        self._counts: dict[KeyPath, int] = {}  # lists of tables: how many so far
        self._read()

    def line(self, path: KeyPath) -> int:
        """The line, from 1, on which `path` is written, or else the innermost table or list that holds it."""
        while path not in self._lines:
            path = path[:-1]
        return self._lines[path]

    def _note(self, path: KeyPath, at: int) -> None:
        """The first place counts; what leads to it stands there too unless it was seen before."""
        line = bisect_right(self._starts, at)
        for length in range(len(path), 0, -1):
            if self._lines.setdefault(path[:length], line) != line:
                break

    def _read(self) -> None:
        table: KeyPath = ()
        at = self._skip(0)
        while at < len(self._text):
            if self._text[at] == "[":
                table, at = self._header(at)
            else:
                at = self._pair(at, table)
            at = self._skip(at)

    def _skip(self, at: int) -> int:
        found = _BLANK.match(self._text, at)
        return at if found is None else found.end()

    def _header(self, at: int) -> tuple[KeyPath, int]:
        start = at
        many = self._text.startswith("[[", at)
        keys, at = self._keys(at + (2 if many else 1))
        path: KeyPath = ()
        for key in keys[:-1]:
            path = self._inside((*path, key))
        path = (*path, keys[-1])
        if many:
            count = self._counts.get(path, 0)
            self._counts[path] = count + 1
            path = (*path, count)
        else:
            path = self._inside(path)
        self._note(path, start)
        return path, at + (2 if many else 1)

    def _inside(self, path: KeyPath) -> KeyPath:
        """A list of tables stands for its last one."""
        count = self._counts.get(path)
        return path if count is None else (*path, count - 1)

    def _keys(self, at: int) -> tuple[list[str], int]:
        keys: list[str] = []
        while (found := _KEY.match(self._text, at)) is not None:
            keys.append(_plain(found[1]))
            at = found.end()
            if not self._text.startswith(".", at):
                break
            at += 1
        return keys, at

    def _pair(self, at: int, table: KeyPath) -> int:
        start = at
        keys, at = self._keys(at)
        path = (*table, *keys)
        self._note(path, start)
        return self._value(self._text.index("=", at) + 1, path)

    def _value(self, at: int, path: KeyPath) -> int:
        at += len(self._text[at : at + 4000]) - len(self._text[at : at + 4000].lstrip(" \t"))
        opening = self._text[at : at + 1]
        if opening == "[":
            return self._list(at + 1, path)
        if opening == "{":
            return self._table(at + 1, path)
        found = _STRING.match(self._text, at) if opening in ('"', "'") else _SCALAR.match(self._text, at)
        return at if found is None else max(found.end(), at)

    def _list(self, at: int, path: KeyPath) -> int:
        count = 0
        at = self._skip(at)
        while at < len(self._text) and self._text[at] != "]":
            self._note((*path, count), at)
            at = self._skip(self._value(at, (*path, count)))
            count += 1
            if self._text.startswith(",", at):
                at = self._skip(at + 1)
        return at + 1

    def _table(self, at: int, path: KeyPath) -> int:
        at = self._skip(at)
        while at < len(self._text) and self._text[at] != "}":
            at = self._skip(self._pair(at, path))
            if self._text.startswith(",", at):
                at = self._skip(at + 1)
        return at + 1


def _plain(key: str) -> str:
    if key.startswith('"'):
        return str(tomllib.loads(f"k = {key}")["k"])
    return key[1:-1] if key.startswith("'") else key
