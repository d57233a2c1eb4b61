"""Which alerts are told together: the groups that are open on the routes of `[alerting]`.

A group is a route, a policy and the values of the labels it groups by. Its id is that of its escalation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from standby.domain import grouping
from standby.domain.escalation import Escalation, Stage
from standby.domain.grouping import Pace
from standby.domain.muting import Mute
from standby.domain.outcome import AlertState
from standby.engine.alerting.alerts import Live
from standby.engine.clock import Timer
from standby.engine.rules.watches import Sort
from standby.store.escalations import EscalationRow


class Place(NamedTuple):
    """What makes a group this one and no other."""

    route: str
    policy: str
    labels: tuple[tuple[str, str], ...]


class Way(NamedTuple):
    """Where the routes lead an alert: its group, and how often that is told."""

    place: Place
    pace: Pace


@dataclass(slots=True)
class Group:
    """Alerts that are told together. `members` are all that are not over, also those that somebody has or that have to
    be quiet; `words` the summaries of those whose end is still to be told, `ended` those of them whose end is held."""

    place: Place
    pace: Pace
    row: EscalationRow
    members: dict[int, Live] = field(default_factory=dict)
    words: dict[int, str] = field(default_factory=dict)
    ended: dict[int, Live] = field(default_factory=dict)
    hush: Mute | None = None  # nobody is told on its route for now
    answer: Timer | None = None  # the level's time is over
    flush: Timer | None = None  # it is looked at again

    @property
    def id(self) -> int:
        """The escalation's."""
        return self.row.id

    @property
    def state(self) -> Escalation:
        """How far who is told is."""
        return self.row.state

    @property
    def log(self) -> grouping.Group:
        """Who fires, who is owed an end, when to look again."""
        return self.row.log

    @log.setter
    def log(self, log: grouping.Group) -> None:
        self.row = replace(self.row, log=log)

    def calling(self) -> list[Live]:
        """What fires, nobody has, and may be told; the oldest first."""
        return [live for live in self.members.values() if self._calls(live)]

    def subjects(self) -> list[Live]:
        """What it is about: its members, or what it still owes the end of."""
        return list(self.members.values()) or list(self.ended.values())

    def needs_somebody(self) -> bool:
        """Whether anything of it calls."""
        return any(self._calls(live) for live in self.members.values())

    def holders(self) -> list[str]:
        """Who has what need not be quiet."""
        return [live.ack.by for live in self.members.values() if live.ack is not None and not live.mutes]

    def quiet(self) -> set[int]:
        """What fires and is not told: somebody has it, or it has to be quiet. Its end is never kept quiet."""
        fires = self.log.alerts
        return {live.id for live in self.members.values() if not self._calls(live) and fires.get(live.id) is None}

    def why_quiet(self) -> str:
        """The first reason for which nobody is called."""
        reasons = [self.hush] if self.hush is not None else []
        reasons += [mute for live in self.members.values() for mute in live.mutes]
        return reasons[0].why if reasons else ""

    def ourselves(self) -> bool:
        """Whether it says that our own network is gone: the only thing that is told then."""
        return any(live.watch.sort is Sort.BLIND for live in self.members.values())

    def _calls(self, live: Live) -> bool:
        return self.hush is None and live.state is AlertState.FIRING and not live.mutes


class Groups:
    """Every open group, by id and by place."""

    def __init__(self) -> None:
        self.last_id = 0
        self._by_id: dict[int, Group] = {}
        self._at: dict[Place, Group] = {}

    def __iter__(self) -> Iterator[Group]:
        return iter(list(self._by_id.values()))

    def get(self, id: int) -> Group | None:  # noqa: A002 - what it is called everywhere
        """The open group of this escalation."""
        return self._by_id.get(id)

    def of(self, live: Live) -> list[Group]:
        """The open groups that an alert is in."""
        found = [self._by_id.get(number) for number in live.escalations]
        return [group for group in found if group is not None and live.id in group.members]

    def at(self, way: Way) -> Group:
        """The group at this place; a new one gathers."""
        known = self._at.get(way.place)
        if known is not None:
            known.pace = way.pace
            return known
        self.last_id += 1
        state = Escalation(way.place.policy, stage=Stage.GATHERING)
        return self.take(way, EscalationRow(self.last_id, state, route=way.place.route, labels=dict(way.place.labels)))

    def take(self, way: Way, row: EscalationRow, members: Mapping[int, Live] | None = None) -> Group:
        """A group of this row."""
        self.last_id = max(self.last_id, row.id)
        group = Group(way.place, way.pace, row, dict(members or {}))
        self._by_id[row.id] = group
        self._at.setdefault(way.place, group)
        return group

    def move(self, group: Group, way: Way) -> None:
        """It is told by another policy from now on."""
        if self._at.get(group.place) is group:
            del self._at[group.place]
        group.place, group.pace = way.place, way.pace
        group.row = replace(group.row, state=replace(group.state, policy=way.place.policy))
        self._at.setdefault(way.place, group)

    def close(self, group: Group) -> None:
        """It is over."""
        for timer in (group.answer, group.flush):
            if timer is not None:
                timer.cancel()
        self._by_id.pop(group.id, None)
        if self._at.get(group.place) is group:
            del self._at[group.place]
