"""The status panes: every integration by criticality, what fails on top of its pane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from standby.console.estate import Integration
from standby.console.present import figures
from standby.console.present.cells import Cell, Column, Row, Slot, blank, lay_out, line, place
from standby.console.present.glyphs import DASH, OUTCOMES, RULE
from standby.console.present.moment import Moment
from standby.console.snapshot import Series, Snapshot
from standby.domain.outcome import AlertState, Criticality, Outcome
from standby.domain.units import SECOND
from standby.store.rows import AlertRow, CheckStateRow, IntegrationStateRow

PREFIX = "integration:"
_COLUMNS = (
    Column("cursor", "", 1),
    Column("state", "", 14),
    Column("name", "", 15, weight=3, most=30),
    Column("vendor", "vendor", 12, weight=4, most=22, drop=2),
    Column("spark", "by min", 8, weight=2, most=60, drop=3),
    Column("latency", "latency", 9, right=True, drop=1),
    Column("errors", "err", 4, right=True),
    Column("since", "since", 6, right=True),
    Column("who", "who", 10, weight=1, most=20, drop=5),
    Column("message", "message", 30, weight=4, drop=6),
)
_STALE_SLACK = 5 * SECOND


@dataclass(frozen=True, slots=True)
class Standing:
    """How an integration stands: one outcome, and what tells it apart from what the outcome alone would say."""

    entry: Integration
    outcome: Outcome
    word: str
    style: str
    since: int | None
    stale_ns: int | None
    state: IntegrationStateRow | None
    soft: bool = False
    message: str = ""

    @property
    def badness(self) -> int:
        """What comes first inside a pane. Soft states do not move rows: most of them pass."""
        return -self.outcome.badness


def standings(moment: Moment) -> list[Standing]:
    """Every integration that the filter lets through: by criticality, failing first, then as configured."""
    snapshot = moment.snapshot
    found = [standing(moment, entry) for entry in snapshot.estate.integrations.values()]
    shown = [
        one
        for one in found
        if moment.shows(
            one.entry.id, one.entry.name, one.entry.vendor, one.word, one.entry.criticality, one.entry.owner
        )
    ]
    order = list(Criticality)
    return sorted(shown, key=lambda one: (order.index(one.entry.criticality), one.badness, one.entry.order))


def _searched(entry: Integration) -> tuple[str, ...]:
    return entry.id, entry.name, entry.vendor, entry.criticality, entry.owner


def standing(moment: Moment, entry: Integration) -> Standing:
    """How one integration stands now."""
    snapshot = moment.snapshot
    state = snapshot.integrations.get(entry.id)
    rows = [
        row
        for check in snapshot.estate.checks_of.get(entry.id, ())
        if (row := snapshot.checks.get(check.id)) is not None
    ]
    if state is None or not rows:
        return Standing(entry, Outcome.UNKNOWN, "no data yet", "unknown", None, None, state)
    stale = stale_for(moment, rows)
    soft = softest(rows) if state.outcome in (Outcome.UP, Outcome.DEGRADED) else None
    if soft is not None:
        word, style = soft_word(soft), "soft"
        return Standing(entry, state.outcome, word, style, state.since, stale, state, soft=True, message=soft.message)
    return Standing(
        entry, state.outcome, state.outcome.value, state.outcome.value, state.since, stale, state, message=state.message
    )


def softest(rows: Sequence[CheckStateRow]) -> CheckStateRow | None:
    """The check that is furthest on its way to a worse outcome, when one is."""
    turning = [row for row in rows if 0 < row.attempt < row.attempts and row.raw.badness > row.outcome.badness]
    turning = [row for row in turning if row.raw.decided]
    return max(turning, key=lambda row: (row.raw.badness, row.attempt), default=None)


def soft_word(row: CheckStateRow) -> str:
    """`down 2/3`: seen twice, believed the third time."""
    return f"{row.raw.value} {row.attempt}/{row.attempts}"


def stale_for(moment: Moment, rows: Sequence[CheckStateRow]) -> int | None:
    """Nanoseconds since anything was heard of all these checks, when that is longer than it should be."""
    checks = moment.snapshot.estate.checks
    youngest: int | None = None
    for row in rows:
        check = checks.get(row.check_id)
        patience = max(2 * check.every_ns, check.every_ns + check.timeout_ns) if check else 120 * SECOND
        silent = moment.now - row.at
        if silent <= patience + _STALE_SLACK:
            return None
        youngest = silent if youngest is None else min(youngest, silent)
    return youngest


def lines(moment: Moment) -> tuple[int, int]:
    """How many lines the panes need, and how many they would like: an empty line between two panes."""
    entries = (
        [one.entry for one in standings(moment)] if moment.filter else moment.snapshot.estate.integrations.values()
    )
    groups = len({entry.criticality for entry in entries})
    return max(1, len(entries) + groups), max(1, len(entries) + 2 * groups - 1)


def panes(moment: Moment, width: int, height: int | None = None) -> list[Row]:
    """The rows of all panes. With fewer than `height` lines of room, the empty line between panes goes."""
    snapshot = moment.snapshot
    found = standings(moment)
    if not found:
        return [_nothing(moment, width)]
    slots = lay_out(_COLUMNS, width)
    holders = _holders(snapshot)
    groups: dict[Criticality, list[Standing]] = {}
    for one in found:
        groups.setdefault(one.entry.criticality, []).append(one)
    airy = height is not None and len(found) + 2 * len(groups) - 1 <= height
    rows: list[Row] = []
    for number, (criticality, members) in enumerate(groups.items()):
        if number and airy:
            rows.append(blank(width))
        rows.append(_heading(criticality, members, slots, width, titled=number == 0))
        rows += [
            Row(partial(_cells, moment, one, slots, width, holders.get(one.entry.id)), PREFIX + one.entry.id)
            for one in members
        ]
    return rows


def _nothing(moment: Moment, width: int) -> Row:
    if moment.filter and moment.snapshot.estate.integrations:
        return line([Cell(f"  nothing matches {moment.filter}; esc clears the filter", "dim")], width)
    text = "  no data yet: the engine has not stored what it watches" if not moment.first else "  no data yet"
    return line([Cell(text, "dim")], width)


def _heading(
    criticality: Criticality, members: Sequence[Standing], slots: Sequence[Slot], width: int, *, titled: bool
) -> Row:
    bad = sum(one.outcome in (Outcome.DOWN, Outcome.DEGRADED) for one in members)
    text = f" {criticality.value} {len(members)}"
    name = Cell(text + (f", {bad} not up" if bad else ""), "pane.bad" if bad else "pane")
    if not titled:
        return line([name, Cell(" ", "rule"), Cell(RULE * max(0, width - len(name.text) - 2), "rule")], width)
    lead = 0
    titles: list[Cell] = []
    for number, slot in enumerate(slots):
        if slot.column.key in ("cursor", "state", "name"):
            lead += slot.width + (1 if number else 0)
            continue
        cell = Cell(slot.column.title.rjust(slot.width) if slot.column.right else slot.column.title.ljust(slot.width))
        titles += [Cell(" ", "title"), Cell(cell.text[: slot.width], "title")]
    first = line([name], lead).cells
    return line([*first, *titles], width)


def _cells(moment: Moment, one: Standing, slots: Sequence[Slot], width: int, holder: Cell | None) -> tuple[Cell, ...]:
    room = {slot.column.key: slot.width for slot in slots}
    bad = one.outcome in (Outcome.DOWN, Outcome.DEGRADED) or one.soft
    glyph = OUTCOMES[one.outcome]
    quiet = "stale" if one.stale_ns is not None else "text"
    state = one.state
    if one.stale_ns is not None:
        latency = Cell(f"stale {figures.age(one.stale_ns)}", "stale")
    else:
        latency = Cell(figures.latency(state.latency_ms) if state else DASH, "figure")
    errors = state.error_rate if state else None
    series = joined(
        moment.snapshot.series, [check.id for check in moment.snapshot.estate.checks_of.get(one.entry.id, ())]
    )
    cells = {
        "state": Cell(f"{glyph} {one.word}", "stale" if one.stale_ns is not None else one.style),
        "name": Cell(one.entry.name, "name.bad" if bad else "name" if quiet == "text" else quiet),
        "vendor": Cell(one.entry.vendor, "dim"),
        "spark": Cell(figures.sparkline(series, moment.snapshot.series_at, room.get("spark", 0)), "spark"),
        "latency": latency,
        "errors": Cell(figures.share(errors), "figure.bad" if errors else "dim"),
        "since": Cell(figures.age(moment.now - one.since) if one.since else DASH, "text" if bad else "dim"),
        "who": holder or _EMPTY,
        "message": Cell(one.message, "text" if bad else "dim"),
    }
    return place(slots, cells, width).cells


def joined(series: Mapping[str, Series], check_ids: Sequence[str]) -> Series:
    """The mean over several checks, minute by minute."""
    known = [series[check_id] for check_id in check_ids if series.get(check_id)]
    if len(known) <= 1:
        return known[0] if known else ()
    minutes: dict[int, list[float]] = {}
    for one in known:
        for at, value in one:
            minutes.setdefault(at, []).extend([] if value is None else [value])
    return [(at, sum(values) / len(values) if values else None) for at, values in sorted(minutes.items())]


def _holders(snapshot: Snapshot) -> Mapping[str, Cell]:
    """Per integration whether an alert waits for somebody, or who has it."""
    found: dict[str, AlertRow] = {}
    muted: set[str] = set()
    for alert in snapshot.alerts.values():
        known = found.get(alert.integration)
        if alert.state is AlertState.FIRING and alert.mutes:
            muted.add(alert.integration)
        elif alert.state is AlertState.FIRING or (alert.state is AlertState.ACKNOWLEDGED and known is None):
            found[alert.integration] = alert
    return {
        name: Cell("nobody", "down") if alert.state is AlertState.FIRING else Cell(alert.acked_by or "?", "acked")
        for name, alert in found.items()
    } | {name: Cell("muted", "dim") for name in muted - found.keys()}


_EMPTY = Cell("")
