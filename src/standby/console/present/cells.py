"""Cells, rows and columns: text of an exact width with the name of a style, and nothing a terminal would obey."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, overload

from rich.cells import cell_len, set_cell_size

from standby.domain.text import ELLIPSIS, clean


class Cell(NamedTuple):
    """Some text in one style; `style` is a name that the theme knows."""

    text: str
    style: str = "text"


class Row:
    """One line of the screen. With an `id` it can be selected.

    A line can be given as a function that makes its cells: of five hundred lines the screen asks thirty.
    """

    __slots__ = ("_cells", "id")

    def __init__(self, cells: tuple[Cell, ...] | Callable[[], tuple[Cell, ...]], id: str | None = None) -> None:  # noqa: A002
        self.id = id
        self._cells = cells

    @property
    def cells(self) -> tuple[Cell, ...]:
        """What the line is made of, made at most once."""
        if callable(self._cells):
            self._cells = self._cells()
        return self._cells

    def still(self) -> Row:
        """The same line, which cannot be selected."""
        return Row(lambda: self.cells)

    @property
    def text(self) -> str:
        """The line without its styles."""
        return "".join(cell.text for cell in self.cells)


class Rows(Sequence[Row]):
    """Lines of which only those exist that were looked at: `first`, without ids, then `count` lines that `make` makes.

    `find` gives the number (from 0, of those) of the line with an id, -1 when there is none.
    """

    def __init__(
        self, first: Sequence[Row], count: int, make: Callable[[int], Row], find: Callable[[str], int]
    ) -> None:
        self.first = first
        self._count = count
        self._make = make
        self._find = find
        self._made: dict[int, Row] = {}

    def __len__(self) -> int:
        return len(self.first) + self._count

    @overload
    def __getitem__(self, at: int) -> Row: ...
    @overload
    def __getitem__(self, at: slice) -> list[Row]: ...
    def __getitem__(self, at: int | slice) -> Row | list[Row]:
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        number = at if at >= 0 else at + len(self)
        if not 0 <= number < len(self):
            raise IndexError(at)
        if number < len(self.first):
            return self.first[number]
        known = self._made.get(number)
        if known is None:
            known = self._made[number] = self._make(number - len(self.first))
        return known

    def find(self, id: str | None) -> int:  # noqa: A002
        """Where the line with this id is, -1 when nowhere."""
        found = -1 if id is None else self._find(id)
        return found if found < 0 else found + len(self.first)


@dataclass(frozen=True, slots=True)
class Column:
    """A column: at least `least` cells wide, taking `weight` shares of what is left, at most `most`.

    When the line is too narrow for all, the columns with the highest `drop` go first; 0 stays.
    """

    key: str
    title: str
    least: int
    weight: int = 0
    most: int = 400
    drop: int = 0
    right: bool = False


class Slot(NamedTuple):
    """A column that found its place."""

    column: Column
    width: int


def lay_out(columns: Sequence[Column], width: int, gap: int = 1) -> list[Slot]:
    """Which columns fit into `width` cells, and how wide each becomes."""
    kept = list(columns)
    while len(kept) > 1 and sum(column.least + gap for column in kept) - gap > width:
        last = max(kept, key=lambda column: column.drop)
        if last.drop == 0:
            break
        kept.remove(last)
    widths = {column.key: column.least for column in kept}
    left = width - sum(widths.values()) - gap * (len(kept) - 1)
    growing = [column for column in kept if column.weight]
    while left > 0 and growing:
        shares = sum(column.weight for column in growing)
        given = 0
        for column in growing:
            more = min(max(1, left * column.weight // shares), column.most - widths[column.key], left - given)
            widths[column.key] += more
            given += more
        left -= given
        growing = [column for column in growing if widths[column.key] < column.most]
    return [Slot(column, widths[column.key]) for column in kept]


def place(slots: Sequence[Slot], cells: dict[str, Cell], width: int, *, id: str | None = None) -> Row:  # noqa: A002
    """A row of `width` cells: each column's cell cut or padded to its slot, a space between two."""
    placed: list[Cell] = []
    for number, (column, room) in enumerate(slots, 1):
        cell = cells.get(column.key, _EMPTY)
        gap = " " if number < len(slots) else ""  # in the style of what it follows: fewer bytes than one of its own
        placed.append(Cell(fit(cell.text, room, right=column.right) + gap, cell.style))
    return Row(tuple(trim(placed, width)), id)


def titles(slots: Sequence[Slot], width: int, style: str = "title") -> Row:
    """The line of column titles."""
    return place(slots, {slot.column.key: Cell(slot.column.title, style) for slot in slots}, width)


def safe(text: str) -> str:
    """Text that is only text: the door is passed once more, because a store may be damaged or of another version."""
    return text if text.isprintable() else clean(text, 2_000)


def fit(text: str, width: int, *, right: bool = False) -> str:
    """`text` in exactly `width` cells; a cut is marked with an ellipsis."""
    if width <= 0:
        return ""
    text = safe(text)
    length = len(text) if text.isascii() else cell_len(text)
    if length > width:
        return set_cell_size(text[: width * 4], width - 1) + ELLIPSIS
    padding = " " * (width - length)
    return padding + text if right else text + padding


def line(cells: Iterable[Cell], width: int, *, id: str | None = None) -> Row:  # noqa: A002
    """A row of `width` cells out of loose cells: what is too long is cut, what is short is padded."""
    return Row(tuple(trim([Cell(safe(cell.text), cell.style) for cell in cells], width)), id)


def both_ends(left: Sequence[Cell], right: Sequence[Cell], width: int, style: str) -> Row:
    """A row with `left` at its beginning and `right` at its end; `left` is cut when they meet."""
    right = trim([Cell(safe(cell.text), cell.style) for cell in right], width, pad=False)
    taken = sum(cell_len(cell.text) for cell in right)
    left = trim([Cell(safe(cell.text), cell.style) for cell in left], width - taken, style=style)
    return Row((*left, *right))


def blank(width: int) -> Row:
    """An empty line."""
    return Row((Cell(" " * max(0, width)),))


def trim(cells: Iterable[Cell], width: int, *, pad: bool = True, style: str = "text") -> list[Cell]:
    """Cells that fill `width` exactly (at most, without `pad`)."""
    kept: list[Cell] = []
    left = width
    for cell in cells:
        length = cell_len(cell.text)
        if length > left:
            if left > 0:
                text = " " * left if cell.text.isspace() else fit(cell.text, left)
                kept.append(Cell(text, cell.style))
            return kept
        if length:
            kept.append(cell)
            left -= length
    if pad and left > 0:
        kept.append(Cell(" " * left, style))
    return kept


def wrap(text: str, width: int, most: int = 20) -> list[str]:
    """`text` in lines of at most `width` cells, at most `most` of them, broken at spaces where there are some."""
    lines: list[str] = []
    rest = after = safe(text)
    width = max(1, width)
    while rest and len(lines) < most:
        if cell_len(rest) <= width:
            lines.append(rest)
            return lines
        head = set_cell_size(rest[: width * 4], width).rstrip() or rest[0]
        space = head.rfind(" ")
        cut = space if space > width // 2 and rest[len(head) : len(head) + 1] != " " else len(head)
        lines.append(rest[:cut])
        after = rest[cut:]
        rest = after.lstrip()
    if rest and lines:
        lines[-1] = fit(lines[-1] + after, width).rstrip()
    return lines or [""]


def paragraph(text: str, style: str, width: int, most: int = 4) -> list[Row]:
    """`text` in one style over at most `most` rows, a space before each."""
    return [line([Cell(f" {part}", style)], width) for part in wrap(text, width - 2, most)]


_EMPTY = Cell("")
