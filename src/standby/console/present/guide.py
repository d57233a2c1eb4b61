"""One line that leads a newcomer through the demonstration; nothing with real third parties."""

from __future__ import annotations

from standby.console.present.moment import Moment
from standby.domain.outcome import AlertState, Severity
from standby.domain.units import MINUTE
from standby.store.rows import AlertRow

_LOUDNESS = {Severity.CRITICAL: 0, Severity.WARNING: 1, Severity.INFO: 2}
_RECENT = 15 * MINUTE


def loudness(alert: AlertRow) -> int:
    """0 for the most severe."""
    return _LOUDNESS[alert.severity]


def loudest(alerts: list[AlertRow]) -> AlertRow | None:
    """The alert that a person should take first: the most severe, then the oldest."""
    return min(alerts, key=lambda alert: (loudness(alert), alert.since, alert.id), default=None)


def rehearsed(moment: Moment) -> bool:
    """Whether the bad minute was asked for lately, by anybody."""
    return any(row.kind == "rehearse" and moment.now - row.at < _RECENT for row in moment.snapshot.audits)


def guide(moment: Moment) -> str:
    """What to do next; empty when nothing is simulated or nobody may act."""
    snapshot = moment.snapshot
    if not snapshot.estate.simulated or snapshot.read_only or snapshot.link.refusal:
        return ""
    firing = loudest(snapshot.firing())
    if firing is not None:
        return f"{snapshot.estate.name_of(firing.integration)} is failing: press a to acknowledge it"
    held = [alert for alert in snapshot.alerts.values() if alert.state is AlertState.ACKNOWLEDGED]
    if held:
        names = {snapshot.estate.name_of(alert.integration) for alert in held}
        who = "acknowledged: the others see that somebody has it"
        done = (
            "press n to write a note, ? for every key" if moment.guided.detail else "press enter for detail, ? for help"
        )
        return f"{sorted(names)[0]} is {who}; {done}"
    if rehearsed(moment) or moment.guided.pressed:
        over = any(
            alert.state is AlertState.RESOLVED and moment.now - (alert.resolved_at or 0) < _RECENT
            for alert in snapshot.alerts.values()
        )
        return "recovered: 2 shows the alerts, 3 the log, q quits" if over else "the bad minute has started: watch"
    return "press any key: the bad minute starts"
