"""`kind = "command"`: a program of one's own, for whatever has no channel here: it is given the message as JSON."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Literal

from pydantic import Field

from standby.config.fields import Command
from standby.config.people import ChannelModel
from standby.config.revealed import reveal
from standby.config.secrets import SecretError
from standby.domain.text import clean
from standby.domain.units import SECOND, format_duration
from standby.notify.base import Context, Kind, Message, NotifyError
from standby.program import MAX_OUTPUT, Ended, FloodError, NotStartedError, run

_TO = "{to}"
_SHOWN = 200
_HOPELESS = frozenset({64, 65, 67, 68, 77, 78})
"""Of sysexits.h, what another try cannot mend: usage, data, no such user or host, not permitted, configuration."""


class CommandModel(ChannelModel):
    """A program, run without a shell; it reads the message as JSON and ends with 0 once it is handed over."""

    kind: Literal["command"] = "command"
    command: Command = Field(
        description="program and arguments; {to} stands for the address. An argument may not hold a secret: others can "
        "see it"
    )
    env: dict[str, str] = Field(default={}, description="added to the environment; values may be secret references")
    cwd: Path | None = Field(default=None, description="the folder to run in")


class CommandChannel:
    """Hands messages to a program. What it prints first becomes the message's fate."""

    def __init__(self, model: CommandModel, context: Context) -> None:
        self._model = model
        self._context = context

    async def send(self, message: Message, to: str) -> str:
        """Run it once. A program that did not end in time may have handed the message over all the same."""
        model, program = self._model, self._model.command[0]
        try:
            revealed = await reveal(self._context.secrets, model.env.values())
        except SecretError as error:
            raise NotifyError(f"{program} was not run: {error}") from None
        ended = await self._run(message, to, dict(zip(model.env, revealed.values, strict=True)))
        printed = ended.out if ended.code == 0 else ended.err.strip() or ended.out
        said = clean(revealed.redact(printed.strip().partition("\n")[0]), _SHOWN)
        if ended.code == 0:
            return said or ended.how
        why = f"{program} failed, {ended.how}: {said or 'nothing printed'}"
        raise NotifyError(why, temporary=ended.code not in _HOPELESS)

    async def close(self) -> None:
        """Holds nothing."""

    async def _run(self, message: Message, to: str, env: dict[str, str]) -> Ended:
        model, program = self._model, self._model.command[0]
        words = [program, *(word.replace(_TO, to) for word in model.command[1:])]
        folder = self._context.base / (model.cwd or "")
        try:
            async with asyncio.timeout(model.timeout / SECOND):
                return await run(words, env=env, cwd=folder, told=message.document(to))
        except NotStartedError as error:
            raise NotifyError(f"{program} cannot be run: {error}") from None
        except FloodError:
            raise NotifyError(f"{program} printed more than {MAX_OUTPUT} bytes and was killed", perhaps=True) from None
        except TimeoutError:
            limit = format_duration(model.timeout)
            raise NotifyError(f"{program} did not end within {limit} and was killed", perhaps=True) from None


KIND = Kind("command", CommandModel, CommandChannel)
