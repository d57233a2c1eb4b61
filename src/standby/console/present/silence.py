"""A silence before it is made: exactly what Alertmanager would be asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from standby.console.present import figures
from standby.console.present.cells import Cell, Row, blank, fit, line, wrap
from standby.console.present.moment import Moment
from standby.domain.matchers import Matcher
from standby.domain.units import MINUTE, format_duration

WORD = "silence"
"""What is typed to make it."""
_LABEL = 13


@dataclass(frozen=True, slots=True)
class Wish:
    """A silence that somebody wants: of the Alertmanager that `check` (an id) asks, until `ends` (ns since 1970)."""

    check: str
    integration: str
    matchers: Sequence[Matcher]
    ends: int
    author: str
    comment: str


def silence(moment: Moment, width: int, wish: Wish) -> list[Row]:
    """The page: a name and a value a line; nothing is cut."""
    rows = [line([Cell(" Alertmanager is asked to silence every alert that has all of these", "title")], width)]
    for name, value in _facts(moment, wish):
        for number, text in enumerate(wrap(value, max(10, width - _LABEL - 2), 40)):
            head = fit(f" {name}" if number == 0 else "", _LABEL)
            rows.append(line([Cell(head, "dim"), Cell(f" {text}", "text")], width))
    told = f" Nothing is asked before you type {WORD}; what comes of it is in the log."
    return [*rows, blank(width), line([Cell(told, "dim")], width)]


def _facts(moment: Moment, wish: Wish) -> Iterable[tuple[str, str]]:
    for number, matcher in enumerate(wish.matchers):
        yield "" if number else "labels", str(matcher)
    known = moment.snapshot.estate.checks.get(wish.check)
    target = known.target if known is not None else ""
    left = format_duration(max(MINUTE, (wish.ends - moment.now) // MINUTE * MINUTE))
    yield "at", f"{target} ({wish.check})" if target else wish.check
    yield "integration", moment.snapshot.estate.name_of(wish.integration)
    yield "until", f"{figures.stamp(wish.ends, moment.now, moment.zone)} (in {left})"
    yield "author", wish.author
    yield "comment", wish.comment
