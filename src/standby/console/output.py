"""Sends the cells that changed and not the line before them.

Textual 8.2 finds the changed spans, then sends each from the left edge of its widget (`ChopsUpdate.render_segments`
crops on the right only): 500 bytes for a latency at the end of a line instead of 60. It touches two private classes of
a pinned minor version, so it is one file; STANDBY_NARROW=0 switches it off.
"""

from __future__ import annotations

import os

from rich.console import Console
from textual._compositor import ChopsUpdate, Compositor
from textual.strip import Strip


class NarrowUpdate(ChopsUpdate):
    """A partial update that begins where the change begins."""

    def render_segments(self, console: Console) -> str:
        """The terminal's bytes."""
        sequences: list[str] = []
        for y, first, last in self.spans:
            for end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                if strip is None or x >= last or end <= first:
                    continue
                sequences.append(_piece(strip, x, y, max(x, first), min(end, last), console))
        return "".join(sequences)


class NarrowCompositor(Compositor):
    """Textual's compositor with narrow partial updates."""

    def render_partial_update(self) -> ChopsUpdate | None:
        """As Textual's, cropped on both sides."""
        update = super().render_partial_update()
        return None if update is None else NarrowUpdate(update.chops, update.spans, update.chop_ends)


def compositor() -> Compositor:
    """The compositor for a screen."""
    return Compositor() if os.environ.get("STANDBY_NARROW") == "0" else NarrowCompositor()


def _piece(strip: Strip, x: int, y: int, first: int, last: int, console: Console) -> str:
    piece = strip.crop(first - x, last - x).simplify()
    return f"\x1b[{y + 1};{first + 1}H{piece.render(console)}"
