"""A director whose state is files and whose acts take a moment: what a kill -9 leaves is there to be looked at.

Four steps, as HAProxy's are: raise the new place, point the map at it (the pivot), write the file, lower the old one.
Every act is a line in `acts`, written after it.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from standby.config.models import DirectorModel
from standby.directors.base import Context, Kind
from standby.domain.route import Step, StepKind

AT_FIRST = {"server acme": "ready", "server spare": "maint", "map": "acme", "file": "acme"}
_PAUSE_S = 0.03  # at most, before and after each act


class FilesModel(DirectorModel):
    kind: Literal["files"] = "files"
    folder: Path


class FilesDirector:
    def __init__(self, model: FilesModel, targets: Mapping[str, str], _context: Context) -> None:
        self._folder = model.folder
        self._targets = dict(targets)
        self._random = random.Random(os.getpid())

    async def where(self) -> str:
        return await self.read("map")

    async def plan(self, to: str) -> tuple[Step, ...]:
        now = read(self._folder)
        old = next(target for target in self._targets if target != to)
        up, down = f"server {to}", f"server {old}"
        return (
            Step(f"raise {to}", StepKind.REVERSIBLE, up, "ready", now[up]),
            Step(f"map -> {to}", StepKind.PIVOT, "map", to, now["map"]),
            Step(f"file -> {to}", StepKind.REVERSIBLE, "file", to, now["file"]),
            Step(f"lower {old}", StepKind.REVERSIBLE, down, "maint", now[down]),
        )

    async def read(self, subject: str) -> str:
        return (self._folder / subject).read_text()

    async def apply(self, subject: str, desired: str) -> None:
        await asyncio.sleep(self._random.uniform(0, _PAUSE_S))
        write(self._folder, subject, desired)
        await asyncio.sleep(self._random.uniform(0, _PAUSE_S))

    async def drift(self) -> tuple[str, ...]:
        return ()

    async def close(self) -> None:
        return None


def read(folder: Path) -> dict[str, str]:
    """The state of everything."""
    return {subject: (folder / subject).read_text() for subject in AT_FIRST}


def write(folder: Path, subject: str, desired: str) -> None:
    """Whole or not at all, and then a line about it."""
    fresh = folder / f".{subject}.{os.getpid()}"
    fresh.write_text(desired)
    fresh.rename(folder / subject)
    with (folder / "acts").open("a") as acts:
        acts.write(f"{subject}={desired}\n")


def began(folder: Path) -> None:
    """The state before the first run."""
    folder.mkdir()
    for subject, state in AT_FIRST.items():
        (folder / subject).write_text(state)
    (folder / "acts").touch()


KIND = Kind("files", FilesModel, FilesDirector)
