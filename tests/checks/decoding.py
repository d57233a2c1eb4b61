"""Decoders on documents that came damaged: cut short, or with anything in the place of anything."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
from hypothesis import strategies as st

from checks.spoiled import places
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


def worsened(body: Any) -> st.SearchStrategy[bytes]:
    """The document's bytes with garbage in one place: what is bad must not read as good after that."""
    drawn = st.tuples(st.sampled_from(list(places(body))), st.sampled_from(GARBAGE))
    return drawn.map(lambda where: _spoil(body, *where))


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
