"""Read a configuration file that may be anything: a directory, a pipe, a gigabyte, not text. Standard library only."""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from standby.config.depth import deeper
from standby.config.problems import ConfigError, Problem

MOST_BYTES = 1_000_000
DEEPEST = 40  # tables in lists in tables; ours need four
_HEADER = re.compile(r"""^[ \t]*\[{1,2}[ \t]*("[^"\n]*"|'[^'\n]*'|[^\].\s]+)""", re.MULTILINE)
_AT_LINE = re.compile(r" \(at line (\d+), column (\d+)\)$")
_AT_END = " (at end of document)"


@dataclass(frozen=True, slots=True)
class Document:
    """One file, read and parsed. `shown` is how messages name it."""

    path: Path
    shown: str
    text: str
    data: dict[str, Any]
    mode: int  # permission bits


def read(path: Path, shown: str | None = None, instead: bytes | None = None) -> Document:
    """The file as TOML, as if it held `instead`. Raises ConfigError with one problem, whatever the file is."""
    name = as_seen(path) if shown is None else shown
    raw, mode = _read_bytes(path, name)
    text = _decode(raw if instead is None else instead, name)
    return Document(path, name, text, parse(text, name), mode)


def read_tables(path: Path, tables: Collection[str]) -> Document:
    """The file, of which `data` has only these tables and what stands before the first: 2 ms instead of 90 for 500
    integrations. A mistake in another table is left to whoever reads all of it. Raises ConfigError as `read` does.
    """
    name = as_seen(path)
    raw, mode = _read_bytes(path, name)
    text = _decode(raw, name)
    try:
        data = parse(_only(text, tables), name)
    except ConfigError:  # perhaps cut in the middle of a list: nobody but the parser can tell
        data = parse(text, name)
    return Document(path, name, text, data, mode)


def _only(text: str, tables: Collection[str]) -> str:
    """The lines of these tables, the others empty. All of it when a text may go on over lines that look like tables."""
    if '"""' in text or "'''" in text:
        return text
    kept, wanted, begun = [], True, 0
    for header in _HEADER.finditer(text):
        kept.append(_piece(text, begun, header.start(), wanted=wanted))
        wanted, begun = header[1].strip("\"'") in tables, header.start()
    return "".join([*kept, _piece(text, begun, len(text), wanted=wanted)])


def _piece(text: str, begun: int, end: int, *, wanted: bool) -> str:
    """A part of the text, or as many empty lines: what is after it keeps its line number."""
    return text[begun:end] if wanted else "\n" * text.count("\n", begun, end)


def as_seen(path: Path) -> str:
    """A path as a person here would name it: relative when it is below the working directory."""
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)


def parse(text: str, name: str) -> dict[str, Any]:
    """TOML text as plain values. Raises ConfigError with the line of the mistake."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _syntax(text, name, str(error)) from None
    except RecursionError:
        raise _problem(name, 1, "tables and lists are nested too deeply", f"nest at most {DEEPEST}") from None
    except ValueError as error:  # an integer of thousands of digits, an impossible date
        raise _problem(name, _guilty_line(text), f"not valid TOML: {error}", "write a smaller value") from None
    if deeper(data, DEEPEST):
        raise _problem(name, 1, "tables and lists are nested too deeply", f"nest at most {DEEPEST}")
    return data


def _problem(name: str, line: int, message: str, mend: str = "") -> ConfigError:
    return ConfigError([Problem(name, line, "", message, mend)])


class NotAFileError(Exception):
    """Something else than a file; `str()` says what: `a directory`."""


def read_regular(path: Path, limit: int) -> tuple[bytes, os.stat_result]:
    """At most `limit` bytes of a regular file. Never waits for a pipe and never reads a device.

    Raises OSError, ValueError (a NUL in the path) and NotAFileError.
    """
    # O_NONBLOCK: opening a pipe that nobody writes must not hang
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise NotAFileError(_nature(status.st_mode))
        parts, left = [], limit
        while left > 0 and (part := os.read(handle, min(left, 1 << 20))):
            parts.append(part)
            left -= len(part)
        return b"".join(parts), status
    finally:
        os.close(handle)


def _read_bytes(path: Path, name: str) -> tuple[bytes, int]:
    """The bytes and permission bits."""
    try:
        raw, status = read_regular(path, MOST_BYTES + 1)
    except FileNotFoundError:
        raise _problem(name, 1, "there is no such file", "write it, or name another with --config") from None
    except PermissionError:
        raise _problem(name, 1, "may not be read by you", f"run: chmod u+r {name}, or ask its owner") from None
    except NotAFileError as error:
        raise _problem(name, 1, f"is {error}, not a file", "name a TOML file") from None
    except (OSError, ValueError) as error:
        raise _problem(name, 1, f"cannot be read: {_why(error)}") from None
    if len(raw) > MOST_BYTES:
        raise _problem(name, 1, "is larger than 1 MB", 'split it with include = ["conf.d/*.toml"]')
    return raw, stat.S_IMODE(status.st_mode)


def _why(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _nature(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "a directory"
    if stat.S_ISFIFO(mode):
        return "a pipe"
    return "a socket" if stat.S_ISSOCK(mode) else "a device"


def _decode(raw: bytes, name: str) -> str:
    if raw.startswith(b"\xef\xbb\xbf"):
        raise _problem(name, 1, "starts with a byte order mark", "save it as UTF-8 without one")
    zero = raw.find(b"\0")
    if zero >= 0:
        line = raw.count(b"\n", 0, zero) + 1
        raise _problem(name, line, "holds a NUL byte: this is not a text file", "save it as UTF-8 text")
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _problem(name, line, f"byte 0x{raw[error.start]:02x} is not UTF-8", "save it as UTF-8 text") from None


def _syntax(text: str, name: str, message: str) -> ConfigError:
    found = _AT_LINE.search(message)
    if found is None:
        last = text.rstrip().count("\n") + 1
        said = message.removesuffix(_AT_END)
        return _problem(name, last, f"not valid TOML: {said} at the end of the file", "close what was opened")
    line, column = int(found[1]), int(found[2])
    return _problem(name, line, f"not valid TOML: {message[: found.start()]} (column {column})", _syntax_mend(message))


def _syntax_mend(message: str) -> str:
    if "overwrite" in message or "twice" in message or "mutate" in message:
        return "the key or table is already there; keep one of them"
    if "Invalid value" in message:
        return 'put text in quotes, like name = "shop"'
    if "after a key" in message or "Expected '='" in message:
        return 'write key = "value"'
    return ""


def _guilty_line(text: str) -> int:
    """The line of the first huge number: tomllib does not say where it gave up."""
    found = re.search(r"\d[\d_]{4000}", text)
    return 1 if found is None else text.count("\n", 0, found.start()) + 1
