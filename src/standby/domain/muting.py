"""Why nobody is told about an alert that fires: each reason with who set it and until when it holds.

A mute keeps quiet, it changes nothing else: the alert lives on, its row says why it is quiet, and what is owed is told
when the last mute is gone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from standby.domain.text import clean

MOST_MUTES = 20


class MuteKind(StrEnum):
    """What sort of reason it is."""

    SILENCE = "silence"  # a person's, with matchers
    MAINTENANCE = "maintenance"  # a planned window, ours or the vendor's
    INHIBITED = "inhibited"  # another alert says it already
    DEPENDENCY = "dependency"  # what it depends on is down
    FLAPPING = "flapping"  # it comes and goes too often to be told each time
    INTERVAL = "interval"  # a route's quiet hours


PLANNED = frozenset({MuteKind.MAINTENANCE, MuteKind.INTERVAL})
"""Times that are known before they come: nothing at all is said in them, not even that something is over."""

_KINDS = {kind.value: kind for kind in MuteKind}


@dataclass(frozen=True, slots=True)
class Mute:
    """One reason. `by` names the silence, window, alert or integration; `until` is ns since 1970, `None`: open."""

    kind: MuteKind
    by: str
    until: int | None = None
    why: str = ""


Mutes = tuple[Mute, ...]


def to_json(mutes: Sequence[Mute]) -> list[dict[str, Any]]:
    """A JSON-able list that `from_json` reads back."""
    return [{"kind": one.kind.value, "by": one.by, "until": one.until, "why": one.why} for one in mutes[:MOST_MUTES]]


def from_json(doc: object) -> Mutes:
    """The mutes in `doc`; what is not one of ours is left out: an alert too loud is safer than one too quiet."""
    if not isinstance(doc, list):
        return ()
    return tuple(one for one in map(_mute, doc[:MOST_MUTES]) if one is not None)


def _mute(doc: object) -> Mute | None:
    if not isinstance(doc, Mapping):
        return None
    kind = _KINDS.get(str(doc.get("kind")))
    if kind is None:
        return None
    until = doc.get("until")
    known = type(until) is int and until >= 0
    return Mute(kind, clean(str(doc.get("by", ""))), until if known else None, clean(str(doc.get("why", ""))))
