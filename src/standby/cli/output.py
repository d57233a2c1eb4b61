"""How the command line prints: plain aligned columns and ages."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size

from standby.domain.units import DAY, HOUR, MINUTE, SECOND


def ago(ns: int) -> str:
    """An age in its two largest units at most: `42s`, `3m05s`, `2h10m`, `4d03h`."""
    if ns < 0:
        return "0s"
    if ns < MINUTE:
        return f"{ns // SECOND}s"
    if ns < HOUR:
        return f"{ns // MINUTE}m{ns % MINUTE // SECOND:02d}s"
    if ns < DAY:
        return f"{ns // HOUR}h{ns % HOUR // MINUTE:02d}m"
    return f"{ns // DAY}d{ns % DAY // HOUR:02d}h"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns aligned by cell width; on a terminal the last column is cut at its right edge, in a pipe never."""
    widths = [max(cell_len(row[i]) for row in (head, *rows)) for i in range(len(head) - 1)]
    lines = []
    for row in ([word.upper() for word in head], *rows):
        cells = [set_cell_size(cell, width) for cell, width in zip(row[:-1], widths, strict=True)]
        lines.append("  ".join([*cells, row[-1]]).rstrip())
    if sys.stdout.isatty():
        columns = shutil.get_terminal_size().columns
        lines = [line if cell_len(line) <= columns else set_cell_size(line, columns - 1) + "…" for line in lines]
    return "\n".join(lines)
