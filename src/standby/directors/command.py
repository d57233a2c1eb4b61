"""`kind = "command"`: two programs of one's own, one that says where traffic goes and one that moves it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from standby.config.fields import Command
from standby.config.models import DirectorModel
from standby.config.revealed import reveal
from standby.config.secrets import SecretError
from standby.directors.base import Context, DirectorError, Kind
from standby.domain.route import Step, StepKind
from standby.domain.text import clean
from standby.domain.units import SECOND, format_duration
from standby.program import MAX_OUTPUT, FloodError, NotStartedError, run

SUBJECT = "traffic"
_TARGET, _PLACE = "{target}", "{place}"
_SHOWN = 200


class CommandModel(DirectorModel):
    """Programs, run without a shell. What `read` prints is the place of a target."""

    kind: Literal["command"] = "command"
    read: Command = Field(description="program and arguments; ends with 0 and prints where traffic goes, on one line")
    set: Command = Field(
        description="program and arguments; moves traffic and ends with 0. {target} and {place} stand for the target's "
        "id and place"
    )
    env: dict[str, str] = Field(default={}, description="added to the environment; values may be secret references")
    cwd: Path | None = Field(default=None, description="the folder to run in")

    @model_validator(mode="after")
    def _told_where_to(self) -> CommandModel:
        if not any(_TARGET in argument or _PLACE in argument for argument in self.set):
            raise ValueError('set is never told where to; add "{target}" or "{place}" to its arguments')
        if any(_TARGET in argument or _PLACE in argument for argument in self.read):
            raise ValueError("read asks where traffic goes now; take {target} and {place} out of it")
        return self


class CommandDirector:
    """Moves traffic by running a program, and reads it back by another one."""

    def __init__(self, model: CommandModel, targets: Mapping[str, str], context: Context) -> None:
        self._model = model
        self._targets = dict(targets)
        self._context = context

    async def where(self) -> str:
        """The target whose place `read` prints."""
        return self._target(await self.read(SUBJECT))

    async def plan(self, to: str) -> tuple[Step, ...]:
        """One step, the pivot."""
        place = self._targets[to]
        return (Step(f"set {to} ({place})", StepKind.PIVOT, SUBJECT, place, await self.read(SUBJECT)),)

    async def read(self, subject: str) -> str:
        """The place that `read` prints."""
        if subject != SUBJECT:
            raise DirectorError(f"{subject!r} is nothing that this director sets; has the configuration changed since?")
        printed = await self._run(self._model.read, changes=False)
        lines = printed.strip().splitlines()
        if len(lines) != 1:
            said = f"prints {len(lines)} lines" if lines else "prints nothing"
            raise DirectorError(f"{self._model.read[0]} {said}; have it print the place that traffic goes to, alone")
        return clean(lines[0], _SHOWN)

    async def apply(self, subject: str, desired: str) -> None:
        """Run `set`. A program that fails may have moved traffic all the same."""
        if await self.read(subject) == desired:
            return
        target = self._target(desired)
        if not target:
            raise DirectorError(f"{desired!r} is the place of no target; add one to the route to go there")
        words = [word.replace(_TARGET, target).replace(_PLACE, desired) for word in self._model.set]
        await self._run(words, changes=True)

    async def drift(self) -> tuple[str, ...]:
        """Whether traffic goes to a place of no target."""
        place = await self.read(SUBJECT)
        return () if self._target(place) else (f"traffic goes to {place}, which is the place of no target",)

    async def close(self) -> None:
        """Holds nothing."""

    def _target(self, place: str) -> str:
        return next((target for target, known in self._targets.items() if known == place), "")

    async def _run(self, command: Sequence[str], *, changes: bool) -> str:
        """What it prints. Raises DirectorError; of a program that changes something nothing is known then."""
        model, program = self._model, command[0]
        try:
            revealed = await reveal(self._context.secrets, model.env.values())
        except SecretError as error:
            raise DirectorError(f"{program} was not run: {error}") from None
        env = dict(zip(model.env, revealed.values, strict=True))
        try:
            async with self._context.turn(program), asyncio.timeout(model.timeout / SECOND):
                ended = await run(command, env=env, cwd=self._context.base / (model.cwd or ""))
        except NotStartedError as error:
            raise DirectorError(f"{program} cannot be run: {error}") from None
        except FloodError:
            raise DirectorError(f"{program} printed more than {MAX_OUTPUT} bytes", known=not changes) from None
        except TimeoutError:
            limit = format_duration(model.timeout)
            raise DirectorError(f"{program} did not end within {limit} and was killed", known=not changes) from None
        if ended.code != 0:
            why = clean(revealed.redact(ended.err.strip() or ended.out), _SHOWN) or "nothing printed"
            raise DirectorError(f"{program} failed, {ended.how}: {why}", known=not changes)
        return revealed.redact(ended.out)


KIND = Kind("command", CommandModel, CommandDirector)
