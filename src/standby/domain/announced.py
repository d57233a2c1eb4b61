"""Work that a vendor announces on its status page, and how far it is believed: never so far that it hides much.

Believed is what was announced before it began: a page that calls an outage "emergency maintenance" while it lasts mutes
nothing. It holds to its planned end and at most `LONGEST_NS`: what overruns is told. A page that cannot be read takes
nothing back; one that is read and names it no more does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from standby.domain.outcome import Severity
from standby.domain.text import clean
from standby.domain.units import HOUR

LONGEST_NS = 12 * HOUR
MOST = 20
_NAME = 120


class Belief(StrEnum):
    """Which alerts announced work keeps quiet."""

    NONE = "none"
    WARNINGS = "warnings"  # all but the critical ones
    ALL = "all"

    def mutes(self, severity: Severity) -> bool:
        """Whether it keeps an alert so loud quiet."""
        return self is Belief.ALL or (self is Belief.WARNINGS and severity is not Severity.CRITICAL)


@dataclass(frozen=True, slots=True)
class Announced:
    """From when to before when, and when we first read it; ns since 1970. `whole`: of everything the vendor does, not
    only of the parts that the check looks at."""

    name: str
    starts: int
    ends: int
    whole: bool = False
    seen: int = 0

    @property
    def until(self) -> int:
        """To when it is believed."""
        return min(self.ends, self.starts + LONGEST_NS)

    @property
    def believed(self) -> bool:
        """Whether it was announced before it began, and ends."""
        return self.seen <= self.starts < self.until

    def is_on(self, now: int) -> bool:
        """Whether it keeps anything quiet at `now`."""
        return self.believed and self.starts <= now < self.until


Plans = tuple[Announced, ...]


def renewed(before: Plans, told: Iterable[Announced], now: int) -> Plans:
    """What a page that was read at `now` says, each with when it was first read. One that begins at another time, or is
    called otherwise, is another one."""
    seen = {(one.name, one.starts): one.seen for one in before}
    coming = sorted((one for one in told if one.ends > now), key=lambda one: one.starts)
    return tuple(replace(one, seen=seen.get((one.name, one.starts), now)) for one in coming[:MOST])


def to_json(plans: Plans) -> list[list[Any]]:
    """A JSON-able list that `from_json` reads back."""
    return [[one.name, one.starts, one.ends, one.whole, one.seen] for one in plans]


def from_json(doc: object) -> Plans:
    """The plans in `doc`; what is not one of ours is left out: an alert too loud is safer than one too quiet."""
    rows = doc[:MOST] if isinstance(doc, list) else []
    return tuple(one for one in map(_plan, rows) if one is not None)


def _plan(row: object) -> Announced | None:
    if not isinstance(row, list) or len(row) != 5:
        return None
    name, starts, ends, whole, seen = row
    if not isinstance(name, str) or not all(type(at) is int for at in (starts, ends, seen)):
        return None
    return Announced(clean(name, _NAME), starts, ends, whole is True, seen)
