"""Decoders on documents that came damaged: cut short, or with anything in the place of anything."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
from hypothesis import strategies as st

from standby.checks.answers import Reply
from standby.domain.outcome import Outcome
from standby.net.trouble import Trouble

GARBAGE = ["", "operationalx", None, 7.5, True, {}, {"a": 1}, ["x"], "gone", "renamed"]
"""What comes instead; no empty list, which says that there is nothing."""


def reply_of(body: bytes, status: int = 200) -> Reply:
    """An answer with this body."""
    return Reply(status, httpx.Headers({"content-type": "application/json"}), body, 0)


def outcome_of(judged: Callable[[], Outcome]) -> Outcome:
    """What a decoder finds; a Trouble must be `unknown`."""
    try:
        return judged()
    except Trouble as trouble:
        return trouble.outcome if trouble.outcome is Outcome.UNKNOWN else Outcome.UP  # UP is never accepted


def cut(body: Any) -> st.SearchStrategy[bytes]:
    """The document's bytes, without at least the last one."""
    raw = json.dumps(body).encode()
    return st.integers(0, len(raw) - 1).map(lambda end: raw[:end])


def spoiled(body: Any, *, keys: frozenset[str] | None = None) -> st.SearchStrategy[bytes]:
    """The document's bytes with garbage in one place, at one of `keys` when they are given."""
    where = [path for path in _places(body) if keys is None or path[-1] in keys]
    return st.tuples(st.sampled_from(where), st.sampled_from(GARBAGE)).map(lambda drawn: _spoil(body, *drawn))


def _places(found: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list) else ()
    for key, value in items:
        yield (*path, key)
        yield from _places(value, (*path, key))


def _spoil(body: Any, path: tuple[Any, ...], garbage: Any) -> bytes:
    copy = json.loads(json.dumps(body))
    parent = copy
    for key in path[:-1]:
        parent = parent[key]
    if garbage in ("gone", "renamed") and isinstance(parent, dict):
        value = parent.pop(path[-1])
        if garbage == "renamed":
            parent[f"{path[-1]}x"] = value
    else:
        parent[path[-1]] = garbage
    return json.dumps(copy).encode()
