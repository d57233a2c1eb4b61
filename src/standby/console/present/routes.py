"""Every route: where its traffic goes, how its other places are, what became of its last run."""

from __future__ import annotations

from collections.abc import Sequence

from standby.console.estate import Route
from standby.console.present import figures
from standby.console.present.cells import Cell, Column, Row, lay_out, line, place, titles
from standby.console.present.failover import STATES
from standby.console.present.glyphs import OUTCOMES
from standby.console.present.moment import Moment
from standby.domain.outcome import Outcome
from standby.store.failovers import FailoverRow

PREFIX = "route:"
_COLUMNS = (
    Column("cursor", "", 1),
    Column("route", "routes", 12, weight=1, most=24),
    Column("serving", "traffic goes to", 22, weight=1, most=34),
    Column("standby", "could go to", 22, weight=2, most=44),
    Column("last", "last run", 18, weight=1, most=34, drop=2),
    Column("drift", "drift", 12, weight=2, drop=3),
)


def routes(moment: Moment, width: int) -> list[Row]:
    """A line of titles, then one line a route."""
    slots = lay_out(_COLUMNS, width)
    rows = [titles(slots, width)]
    known = moment.snapshot.estate.routes.values()
    shown = [one for one in known if moment.shows(one.id, one.integration, *one.targets)]
    if not shown:
        told = "no route matches the filter" if known else "no [[route]] is configured: docs/failover.md says how"
        rows.append(line([Cell(f"  {told}", "dim")], width))
    return rows + [place(slots, _cells(moment, one), width, id=f"{PREFIX}{one.id}") for one in shown]


def runs_of(moment: Moment, route: str) -> list[FailoverRow]:
    """The runs of one route, newest first."""
    return sorted((run for run in moment.snapshot.failovers.values() if run.route == route), key=lambda run: -run.id)


def _cells(moment: Moment, route: Route) -> dict[str, Cell]:
    state = moment.snapshot.routes.get(route.id)
    serving = state.serving if state is not None else ""
    trouble = state.trouble if state is not None else ""
    drift = "; ".join(state.drift) if state is not None else ""
    outcome = _outcome(moment, route, serving)
    told = f"{OUTCOMES[outcome]} {serving} {outcome}" if serving else ("? unread" if trouble else "? not known")
    others = [name for name in route.targets if name != serving]
    return {
        "route": Cell(route.id, "name"),
        "serving": Cell(told, outcome.value if serving else "unknown"),
        "standby": Cell(_others(moment, route, others), _worst(moment, route, others)),
        "last": _last(moment, route),
        "drift": Cell(trouble or drift, "down" if trouble else "degraded"),
    }


def _outcome(moment: Moment, route: Route, target: str) -> Outcome:
    check = moment.snapshot.checks.get(route.targets.get(target, ""))
    return check.outcome if check is not None else Outcome.UNKNOWN


def _others(moment: Moment, route: Route, names: Sequence[str]) -> str:
    found = [(name, _outcome(moment, route, name)) for name in names]
    return ", ".join(f"{OUTCOMES[outcome]} {name} {outcome}" for name, outcome in found)


def _worst(moment: Moment, route: Route, names: Sequence[str]) -> str:
    return min((_outcome(moment, route, name) for name in names), key=lambda one: one.badness).value if names else "dim"


def _last(moment: Moment, route: Route) -> Cell:
    found = runs_of(moment, route.id)
    if not found:
        return Cell("none yet", "dim")
    sign, word, style = STATES[found[0].state]
    age = figures.age(moment.now - (found[0].ended_at or found[0].armed_at))
    return Cell(f"{sign} {word} {age}", style)
