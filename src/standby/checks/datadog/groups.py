"""A monitor that is broken down (by host, by region): how each group is, and which are muted singly. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from standby.checks.documents import Table, every, number, table, text
from standby.domain.outcome import Outcome
from standby.domain.units import SECOND

EVERYTHING = "*"
STATES: Mapping[str, Outcome] = {
    "ok": Outcome.UP,
    "alert": Outcome.DOWN,
    "warn": Outcome.DEGRADED,
    "no data": Outcome.UNKNOWN,
    "ignored": Outcome.UNKNOWN,
    "skipped": Outcome.UNKNOWN,
    "unknown": Outcome.UNKNOWN,
}
"""Datadog's words, in lower case; any other is `unknown`."""
_MOST = 5000


@dataclass(frozen=True, slots=True)
class Group:
    """One group of a monitor: `host:a,region:eu`."""

    name: str
    state: str  # in Datadog's word
    outcome: Outcome
    muted: bool


def groups(one: Table, now: int) -> list[Group]:
    """The groups that a monitor tells of, each with whether a mute or a downtime covers it."""
    scopes = list(_scopes(one, now))
    listed = list(table(table(one.get("state")).get("groups")).items())[:_MOST]
    found = []
    for key, entry in listed:
        name, state = text(key, 200), text(table(entry).get("status"), 40)
        muted = any(_covers(scope, name) for scope in scopes)
        found.append(Group(name, state, STATES.get(state.lower(), Outcome.UNKNOWN), muted))
    return found


def wholly_muted(one: Table, now: int) -> bool:
    """Muted, or in a downtime, as a whole. One of some groups says nothing about the others."""
    until = number(one.get("muted_until_ts"))
    if until is not None and until * SECOND > now:
        return True
    silenced = table(table(one.get("options")).get("silenced"))
    if EVERYTHING in silenced and _lasts(silenced[EVERYTHING], now):
        return True
    broken_down = one.get("multi") is True or bool(table(table(one.get("state")).get("groups")))
    return any(not broken_down or _is_whole(downtime) for downtime in _downtimes(one, now))


def _scopes(one: Table, now: int) -> Iterator[Sequence[str]]:
    """The tags of each mute that is in force and not of the whole."""
    silenced = table(table(one.get("options")).get("silenced"))
    yield from (_tags(scope) for scope, end in silenced.items() if scope != EVERYTHING and _lasts(end, now))
    for downtime in _downtimes(one, now):
        yield [tag for part in _listed(downtime.get("scope")) for tag in _tags(part)]
        yield from (_tags(name) for name in _listed(downtime.get("groups")))


def _covers(scope: Sequence[str], group: str) -> bool:
    """Whether a group has every tag of a scope."""
    tags = _tags(group)
    return bool(scope) and all(any(fnmatchcase(tag, wanted) for tag in tags) for wanted in scope)


def _downtimes(one: Table, now: int) -> list[Table]:
    return [downtime for downtime in every(one.get("matching_downtimes")) if _is_active(downtime, now)]


def _is_active(downtime: Table, now: int) -> bool:
    """As it says itself; where it does not say, by its times."""
    if isinstance(downtime.get("active"), bool):
        return bool(downtime["active"])
    start, end = number(downtime.get("start")), number(downtime.get("end"))
    return start is not None and start * SECOND <= now and (end is None or end * SECOND > now)


def _is_whole(downtime: Table) -> bool:
    scope = _listed(downtime.get("scope"))
    return EVERYTHING in scope or not (scope or _listed(downtime.get("groups")))


def _lasts(end: object, now: int) -> bool:
    until = number(end)
    return until is None or until * SECOND > now


def _listed(found: object) -> list[str]:
    """The texts of a list; a bare text is a list of one."""
    return [one for one in (found if isinstance(found, list) else [found]) if isinstance(one, str) and one]


def _tags(scope: object) -> list[str]:
    return [tag.strip() for tag in scope.split(",") if tag.strip()] if isinstance(scope, str) else []
