"""The signs beside the words, and how each looks on a terminal that has only ASCII.

Presenters always write the first kind. For a terminal without them every sign is replaced, one cell for one cell, so
that no column moves. A state is always a word as well: the sign is for the eye that skims.
"""

from __future__ import annotations

from collections.abc import Iterable

from rich.cells import cell_len

from standby.console.present.cells import Cell
from standby.domain.outcome import AlertState, Outcome

OUTCOMES = {
    Outcome.UP: "●",
    Outcome.DEGRADED: "▲",
    Outcome.DOWN: "✗",
    Outcome.MAINTENANCE: "◆",
    Outcome.UNKNOWN: "?",
}
ALERTS = {
    AlertState.FIRING: "!",
    AlertState.PENDING: "~",
    AlertState.ACKNOWLEDGED: "✓",
    AlertState.RESOLVED: "·",
}
CURSOR = "▌"
IDLE_CURSOR = "▏"
RULE = "─"
DASH = "–"
UNSAFE = "✗"
BARS = "▁▂▃▄▅▆▇█"
SHADES = "█▒░"
SILENCE = "╱"
STRANGE = f"{OUTCOMES[Outcome.DEGRADED]} unusual"

_PLAIN = str.maketrans(
    {
        "●": "o",
        "▲": "^",
        "✗": "X",
        "◆": "#",
        "✓": "v",
        "·": ".",
        "▌": ">",
        "▏": "|",
        "─": "-",
        "│": "|",
        "–": "-",
        "…": "~",
        "→": ">",
        "←": "<",
        "±": "~",
        "↑": "^",
        "↓": "v",
        "▼": "V",
        "⇄": "F",
        "━": "=",
        "╱": "/",
        "▒": ":",
        "░": "'",
        "┤": "+",
        "┃": "#",
        "┫": "#",
        "┬": "+",
        "└": "+",
        "µ": "u",
        **dict(zip(BARS, "_.,-=+*#", strict=True)),
    }
)


def plain(cells: Iterable[Cell]) -> tuple[Cell, ...]:
    """The same cells in ASCII, each as wide as before."""
    return tuple(_plain_cell(cell) for cell in cells)


def _plain_cell(cell: Cell) -> Cell:
    if cell.text.isascii():
        return cell
    text = cell.text.translate(_PLAIN)
    if not text.isascii():
        width = cell_len(text)
        text = "".join(letter if letter.isascii() else "?" * cell_len(letter) for letter in text)
        text = text[:width].ljust(width)  # letters that combine are narrower together than one by one
    return Cell(text, cell.style)
