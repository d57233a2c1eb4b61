"""Whoever can write the configuration decides which programs run; so others must not be able to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from standby.config.discover import others_write
from standby.config.entries import Entries, Entry
from standby.config.problems import Problems
from standby.config.references import parse_reference
from standby.config.sources import Source
from standby.config.whole import SecretUse
from standby.domain.text import clean

_KIND = "command"


def check_programs(sources: Sequence[Source], entries: Entries, uses: Sequence[SecretUse], problems: Problems) -> None:
    """A problem for each program of a file that others can write, with the command that mends it."""
    for source in sources:
        shown = source.document.shown
        try:
            writable = others_write(source.document.path.stat())
        except OSError:
            continue
        if not writable:
            continue
        mend = f"run: chmod go-w {clean(shown, 200)}"
        for use in uses:
            reference = parse_reference(use.reference)
            if reference is not None and reference.scheme == "cmd" and use.file == shown:
                problems.add(shown, use.line, use.key, "names a program in a file that others can write", mend)
        for entry, key in _programs(entries):
            if entry.source is source:
                entry.complain(problems, (key,), "names a program in a file that others can write", mend)


def _programs(entries: Entries) -> Iterator[tuple[Entry[Any], str]]:
    """What runs programs, and the key that names them."""
    yield from ((one, "command") for one in entries.checks if one.model.kind == _KIND)
    yield from ((one, "command") for one in entries.channels if one.model.kind == _KIND)
    yield from ((one, "director") for one in entries.routes if getattr(one.model.director, "kind", "") == _KIND)
