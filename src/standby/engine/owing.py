"""Ends that are owed and told later: of alerts that were told, and ended in a planned quiet time (S52, T11).

They are kept with their group (`domain.grouping`), so that they outlive the engine; its alerts are no more by then.
"""

from __future__ import annotations

from standby.domain import alerting, grouping
from standby.domain.grouping import Held
from standby.domain.muting import PLANNED
from standby.domain.outcome import Severity
from standby.domain.text import clean
from standby.domain.units import SECOND
from standby.engine.alerts import Live
from standby.engine.groups import Group
from standby.engine.watches import Sort, Watch

SETTLES_NS = SECOND  # after the end of a quiet time: what fires then is known by then
AGAIN_NS = 5 * SECOND  # how soon what is not settled is looked at again


def said(live: Live) -> str:
    """What is told of an alert, in one word: another word is other news."""
    return f"{live.watch.integration}/{live.watch.id} {live.watch.severity}"


def held(group: Group, live: Live, now: int) -> Held | None:
    """How long nobody of a group is to hear of its end, and what is said then; `None`: it is told at once."""
    mutes = live.mutes if group.hush is None else (*live.mutes, group.hush)
    ends = [mute.until for mute in mutes if mute.kind in PLANNED and mute.until is not None and mute.until > now]
    return Held(max(ends) + SETTLES_NS, said(live), live.summary, live.since) if ends else None


def bring_back(group: Group) -> None:
    """After a restart: what is still owed stands for the alerts that are no more."""
    for alert, one in group.log.held.items():
        name, _, severity = one.said.rpartition(" ")
        integration, _, rule = name.partition("/")
        loud = Severity(severity) if severity in set(Severity) else Severity.WARNING
        watch = Watch(clean(rule), clean(integration), Sort.DOWN, loud, ())
        group.ended[alert] = Live(alert, watch, alerting.INACTIVE, one.since, clean(one.summary, 300))
        group.words[alert] = group.ended[alert].summary


def forget_told(group: Group) -> None:
    """What was told, or came back by then, is owed no more."""
    group.ended = {alert: live for alert, live in group.ended.items() if alert in group.log.held}


def put_off(group: Group, alert: int, now: int) -> None:
    """Whether it is over is not settled: it is told when that is."""
    group.log = grouping.hold_on(group.log, alert, now + AGAIN_NS)
