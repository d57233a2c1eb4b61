"""Monitors as Datadog tells them, by list, by id or by search. Pure: documents in, small values out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from standby.checks.answers import Document
from standby.checks.api import Finding, unreadable
from standby.checks.datadog.groups import STATES, Group, groups, wholly_muted
from standby.checks.documents import number, table, text
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome, worst

_MOST_SAID = 3
_BAD = frozenset({Outcome.DOWN, Outcome.DEGRADED})
_WORDS = {
    Outcome.DOWN: "in alert",
    Outcome.DEGRADED: "in warning",
    Outcome.UNKNOWN: "without a verdict",
    Outcome.MAINTENANCE: "muted or in downtime",
    Outcome.UP: "OK",
}


@dataclass(frozen=True, slots=True)
class Monitor:
    """One monitor: `state` is Datadog's own word, `outcome` ours, downtimes taken into account.

    `muted` are groups that do not count since they are muted while they are not OK.
    """

    id: str
    name: str
    state: str
    outcome: Outcome
    muted: Sequence[str] = ()


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
    id_, name = text(one.get("id"), 40) or "no id", text(one.get("name"), 120)
    state = text(one.get(key), 40) or "no state"
    outcome = STATES.get(state.lower(), Outcome.UNKNOWN)
    if wholly_muted(one, now):
        return Monitor(id_, name, state, Outcome.MAINTENANCE)
    known = groups(one, now)
    muted = [group.name for group in known if group.muted and group.outcome is not Outcome.UP]
    outcome = _by_groups(outcome, known, explained=bool(muted))
    bad = [group for group in known if not group.muted and group.outcome is outcome]
    if bad and outcome in _BAD:
        state = f"{bad[0].state} on {_first([group.name for group in bad])}"
    return Monitor(id_, name, state, outcome, muted)


def _by_groups(overall: Outcome, known: Sequence[Group], *, explained: bool) -> Outcome:
    """The worst of the groups that count. The overall state counts unless muted groups are why it is as it is."""
    counted = [group.outcome for group in known if not group.muted]
    if explained:
        return worst([*counted, Outcome.MAINTENANCE])
    return worst([overall, *(outcome for outcome in counted if outcome in _BAD)])


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
    muted = [f"{one.name or one.id} on {_first(one.muted)}" for one in found if one.muted]
    aside = f"; muted, not counted: {'; '.join(muted[:_MOST_SAID])}" if muted else ""
    if outcome is Outcome.UP:
        return Finding(outcome, f"{len(found)} OK{aside}", None, metrics)
    spoke = [one for one in found if one.outcome is outcome]
    said = ", ".join(f"{one.name or 'a monitor'} ({one.id}): {one.state}" for one in spoke[:_MOST_SAID])
    more = f", and {len(spoke) - _MOST_SAID} more" if len(spoke) > _MOST_SAID else ""
    message = f"{len(spoke)} of {len(found)} {_WORDS[outcome]}: {said}{more}{aside}"
    return Finding(outcome, message, Failure.STATED, metrics)


def _first(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_SAID} more" if len(names) > _MOST_SAID else ""
    return ", ".join(names[:_MOST_SAID]) + more
