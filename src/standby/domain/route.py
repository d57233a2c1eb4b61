"""What moving traffic consists of: steps that each name a state to reach, never a change to make."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class StepKind(StrEnum):
    """What a step means for whoever has to go on after a crash."""

    REVERSIBLE = "reversible"  # before the pivot: undone; after it: part of going forward
    PIVOT = "pivot"  # traffic moves here
    IRREVERSIBLE = "irreversible"  # never undone


@dataclass(frozen=True, slots=True)
class Step:
    """One desired state of one thing. Reaching it twice is the same as once."""

    name: str  # for people: "raise be_borealis/gw1", "map payments -> be_borealis"
    kind: StepKind
    subject: str  # what it sets, understood by its director alone: "server be_borealis/gw1", "map payments"
    desired: str  # the state to reach, one line
    undo: str  # the state that compensates, as it was read when the plan was made
