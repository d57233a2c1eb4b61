"""Monitors as Datadog tells them, by list, by id or by search. Pure: documents in, small values out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from standby.checks.answers import Document
from standby.checks.api import Finding, unreadable
from standby.checks.documents import Table, every, number, table, text
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome, worst
from standby.domain.units import SECOND

_STATES = {
    "ok": Outcome.UP,
    "alert": Outcome.DOWN,
    "warn": Outcome.DEGRADED,
    "no data": Outcome.UNKNOWN,
    "ignored": Outcome.UNKNOWN,
    "skipped": Outcome.UNKNOWN,
    "unknown": Outcome.UNKNOWN,
}
_EVERYTHING = "*"
_MOST_SAID = 3
_WORDS = {
    Outcome.DOWN: "in alert",
    Outcome.DEGRADED: "in warning",
    Outcome.UNKNOWN: "without a verdict",
    Outcome.MAINTENANCE: "muted or in downtime",
    Outcome.UP: "OK",
}


@dataclass(frozen=True, slots=True)
class Monitor:
    """One monitor: `state` is Datadog's own word, `outcome` ours, a downtime taken into account."""

    id: str
    name: str
    state: str
    outcome: Outcome


def monitors(found: Document, now: int) -> list[Monitor]:
    """The monitors of a list. Raises Trouble when it is none; an entry that is no monitor is one of unknown state."""
    if not isinstance(found, list):
        raise unreadable("the answer is no list of monitors")
    return [monitor(one, now) for one in found]


def searched(found: Document, now: int) -> tuple[list[Monitor], int]:
    """The monitors of one page of a search, and how many pages there are. Raises Trouble."""
    listed = table(found).get("monitors")
    if not isinstance(listed, list):
        raise unreadable("the answer is no search for monitors")
    pages = number(table(table(found).get("metadata")).get("page_count"))
    return [monitor(one, now, "status") for one in listed], 1 if pages is None else int(pages)


def monitor(found: Document, now: int, key: str = "overall_state") -> Monitor:
    """One monitor, its state under `key`; a state that nobody knows is `unknown`."""
    one = table(found)
    state = text(one.get(key), 40)
    outcome = _STATES.get(state.lower(), Outcome.UNKNOWN)
    if _is_muted(one, now) or _is_in_downtime(one, now):
        outcome = Outcome.MAINTENANCE
    return Monitor(text(one.get("id"), 40) or "no id", text(one.get("name"), 120), state or "no state", outcome)


def named(found: Sequence[Monitor], names: Sequence[str]) -> list[Monitor]:
    """Those whose name fits one of the globs, in any case; all when there are none."""
    globs = [name.lower() for name in names]
    return [one for one in found if not globs or any(fnmatchcase(one.name.lower(), glob) for glob in globs)]


def summary(found: Sequence[Monitor]) -> Finding:
    """The worst of them, with the names of those that say it. No monitor at all is `unknown`."""
    counts = Counter(one.outcome for one in found)
    metrics = {f"monitors_{outcome}": float(counts[outcome]) for outcome in Outcome}
    outcome = worst(counts)
    if not found:
        message = "no monitor fits: look at tags, names and search"
        return Finding(Outcome.UNKNOWN, message, Failure.DATA, metrics)
    if outcome is Outcome.UP:
        return Finding(outcome, f"{len(found)} OK", None, metrics)
    spoke = [one for one in found if one.outcome is outcome]
    said = ", ".join(f"{one.name or 'a monitor'} ({one.id}): {one.state}" for one in spoke[:_MOST_SAID])
    more = f", and {len(spoke) - _MOST_SAID} more" if len(spoke) > _MOST_SAID else ""
    message = f"{len(spoke)} of {len(found)} {_WORDS[outcome]}: {said}{more}"
    return Finding(outcome, message, Failure.STATED, metrics)


def _is_muted(one: Table, now: int) -> bool:
    """Muted as a whole; some of its groups only say nothing about the others."""
    until = number(one.get("muted_until_ts"))
    if until is not None and until * SECOND > now:
        return True
    silenced = table(table(one.get("options")).get("silenced"))
    if _EVERYTHING not in silenced:
        return False
    end = number(silenced[_EVERYTHING])
    return end is None or end * SECOND > now


def _is_in_downtime(one: Table, now: int) -> bool:
    return any(_is_active(downtime, now) for downtime in every(one.get("matching_downtimes")))


def _is_active(downtime: Table, now: int) -> bool:
    """As it says itself; where it does not say, by its times."""
    if isinstance(downtime.get("active"), bool):
        return bool(downtime["active"])
    start, end = number(downtime.get("start")), number(downtime.get("end"))
    return start is not None and start * SECOND <= now and (end is None or end * SECOND > now)
