"""How a change of a check's settled outcome is written in the log, and read again: history is made of these lines."""

from __future__ import annotations

from dataclasses import dataclass

from standby.domain.outcome import Outcome
from standby.domain.text import clean

KIND = "settled"
_TURNS = {f"{before} to {after}": (before, after) for before in Outcome for after in Outcome}


@dataclass(frozen=True, slots=True)
class Settled:
    """At `at` (ns since 1970) the settled outcome of a check went from `before` to `after`."""

    at: int
    before: Outcome
    after: Outcome


def told(check_id: str, before: Outcome, after: Outcome, message: str) -> str:
    """The line of the log: `payments-api: up to down: status is 503`."""
    return clean(f"{check_id}: {before} to {after}" + (f": {message}" if message else ""))


def read(check_id: str, at: int, line: str) -> Settled | None:
    """What `told` wrote about this check; `None` for any other line."""
    head, _, rest = line.partition(f"{check_id}: ")
    turn = _TURNS.get(rest.partition(":")[0])
    return None if head or turn is None else Settled(at, *turn)
