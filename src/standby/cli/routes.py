"""Routes for people and scripts: where each one's traffic goes now, how its targets are, what was done last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from standby.cli.output import ago
from standby.console.estate import Estate, Route, estate_of
from standby.domain.outcome import Outcome
from standby.domain.units import format_instant
from standby.store.failovers import FailoverRow, RouteStateRow
from standby.store.rows import Changes, CheckStateRow

HEAD = ("route", "integration", "serving", "seen", "targets", "last run")


@dataclass(frozen=True, slots=True)
class RouteView:
    """One route. `state` is None until an engine has looked, `last` when nobody ever planned a run on it."""

    route: Route
    state: RouteStateRow | None
    targets: Sequence[tuple[str, CheckStateRow | None]]
    last: FailoverRow | None


def routes_of(changes: Changes) -> list[RouteView]:
    """Every route of the configuration in force, in its order; `changes` is all that the store holds."""
    estate = estate_of(changes.config, Estate())
    states = {row.route: row for row in changes.route_states}
    checks = {row.check_id: row for row in changes.check_states}
    last = {row.route: row for row in sorted(changes.failovers, key=lambda row: row.id)}
    return [
        RouteView(
            route,
            states.get(route.id),
            [(target, checks.get(check)) for target, check in route.targets.items()],
            last.get(route.id),
        )
        for route in estate.routes.values()
    ]


def route_json(view: RouteView) -> dict[str, Any]:
    """One route; `serving` is null when it is not known, and `trouble` says why when that could not be read."""
    state, last = view.state, view.last
    return {
        "id": view.route.id,
        "integration": view.route.integration,
        "primary": view.route.primary,
        "director": view.route.director,
        "serving": state.serving or None if state else None,
        "at": format_instant(state.at) if state else None,
        "drift": list(state.drift) if state else [],
        "trouble": state.trouble if state else "no engine has looked yet",
        "targets": [
            {
                "id": target,
                "check": view.route.targets[target],
                "outcome": _outcome(row).value,
                "since": format_instant(row.since) if row and row.since else None,
                "message": row.message if row else "",
            }
            for target, row in view.targets
        ],
        "last_run": None
        if last is None
        else {"id": last.id, "kind": last.kind.value, "to": last.target, "state": last.state.value},
    }


def route_cells(view: RouteView, now: int) -> tuple[str, ...]:
    """One line of the table under `HEAD`."""
    state, last = view.state, view.last
    run = "" if last is None else f"{last.id} to {last.target}: {last.state.value.replace('_', ' ')}"
    notes = [*state.drift, state.trouble] if state else []
    return (
        view.route.id,
        view.route.integration,
        _serving(view),
        f"{ago(now - state.at)} ago" if state else "",
        ", ".join(f"{target} {_outcome(row).value}" for target, row in view.targets),
        "; ".join(part for part in (run, *notes) if part),
    )


def _outcome(row: CheckStateRow | None) -> Outcome:
    return row.outcome if row else Outcome.UNKNOWN


def _serving(view: RouteView) -> str:
    serving = view.state.serving if view.state else ""
    if not serving:
        return "not known"
    return f"{serving} (primary)" if serving == view.route.primary else serving
