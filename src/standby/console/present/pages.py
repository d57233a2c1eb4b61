"""The pages about the console itself: help and palette, both from the action table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from standby.console.present.cells import Cell, Row, blank, fit, line


class Entry(NamedTuple):
    """One action as the pages show it; `refusal` says why it does nothing now."""

    id: str
    keys: str
    label: str
    help: str
    group: str
    refusal: str = ""


PREFIX = "action:"


def help_rows(entries: Sequence[Entry], width: int, notes: Sequence[str] = ()) -> list[Row]:
    """Every action by group: keys, what it does, and why not now."""
    keys = max((len(entry.keys) for entry in entries), default=0) + 1
    labels = max((len(entry.label) for entry in entries), default=0) + 1
    rows: list[Row] = []
    group = ""
    for entry in entries:
        if entry.group != group:
            if rows:
                rows.append(blank(width))
            rows.append(line([Cell(f" {entry.group}", "pane")], width))
            group = entry.group
        why = f"  (now: {entry.refusal})" if entry.refusal else ""
        rows.append(
            line(
                [
                    Cell(fit(f"  {entry.keys}", keys + 2), "key"),
                    Cell(fit(entry.label, labels), "name"),
                    Cell(entry.help, "text"),
                    Cell(why, "dim"),
                ],
                width,
            )
        )
    rows.append(blank(width))
    return [*rows, *(line([Cell(f" {note}", "dim")], width) for note in notes)]


def palette_rows(entries: Sequence[Entry], width: int, typed: str) -> list[Row]:
    """The actions that match what was typed."""
    found = [entry for entry in entries if matches(entry, typed)]
    if not found:
        return [line([Cell(f"  nothing is called {typed}; esc goes back", "dim")], width)]
    return [
        line(
            [
                Cell(" "),
                Cell(fit(f" {entry.label}", 26), "dim" if entry.refusal else "name"),
                Cell(fit(entry.keys, 16), "key"),
                Cell(f"not now: {entry.refusal}" if entry.refusal else entry.help, "dim"),
            ],
            width,
            id=PREFIX + entry.id,
        )
        for entry in found
    ]


def matches(entry: Entry, typed: str) -> bool:
    """Whether every word typed occurs in the action's name, help or group."""
    text = f"{entry.label} {entry.help} {entry.group} {entry.id}".casefold()
    return all(word in text for word in typed.casefold().split())
