"""How much of a recovery time objective is left, for the header and for whoever moves the traffic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from standby.console.present.moment import Moment
from standby.domain.failover import time_left
from standby.domain.outcome import AlertState, Criticality, Outcome
from standby.domain.units import HOUR, MINUTE, SECOND

LOST = "lost"
"""The metric that counts requests of ours that were not answered."""


class Countdown(NamedTuple):
    """What is left for one integration, ns; below zero when its objective is missed."""

    integration: str
    name: str
    left: int


def countdown(ns: int) -> str:
    """`4:05`, `1:02:03`, `-0:45`."""
    sign, whole = ("-", -(ns // SECOND)) if ns < 0 else ("", ns // SECOND)
    hours, minutes, seconds = whole // 3600, whole % 3600 // 60, whole % 60
    return f"{sign}{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{sign}{minutes}:{seconds:02d}"


def outage_of(moment: Moment, integration: str) -> int | None:
    """When the trouble of an integration that is down began; `None` while it is not down."""
    snapshot = moment.snapshot
    state = snapshot.integrations.get(integration)
    if state is None or state.outcome is not Outcome.DOWN:
        return None
    open_states = (AlertState.FIRING, AlertState.ACKNOWLEDGED)
    alerts = [
        one.since for one in snapshot.alerts.values() if one.integration == integration and one.state in open_states
    ]
    return min([state.since, *alerts])


def left_of(moment: Moment, integration: str) -> Countdown | None:
    """What is left for one integration; `None` when it is not down or has no objective."""
    entry = moment.snapshot.estate.integrations.get(integration)
    if entry is None or entry.rto_ns is None:
        return None
    outage = outage_of(moment, integration)
    if outage is None or _served_elsewhere(moment, integration):
        return None
    return Countdown(entry.id, entry.name, time_left(entry.rto_ns, outage, moment.now))


def most_urgent(moment: Moment) -> Countdown | None:
    """The critical integration that has least time left."""
    found = [
        one
        for entry in moment.snapshot.estate.integrations.values()
        if entry.criticality is Criticality.CRITICAL and (one := left_of(moment, entry.id)) is not None
    ]
    return min(found, key=lambda one: one.left, default=None)


def lost_of(moment: Moment, integration: str) -> int | None:
    """Requests lost, as a check of the integration counts them in a metric named `lost`; `None` when none does."""
    found: list[int] = []
    for check in moment.snapshot.estate.checks_of.get(integration, ()):
        state = moment.snapshot.checks.get(check.id)
        metrics = state.doc.get("metrics") if state is not None else None
        lost = metrics.get(LOST) if isinstance(metrics, Mapping) else None
        if isinstance(lost, (int, float)):
            found.append(int(lost))
    return max(found, default=None)


def _served_elsewhere(moment: Moment, integration: str) -> bool:
    """Whether its traffic goes to a target that is not down: then the business is back, whatever the primary says."""
    snapshot = moment.snapshot
    for route in snapshot.estate.routes_of(integration):
        state = snapshot.routes.get(route.id)
        check = snapshot.checks.get(route.targets.get(state.serving, "")) if state is not None else None
        if check is not None and state is not None and state.serving != route.primary:
            return check.outcome in (Outcome.UP, Outcome.DEGRADED)
    return False


def long_ago(ns: int) -> str:
    """A span to the second: `42 s`, `3m05s`, `1h02m`."""
    whole = max(0, ns)
    if whole < MINUTE:
        return f"{whole / SECOND:.1f} s" if whole < 10 * SECOND else f"{whole // SECOND} s"
    if whole < HOUR:
        return f"{whole // MINUTE}m{whole % MINUTE // SECOND:02d}s"
    return f"{whole // HOUR}h{whole % HOUR // MINUTE:02d}m"
