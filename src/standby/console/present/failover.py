"""One run of a failover: what would be done and what speaks against it, how far it is, how long it took."""

from __future__ import annotations

from standby.console.estate import Route
from standby.console.present import figures
from standby.console.present.cells import Cell, Column, Row, lay_out, line, place, titles, wrap
from standby.console.present.glyphs import OUTCOMES, RULE
from standby.console.present.moment import Moment
from standby.console.present.recovery import countdown, left_of, long_ago, lost_of
from standby.domain.failover import RunState, StepState, phrase
from standby.domain.outcome import Outcome
from standby.domain.prechecks import Precheck, Verdict
from standby.store.failovers import FailoverRow, StepRow

RUN = "run:"
STATES = {
    RunState.BLOCKED: ("✗", "blocked", "down"),
    RunState.ARMED: ("~", "armed", "soft"),
    RunState.EXECUTING: ("→", "executing", "soft"),
    RunState.VERIFYING: ("→", "verifying", "soft"),
    RunState.ROLLING_BACK: ("→", "rolling back", "degraded"),
    RunState.SUCCEEDED: ("✓", "succeeded", "up"),
    RunState.ROLLED_BACK: ("✗", "rolled back", "degraded"),
    RunState.PARTIALLY_FAILED: ("✗", "failed part-way", "down"),
    RunState.EXPIRED: ("·", "expired", "dim"),
    RunState.CANCELLED: ("·", "dropped", "dim"),
}
"""A sign, words and a style for each state of a run."""
_VERDICTS = {
    Verdict.PASS: ("✓", "pass", "up"),
    Verdict.WARN: ("▲", "warn", "degraded"),
    Verdict.FAIL: ("✗", "fail", "down"),
    Verdict.UNKNOWN: ("?", "unknown", "unknown"),
}
_STEPS = {
    StepState.PLANNED: ("·", "planned", "dim"),
    StepState.INTENT: ("→", "acting", "soft"),
    StepState.DONE: ("✓", "done", "up"),
    StepState.FAILED: ("✗", "failed", "down"),
    StepState.UNKNOWN: ("?", "unknown", "unknown"),
    StepState.UNDOING: ("→", "undoing", "degraded"),
    StepState.UNDONE: ("·", "undone", "degraded"),
}
_CHECK_COLUMNS = (
    Column("verdict", "prechecks", 12),
    Column("rule", "rule", 12),
    Column("text", "what was seen", 20, weight=1),
)
_STEP_COLUMNS = (
    Column("state", "steps", 12),
    Column("kind", "kind", 10, drop=2),
    Column("name", "what", 20, weight=2),
    Column("at", "at", 8, drop=1),
    Column("note", "it says", 10, weight=1),
)
_SPANS = {
    "detection": "until the alert",
    "acknowledgement": "until somebody had it",
    "decision": "until the word was typed",
    "switch": "until traffic had moved",
    "verification": "until it was proven",
}


def failover(moment: Moment, width: int, run: FailoverRow | None, waiting: str) -> list[Row]:
    """The page of one run; `waiting` says why there is none yet."""
    if run is None:
        return [line([Cell(f"  {waiting}", "dim")], width)]
    rows = [*_head(moment, width, run), *_way(moment, width, run)]
    if run.state is RunState.ARMED:
        rows += _ask(moment, width, run)
    elif run.result:
        style = STATES[run.state][2]
        rows += [line([Cell(f" {part}", style)], width) for part in wrap(run.result, width - 2, 4)]
    if run.clocks.started is not None:
        rows += _clocks(moment, width, run)
    if run.state is not RunState.BLOCKED:
        rows += [_rule(width), *_steps(moment, width, run)]
    rows += [_rule(width), *_prechecks(width, run)]
    return rows


def title_of(moment: Moment, run: FailoverRow) -> str:
    """`payments -> borealis`: the very phrase that is typed."""
    return phrase(moment.snapshot.estate.name_of(run.integration), run.target)


def expires_in(moment: Moment, run: FailoverRow) -> str:
    """How long the word can still be typed."""
    return countdown(max(0, run.expires_at - moment.now))


def _head(moment: Moment, width: int, run: FailoverRow) -> list[Row]:
    sign, word, style = STATES[run.state]
    by = run.started_by or run.armed_by
    cells = [
        Cell(f" {sign} {word}", style),
        Cell(f"  {title_of(moment, run)}", "name"),
        Cell(f"  {run.kind} {run.id} by {by}", "dim"),
    ]
    if run.state is RunState.ARMED:
        cells.insert(1, Cell(f" {expires_in(moment, run)}", "soft"))
    return [line(cells, width)]


def _way(moment: Moment, width: int, run: FailoverRow) -> list[Row]:
    route = moment.snapshot.estate.routes.get(run.route)
    cells = [Cell(" from ", "dim"), *_target(moment, route, run.source)]
    cells += [Cell("  to ", "dim"), *_target(moment, route, run.target)]
    rows = [line(cells, width)]
    facts: list[Cell] = []
    state = moment.snapshot.integrations.get(run.integration)
    if state is not None:
        facts += [Cell(" errors ", "dim"), Cell(figures.share(state.error_rate), "figure")]
    lost = lost_of(moment, run.integration)
    if lost is not None:
        facts += [Cell("  requests lost ", "dim"), Cell(str(lost), "figure")]
    left = left_of(moment, run.integration)
    if left is not None:
        late = left.left < 0
        facts += [Cell("  RTO ", "dim"), Cell(f"{countdown(left.left)} {'missed' if late else 'left'}", "down")]
    facts += [Cell(f"  {one} overridden: {why}", "degraded") for one, why in run.forced.items()]
    return [*rows, line(facts, width)] if facts else rows


def _target(moment: Moment, route: Route | None, name: str) -> list[Cell]:
    if not name:
        return [Cell("a place that is no target", "unknown")]
    check = moment.snapshot.checks.get(route.targets.get(name, "")) if route is not None else None
    outcome = check.outcome if check is not None else Outcome.UNKNOWN
    return [Cell(name, "name"), Cell(f" {OUTCOMES[outcome]} {outcome}", outcome.value)]


def _ask(moment: Moment, width: int, run: FailoverRow) -> list[Row]:
    text = f"nothing has been done yet. c, then type  {title_of(moment, run)}  and Enter: the steps below are taken."
    rows = [line([Cell(f" {part}", "guide")], width) for part in wrap(text, width - 2, 3)]
    return [*rows, line([Cell(" X drops the plan; it lapses by itself", "dim")], width)]


def _steps(moment: Moment, width: int, run: FailoverRow) -> list[Row]:
    slots = lay_out(_STEP_COLUMNS, width - 1)
    return [_inset(titles(slots, width - 1))] + [
        _inset(place(slots, _step(moment, row), width - 1)) for row in run.steps
    ]


def _step(moment: Moment, row: StepRow) -> dict[str, Cell]:
    sign, word, style = _STEPS[row.state]
    return {
        "state": Cell(f"{sign} {word}", style),
        "kind": Cell(row.step.kind.value, "dim"),
        "name": Cell(row.step.name, "text"),
        "at": Cell(figures.clock(row.at, moment.zone, seconds=True) if row.at else "", "dim"),
        "note": Cell(row.note, "dim" if row.state is StepState.DONE else "text"),
    }


def _prechecks(width: int, run: FailoverRow) -> list[Row]:
    slots = lay_out(_CHECK_COLUMNS, width - 1)
    # What blocks first, then what was overridden, then warnings, then what passed.
    ordered = sorted(run.prechecks, key=lambda one: (not one.blocks, not one.overridden, one.verdict is Verdict.PASS))
    return [_inset(titles(slots, width - 1))] + [_inset(place(slots, _precheck(one), width - 1)) for one in ordered]


def _precheck(one: Precheck) -> dict[str, Cell]:
    sign, word, style = _VERDICTS[one.verdict]
    if one.overridden:
        return {
            "verdict": Cell("▲ overridden", "degraded"),
            "rule": Cell(one.rule, "text"),
            "text": Cell(f"{one.overridden} ({one.text})", "text"),
        }
    return {
        "verdict": Cell(f"{sign} {word}", style),
        "rule": Cell(one.rule, "text" if one.blocks else "dim"),
        "text": Cell(one.text, "text" if one.verdict is not Verdict.PASS else "dim"),
    }


def _clocks(moment: Moment, width: int, run: FailoverRow) -> list[Row]:
    clocks = run.clocks
    rows = []
    if clocks.outage is not None:
        unsure = f" ± {long_ago(clocks.uncertainty)}" if clocks.uncertainty else ""
        at = figures.clock(clocks.outage, moment.zone, seconds=True)
        rows.append(line([Cell(" clocks  ", "title"), Cell(f"the outage began at {at}{unsure}", "text")], width))
    for name, span in clocks.spans.items():
        rows.append(line([Cell(f"   {long_ago(span):>8}", "figure"), Cell(f"  {_SPANS[name]}", "text")], width))
    entry = moment.snapshot.estate.integrations.get(run.integration)
    if clocks.attained is not None:
        rto = entry.rto_ns if entry is not None else None
        met = "" if rto is None else f", objective {long_ago(rto)}: {'met' if clocks.attained <= rto else 'missed'}"
        style = "down" if rto is not None and clocks.attained > rto else "up"
        rows.append(
            line([Cell(f"   {long_ago(clocks.attained):>8}", style), Cell(f"  to recover{met}", "text")], width)
        )
    return rows


def _inset(row: Row) -> Row:
    return Row((Cell(" "), *row.cells), row.id)


def _rule(width: int) -> Row:
    return line([Cell(" ", "rule"), Cell(RULE * max(0, width - 2), "rule")], width)
