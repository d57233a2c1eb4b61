"""Ends that are owed and told later: of alerts that were told, and ended in a planned quiet time (S52, T11).

They are kept with their group (`domain.grouping`), so that they outlive the engine; its alerts are no more by then.
"""

from __future__ import annotations

from collections.abc import Callable

from standby.domain import alerting, grouping
from standby.domain.grouping import Held
from standby.domain.muting import PLANNED, Mutes
from standby.domain.outcome import Severity
from standby.domain.text import clean
from standby.domain.units import SECOND
from standby.engine.alerting.alerts import Live
from standby.engine.alerting.groups import Group
from standby.engine.rules.watches import Sort, Watch

SETTLES_NS = SECOND  # after the end of a quiet time: what fires then is known by then
AGAIN_NS = 5 * SECOND  # how soon what is not settled is looked at again


def said(live: Live) -> str:
    """What is told of an alert, in one word: another word is other news."""
    return f"{live.watch.integration}/{live.watch.id} {live.watch.severity}"


def held(group: Group, live: Live, now: int) -> Held | None:
    """How long nobody of a group is to hear of its end, and what is said then; `None`: it is told at once."""
    until = ends_of(group, live.mutes, now)
    return None if until is None else Held(until + SETTLES_NS, said(live), live.summary, live.since)


def ends_of(group: Group, mutes: Mutes, now: int) -> int | None:
    """When the last of the planned quiet times is over; `None` when there is none, or no end of it is known."""
    every = mutes if group.hush is None else (*mutes, group.hush)
    ends = [mute.until for mute in every if mute.kind in PLANNED and mute.until is not None and mute.until > now]
    return max(ends, default=None)


def bring_back(group: Group) -> None:
    """After a restart: what is still owed stands for the alerts that are no more."""
    for alert, one in group.log.held.items():
        name, _, severity = one.said.rpartition(" ")
        integration, _, rule = name.partition("/")
        loud = Severity(severity) if severity in set(Severity) else Severity.WARNING
        labels = {"alertname": clean(rule), "integration": clean(integration), "severity": loud.value}
        watch = Watch(clean(rule), clean(integration), Sort.DOWN, loud, (), labels=labels)
        group.ended[alert] = Live(alert, watch, alerting.INACTIVE, one.since, clean(one.summary, 300))
        group.words[alert] = group.ended[alert].summary


def forget_told(group: Group) -> None:
    """What was told, or came back by then, is owed no more."""
    group.ended = {alert: live for alert, live in group.ended.items() if alert in group.log.held}


def hold(group: Group, now: int, planned_of: Callable[[Live], Mutes], unsettled: Callable[[Live], bool]) -> None:
    """Hold longer what is due: another quiet time began meanwhile, or it is not settled whether it is over."""
    for alert, end in group.log.held.items():
        live = group.ended.get(alert)
        if end.until > now or live is None:
            continue
        until = ends_of(group, planned_of(live), now)
        if until is not None:
            group.log = grouping.hold_on(group.log, alert, until + SETTLES_NS)
        elif unsettled(live):
            group.log = grouping.hold_on(group.log, alert, now + AGAIN_NS)
