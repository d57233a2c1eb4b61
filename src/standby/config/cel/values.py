"""Values from outside made fit for CEL, and shown to people: bounded, clean, never deep enough to hurt."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from standby.config.depth import deeper
from standby.config.references import is_sensitive
from standby.domain.text import clean

DEEPEST = 64
MOST_NODES = 100_000
_SHOWN = 60
MISSING = object()


def is_shallow(value: object) -> bool:
    """Whether CEL may see `value`: it reads by recursion, and 8,000 nested lists end the process (measured)."""
    return not isinstance(value, (dict, list)) or not deeper(value, DEEPEST)


def only(body: object, keys: Collection[str]) -> object:
    """A table with nothing but `keys`: CEL reads whole what it is given, and neighbours could be anything."""
    return {key: body[key] for key in keys if key in body} if isinstance(body, dict) else body


def tame(value: object) -> Any:  # noqa: ANN401 - JSON
    """A copy that CEL can read whole: whole numbers of 64 bits, valid text, 64 levels, 100,000 nodes."""
    return _tame(value, DEEPEST, [MOST_NODES])


def _tame(value: object, depth: int, left: list[int]) -> Any:  # noqa: ANN401 - JSON
    left[0] -= 1
    if depth <= 0 or left[0] <= 0:
        return "…"
    if isinstance(value, Mapping):
        return {_text(str(key)): _tame(item, depth - 1, left) for key, item in value.items() if left[0] > 0}
    if isinstance(value, (list, tuple)):
        return [_tame(item, depth - 1, left) for item in value if left[0] > 0]
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bool) or value is None or isinstance(value, (float, bytes)):
        return value
    if isinstance(value, int):
        return _number(value)
    return _text(str(type(value).__name__))


def _text(value: str) -> str:
    return value.encode("utf-8", "replace").decode()


def _number(value: int) -> int | float:
    if -(2**63) <= value < 2**63:
        return value
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def look_up(values: Mapping[str, Any], path: Sequence[str | int]) -> Any:  # noqa: ANN401 - JSON
    """What stands at a path; `MISSING` when nothing does."""
    at: Any = values
    for part in path:
        if isinstance(part, int):
            at = at[part] if isinstance(at, (list, tuple)) and part < len(at) else MISSING
        else:
            at = at[part] if isinstance(at, Mapping) and part in at else MISSING
    return at


def show(value: object, name: str = "") -> str:
    """A value as messages say it, at most 60 characters; `(hidden)` when its name says that it is a secret."""
    if isinstance(value, str) and is_sensitive(name):
        return "(hidden)"
    return clean(_show(value, 3), _SHOWN)


def _show(value: object, depth: int) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if -(10**20) < value < 10**20 else "a whole number of more than 20 digits"
    if isinstance(value, float):
        return _figure(value)
    if isinstance(value, str):
        return f'"{clean(value, _SHOWN - 2)}"'
    if isinstance(value, Mapping):
        return _show_table(value, depth)
    if isinstance(value, (list, tuple)):
        inside = ", ".join(_show(item, depth - 1) for item in value[:5]) if depth else "…"
        return f"[{inside}{', …' if len(value) > 5 else ''}]"
    return type(value).__name__


def _figure(value: float) -> str:
    """Four digits, and never fewer than stand before the point: `0.8333`, `481.3`, `12034`."""
    return f"{value:.0f}" if 1_000 <= abs(value) < 1e15 else f"{value:.4g}"


def _show_table(value: Mapping[Any, Any], depth: int) -> str:
    parts: list[str] = []
    for key, item in value.items():
        if not depth or len(parts) == 5:
            parts.append("…")
            break
        hidden = isinstance(item, str) and is_sensitive(str(key))
        parts.append(f"{clean(str(key), 30)}: {'(hidden)' if hidden else _show(item, depth - 1)}")
    return "{" + ", ".join(parts) + "}"


def size_of(value: object) -> str | None:
    """How long a text or list is, as messages say it; None for what has no size."""
    return str(len(value)) if isinstance(value, (str, bytes, Mapping, list, tuple)) else None
