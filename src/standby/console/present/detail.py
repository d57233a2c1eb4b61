"""One integration: what it is, its checks, its alerts, its last observations with their phases, notes and log."""

from __future__ import annotations

from collections.abc import Sequence

from standby.console.estate import Check, Integration
from standby.console.present import alerts as feed
from standby.console.present import figures
from standby.console.present.attribution import judgement
from standby.console.present.cells import Cell, Column, Row, lay_out, line, place, titles, wrap
from standby.console.present.glyphs import DASH, OUTCOMES, RULE, UNSAFE
from standby.console.present.integrations import soft_word, stale_for, standing
from standby.console.present.log import log
from standby.console.present.moment import Moment
from standby.console.present.usual import Bands, bands, outside, usual
from standby.domain import flapping
from standby.domain.cause import ACTIONS, whose
from standby.domain.observation import Observation
from standby.domain.phases import PHASES
from standby.domain.units import format_duration
from standby.store.rows import CheckStateRow

CHECK = "check:"
OBSERVATION = "observation:"
_CHECKS = (
    Column("cursor", "", 1),
    Column("state", "checks", 14),
    Column("id", "id", 14, weight=2, most=30),
    Column("kind", "kind", 9, drop=3),
    Column("spark", "by min", 8, weight=1, most=60, drop=5),
    Column("latency", "ms", 6, right=True),
    Column("errors", "err", 4, right=True),
    Column("at", "last", 8, right=True),
    Column("message", "message", 16, weight=4),
    Column("target", "target", 24, weight=2, drop=6),
)
_OBSERVATIONS = (
    Column("cursor", "", 1),
    Column("state", "observations", 13),
    Column("at", "at", 8),
    Column("check", "check", 12, weight=1, most=24, drop=4),
    Column("latency", "ms", 6, right=True),
    Column("resolve", "dns", 5, right=True, drop=3),
    Column("connect", "tcp", 5, right=True, drop=3),
    Column("tls", "tls", 5, right=True, drop=3),
    Column("first_byte", "wait", 6, right=True, drop=3),
    Column("transfer", "body", 5, right=True, drop=3),
    Column("message", "message", 18, weight=6),
)


def detail(moment: Moment, width: int, integration: str) -> list[Row]:
    """The whole page; longer than the screen, so it scrolls."""
    entry = moment.snapshot.estate.integrations.get(integration)
    if entry is None:
        return [line([Cell(f"  {integration} is not in the configuration any more; esc goes back", "dim")], width)]
    rows = _about(moment, width, entry)
    rows += [_rule(width), *_checks(moment, width, entry)]
    pane = moment.snapshot.pane
    if pane.integration == integration and pane.failed:
        return [*rows, _rule(width), line([Cell(f" failed: {pane.failed}", "down")], width)]
    if pane.integration != integration or not pane.loaded:
        return [*rows, _rule(width), line([Cell("  no data yet: reading the store", "dim")], width)]
    known = {alert.id: alert for alert in pane.alerts}
    live = {alert.id: alert for alert in moment.snapshot.alerts.values() if alert.integration == integration}
    rows += [_rule(width), *feed.feed(moment, width, [*(known | live).values()][-50:])]
    if learned := usual(moment, width, pane.usual):
        rows += [_rule(width), *learned]
    rows += [_rule(width), *_observations(moment, width, pane.observations, bands(pane.usual))]
    return [*rows, _rule(width), *log(moment, width, pane.audits, most=100)]


def _rule(width: int) -> Row:
    return line([Cell(" ", "rule"), Cell(RULE * max(0, width - 2), "rule")], width)


def _about(moment: Moment, width: int, entry: Integration) -> list[Row]:
    one = standing(moment, entry)
    since = f" since {figures.stamp(one.since, moment.now, moment.zone)}" if one.since else ""
    lasting = f" ({figures.age(moment.now - one.since)})" if one.since else ""
    stale = f"  stale {figures.age(one.stale_ns)}" if one.stale_ns is not None else ""
    first = [
        Cell(f" {OUTCOMES[one.outcome]} {one.word}", one.style),
        Cell(f"{since}{lasting}", "text"),
        Cell(stale, "stale"),
        Cell(f"  {entry.name}", "name.bad" if one.badness < -2 else "name"),
        Cell(f"  {entry.vendor}", "dim"),
    ]
    facts = [
        ("criticality", entry.criticality.value),
        ("owner", entry.owner),
        ("rto", format_duration(entry.rto_ns) if entry.rto_ns else ""),
        ("rpo", format_duration(entry.rpo_ns) if entry.rpo_ns else ""),
        ("needs", ", ".join(entry.depends_on)),
        ("runbook", entry.runbook),
        ("sees", ", ".join(entry.data)),
    ]
    second: list[Cell] = []
    rows = [line(first, width)]
    used = 0
    for word, value in facts:
        if not value:
            continue
        if used and used + len(word) + len(value) + 3 > width:
            rows.append(line(second, width))
            second, used = [], 0
        second += [Cell(f" {word} ", "dim"), Cell(value, "text"), Cell(" ")]
        used += len(word) + len(value) + 3
    if second:
        rows.append(line(second, width))
    if one.message:
        rows += [line([Cell(f" {text}", "text")], width) for text in wrap(one.message, width - 2, 3)]
    return [*rows, *_whose(moment, width, entry)]


def _whose(moment: Moment, width: int, entry: Integration) -> list[Row]:
    """Them or us and why, whose trouble the worst check shows, and what to do first."""
    found, rows = judgement(moment, entry), []
    if found is not None:
        said = wrap(f"{found.side}: {'; '.join(found.reasons)}", width - 2, 2)
        rows += [line([Cell(f" {text}", "name")], width) for text in said]
    states = moment.snapshot.checks
    checks = [check for check in moment.snapshot.estate.checks_of.get(entry.id, ()) if check.id in states]
    trouble = whose((states[check.id].outcome, states[check.id].failure, check.stated) for check in checks)
    if trouble is not None:
        first, *more = wrap(f"{trouble}: {ACTIONS[trouble]}", width - 2, 3)
        word, colon, deed = first.partition(":")
        rows.append(line([Cell(f" {word}", "name"), Cell(f"{colon}{deed}", "text")], width))
        rows += [line([Cell(f" {text}", "text")], width) for text in more]
    return rows


def _checks(moment: Moment, width: int, entry: Integration) -> list[Row]:
    slots = lay_out(_CHECKS, width)
    rows = [titles(slots, width)]
    room = {slot.column.key: slot.width for slot in slots}
    for check in moment.snapshot.estate.checks_of.get(entry.id, ()):
        state = moment.snapshot.checks.get(check.id)
        series = moment.snapshot.series.get(check.id, ())
        spark = figures.sparkline(series, moment.snapshot.series_at, room.get("spark", 0))
        cells = _check(moment, check, state) | {"spark": Cell(spark, "spark")}
        rows.append(place(slots, cells, width, id=CHECK + check.id))
    if len(rows) == 1:
        rows.append(line([Cell("  no checks: nothing looks at it", "dim")], width))
    return [*rows, *_risks(moment, width, entry)]


def _risks(moment: Moment, width: int, entry: Integration) -> list[Row]:
    """What is unsafe about how its checks ask, until somebody mends it."""
    checks = moment.snapshot.estate.checks_of.get(entry.id, ())
    told = [(check.id, risk) for check in checks for risk in check.risks]
    return [
        line([Cell(f" {UNSAFE} unsafe ", "down"), Cell(f"{name} ", "name"), Cell(risk, "text")], width)
        for name, risk in told
    ]


def _check(moment: Moment, check: Check, state: CheckStateRow | None) -> dict[str, Cell]:
    cells = {
        "id": Cell(check.id, "name"),
        "kind": Cell(check.kind, "dim"),
        "target": Cell(check.target, "dim"),
    }
    if state is None:
        return cells | {
            "state": Cell("? no data yet", "unknown"),
            "message": Cell(f"every {format_duration(check.every_ns)}", "dim"),
        }
    stale = stale_for(moment, [state])
    soft = 0 < state.attempt < state.attempts and state.raw.badness > state.outcome.badness
    word, style = (soft_word(state), "soft") if soft else (state.outcome.value, state.outcome.value)
    missed = f" (missed {state.missed})" if state.missed else ""
    flaps = flapping.from_json(state.doc.get(flapping.KEY))
    comes = f"flapping {flaps.percent:.0f}%: " if flaps.flaps else ""
    calm = state.outcome.badness <= 1 and not soft and not comes
    return cells | {
        "state": Cell(f"{OUTCOMES[state.outcome]} {word}", style),
        "latency": Cell(figures.exact(state.latency_ms), "figure"),
        "errors": Cell(figures.share(state.error_rate), "figure.bad" if state.error_rate else "dim"),
        "at": Cell(
            f"stale {figures.age(stale)}" if stale is not None else figures.clock(state.at, moment.zone, seconds=True),
            "stale" if stale is not None else "dim",
        ),
        "message": Cell(f"{comes}{state.message}{missed}", "dim" if calm else "text"),
    }


def _observations(moment: Moment, width: int, found: Sequence[Observation], known: Bands) -> list[Row]:
    slots = lay_out(_OBSERVATIONS, width)
    rows = [titles(slots, width)]
    shown = [one for one in found if moment.shows(one.check_id, one.outcome, one.message, one.failure or "")]
    if not shown:
        rows.append(line([Cell("  nothing matches the filter" if found else "  no data yet", "dim")], width))
    rows += [
        place(
            slots, _observation(moment, one, outside(one, known)), width, id=f"{OBSERVATION}{one.check_id}@{one.slot}"
        )
        for one in shown
    ]
    return rows


def _observation(moment: Moment, one: Observation, strange: str) -> dict[str, Cell]:
    phases = one.phases
    message = f"{one.failure.value}: {one.message}" if one.failure and one.message else one.message
    message = message or (one.failure.value if one.failure else "")
    return {
        "state": Cell(f"{OUTCOMES[one.outcome]} {one.outcome.value}", one.outcome.value),
        "at": Cell(figures.clock(one.at, moment.zone, seconds=True), "dim"),
        "check": Cell(one.check_id, "dim"),
        "latency": Cell(figures.exact(one.latency_ms), "figure.bad" if strange else "figure"),
        **{name: Cell(_phase(getattr(phases, name)), "dim") for name in PHASES},
        "message": Cell("  ".join(filter(None, (strange, message))), "text"),
    }


def _phase(ms: float | None) -> str:
    if ms is None:
        return DASH
    return f"{ms:.1f}" if ms < 100 else f"{min(ms, 99_999):.0f}"
