"""Lines of cells on Textual's line API: places rows, keeps the selection by id, repaints only cells that changed.

Its own scroll offset instead of `ScrollView`'s: Textual repaints a scrolled region whole, while here a scrolled line
that looks as the one before costs nothing, and there is no scroll bar to paint.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from standby.console.present.cells import Cell, Row, Rows, blank
from standby.console.present.glyphs import CURSOR, IDLE_CURSOR, plain
from standby.console.theme import Theme


class _Painted(NamedTuple):
    """A line as it stands on the screen."""

    cells: tuple[Cell, ...]
    cursor: str  # the style laid over it


class Grid(Widget, inherit_bindings=False):
    """One pane. `look` gives the theme in force and whether only ASCII may be shown."""

    DEFAULT_CSS = "Grid { position: absolute; }"
    can_focus = False

    def __init__(self, look: Callable[[], tuple[Theme, bool]], *, id: str, head: int = 0) -> None:  # noqa: A002
        """`head` rows at the top stay when the rest scrolls."""
        super().__init__(id=id)
        self._look = look
        self._head = head
        self._rows: Sequence[Row] = ()
        self._places: Sequence[int] = ()  # of the rows that can be selected
        self._painted: list[_Painted] = []
        self.offset_rows = 0
        self.selected: str | None = None
        self.followed = False  # the person has moved the cursor: it stays on its id, else it stays on the first line
        self.active = False
        self.placed: tuple[int, int, int, int] | None = None  # x, y, width, height, as last asked for

    @property
    def rows(self) -> Sequence[Row]:
        """What is shown, whole."""
        return self._rows

    def show(self, rows: Sequence[Row], *, active: bool = False) -> None:
        """Show these rows; only the cells that look different are repainted."""
        self._rows = rows
        self._places = _selectable(rows)
        self.active = active
        self._keep_selection()
        self.settle()

    def settle(self) -> None:
        """Bring the selected row into view and repaint what differs."""
        self._scroll_into_view()
        fresh = [self._line(y) for y in range(self.size.height)]
        regions = list(_differing(self._painted, fresh))
        if len(self._painted) != len(fresh):
            regions = [Region(0, 0, self.size.width, self.size.height)]
        self._painted = fresh
        if regions:
            self.refresh(*regions)

    def on_resize(self) -> None:
        """Textual paints a resized widget whole; here only what it will ask for is made ready."""
        self._painted = []
        self.settle()

    def repaint(self) -> None:
        """Paint everything again: after a change of theme, size or terminal."""
        self._painted = []
        self._styles_cache.clear()
        self.settle()

    def move(self, step: int) -> None:
        """Move the cursor by so many selectable rows."""
        places = self._places
        if not places:
            self._scroll(step)
            return
        here = self._selected_at()
        at = places.index(here) if here in places else -1 if step > 0 else 0
        self._select(places[max(0, min(len(places) - 1, at + step))])

    def page(self, direction: int) -> None:
        """Move by a page less one line."""
        self.move(direction * max(1, self.size.height - self._head - 1))

    def to_end(self, *, last: bool) -> None:
        """To the first row (and stay on whatever is first) or to the last."""
        places = self._places
        if not places:
            self.offset_rows = len(self._rows) if last else 0
            self.settle()
            return
        self._select(places[-1 if last else 0])
        self.followed = last
        if not last:
            self.offset_rows = 0
            self.settle()

    def to_section(self, step: int) -> bool:
        """To the first selectable row of the next (1) or previous (-1) block of rows; false when there is none."""
        places = self._places
        known = set(places)
        starts = [at for at in places if at - 1 not in known]
        here = self._selected_at()
        ahead = [at for at in starts if (at > here if step > 0 else at < here)]
        if step < 0 and ahead and here not in starts:
            ahead = ahead[:-1] or ahead  # from inside a block, its own start is not the one before
        if not ahead:
            return False
        self._select(ahead[0] if step > 0 else ahead[-1])
        return True

    def select(self, id: str) -> None:  # noqa: A002
        """Put the cursor on this id, when it is shown."""
        at = _find(self._rows, id)
        if at >= 0:
            self._select(at)

    def render_line(self, y: int) -> Strip:
        """One line for Textual; it calls this only for the regions that `settle` named."""
        line = self._painted[y] if y < len(self._painted) else self._line(y)
        theme = self._look()[0]
        segments = [Segment(cell.text, theme.style(cell.style, line.cursor)) for cell in line.cells if cell.text]
        return Strip(segments).simplify().adjust_cell_length(self.size.width, theme.style("text"))

    def _line(self, y: int) -> _Painted:
        at = y if y < self._head else y + self.offset_rows
        if at >= len(self._rows):
            return _Painted(blank(self.size.width).cells, "")
        row = self._rows[at]
        cells, cursor = row.cells, ""
        if row.id is not None and row.id == self.selected and (self.active or self.followed):
            mark = Cell(CURSOR, "key") if self.active else Cell(IDLE_CURSOR, "dim")
            cells, cursor = (mark, *_after_first(cells)), "cursor" if self.active else "cursor.idle"
        return _Painted(plain(cells) if self._look()[1] else cells, cursor)

    def _selected_at(self) -> int:
        return _find(self._rows, self.selected)

    def _select(self, at: int) -> None:
        self.selected = self._rows[at].id
        self.followed = True
        self.settle()

    def _scroll(self, step: int) -> None:
        self.offset_rows += step
        self.settle()

    def _keep_selection(self) -> None:
        places = self._places
        if not places:
            return  # an empty moment (a filter, a new store) does not forget what was selected
        if not self.followed or self._selected_at() < 0:
            self.followed = False
            self.selected = self._rows[places[0]].id

    def _scroll_into_view(self) -> None:
        room = max(1, self.size.height - self._head)
        body = len(self._rows) - self._head
        here = self._selected_at()
        at = here - self._head
        if at >= 0:
            first = at if here not in self._places[:1] else 0  # titles above the first row show too
            self.offset_rows = min(max(self.offset_rows, at - room + 1), first)
        self.offset_rows = max(0, min(self.offset_rows, body - room))


def _selectable(rows: Sequence[Row]) -> Sequence[int]:
    if isinstance(rows, Rows):
        return range(len(rows.first), len(rows))
    return [at for at, row in enumerate(rows) if row.id is not None]


def _find(rows: Sequence[Row], key: str | None) -> int:
    """Where the row with this id is, -1 when nowhere."""
    if isinstance(rows, Rows):
        return rows.find(key)
    return next((at for at, row in enumerate(rows) if row.id is not None and row.id == key), -1)


def _after_first(cells: tuple[Cell, ...]) -> tuple[Cell, ...]:
    """The cells without the first column of the line, which the cursor takes."""
    first = cells[0]
    rest = first.text[1:]
    return (Cell(rest, first.style), *cells[1:]) if rest else cells[1:]


def _differing(before: Sequence[_Painted], after: Sequence[_Painted]) -> Iterator[Region]:
    """The smallest runs of cells that look different, line by line."""
    for y, (old, new) in enumerate(zip(before, after, strict=False)):
        if old == new:
            continue
        if old.cursor != new.cursor or len(old.cells) != len(new.cells):
            yield Region(0, y, 10_000, 1)
            continue
        yield from _cells(old.cells, new.cells, y)


def _cells(old: Sequence[Cell], new: Sequence[Cell], y: int) -> Iterator[Region]:
    from rich.cells import cell_len

    x = 0
    for one, other in zip(old, new, strict=True):
        width = cell_len(other.text)
        if cell_len(one.text) != width:
            yield Region(x, y, 10_000, 1)
            return
        if one != other:
            yield Region(x, y, width, 1)
        x += width
