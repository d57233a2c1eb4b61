"""SQL statements by name, from the `.sql` files beside this module."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent
_NAME = re.compile(r"^-- name: (\w+)[^\n]*\n", re.MULTILINE)


@cache
def statements(file: str) -> Mapping[str, str]:
    """The statements of `sql/FILE.sql`: each follows a line `-- name: NAME`. Raises KeyError on a name used twice."""
    parts = _NAME.split((_FOLDER / "sql" / f"{file}.sql").read_text(encoding="utf-8"))
    found: dict[str, str] = {}
    for name, body in zip(parts[1::2], parts[2::2], strict=True):
        if name in found:
            raise KeyError(f"{file}.sql has two statements named {name}")
        found[name] = body.strip().rstrip(";")
    return found


@cache
def migrations() -> tuple[tuple[int, str, str], ...]:
    """Number, name and text of each file in `migrations/`, in order. Raises ValueError on a hole or a double."""
    found = []
    for number, path in enumerate(sorted((_FOLDER / "migrations").glob("*.sql")), start=1):
        if int(path.name[:4]) != number:
            raise ValueError(f"migration {path.name} should have number {number:04d}")
        found.append((number, path.stem[5:], path.read_text(encoding="utf-8")))
    return tuple(found)
