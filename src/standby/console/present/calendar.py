"""What ends when: certificates, domains, API versions, tokens, and the work vendors announce; the nearest first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from standby.console.present import figures
from standby.console.present.cells import Cell, Column, Row, lay_out, line, place, titles
from standby.console.present.moment import Moment
from standby.domain.calendar import Due, dues
from standby.domain.units import DAY, HOUR
from standby.store.rows import CheckStateRow

PREFIX = "date:"
SOON, NEAR = 7 * DAY, 30 * DAY
_NOTHING = (
    "no check tells of a date yet",
    "Certificates, Sunset and Deprecation headers and announced maintenance",
    "come here by themselves from every check that meets one.",
)
_COLUMNS = (
    Column("cursor", "", 1),
    Column("at", "date", 12),
    Column("left", "left", 9, right=True),
    Column("what", "what", 25, weight=1, most=30),
    Column("integration", "integration", 12, weight=2, most=30),
    Column("check", "check", 12, weight=2, most=34),
    Column("target", "target", 20, weight=3, drop=3),
)


class Entry(NamedTuple):
    """One date and the check that told it."""

    due: Due
    check: CheckStateRow


def entries(checks: Iterable[CheckStateRow], now: int) -> list[Entry]:
    """Every date that these checks tell of, the nearest first."""
    return sorted(_entries(checks, now), key=lambda entry: (entry.due.at, entry.check.check_id))


def _entries(checks: Iterable[CheckStateRow], now: int) -> Iterator[Entry]:
    for row in checks:
        told = row.doc.get("metrics_at")
        looked = told if isinstance(told, int) and not isinstance(told, bool) else row.at
        yield from (Entry(due, row) for due in dues(row.doc.get("metrics"), looked, now))


def calendar(moment: Moment, width: int) -> list[Row]:
    """A line of titles, then one line a date."""
    slots = lay_out(_COLUMNS, width)
    estate = moment.snapshot.estate
    known = entries(moment.snapshot.checks.values(), moment.now)
    shown = [
        entry
        for entry in known
        if moment.shows(entry.due.what, entry.check.check_id, estate.name_of(entry.check.integration))
    ]
    rows = [titles(slots, width)]
    if not shown:
        told = (f"nothing matches {moment.filter}; esc clears the filter",) if known else _NOTHING
        rows += [line([Cell(f"  {text}", "dim")], width) for text in told]
    return rows + [place(slots, _cells(moment, entry), width, id=_id(entry)) for entry in shown]


def check_of(key: str) -> str:
    """The id of the check behind a line, out of what follows `PREFIX` in its id."""
    return key.rpartition("@")[0]


def _id(entry: Entry) -> str:
    return f"{PREFIX}{entry.check.check_id}@{entry.due.figure}"


def _cells(moment: Moment, entry: Entry) -> dict[str, Cell]:
    due, check = entry
    estate = moment.snapshot.estate
    left = due.at - moment.now
    known = estate.checks.get(check.check_id)
    return {
        "at": Cell(_date(moment, due.at), "dim"),
        "left": Cell(_left(left), _style(due, left)),
        "what": Cell(due.what, "text"),
        "integration": Cell(estate.name_of(check.integration), "name"),
        "check": Cell(check.check_id, "text"),
        "target": Cell(known.target if known is not None else "", "dim"),
    }


def _date(moment: Moment, at: int) -> str:
    """`05 Jan 2027`; within a day of now the time: `05 Jan 02:30`."""
    when = figures.local(at, moment.zone)
    if when is None:
        return "?"
    return when.strftime("%d %b %H:%M" if abs(at - moment.now) < DAY else "%d %b %Y")


def _left(left: int) -> str:
    """`41 d`, `5 h`, `3 d ago`: whole units, cut and never rounded up."""
    unit, word = (DAY, "d") if abs(left) >= 2 * DAY else (HOUR, "h")
    count = abs(left) // unit
    if not count:
        return "now"
    return f"{count} {word}" if left > 0 else f"{count} {word} ago"


def _style(due: Due, left: int) -> str:
    if due.begins:
        return "maintenance"
    return "down" if left < SOON else "degraded" if left < NEAR else "figure"
