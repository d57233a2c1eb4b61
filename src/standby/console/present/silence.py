"""A silence before it is made: exactly what would be kept quiet, for how long, by whom, and what that hides now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from standby.console.present import alerts, figures
from standby.console.present.cells import Cell, Row, blank, fit, line, paragraph, wrap
from standby.console.present.moment import Moment
from standby.domain.matchers import Matcher, match_all
from standby.domain.outcome import AlertState
from standby.domain.units import MINUTE, format_duration
from standby.store.rows import AlertRow

WORD = "silence"
"""What is typed to make it."""
_LABEL = 13
_HERE = " Nobody is told about an alert, of now or to come, that has all of these"
_THERE = " Alertmanager is asked to silence every alert that has all of these"


@dataclass(frozen=True, slots=True)
class Wish:
    """A silence that somebody is about to want; what was not asked yet is empty.

    It is of our own alerts, or of the Alertmanager that `check` (an id) asks. `lasts` is ns, `ends` ns since 1970 and
    known at the end of the questions. `trouble` says why it cannot be like this.
    """

    integration: str = ""
    check: str = ""
    matchers: Sequence[Matcher] = ()
    lasts: int = 0
    ends: int = 0
    author: str = ""
    comment: str = ""
    trouble: str = ""


def silence(moment: Moment, width: int, height: int, wish: Wish) -> list[Row]:
    """The page: a name and a value a line, none of them cut; then what it hides, as much as there is room for."""
    rows = [line([Cell(_THERE if wish.check else _HERE, "title")], width)]
    for name, value in _facts(moment, wish):
        for number, text in enumerate(wrap(value, max(10, width - _LABEL - 2), 40)):
            head = fit(f" {name}" if number == 0 else "", _LABEL)
            rows.append(line([Cell(head, "dim"), Cell(f" {text}", "text")], width))
    told = f"Nothing happens before you type {WORD}; what comes of it is in the log."
    rows += [blank(width), *paragraph(wish.trouble or told, "degraded" if wish.trouble else "dim", width)]
    if wish.check or not wish.matchers:
        return rows
    return [*rows, blank(width), *_preview(moment, width, height - len(rows) - 1, wish)]


def hidden(moment: Moment, matchers: Sequence[Matcher]) -> list[AlertRow]:
    """The open alerts that these matchers choose all together."""
    return [one for one in moment.snapshot.open_alerts() if match_all(matchers, one.labels)]


def hides(found: Sequence[AlertRow]) -> str:
    """How many are hidden: `hides 3 open alerts, of which 2 fire and nobody has`."""
    if not found:
        return "hides no open alert now"
    fires = sum(one.state is AlertState.FIRING for one in found)
    count = f"{len(found)} open {'alert' if len(found) == 1 else 'alerts'}"
    return f"hides {count}, of which {fires} {'fires' if fires == 1 else 'fire'} and nobody has"


def alert_rows(moment: Moment, width: int, room: int, found: Sequence[AlertRow]) -> list[Row]:
    """Alerts under their titles in at most `room` lines (two at least); the last line counts what is left out."""
    rows = alerts.feed(replace(moment, filter=""), width, found)
    room = max(2, room)
    if len(rows) <= room:
        return [row.still() for row in rows]
    more = len(rows) - room + 1
    return [*(row.still() for row in rows[: room - 1]), line([Cell(f"  and {more} more", "dim")], width)]


def _preview(moment: Moment, width: int, room: int, wish: Wish) -> list[Row]:
    found = hidden(moment, wish.matchers)
    if found:
        head = paragraph(f"It {hides(found)}:", "name", width)
        return [*head, *alert_rows(moment, width, room - len(head), found)]
    others = sum(one.integration == wish.integration for one in moment.snapshot.open_alerts())
    name = moment.snapshot.estate.name_of(wish.integration)
    told = f"; {others} open of {name} {'has' if others == 1 else 'have'} other labels" if others else ""
    return paragraph(f"It {hides(found)}{told}", "name", width)


def _facts(moment: Moment, wish: Wish) -> Iterable[tuple[str, str]]:
    for number, matcher in enumerate(wish.matchers):
        yield "" if number else "labels", str(matcher)
    if wish.check:
        known = moment.snapshot.estate.checks.get(wish.check)
        target = known.target if known is not None else ""
        yield "at", f"{target} ({wish.check})" if target else wish.check
        yield "integration", moment.snapshot.estate.name_of(wish.integration)
    if wish.lasts:
        yield "until", until(moment, wish.ends or moment.now + wish.lasts)
    yield "author", wish.author
    if wish.comment:
        yield ("comment" if wish.check else "reason"), wish.comment


def until(moment: Moment, ends: int) -> str:
    """An end, absolute and relative: `05:10:24 (in 2h)`."""
    left = ends - moment.now
    stamp = figures.stamp(ends, moment.now, moment.zone)
    if left <= 0:
        return f"{stamp} ({figures.age(-left)} ago)" if left < -MINUTE else f"{stamp} (now)"
    return f"{stamp} (in {format_duration(max(MINUTE, (left + MINUTE // 2) // MINUTE * MINUTE))})"
