"""The two lines at the bottom: what the selected line says or what just happened, and the keys that work here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from standby.console.present.alerts import why_muted
from standby.console.present.calendar import check_of
from standby.console.present.cells import Cell, Row, fit, line, trim
from standby.console.present.moment import Moment
from standby.console.present.quiet import covers, window_of, written
from standby.console.present.review import advice


class Hint(NamedTuple):
    """A key and what it does; dimmed with `able` false."""

    key: str
    label: str
    able: bool = True


def keys(hints: Sequence[Hint], width: int) -> Row:
    """As many hints as fit, whole ones only."""
    cells: list[Cell] = [Cell(" ", "bar")]
    left = width - 1
    for hint in hints:
        length = len(hint.key) + len(hint.label) + 3
        if length > left:
            break
        cells += [
            Cell(hint.key, "bar.key" if hint.able else "bar.dim"),
            Cell(f" {hint.label}  ", "bar" if hint.able else "bar.dim"),
        ]
        left -= length
    return Row(tuple(trim(cells, width, style="bar")))


def info(moment: Moment, width: int, selected: str | None) -> Row:
    """The message behind the selected line, which its columns may have cut."""
    text = _message(moment, selected)
    shown = moment.filter
    if shown:
        head = Cell(f" filter {shown} (esc clears) ", "sent")
        return line([head, Cell(fit(text, width), "dim")], width)
    return line([Cell(fit(f" {text}" if text else "", width), "dim")], width)


def flash(text: str, style: str, width: int) -> Row:
    """One line about what the last key did."""
    return line([Cell(fit(f" {text}", width), style)], width)


def _message(moment: Moment, selected: str | None) -> str:
    kind, _, key = (selected or "").partition(":")
    snapshot = moment.snapshot
    if kind == "integration":
        return _integration(moment, key)
    if kind == "alert" and key.isdigit():
        alert = snapshot.alerts.get(int(key))
        return f"#{alert.id} {alert.rule}: {why_muted(moment, alert)}{alert.summary}" if alert else ""
    if kind == "notification" and key.isdigit():
        told = snapshot.notifications.get(int(key))
        return f"{told.subject}" if told else ""
    if kind == "silence" and key.isdigit():
        one = snapshot.silences.get(int(key))
        return f"silence {one.id} by {one.by}: {one.why}; {written(one)}" if one else ""
    if kind == "window":
        window = snapshot.estate.windows.get(window_of(key))
        return f"{window.id}: {f'{window.reason}; ' if window.reason else ''}{covers(window)}" if window else ""
    if kind in ("check", "date"):
        state = snapshot.checks.get(check_of(key) if kind == "date" else key)
        return state.message if state else ""
    if kind == "rule":
        return advice(moment, key)
    if kind == "audit":
        return next((entry.message for entry in reversed(snapshot.audits) if str(entry.no) == key), "")
    if kind == "observation":
        return next((one.message for one in snapshot.pane.observations if f"{one.check_id}@{one.slot}" == key), "")
    return ""


def _integration(moment: Moment, key: str) -> str:
    """The worst check's message, with the check's name, since an integration often has several."""
    snapshot = moment.snapshot
    rows = [row for check in snapshot.estate.checks_of.get(key, ()) if (row := snapshot.checks.get(check.id))]
    worst = max(rows, key=lambda row: max(row.outcome.badness, row.raw.badness), default=None)
    if worst is None:
        return "no data yet"
    return f"{worst.check_id}: {worst.message}" if worst.message else ""
