"""A chart of cells: percentiles as shades over time, errors, events, both axes. A cell a column, so that a cursor that
moves repaints two columns and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import tzinfo

from standby.console.present import axis
from standby.console.present.cells import Cell, Row
from standby.console.present.glyphs import BARS, SHADES, SILENCE
from standby.domain.history import Column, History, Outage

GUTTER = 7  # the labels of the left axis, and the axis
USUAL = "┃"
OUTAGE, OUTAGE_LASTS, ACK, MOVED, FIRED = "▼", "━", "✓", "⇄", "!"
_CARET = "▲"
_MAINTENANCE = "m"  # its sign looks in ASCII as a full bar does
_NO_DATA = "no data"
_LEVELS = (0.0, 0.01, 0.02, 0.05, 0.10, 0.25, 0.50, 0.90)  # each eighth of the bar: error rates above this
_STYLES = {OUTAGE: "down", OUTAGE_LASTS: "down", ACK: "acked", MOVED: "name.bad", FIRED: "degraded"}


@dataclass(frozen=True, slots=True)
class Plot:
    """What is drawn where: `rows` lines for the latencies, `wide` cells a column, the cursor's column; what is usual
    now, from low to high in milliseconds."""

    history: History
    width: int
    rows: int
    cursor: int
    usual: tuple[float, float] | None = None

    @property
    def wide(self) -> int:
        """Cells a column."""
        return max(1, (self.width - GUTTER) // max(1, len(self.history.columns)))

    def row(self, label: str, edge: str, cells: Iterable[Cell], *, style: str = "dim") -> Row:
        """A line with its label on the left; what is left on the right is blank."""
        placed = list(cells)[: self.width - GUTTER]
        left = self.width - GUTTER - sum(len(cell.text) for cell in placed)
        gutter = f"{label:>{GUTTER - 1}}{edge}"
        return Row((Cell(gutter, style), *placed, *([Cell(" " * left)] if left > 0 else [])))


def columns_for(width: int) -> int:
    """How many columns a chart of `width` cells has room for."""
    return max(2, width - GUTTER)


def latencies(plot: Plot) -> tuple[list[Row], axis.Scale]:
    """The shades: full up to p50, darker up to p95, lighter up to p99; silence is hatched. And the scale.

    The left axis is thick where values are usual now.
    """
    known = [column.latency for column in plot.history.columns if column.latency is not None]
    highest = [one.p99 for one in known] + ([plot.usual[1]] if plot.usual is not None else [])
    scale = axis.scale([one.p50 for one in known], highest, plot.rows)
    band = _band(plot, scale)
    labels = {min(plot.rows - 1, int(scale.place(tick) * plot.rows)): axis.tick(tick) for tick in scale.ticks}
    drawn = [_column(plot, scale, number) for number in range(len(plot.history.columns))]
    words = _silences(plot)
    rows = []
    for level in range(plot.rows - 1, -1, -1):
        edge = ("┫" if level in labels else USUAL) if level in band else "┤" if level in labels else "│"
        cells = [column[level] for column in drawn]
        if level == plot.rows // 2:
            cells = [words.get(number, cell) for number, cell in enumerate(cells)]
        rows.append(plot.row(labels.get(level, ""), edge, cells))
    return rows, scale


def _band(plot: Plot, scale: axis.Scale) -> range:
    """The lines of what is usual now, at least one."""
    if plot.usual is None:
        return range(0)
    low, high = (scale.place(one) * plot.rows for one in plot.usual)
    first = min(plot.rows - 1, int(low))
    return range(first, max(first + 1, _up(high)))


def _column(plot: Plot, scale: axis.Scale, number: int) -> list[Cell]:
    """The cells of one column from the bottom up."""
    column, latency = plot.history.columns[number], plot.history.columns[number].latency
    empty = Cell(("│" if number == plot.cursor else " ") + " " * (plot.wide - 1), "key")
    if latency is None:
        hatched = Cell(SILENCE * plot.wide, "dim")
        return [hatched if column.silent and number != plot.cursor else empty] * plot.rows
    half, most, nearly_all = (scale.place(one) * plot.rows for one in (latency.p50, latency.p95, latency.p99))
    full = min(plot.rows - 1, int(half))
    part = max(0 if full else 1, min(8, round((half - full) * 8)))
    cells = [_shade(SHADES[0], plot.wide)] * full
    cells += [_shade(BARS[part - 1], plot.wide)] if part else []
    cells += [_shade(SHADES[1], plot.wide)] * (_up(most) - len(cells))
    cells += [_shade(SHADES[2], plot.wide)] * (_up(nearly_all) - len(cells))
    return [*cells, *[empty] * (plot.rows - len(cells))]


def _shade(glyph: str, wide: int) -> Cell:
    return Cell(glyph * wide, "spark")


def _up(level: float) -> int:
    return -int(-level // 1)


def _silences(plot: Plot) -> dict[int, Cell]:
    """The words `no data` over silences that are long enough, by column."""
    found: dict[int, Cell] = {}
    columns = plot.history.columns
    start = 0
    for number in range(len(columns) + 1):
        if number < len(columns) and columns[number].silent:
            continue
        if plot.wide == 1 and number - start >= len(_NO_DATA):
            words = _NO_DATA if number - start < len(_NO_DATA) + 4 else f" {_NO_DATA} "
            first = start + (number - start - len(words)) // 2
            found |= {first + place: Cell(letter, "dim") for place, letter in enumerate(words)}
        start = number + 1
    return found


def errors(plot: Plot) -> Row:
    """The share of failures of each column; a dot where nothing failed."""
    return plot.row("errors", "│", (_error(column, plot.wide) for column in plot.history.columns))


def _error(column: Column, wide: int) -> Cell:
    if column.silent:
        return Cell(SILENCE * wide, "dim")
    rate = column.tally.error_rate
    if rate is None:
        return Cell((_MAINTENANCE if column.tally.maintenance else " ") * wide, "maintenance")
    if not rate:
        return Cell("·" * wide, "dim")
    return Cell(BARS[sum(rate > level for level in _LEVELS) - 1] * wide, "down")


def events(plot: Plot) -> Row:
    """What happened in each column, the weightiest of it."""
    history = plot.history
    told: dict[int, str] = {}
    for outage in history.outages:
        first, last = _reach(history, outage)
        told |= dict.fromkeys(range(first, last + 1), OUTAGE_LASTS)
    _tell(told, history, FIRED, (mark.at for mark in history.marks if mark.kind == "fired"))
    _tell(told, history, ACK, (mark.at for mark in history.marks if mark.kind == "ack"))
    _tell(told, history, OUTAGE, (outage.start for outage in history.outages if outage.start >= history.start))
    _tell(told, history, MOVED, (mark.at for mark in history.marks if mark.moved))
    rest = " " * (plot.wide - 1)
    cells = []
    for number in range(len(history.columns)):
        glyph = told.get(number, " ")
        more = OUTAGE_LASTS * (plot.wide - 1) if told.get(number + 1) == OUTAGE_LASTS else rest
        cells.append(Cell(glyph + more, _STYLES.get(glyph, "text")))
    return plot.row("events", "│", cells)


def _tell(told: dict[int, str], history: History, glyph: str, instants: Iterable[int]) -> None:
    told |= {history.column_at(at): glyph for at in instants}


def _reach(history: History, outage: Outage) -> tuple[int, int]:
    return history.column_at(outage.start), history.column_at(history.end if outage.end is None else outage.end)


def event_columns(history: History) -> list[int]:
    """The columns in which something began or was done, in order: where a cursor jumps to."""
    instants = [outage.start for outage in history.outages]
    instants += [mark.at for mark in history.marks if mark.moved or mark.kind in ("ack", "fired")]
    return sorted({history.column_at(at) for at in instants})


def time_axis(plot: Plot, zone: tzinfo | None) -> list[Row]:
    """The line under the chart with the cursor's caret, and the labels under it."""
    history = plot.history
    ticks = axis.times(history.start, history.end, history.step / plot.wide, zone)
    places = {history.column_at(at): label for at, label in ticks}
    cells = [_foot(number, plot, marked=number in places) for number in range(len(history.columns))]
    return [plot.row("", "└", cells), Row((Cell(_labels(places, plot).ljust(plot.width)[: plot.width], "dim"),))]


def _foot(number: int, plot: Plot, *, marked: bool) -> Cell:
    if number == plot.cursor:
        return Cell(_CARET + "─" * (plot.wide - 1), "key")
    return Cell(("┬" if marked else "─") + "─" * (plot.wide - 1), "dim")


def _labels(places: dict[int, str], plot: Plot) -> str:
    line = ""
    for number, label in sorted(places.items()):
        start = GUTTER + number * plot.wide - len(label) // 2
        if start > len(line) and start + len(label) <= plot.width:
            line = line.ljust(start) + label
    return line
