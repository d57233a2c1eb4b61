"""Payloads as they come on a bad day: a part lost, renamed, emptied or of another type."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any

from hypothesis import strategies as st

_OTHERS: Sequence[object] = (
    None,
    "",
    "garbled",
    -1,
    0,
    1e400,
    True,
    [],
    {},
    [None],
    {"x": []},
    "\ud800"[:0] + "☃" * 200,
)


def places(found: object, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path of every value inside a document."""
    items: Sequence[tuple[str | int, object]] = ()
    if isinstance(found, dict):
        items = list(found.items())
    elif isinstance(found, list):
        items = list(enumerate(found[:20]))
    for key, value in items:
        yield (*at, key)
        yield from places(value, (*at, key))


@st.composite
def spoiled(draw: st.DrawFn, whole: Any) -> Any:
    """The document with one to three of its values dropped or replaced."""
    found = copy.deepcopy(whole)
    for _ in range(draw(st.integers(1, 3))):
        where = list(places(found))
        if not where:
            return found
        path = draw(st.sampled_from(where))
        holder = found
        for key in path[:-1]:
            holder = holder[key]
        if draw(st.booleans()) and isinstance(holder, dict):
            value = holder.pop(path[-1])
            if draw(st.booleans()):
                holder[f"{path[-1]}_renamed"] = value
        else:
            holder[path[-1]] = copy.deepcopy(draw(st.sampled_from(_OTHERS)))
    return found
