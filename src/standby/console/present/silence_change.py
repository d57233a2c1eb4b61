"""A silence before it is ended or extended: what it hides, and which of that is told again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from standby.console.present.cells import Cell, Row, blank, fit, line, paragraph, wrap
from standby.console.present.moment import Moment
from standby.console.present.quiet import hidden_by, written
from standby.console.present.silence import alert_rows, hides, until
from standby.domain.muting import MuteKind
from standby.domain.outcome import AlertState
from standby.domain.silence import Silence, SilenceState
from standby.store.rows import AlertRow

_LABEL = 13


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody wants of the silence with this number: that it ends at `ends` (ns since 1970), or now without."""

    silence: int
    ends: int | None = None
    trouble: str = ""


def change(moment: Moment, width: int, height: int, wanted: Change) -> list[Row]:
    """The page: the silence, its new end, then the alerts that this is about, as many as there is room for."""
    one = moment.snapshot.silences.get(wanted.silence)
    if one is None or one.state(moment.now) is SilenceState.EXPIRED:
        return [line([Cell(f"  silence {wanted.silence} is over; esc goes back", "dim")], width)]
    rows = [line([Cell(f" {_title(moment, one, wanted)}", "title")], width)]
    for name, value in _facts(moment, one, wanted):
        for number, text in enumerate(wrap(value, max(10, width - _LABEL - 2), 40)):
            head = fit(f" {name}" if number == 0 else "", _LABEL)
            rows.append(line([Cell(head, "dim"), Cell(f" {text}", "text")], width))
    if wanted.trouble:
        rows += [blank(width), *paragraph(wanted.trouble, "degraded", width)]
    return [*rows, blank(width), *_effect(moment, width, height - len(rows) - 1, one, wanted)]


def told_again(found: Sequence[AlertRow]) -> list[AlertRow]:
    """Of the alerts that one silence hides, those that fire, nobody has and nothing else keeps quiet."""
    return [one for one in found if one.state is AlertState.FIRING and len(one.mutes) == 1]


def _title(moment: Moment, one: Silence, wanted: Change) -> str:
    if wanted.ends is not None or wanted.trouble:
        return f"Silence {one.id} is to end at another time"
    return f"Silence {one.id} is to end now" + (", before it begins" if one.starts_at > moment.now else "")


def _facts(moment: Moment, one: Silence, wanted: Change) -> Iterator[tuple[str, str]]:
    yield "alerts with", written(one)
    yield "by", one.by
    yield "why", one.why
    if one.starts_at > moment.now:
        yield "begins", until(moment, one.starts_at)
    yield "ends", until(moment, one.ends_at)
    if wanted.ends is not None:
        sooner = wanted.ends < one.ends_at
        yield "then", until(moment, wanted.ends) + (", sooner than before" if sooner else "")


def _effect(moment: Moment, width: int, room: int, one: Silence, wanted: Change) -> list[Row]:
    if one.starts_at > moment.now:
        return [line([Cell(" It has not begun: nothing is hidden by it, nothing is told again", "name")], width)]
    found = hidden_by(moment.snapshot, MuteKind.SILENCE, str(one.id))
    if wanted.ends is not None or wanted.trouble:
        rows = paragraph(f"It {hides(found)}; they stay quiet until then", "name", width)
        return [*rows, *(alert_rows(moment, width, room - len(rows), found) if found else ())]
    loud = told_again(found)
    rest = len(found) - len(loud)
    stays = f"; {rest} more: acknowledged, or quiet anyway" if rest else ""
    count = f"{len(loud)} open {'alert is' if len(loud) == 1 else 'alerts are'} told again at once" if loud else ""
    rows = paragraph(f"{count or 'Nothing is told again at once'}{stays}", "name", width)
    then = [replace(alert, mutes=()) for alert in loud]
    return [*rows, *(alert_rows(moment, width, room - len(rows), then) if then else ())]
