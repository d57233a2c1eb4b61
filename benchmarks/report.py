"""The table of figures, for a terminal and for docs/benchmarks.md."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from benchmarks import machine
from benchmarks.figure import Figure

_INTRODUCTION = """# Benchmarks

What Standby costs and how fast it is, beside the programs that people use for the same today. Written by
`make figures`, or one benchmark at a time by `python -m benchmarks NAME --write docs/benchmarks.md`; each table says
when it was measured and of which commit. Peers are measured in the same run as ours; both sides make fresh
connections. Absolute figures belong to the machine, ratios carry further. A cell is the median of the repetitions,
with the smallest and the largest in brackets.
"""
_COLUMNS = ("what", "ours", "theirs", "ours ÷ theirs", "to reach", "reached")
_SECTION = re.compile(r"^## (\w+)$", re.MULTILINE)


def page(sections: Mapping[str, str], before: str, order: Iterable[str]) -> str:
    """docs/benchmarks.md: `sections` by benchmark, those that were not measured now as they stand in `before`."""
    kept = _SECTION.split(before)
    found = {**dict(zip(kept[1::2], kept[2::2], strict=True)), **sections}
    facts = {"ours": machine.libraries(), "theirs": machine.theirs()}
    lines = [_INTRODUCTION, *(f"- **{name}**: {fact}" for name, fact in facts.items())]
    lines += [f"\n## {name}\n\n{found[name].strip()}" for name in order if name in found]
    return "\n".join(lines) + "\n"


def section(figures: Sequence[Figure], load: str) -> str:
    """One benchmark's part of the page. `load` is the machine's before the run."""
    when = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    lines = [f"{when}, {machine.ours()}, {machine.machine()}; load before the run {load}", "", _row(_COLUMNS)]
    lines.append("|---|---|---|---|---|---|")
    lines += [_row(row(figure, str(number))) for number, figure in enumerate(figures, 1)]
    notes = [(number, figure.note) for number, figure in enumerate(figures, 1) if figure.note]
    lines += ["", *(f"- [{number}] {note}" for number, note in notes)] if notes else []
    return "\n".join(lines)


def row(figure: Figure, number: str = "") -> tuple[str, ...]:
    """The cells of one figure; `number` refers to its note."""
    note = f" [{number}]" if number and figure.note else ""
    return (
        figure.name + note,
        spread(figure.ours, figure.unit) or "not measured",
        spread(figure.theirs or (), figure.unit) or "—",
        "—" if figure.ratio is None else f"{figure.ratio:.2f}",
        "reported" if figure.target is None else figure.target.told(figure.unit),
        {True: "yes", False: "**no**", None: "—"}[figure.met],
    )


def spread(values: Sequence[float], unit: str) -> str:
    """`1.64 ms (1.60 to 1.71)`; empty without values."""
    if not values:
        return ""
    median = f"{number(statistics.median(values))} {unit}".rstrip()
    return median if len(values) == 1 else f"{median} ({number(min(values))} to {number(max(values))})"


def number(value: float) -> str:
    """Three digits, and whole numbers as they are."""
    if value == int(value) or abs(value) >= 1000:
        return f"{value:.0f}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
