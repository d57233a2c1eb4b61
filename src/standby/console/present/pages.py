"""The pages about the console itself: help and palette, both from the action table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from standby.console.present.cells import Cell, Row, blank, fit, line, wrap


class Entry(NamedTuple):
    """One action as the pages show it; `refusal` says why it does nothing now."""

    id: str
    keys: str
    label: str
    help: str
    group: str
    refusal: str = ""

    @property
    def now(self) -> str:
        """What it does, or why it does nothing."""
        return f"not now: {self.refusal}" if self.refusal else self.help


PREFIX = "action:"
_NOW = "(now:"


def help_rows(entries: Sequence[Entry], width: int, notes: Sequence[str] = ()) -> list[Row]:
    """Every action by group: keys, what it does, and why not now; what is too long for a line goes on below."""
    keys = max((len(entry.keys) for entry in entries), default=0) + 3
    labels = max((len(entry.label) for entry in entries), default=0) + 1
    rows: list[Row] = []
    group = ""
    for entry in entries:
        if entry.group != group:
            if rows:
                rows.append(blank(width))
            rows.append(line([Cell(f" {entry.group}", "pane")], width))
            group = entry.group
        head = [Cell(fit(f"  {entry.keys}", keys), "key"), Cell(fit(entry.label, labels), "name")]
        for words in _words(entry, max(10, width - keys - labels)):
            rows.append(line([*head, *words], width))
            head = [Cell(" " * (keys + labels))]
    rows.append(blank(width))
    return [*rows, *(line([Cell(f" {text}", "dim")], width) for note in notes for text in wrap(note, width - 2, 3))]


def _words(entry: Entry, width: int) -> Iterator[list[Cell]]:
    """What it does, then why not now."""
    why = f"{_NOW} {entry.refusal})" if entry.refusal else ""
    said = "text"
    for text in wrap(f"{entry.help}  {why}".rstrip(), width, 6):
        before, mark, after = text.partition(_NOW)
        yield [Cell(before, said), Cell(mark + after, "dim")]
        said = "dim" if mark else said


def palette_rows(entries: Sequence[Entry], width: int, typed: str) -> list[Row]:
    """The actions that match what was typed."""
    found = [entry for entry in entries if matches(entry, typed)]
    if not found:
        return [line([Cell(f"  nothing is called {typed}; esc goes back", "dim")], width)]
    labels = max(len(entry.label) for entry in entries) + 3
    keys = max(len(entry.keys) for entry in entries) + 1
    return [
        line(
            [
                Cell(" "),
                Cell(fit(f" {entry.label}", labels), "dim" if entry.refusal else "name"),
                Cell(fit(entry.keys, keys), "key"),
                Cell(entry.now, "dim"),
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
