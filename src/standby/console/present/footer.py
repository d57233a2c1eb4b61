"""The two lines at the bottom: what the selected line says or what just happened, and the keys that work here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from standby.console.present.alerts import why_muted
from standby.console.present.calendar import check_of
from standby.console.present.cells import Cell, Row, fit, line, trim
from standby.console.present.moment import Moment
from standby.console.present.quiet import covers, window_of, written
from standby.console.present.review import advice
from standby.console.present.usual import told as usual


class Hint(NamedTuple):
    """A key and what it does; dimmed with `able` false."""

    key: str
    label: str
    able: bool = True


def keys(hints: Sequence[Hint], width: int) -> Row:
    """As many hints as fit, whole ones only; those that do nothing now give way first."""
    fitting = list(hints)
    for hint in reversed(hints):
        if sum(map(_length, fitting)) < width:
            break
        if not hint.able:
            fitting.remove(hint)
    cells: list[Cell] = [Cell(" ", "bar")]
    left = width - 1
    for hint in fitting:
        left -= _length(hint)
        if left < 0:
            break
        cells += [
            Cell(hint.key, "bar.key" if hint.able else "bar.dim"),
            Cell(f" {hint.label}  ", "bar" if hint.able else "bar.dim"),
        ]
    return Row(tuple(trim(cells, width, style="bar")))


def _length(hint: Hint) -> int:
    return len(hint.key) + len(hint.label) + 3


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
    say = _SAYS.get(kind)
    return say(moment, key) if say is not None else ""


def _alert(moment: Moment, key: str) -> str:
    alert = moment.snapshot.alerts.get(_number(key))
    return f"#{alert.id} {alert.rule}: {why_muted(moment, alert)}{alert.summary}" if alert else ""


def _notification(moment: Moment, key: str) -> str:
    told = moment.snapshot.notifications.get(_number(key))
    return told.subject if told else ""


def _silence(moment: Moment, key: str) -> str:
    one = moment.snapshot.silences.get(_number(key))
    return f"silence {one.id} by {one.by}: {one.why}; {written(one)}" if one else ""


def _window(moment: Moment, key: str) -> str:
    window = moment.snapshot.estate.windows.get(window_of(key))
    return f"{window.id}: {f'{window.reason}; ' if window.reason else ''}{covers(window)}" if window else ""


def _check(moment: Moment, key: str) -> str:
    state = moment.snapshot.checks.get(key)
    return state.message if state else ""


def _entry(moment: Moment, key: str) -> str:
    return next((entry.message for entry in reversed(moment.snapshot.audits) if str(entry.no) == key), "")


def _observation(moment: Moment, key: str) -> str:
    found = moment.snapshot.pane.observations
    return next((one.message for one in found if f"{one.check_id}@{one.slot}" == key), "")


def _number(key: str) -> int:
    """The number of a line; -1, which nothing has, when it is none."""
    return int(key) if key.isdecimal() else -1


def _integration(moment: Moment, key: str) -> str:
    """The worst check's message, with the check's name, since an integration often has several."""
    snapshot = moment.snapshot
    rows = [row for check in snapshot.estate.checks_of.get(key, ()) if (row := snapshot.checks.get(check.id))]
    worst = max(rows, key=lambda row: max(row.outcome.badness, row.raw.badness), default=None)
    if worst is None:
        return "no data yet"
    return f"{worst.check_id}: {worst.message}" if worst.message else ""


_SAYS: Mapping[str, Callable[[Moment, str], str]] = {
    "integration": _integration,
    "alert": _alert,
    "notification": _notification,
    "silence": _silence,
    "window": _window,
    "check": _check,
    "date": lambda moment, key: _check(moment, check_of(key)),
    "usual": lambda moment, key: usual(moment.snapshot.pane.usual, key),
    "rule": advice,
    "audit": _entry,
    "observation": _observation,
}
"""What a selected line of each kind says, by what follows the colon."""
