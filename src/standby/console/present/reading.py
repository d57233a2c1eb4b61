"""What the cursor of a chart is on: its time and figures in one line, in the next what happened then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import tzinfo

from rich.cells import cell_len

from standby.console.present import chart, figures
from standby.console.present.cells import Cell, Row, line
from standby.console.present.glyphs import ALERTS, DASH
from standby.domain.history import Column, History, Hole, Latency, Mark, Outage
from standby.domain.outcome import AlertState
from standby.domain.units import DAY, HOUR

_SIGNS = {"ack": chart.ACK, "fired": chart.FIRED, "resolved": ALERTS[AlertState.RESOLVED]}
_STYLES = {"ack": "acked", "fired": "down"}
Happenings = Sequence[tuple[str, str]]
"""Text and style of each."""
_TOLD = ("ack", "unack", "fired", "resolved", "note")


def reading(history: History, cursor: int, width: int, zone: tzinfo | None) -> list[Row]:
    """Two lines on the column `cursor`."""
    column = history.columns[cursor]
    tally = column.tally
    facts = [
        *percentiles(column.latency),
        (
            "errors",
            f"{figures.rate(tally.error_rate)} of {tally.decided}",
            "figure.bad" if tally.failures else "figure",
        ),
        ("coverage", figures.percent(column.standing.coverage, 1) if column.expected >= 1 else DASH, "figure"),
        *_extremes(column.latency),
    ]
    told, _ = _divided(list(_happened(history, column, zone)), width)
    happened = [Cell(f" {text} ", style) for text, style in told] or [Cell(" nothing else happened", "dim")]
    return [line(_fitting(f" {_span(history, column, zone)}", facts, width), width), line(happened, width)]


def more(history: History, cursor: int, width: int, zone: tzinfo | None) -> str:
    """What else happened in the column `cursor`, for which its line has no room; empty when it told all."""
    _, rest = _divided(list(_happened(history, history.columns[cursor], zone)), width)
    return "  ".join(text for text, _ in rest)


def _divided(told: Happenings, width: int) -> tuple[Happenings, Happenings]:
    """What a line has room for, whole, at least one; and the rest."""
    left = width
    for number, (text, _) in enumerate(told):
        left -= cell_len(text) + 2
        if left < 0 and number:
            return told[:number], told[number:]
    return told, []


def percentiles(latency: Latency | None) -> list[tuple[str, str, str]]:
    """Name, figure and style of p50, p95 and p99."""
    values = (None, None, None) if latency is None else (latency.p50, latency.p95, latency.p99)
    named = zip(("p50", "p95", "p99"), values, strict=True)
    return [(name, figures.latency(value), "figure") for name, value in named]


def by_phase(history: History, width: int) -> list[Row]:
    """One line on where the time of the whole window went: p50, p95 and p99 of each phase, or p95 where that is too
    long; none when there is nothing to tell."""
    if not history.phases:
        return []
    told = [(phase, _shared((one.p50, one.p95, one.p99)), "figure") for phase, one in history.phases.items()]
    head = " p50/p95/p99"
    if cell_len(head) + sum(cell_len(name) + cell_len(figure) + 3 for name, figure, _ in told) > width:
        told = [(phase, figures.latency(one.p95), "figure") for phase, one in history.phases.items()]
        head = " p95"
    return [line(_fitting(head, told, width, "dim"), width)]


def _shared(times: Sequence[float]) -> str:
    """`12/14/20 ms`, `340 ms/1.2 s/2.0 s`: a unit that all have is told once."""
    told = [figures.latency(one) for one in times]
    units = {one.partition(" ")[2] for one in told}
    return "/".join(told) if len(units) > 1 else f"{'/'.join(one.partition(' ')[0] for one in told)} {units.pop()}"


def _extremes(latency: Latency | None) -> list[tuple[str, str, str]]:
    if latency is None:
        return []
    named = (("least", latency.least), ("mean", latency.mean), ("most", latency.most))
    return [(name, figures.latency(value), "figure") for name, value in named]


def _fitting(head: str, facts: Sequence[tuple[str, str, str]], width: int, style: str = "name") -> list[Cell]:
    """Only whole facts, as many as fit."""
    cells = [Cell(head, style)]
    left = width - cell_len(head)
    for name, figure, styled in facts:
        left -= len(name) + cell_len(figure) + 3
        if left < 0:
            break
        cells += [Cell(f"  {name} ", "dim"), Cell(figure, styled)]
    return cells


def _span(history: History, column: Column, zone: tzinfo | None) -> str:
    whole = (column.start // history.step + 1) * history.step  # the newest is not over yet
    start, end = figures.local(column.start, zone), figures.local(whole, zone)
    if start is None or end is None:
        return "?"
    if history.end - history.start <= DAY + HOUR:
        return f"{start:%H:%M}{DASH}{end:%H:%M}"
    if column.end - column.start < DAY:
        return f"{start:%d %b %H:%M}{DASH}{end:%H:%M}"
    return f"{start:%d %b %H:%M} {DASH} {end:%d %b %H:%M}"


def _happened(history: History, column: Column, zone: tzinfo | None) -> Iterator[tuple[str, str]]:
    """Text and style: outages first, then why nothing is known, then what was done."""
    for outage in history.outages:
        if _touches(outage, column):
            yield _outage(history, outage, column, zone), "down"
    holes = [hole for hole in history.holes if _touches(hole, column)]
    for hole in holes:
        yield f"no data: {hole.reason} since {_when(hole.start, column, zone)}", "unknown"
    if column.silent and not holes:
        yield "no data: all was unknown" if column.tally.unknown else "no data", "unknown"
    if column.tally.maintenance:
        yield f"maintenance {column.tally.maintenance} times", "maintenance"
    for mark in history.marks:
        if column.start <= mark.at < column.end and (mark.kind in _TOLD or mark.kind.startswith("fail")):
            yield f"{_sign(mark)} {figures.clock(mark.at, zone)} {_deed(mark)}", _style(mark)


def _when(at: int, column: Column, zone: tzinfo | None) -> str:
    """The time of day, with the day when it is not the column's."""
    then, here = figures.local(at, zone), figures.local(column.start, zone)
    if then is None or here is None:
        return "?"
    return f"{then:%H:%M}" if then.date() == here.date() else f"{then:%d %b %H:%M}"


def _touches(span: Outage | Hole, column: Column) -> bool:
    return span.start < column.end and (span.end is None or span.end > column.start)


def _outage(history: History, outage: Outage, column: Column, zone: tzinfo | None) -> str:
    lasted = figures.age(outage.lasted(history.end))
    unseen = f", {figures.age(outage.unseen_ns)} of it unseen" if outage.unseen_ns else ""
    word = "down for" if outage.end is None else "was down"
    return f"{chart.OUTAGE} {word} {lasted} from {_when(outage.start, column, zone)}{unseen}"


def _deed(mark: Mark) -> str:
    who = "" if mark.who == "engine" else f"{mark.who} "
    number = mark.subject.removeprefix("alert:")
    on = f" #{number}" if mark.subject != number else ""
    return f"{who}{mark.kind}{on}: {mark.text}"


def _sign(mark: Mark) -> str:
    return chart.MOVED if mark.moved else _SIGNS.get(mark.kind, "·")


def _style(mark: Mark) -> str:
    return "name.bad" if mark.moved else _STYLES.get(mark.kind, "text")
