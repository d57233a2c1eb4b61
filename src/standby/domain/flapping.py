"""A check that comes and goes too often to be told each time, as Icinga reckons it (S51).

Each of the last 20 raw results that differs from the one before counts, the newest half as much again as the oldest.
Above 30 % it flaps, at 25 % or less it is steady again, in between it stays what it was. A result that says nothing
about the third party is left out; the first one counts as a change, as theirs does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from standby.domain.outcome import Outcome

KEY = "flapping"
"""Where a check's stored document has it."""
RESULTS = 20
_START, _END = 300, 250  # tenths of a percent
_MASK = (1 << RESULTS) - 1


class Turn(StrEnum):
    """What one result did."""

    BEGAN = "began"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Flapping:
    """`changes` has a bit for each of the last results, the newest lowest: whether it differed from the one before."""

    last: Outcome | None = None
    changes: int = 0
    flaps: bool = False

    @property
    def percent(self) -> float:
        """How much of the last results were changes, weighted: 0 to 99."""
        return _weight(self.changes) / 10


STEADY = Flapping()


def step(flapping: Flapping, outcome: Outcome) -> tuple[Flapping, Turn | None]:
    """What is known after one more raw result."""
    if not outcome.decided or (outcome is flapping.last and not flapping.changes):
        return flapping, None
    changes = (flapping.changes << 1 | (outcome is not flapping.last)) & _MASK
    weight = _weight(changes)
    flaps = weight > (_END if flapping.flaps else _START)
    turn = None if flaps is flapping.flaps else Turn.BEGAN if flaps else Turn.ENDED
    return Flapping(outcome, changes, flaps), turn


def to_json(flapping: Flapping) -> dict[str, Any]:
    """A JSON-able object that `from_json` reads back."""
    last = None if flapping.last is None else flapping.last.value
    return {"last": last, "changes": flapping.changes, "flaps": flapping.flaps}


def from_json(doc: object) -> Flapping:
    """What is in `doc`; anything that is not ours is steady: an alert too loud is safer than one too quiet."""
    if not isinstance(doc, Mapping):
        return STEADY
    last, changes = doc.get("last"), doc.get("changes")
    if last not in list(Outcome) or type(changes) is not int:
        return STEADY
    return Flapping(Outcome(last), changes & _MASK, flaps=doc.get("flaps") is True)


def _sum(changes: int, newest: int) -> int:
    """Tenths of a percent of what happened, one less for each step back from the newest."""
    return sum(newest - age for age in range(_HALF) if changes >> age & 1)


_HALF = RESULTS // 2
_NEWER, _OLDER = ([_sum(changes, newest) for changes in range(1 << _HALF)] for newest in (59, 59 - _HALF))


def _weight(changes: int) -> int:
    """Tenths of a percent: 40 for the oldest change to 59 for the newest; all 20 would be 990."""
    return _NEWER[changes & ((1 << _HALF) - 1)] + _OLDER[changes >> _HALF]
