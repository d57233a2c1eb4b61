"""Runs of failovers for people and scripts: the plan before the word is typed, each step as it is taken, the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from standby.cli.output import ago
from standby.console.estate import Estate
from standby.domain.failover import Clocks, RunState, StepState, phrase, time_left
from standby.domain.prechecks import Precheck, Verdict
from standby.domain.route import StepKind
from standby.domain.units import MILLISECOND, SECOND, format_duration, format_instant
from standby.store.failovers import FailoverRow, StepRow

HEAD = ("run", "planned", "route", "what", "state", "who", "recovery", "result")
_INSTANTS = ("outage", "detected", "acknowledged", "armed", "started", "moved", "verified", "failed_back")


def run_json(run: FailoverRow, estate: Estate) -> dict[str, Any]:
    """One run; instants are RFC 3339 and absent ones null, spans are seconds. `confirm` is what has to be typed."""
    return {
        "id": run.id,
        "route": run.route,
        "integration": run.integration,
        "kind": run.kind.value,
        "from": run.source or None,
        "to": run.target,
        "state": run.state.value,
        "confirm": word(run, estate),
        "armed_by": run.armed_by,
        "armed_from": run.armed_from,
        "armed_at": format_instant(run.armed_at),
        "expires_at": format_instant(run.expires_at),
        "started_by": run.started_by,
        "ended_at": _instant(run.ended_at),
        "previous": run.previous,
        "result": run.result,
        "forced": dict(run.forced),
        "prechecks": [
            {"rule": one.rule, "verdict": one.verdict.value, "text": one.text, "overridden": one.overridden or None}
            for one in run.prechecks
        ],
        "steps": [_step_json(row) for row in run.steps],
        "clocks": _clocks_json(run.clocks),
    }


def word(run: FailoverRow, estate: Estate) -> str:
    """What a person types to start it."""
    return phrase(estate.name_of(run.integration), run.target)


def plan_lines(run: FailoverRow, estate: Estate, now: int) -> list[str]:
    """What a person has to see before the word is typed."""
    blocked = run.state is RunState.BLOCKED
    state = "is blocked" if blocked else f"is armed for {ago(run.expires_at - now)}"
    lines = [f"run {run.id}: {run.kind.value} of {run.route}, {_way(run)}, {state}"]
    clock = _clock_line(run, estate, now)
    if clock:
        lines.append(clock)
    lines += [_precheck_line(one) for one in run.prechecks]
    lines += [f"  step {_step_name(run, number)}" for number in range(len(run.steps))]
    return lines


def progress(before: FailoverRow | None, after: FailoverRow) -> list[str]:
    """A line for each step and state that is news in `after`."""
    known: Sequence[StepRow] = before.steps if before else ()
    lines = []
    for number, row in enumerate(after.steps):
        old = known[number] if number < len(known) else None
        if row.state is not StepState.PLANNED and (old is None or (old.state, old.at) != (row.state, row.at)):
            note = f" ({row.note})" if row.note else ""
            lines.append(f"{_clock_of(row.at)} step {_step_name(after, number)}: {_STEP_WORDS[row.state]}{note}")
    if before is None or before.state is not after.state:
        told = f": {after.result}" if after.result else ""
        lines.append(f"{_clock_of(after.ended_at)} run {after.id} {_said(after.state)}{told}")
    return lines


def ending_lines(run: FailoverRow) -> list[str]:
    """How long each part of a recovery took; nothing for a run that moved nothing."""
    clocks = run.clocks
    lines = []
    if clocks.moved is not None and clocks.spans:
        lines.append(", ".join(f"{name} {_span(ns)}" for name, ns in clocks.spans.items()))
    if clocks.attained is not None:
        lines.append(f"recovered {_attained(clocks)} after the outage began")
    return lines


def history_cells(run: FailoverRow, now: int) -> tuple[str, ...]:
    """One line of the table under `HEAD`."""
    return (
        str(run.id),
        f"{ago(now - run.armed_at)} ago",
        run.route,
        _way(run),
        _said(run.state),
        run.started_by or run.armed_by,
        _attained(run.clocks) if run.clocks.attained is not None else "",
        run.result,
    )


_STEP_WORDS: Mapping[StepState, str] = {
    StepState.PLANNED: "planned",
    StepState.INTENT: "begun",
    StepState.DONE: "done",
    StepState.FAILED: "failed",
    StepState.UNKNOWN: "not known",
    StepState.UNDOING: "being undone",
    StepState.UNDONE: "undone",
}


def _said(state: RunState) -> str:
    return state.value.replace("_", " ")


def _way(run: FailoverRow) -> str:
    return f"{run.source or '?'} -> {run.target}"


def _step_name(run: FailoverRow, number: int) -> str:
    step = run.steps[number].step
    moves = " (traffic moves here)" if step.kind is StepKind.PIVOT else ""
    return f"{number + 1}/{len(run.steps)} {step.name}{moves}"


def _precheck_line(one: Precheck) -> str:
    shown = one.verdict.value if one.verdict is Verdict.PASS else one.verdict.value.upper()
    over = f" [overridden: {one.overridden}]" if one.overridden else ""
    return f"  {shown:8}{one.rule}: {one.text}{over}"


def _clock_line(run: FailoverRow, estate: Estate, now: int) -> str:
    outage = run.clocks.outage
    if outage is None:
        return "nothing is down: this is a planned run"
    told = f"down for {ago(now - outage)} (give or take {format_duration(run.clocks.uncertainty)})"
    known = estate.integrations.get(run.integration)
    if known is None or known.rto_ns is None:
        return told
    left = time_left(known.rto_ns, outage, now)
    objective = f"of the {format_duration(known.rto_ns)} that recovery may take"
    return f"{told}, {ago(left)} left {objective}" if left >= 0 else f"{told}, {ago(-left)} over {objective}"


def _attained(clocks: Clocks) -> str:
    give = f" ±{format_duration(clocks.uncertainty)}" if clocks.uncertainty else ""
    return f"{_span(clocks.attained or 0)}{give}"


def _span(ns: int) -> str:
    return format_duration(ns // MILLISECOND * MILLISECOND) if ns < 10 * SECOND else ago(ns)


def _clock_of(at: int | None) -> str:
    return format_instant(at)[11:] if at else " " * 13


def _step_json(row: StepRow) -> dict[str, Any]:
    step = row.step
    return {
        "name": step.name,
        "kind": step.kind.value,
        "subject": step.subject,
        "desired": step.desired,
        "undo": step.undo,
        "state": row.state.value,
        "at": _instant(row.at or None),
        "note": row.note,
    }


def _clocks_json(clocks: Clocks) -> dict[str, Any]:
    return {
        **{name: _instant(getattr(clocks, name)) for name in _INSTANTS},
        "uncertainty_s": clocks.uncertainty / SECOND,
        "spans_s": {name: ns / SECOND for name, ns in clocks.spans.items()},
        "attained_s": None if clocks.attained is None else clocks.attained / SECOND,
    }


def _instant(ns: int | None) -> str | None:
    return None if ns is None else format_instant(ns)
