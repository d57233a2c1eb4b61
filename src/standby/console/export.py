"""Writes the history that is shown to a CSV file, off the event loop, and says where. Never over another file."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from standby.console.commands import Told
from standby.console.snapshot import Wanted
from standby.domain.history import WINDOWS, unit_for
from standby.domain.units import format_instant
from standby.store.errors import StoreError
from standby.store.history_csv import HEAD, rows

if TYPE_CHECKING:
    from standby.console.app import ConsoleApp

_MODE = 0o640  # as the store's
_NAMES = 1_000


async def export(app: ConsoleApp, wanted: Wanted) -> None:
    """By minutes for a day, by hours for more; into the current folder, else the user's state folder."""
    now = app.setup.clock.now()
    fine = replace(wanted, step=unit_for(WINDOWS[wanted.window]))
    try:
        history = await asyncio.to_thread(app.setup.feed.history, app.snapshot, fine, now)
        lines = list(rows(history, f"integration:{wanted.integration}"))
        name = f"{wanted.integration}-{wanted.window}-{format_instant(now)[:19].replace(':', '')}Z"
        path = await asyncio.to_thread(write_somewhere, folders(), name, lines)
    except (StoreError, OSError) as error:
        why = error.strerror or str(error) if isinstance(error, OSError) else str(error)
        app.flash(Told(f"not exported: {why}", "flash.refused"))
        return
    app.flash(Told(f"{len(lines)} rows written to {path}", "flash.done"))


def folders() -> Iterator[Path]:
    """Where a file may go, best first."""
    from standby.link.spool import state_folder

    with contextlib.suppress(OSError):  # it may be gone
        yield Path.cwd()
    yield state_folder()


def write_somewhere(places: Iterable[Path], name: str, lines: Iterable[Sequence[str]]) -> Path:
    """Write to the first place that takes the file; where it is now. Raises OSError when none does."""
    error = OSError("there is no folder to write to")
    for folder in places:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            return _write(folder, name, lines)
        except OSError as cause:
            error = cause
    raise error


def _write(folder: Path, name: str, lines: Iterable[Sequence[str]]) -> Path:
    for number in range(1, _NAMES):
        path = folder / (f"{name}.csv" if number == 1 else f"{name}-{number}.csv")
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
        except FileExistsError:
            continue
        try:
            with open(handle, "w", encoding="utf-8", newline="") as file:  # noqa: PTH123 - a descriptor
                out = csv.writer(file)
                out.writerow(HEAD)
                out.writerows(lines)
        except OSError:
            path.unlink()  # half of a history is none
            raise
        return path
    raise OSError(f"{folder} holds {_NAMES - 1} files of this name already")
