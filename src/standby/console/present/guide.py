"""One line that leads a newcomer through the demonstration; nothing with real third parties."""

from __future__ import annotations

from standby.console.estate import Route
from standby.console.present.moment import Moment
from standby.console.present.recovery import lost_of
from standby.domain.failover import RunState, phrase
from standby.domain.outcome import AlertState, Outcome, Severity
from standby.domain.units import MINUTE
from standby.store.failovers import FailoverRow
from standby.store.rows import AlertRow

_RECENT = 15 * MINUTE


def loudest(alerts: list[AlertRow]) -> AlertRow | None:
    """The alert that a person should take first: one that is told, the most severe, then the oldest."""
    return min(
        alerts, key=lambda alert: (bool(alert.mutes), alert.severity.loudness, alert.since, alert.id), default=None
    )


def rehearsed(moment: Moment) -> bool:
    """Whether the bad minute was asked for lately, by anybody."""
    return any(row.kind == "rehearse" and moment.now - row.at < _RECENT for row in moment.snapshot.audits)


def guide(moment: Moment) -> str:
    """What to do next; empty when nothing is simulated or nobody may act."""
    snapshot = moment.snapshot
    if not snapshot.estate.simulated or snapshot.read_only or snapshot.link.refusal:
        return ""
    firing = loudest(snapshot.firing())
    moving = _moving(moment)
    if firing is not None and (firing.severity is Severity.CRITICAL or not moving):
        lost = _lost(moment, firing.integration)
        return f"{snapshot.estate.name_of(firing.integration)} is failing{lost}: press a to acknowledge it"
    if moving:
        return moving
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


def _moving(moment: Moment) -> str:
    """What to do about traffic of an integration that somebody has; empty when nothing is to be moved."""
    for route in moment.snapshot.estate.routes.values():
        last = max((run for run in moment.snapshot.failovers.values() if run.route == route.id), key=_age, default=None)
        told = _of_run(moment, route, last) if last is not None and moment.now - last.armed_at < _RECENT else ""
        told = told or _of_outage(moment, route)
        if told:
            return told
    return ""


def _age(run: FailoverRow) -> int:
    return run.id


def _of_run(moment: Moment, route: Route, run: FailoverRow) -> str:
    name = moment.snapshot.estate.name_of(route.integration)
    if run.state is RunState.ARMED:
        return f"nothing has moved yet: press c and type {phrase(name, run.target)}"
    if run.state.acting:
        return f"{name} is being moved to {run.target}: each step is read back"
    state = moment.snapshot.routes.get(route.id)
    if run.state is not RunState.SUCCEEDED or state is None or state.serving != run.target:
        return ""
    if run.target == route.primary:
        return f"{name} is back at {run.target}: 5 shows the routes, 3 the log, q quits"
    primary = moment.snapshot.checks.get(route.targets.get(route.primary, ""))
    if primary is not None and primary.outcome is Outcome.UP:
        return f"{route.primary} is well again: press F to move {name} back"
    lost = lost_of(moment, route.integration)
    told = f", {lost} requests were lost" if lost else ""
    return f"done: {run.target} answers{told}; F moves {name} back"


def _of_outage(moment: Moment, route: Route) -> str:
    """The primary is down, it serves, and somebody has the alert."""
    snapshot = moment.snapshot
    state, primary = snapshot.routes.get(route.id), snapshot.checks.get(route.targets.get(route.primary, ""))
    held = any(
        alert.state is AlertState.ACKNOWLEDGED and alert.integration == route.integration
        for alert in snapshot.alerts.values()
    )
    down = primary is not None and primary.outcome is Outcome.DOWN
    if state is None or state.serving != route.primary or not (held and down):
        return ""
    name = snapshot.estate.name_of(route.integration)
    return f"you have it{_lost(moment, route.integration)}: press F for the plan that moves {name}"


def _lost(moment: Moment, integration: str) -> str:
    lost = lost_of(moment, integration)
    return f", {lost} requests lost" if lost else ""
