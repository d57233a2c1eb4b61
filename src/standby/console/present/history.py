"""One integration over an hour to a month: the figures of the whole, the chart, and what the cursor is on."""

from __future__ import annotations

from dataclasses import dataclass

from standby.console.present import chart, figures
from standby.console.present.cells import Cell, Row, both_ends, line, wrap
from standby.console.present.glyphs import DASH, OUTCOMES, SHADES, STRANGE
from standby.console.present.integrations import standing
from standby.console.present.moment import Moment
from standby.console.present.reading import by_phase, percentiles, reading
from standby.console.present.usual import in_time
from standby.console.snapshot import Past, Wanted
from standby.domain.availability import DEFINITION
from standby.domain.history import WINDOWS, History

_FIXED = 9  # lines that are not the chart's
_TOLD = 2  # lines about what is usual, at most
_LEAST = 4  # lines of the chart; on a smaller screen the page scrolls


@dataclass(frozen=True, slots=True)
class View:
    """What the screen wants to see, and where its cursor is (ns since 1970; `None`: on the newest column)."""

    wanted: Wanted
    cursor: int | None = None


def page(moment: Moment, width: int, height: int, view: View) -> list[Row]:
    """The whole page on `width` x `height` cells. While another window is being read, the one before stays."""
    name = view.wanted.integration
    if name not in moment.snapshot.estate.integrations:
        return [line([Cell(f"  {name} is not in the configuration any more; esc goes back", "dim")], width)]
    past = moment.snapshot.past
    mine = past.wanted is not None and past.wanted.integration == name
    rows = [_title(moment, width, view, past)]
    if mine and past.failed:
        rows.append(line([Cell(f" failed: {past.failed}", "down")], width))
    if not mine or past.history is None:
        return rows if mine and past.failed else [*rows, line([Cell("  no data yet: reading the store", "dim")], width)]
    history = past.history
    cursor = cursor_column(history, view.cursor)
    phases = by_phase(history, width)
    told, band = _usual(past, width)
    lines = max(_LEAST, height - _FIXED - len(rows) - len(phases) - len(told) + 1)
    plot = chart.Plot(history, width, lines, cursor, band)
    drawn, scale = chart.latencies(plot)
    rows += [_availability(history, width, logarithmic=scale.logarithmic), _legend(history, width), *phases, *told]
    rows += drawn
    rows += [chart.errors(plot), chart.events(plot), *chart.time_axis(plot, moment.zone)]
    return [*rows, *reading(history, cursor, width, moment.zone)]


def _usual(past: Past, width: int) -> tuple[list[Row], tuple[float, float] | None]:
    """A line or two on what is usual now, or what is still being learned, and the band in milliseconds."""
    row = past.usual
    if row is None or not row.text or not in_time(row, past.at):
        return [], None
    band = None if row.low is None or row.high is None else (row.low, row.high)
    sign = Cell(f" {chart.USUAL} ", "name") if band is not None else Cell(" usual at this hour: ", "dim")
    word = Cell("" if row.since is None else f"{STRANGE}: ", "degraded")
    style = "dim" if row.since is None else "text"
    first, *rest = wrap(word.text + row.text, max(10, width - len(sign.text) - 1), _TOLD)
    told = [line([sign, word, Cell(first.removeprefix(word.text), style)], width)]
    return told + [line([Cell(f"   {text}", style)], width) for text in rest], band


def cursor_column(history: History, cursor: int | None) -> int:
    """The column that the cursor is on."""
    return len(history.columns) - 1 if cursor is None else history.column_at(cursor)


def _title(moment: Moment, width: int, view: View, past: Past) -> Row:
    entry = moment.snapshot.estate.integrations[view.wanted.integration]
    one = standing(moment, entry)
    left = [
        Cell(f" {OUTCOMES[one.outcome]} {one.word}", one.style),
        Cell(f"  {entry.name}", "name"),
        Cell(f"  {entry.vendor}", "dim"),
    ]
    right = [
        Cell(f"[{window}]", "key") if window == view.wanted.window else Cell(f" {window} ", "dim") for window in WINDOWS
    ]
    told = f"read {figures.age(max(0, moment.now - past.at))}" if past.wanted == view.wanted else "loading"
    return both_ends(left, [*right, Cell(f"  {told} ", "dim")], width, "text")


def _availability(history: History, width: int, *, logarithmic: bool) -> Row:
    one = history.whole.standing
    sure = "figure" if one.certain else "stale"
    cells = [Cell(" availability ", "dim"), Cell(figures.percent(one.share), sure)]
    if not one.certain and one.share is not None:
        cells.append(Cell(f" ({figures.percent(one.low, 2)}{DASH}{figures.percent(one.high, 2)})", sure))
    cells += [Cell(f" {DEFINITION}  coverage ", "dim"), Cell(figures.percent(one.coverage, 1), sure)]
    return line([*cells, Cell("  log scale" if logarithmic else "", "dim")], width)


def _legend(history: History, width: int) -> Row:
    """The percentiles of the whole window beside their shades, and how often what happened beside its sign."""
    cells = [Cell(" ")]
    for shade, (name, told, style) in zip(SHADES, percentiles(history.whole.latency), strict=True):
        cells += [Cell(shade, "spark"), Cell(f" {name} ", "dim"), Cell(f"{told}  ", style)]
    outages = history.outages
    lasted = f" {figures.age(history.down_ns)}" if outages else ""
    cells.append(Cell(f"{chart.OUTAGE} {len(outages)} down{lasted}  ", "down" if outages else "dim"))
    for sign, kind, word, style in (
        (chart.ACK, "ack", "ack", "acked"),
        (chart.MOVED, "failover-moved", "failover", "name.bad"),
    ):
        count = sum(mark.kind == kind for mark in history.marks)
        cells.append(Cell(f"{sign} {count} {word}  ", style if count else "dim"))
    return line(cells, width)
