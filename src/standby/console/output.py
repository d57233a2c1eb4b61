"""Sends the cells that look different, and nothing else.

Textual 8.2 sends each changed span from the left edge of its widget, sends a span again that looks as before, and sends
a whole screen four times when one is opened: 25 kB for what differs in 5. So what the terminal shows is remembered cell
by cell, and of each update only the cells that differ are sent. It touches private classes of a pinned minor version,
so it is one file; STANDBY_NARROW=0 switches it off.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from weakref import WeakKeyDictionary

from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, Compositor, LayoutUpdate
from textual.geometry import Size
from textual.strip import Strip

_Cell = tuple[str, Style | None]  # a letter with all that combines with it; empty: the second half of a wide one
_JUMP = 8  # cells that look as before between two that do not: fewer are cheaper to send than to jump over


class Front:
    """What one terminal shows, as far as it is known."""

    def __init__(self) -> None:
        self._lines: dict[int, list[_Cell | None]] = {}
        self._size = Size(0, 0)

    def forget(self) -> None:
        """Nothing is known: the terminal was resized, or another program wrote to it."""
        self._lines.clear()

    def fit(self, size: Size) -> None:
        """A whole screen of this size is to come."""
        if size != self._size:
            self._size = size
            self.forget()

    def changed(self, x: int, y: int, strip: Strip) -> Iterator[tuple[int, Strip]]:
        """The pieces of `strip` at (`x`, `y`) that look different, with their columns; from now on they are shown."""
        fresh: list[_Cell] = list(_cells(strip))
        line = self._lines.setdefault(y, [])
        end = x + strip.cell_length
        if len(line) < end:
            line += [None] * (end - len(line))
        if len(fresh) != end - x:  # letters that are narrower together than one by one: only terminals know how wide
            line[x:end] = [None] * (end - x)
            yield x, strip.simplify()
            return
        if line[x:end] == fresh:
            return
        for first, last in _runs(line[x:end], fresh):
            yield x + first, _strip(fresh[first:last])
        line[x:end] = fresh


def _cells(strip: Iterable[Segment]) -> Iterator[_Cell]:
    for text, style, _ in strip:
        if text.isascii() or (cell_len(text) == len(text) and all(map(cell_len, text))):
            yield from ((letter, style) for letter in text)
        else:
            yield from _wide(text, style)


def _wide(text: str, style: Style | None) -> Iterator[_Cell]:
    """As `_cells`, letter by letter: some take two cells, some none."""
    held = ""
    for letter in text:
        width = cell_len(letter)
        if not width:
            held += letter
            continue
        if held:
            yield held, style
            yield from [("", style)] * (cell_len(held) - 1)
        held = letter
    if held:
        yield held, style
        yield from [("", style)] * (cell_len(held) - 1)


def _strip(cells: list[_Cell]) -> Strip:
    """These cells as a strip, one segment a style. (`Strip.crop` loses what combines with the last letter.)"""
    styles = groupby(cells, itemgetter(1))
    return Strip([Segment("".join(letter for letter, _ in run), style) for style, run in styles], len(cells))


def _runs(old: list[_Cell | None], new: list[_Cell]) -> Iterator[tuple[int, int]]:
    """Where they differ: `[first, last)`, whole letters, near ones as one."""
    first = last = -1
    for at, (before, after) in enumerate(zip(old, new, strict=True)):
        if before == after:
            continue
        if first >= 0 and at - last > _JUMP:
            yield _whole(new, first, last)
            first = at
        elif first < 0:
            first = at
        last = at + 1
    if first >= 0:
        yield _whole(new, first, last)


def _whole(cells: list[_Cell], first: int, last: int) -> tuple[int, int]:
    while first > 0 and not cells[first][0]:
        first -= 1
    while last < len(cells) and not cells[last][0]:
        last += 1
    return first, last


_FRONTS: WeakKeyDictionary[Console, Front] = WeakKeyDictionary()


def front_of(console: Console) -> Front:
    """What the terminal behind this console shows."""
    return _FRONTS.setdefault(console, Front())


class NarrowUpdate(ChopsUpdate):
    """A partial update of the cells that differ."""

    def render_segments(self, console: Console) -> str:
        """The terminal's bytes."""
        front = front_of(console)
        sequences: list[str] = []
        for y, first, last in self.spans:
            for end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                if strip is None or x >= last or end <= first:
                    continue
                begin = max(x, first)
                piece = strip.crop(begin - x, min(end, last) - x)
                sequences += _sent(front.changed(begin, y, piece), y, console)
        return "".join(sequences)


class NarrowLayout(LayoutUpdate):
    """A whole screen, of which the cells that differ are sent."""

    def render_segments(self, console: Console) -> str:
        """The terminal's bytes."""
        front = front_of(console)
        sequences: list[str] = []
        front.fit(self.region.size)
        for y, strips in enumerate(self.strips, self.region.y):
            sequences += _sent(front.changed(self.region.x, y, Strip.join(list(strips))), y, console)
        return "".join(sequences)


class NarrowCompositor(Compositor):
    """Textual's compositor with narrow updates."""

    def render_partial_update(self) -> ChopsUpdate | None:
        """As Textual's."""
        update = super().render_partial_update()
        return None if update is None else NarrowUpdate(update.chops, update.spans, update.chop_ends)

    def render_full_update(self, simplify: bool = False) -> LayoutUpdate:  # noqa: FBT001, FBT002 - Textual's
        """As Textual's."""
        update = super().render_full_update(simplify)
        return NarrowLayout(update.strips, update.region)


def compositor() -> Compositor:
    """The compositor for a screen."""
    return Compositor() if os.environ.get("STANDBY_NARROW") == "0" else NarrowCompositor()


def _sent(pieces: Iterable[tuple[int, Strip]], y: int, console: Console) -> Iterator[str]:
    for x, piece in pieces:
        yield f"\x1b[{y + 1};{x + 1}H{piece.render(console)}"
