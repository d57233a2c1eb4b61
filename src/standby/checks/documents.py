"""Taking things out of other people's documents: what is missing, null or of another type is empty, never an error."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from standby.domain.text import clean

Table = Mapping[str, Any]
_NOTHING: Table = {}
_LONGEST_NUMBER = 32  # characters


def table(found: object) -> Table:
    """`found` when it is a JSON object; else an empty one."""
    return found if isinstance(found, dict) else _NOTHING


def rows(found: object) -> list[Table]:
    """The objects of a list; whatever else stands in it is left out."""
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def every(found: object) -> list[Table]:
    """All entries of a list, as an empty object what is none: of what is wrong none may be overlooked."""
    return [table(one) for one in found] if isinstance(found, list) else []


def text(found: object, limit: int = 200) -> str:
    """One clean line of a text or a number; empty for anything else."""
    if isinstance(found, str):
        return clean(found, limit)
    return str(found)[:limit] if isinstance(found, (int, float)) and not isinstance(found, bool) else ""


def first_text(found: Table, *keys: str, limit: int = 200) -> str:
    """The first of these keys that holds some text."""
    return next(filter(None, (text(found.get(key), limit) for key in keys)), "")


def number(found: object) -> float | None:
    """A finite number, or a text of one."""
    if isinstance(found, bool) or not isinstance(found, (int, float, str)):
        return None
    if isinstance(found, str) and len(found) > _LONGEST_NUMBER:
        return None
    try:
        figure = float(found)
    except (ValueError, OverflowError):
        return None
    return figure if math.isfinite(figure) else None
