"""A director whose state is a file and whose acts take a moment: what a kill -9 leaves is there to be looked at.

Four steps, as HAProxy's are: raise the new place, point the map at it (the pivot), write the file, lower the old one.
An act and what is wrong with it are on disk by one rename: no kill comes between them.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from standby.config.models import DirectorModel
from standby.directors.base import Context, Kind
from standby.domain.route import Step, StepKind

_AT_FIRST = {"server acme": "ready", "server spare": "maint", "map": "acme", "file": "acme"}
_STATE = "state.json"
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
        return read(self._folder)[subject]

    async def apply(self, subject: str, desired: str) -> None:
        await asyncio.sleep(self._random.uniform(0, _PAUSE_S))
        write(self._folder, subject, desired)
        await asyncio.sleep(self._random.uniform(0, _PAUSE_S))

    async def drift(self) -> tuple[str, ...]:
        return ()

    async def close(self) -> None:
        return None


def read(folder: Path) -> dict[str, str]:
    """The state of everything; "unserved" is the first act that left traffic to a place that is not ready."""
    state: dict[str, str] = json.loads((folder / _STATE).read_text())
    return state


def write(folder: Path, subject: str, desired: str) -> None:
    """Whole or not at all."""
    state = {**read(folder), subject: desired}
    if state[f"server {state['map']}"] != "ready":
        state["unserved"] = state["unserved"] or f"{subject}={desired} leaves nobody: {state}"
    fresh = folder / f".{os.getpid()}"
    fresh.write_text(json.dumps(state))
    fresh.rename(folder / _STATE)


def began(folder: Path) -> None:
    """The state before the first run."""
    folder.mkdir()
    (folder / _STATE).write_text(json.dumps({**_AT_FIRST, "unserved": ""}))


KIND = Kind("files", FilesModel, FilesDirector)
