"""The log: who did what and when, the engine's own steps among it; newest first."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from standby.console.present import figures
from standby.console.present.cells import Cell, Column, Row, Slot, lay_out, line, place, titles
from standby.console.present.moment import Moment
from standby.store.rows import AuditRow

PREFIX = "audit:"
_COLUMNS = (
    Column("cursor", "", 1),
    Column("at", "log", 12),
    Column("kind", "what", 10, weight=1, most=21),
    Column("subject", "on", 16, weight=1, most=30),
    Column("message", "message", 20, weight=5),
    Column("actor", "who", 10, weight=1, most=20),
    Column("origin", "from", 20, weight=2, most=44, drop=3),
)
_STYLES = {"fired": "down", "resolved": "up", "ack": "acked", "note": "name", "blind": "unknown"}


def log(moment: Moment, width: int, audits: Sequence[AuditRow] | None = None, most: int = 500) -> list[Row]:
    """A line of titles, then one line an entry; `audits` (oldest first) `None` means all that the snapshot holds."""
    slots = lay_out(_COLUMNS, width)
    known = moment.snapshot.audits if audits is None else audits
    shown = [row for row in reversed(known) if moment.shows(row.subject, row.message, row.kind, row.actor)][:most]
    rows = [titles(slots, width)]
    if not shown:
        told = f"nothing matches {moment.filter}; esc clears the filter" if known else "nothing written down yet"
        rows.append(line([Cell(f"  {told}", "dim")], width))
    return [*rows, *(Row(partial(_line, moment, slots, width, entry), f"{PREFIX}{entry.no}") for entry in shown)]


def _line(moment: Moment, slots: Sequence[Slot], width: int, entry: AuditRow) -> tuple[Cell, ...]:
    cells = {
        "at": Cell(figures.stamp(entry.at, moment.now, moment.zone), "dim"),
        "kind": Cell(entry.kind, _STYLES.get(entry.kind, "text")),
        "subject": Cell(_subject(moment, entry), "text"),
        "message": Cell(entry.message, "text"),
        "actor": Cell(entry.actor, "dim" if entry.actor == "engine" else "acked"),
        "origin": Cell(entry.origin, "dim"),
    }
    return place(slots, cells, width).cells


def _subject(moment: Moment, entry: AuditRow) -> str:
    kind, _, key = entry.subject.partition(":")
    if kind == "alert" and key.isascii() and key.isdigit():
        alert = moment.snapshot.alerts.get(int(key[:18]))
        return f"#{key} {moment.snapshot.estate.name_of(alert.integration)}" if alert else f"#{key}"
    return moment.snapshot.estate.name_of(key) if kind == "integration" else key or entry.subject
