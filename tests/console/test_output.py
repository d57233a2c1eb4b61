"""What is not sent changes nothing: a terminal that gets what differs shows what one that gets all of it shows."""

from __future__ import annotations

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Size
from textual.strip import Strip

from standby.console.output import Front, NarrowLayout, NarrowUpdate, front_of

WIDTH, HEIGHT = 24, 3
STYLES = [Style.parse(text) for text in ("none", "bold red", "on blue", "reverse")]
LETTERS = st.sampled_from(["a", "b", " ", "█", "╱", "漢", "😀", "e\u0301", "é"])


def console() -> Console:
    return Console(force_terminal=True, color_system="truecolor", width=WIDTH)


def strip(*parts: tuple[str, int]) -> Strip:
    """A line of exactly the screen's width; its last cell is blank, because pyte wraps before what combines with it."""
    line = Strip([Segment(text, STYLES[style]) for text, style in parts])
    return line.adjust_cell_length(WIDTH - 1, STYLES[0]).adjust_cell_length(WIDTH, STYLES[0])


LINES = st.lists(st.tuples(st.lists(LETTERS, max_size=6).map("".join), st.integers(0, 3)), max_size=5).map(
    lambda parts: strip(*parts)
)
SCREENS = st.lists(LINES, min_size=HEIGHT, max_size=HEIGHT)


class Seen:
    """A terminal's screen, cell by cell with colours."""

    def __init__(self) -> None:
        self.screen = pyte.Screen(WIDTH, HEIGHT)
        self._stream = pyte.Stream(self.screen)
        self.bytes = 0

    def feed(self, text: str) -> None:
        self.bytes += len(text)
        self._stream.feed(text)

    @property
    def cells(self) -> list[list[tuple[object, ...]]]:
        found = []
        for y in range(HEIGHT):
            line = [self.screen.buffer[y][x] for x in range(WIDTH)]
            found.append([(cell.data, cell.fg, cell.bg, cell.bold, cell.reverse) for cell in line])
        return found


def everything(lines: list[Strip], out: Console) -> str:
    return "".join(f"\x1b[{y + 1};1H{line.render(out)}" for y, line in enumerate(lines))


def layout(lines: list[Strip]) -> NarrowLayout:
    return NarrowLayout([[line] for line in lines], Region(0, 0, WIDTH, HEIGHT))


@given(st.lists(SCREENS, min_size=1, max_size=6))
def test_whole_screens_end_as_if_all_of_them_was_sent(screens: list[list[Strip]]) -> None:
    out, narrow, whole = console(), Seen(), Seen()
    for lines in screens:
        narrow.feed(layout(lines).render_segments(out))
        whole.feed(everything(lines, out))
        assert narrow.cells == whole.cells
    before = narrow.bytes
    narrow.feed(layout(screens[-1]).render_segments(out))
    assert narrow.bytes == before or any("e\u0301" in line.text for line in screens[-1]), "the same again is nothing"


@given(SCREENS, st.lists(st.tuples(st.integers(0, HEIGHT - 1), LINES), max_size=6))
def test_lines_end_as_if_all_of_them_was_sent(first: list[Strip], updates: list[tuple[int, Strip]]) -> None:
    out, narrow, whole = console(), Seen(), Seen()
    narrow.feed(layout(first).render_segments(out))
    whole.feed(everything(first, out))
    for y, line in updates:
        chops = [{0: line if number == y else None} for number in range(HEIGHT)]
        update = NarrowUpdate(chops, [(y, 0, WIDTH)], [[WIDTH]] * HEIGHT)
        narrow.feed(update.render_segments(out))
        whole.feed(f"\x1b[{y + 1};1H{line.render(out)}")
        assert narrow.cells == whole.cells


@pytest.mark.parametrize(
    ("old", "new", "sent"),
    [
        ("the same", "the same", []),
        ("latency 12 ms", "latency 13 ms", [(9, "3")]),
        ("aXbbbbbbbbbbbbYc", "aZbbbbbbbbbbbbWc", [(1, "Z"), (14, "W")]),  # far apart
        ("aXbbYc", "aZbbWc", [(1, "ZbbW")]),  # near: as one
        ("漢a", "字a", [(0, "字")]),  # a wide letter whole
        ("漢字", "a漢b", [(0, "a漢b")]),
    ],
)
def test_only_what_differs_is_sent(old: str, new: str, sent: list[tuple[int, str]]) -> None:
    front = Front()
    front.fit(Size(WIDTH, HEIGHT))
    list(front.changed(0, 0, strip((old, 0))))
    found = [(x, piece.text.rstrip()) for x, piece in front.changed(0, 0, strip((new, 0)))]
    assert found == sent


def test_a_style_alone_is_a_difference() -> None:
    front = Front()
    list(front.changed(0, 0, strip(("up", 0))))
    assert [piece.text for _, piece in front.changed(0, 0, strip(("up", 1)))] == ["up"]


def test_what_is_not_known_is_sent() -> None:
    front = Front()
    line = strip(("up", 0))
    list(front.changed(0, 0, line))
    front.fit(Size(WIDTH, HEIGHT))
    assert [piece.cell_length for _, piece in front.changed(0, 0, line)] == [WIDTH], "another size"
    assert not list(front.changed(0, 0, line))
    front.forget()
    assert [piece.cell_length for _, piece in front.changed(0, 0, line)] == [WIDTH]


def test_each_console_has_a_terminal_of_its_own() -> None:
    one, other = console(), console()
    assert front_of(one) is front_of(one)
    assert front_of(one) is not front_of(other)
