"""`kind = "command"`: a Nagios plugin. An argument list, never a shell; it and all its children end in time."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field

from standby.checks.base import Context, Kind, observation
from standby.checks.perfdata import parse_output
from standby.config.fields import Command
from standby.config.models import CheckModel
from standby.config.revealed import reveal
from standby.domain.observation import Failure, Observation
from standby.domain.outcome import Outcome
from standby.net.phases import TRACE, Trace
from standby.net.trouble import Trouble
from standby.program import MAX_OUTPUT, Ended, FloodError, NotStartedError, run

_OUTCOMES = (Outcome.UP, Outcome.DEGRADED, Outcome.DOWN, Outcome.UNKNOWN)


class CommandModel(CheckModel):
    """A program that ends with 0 (up), 1 (degraded), 2 (down) or 3 (unknown) and prints a line."""

    kind: Literal["command"] = "command"
    command: Command = Field(
        description="program and arguments, run without a shell; an argument may not hold a secret: others can see it"
    )
    env: dict[str, str] = Field(default={}, description="added to the environment; values may be secret references")
    cwd: Path | None = Field(default=None, description="the folder to run in")

    @property
    def target(self) -> str:
        """The program without its arguments: people put passwords there."""
        return self.command[0]


class CommandCheck:
    """Looks by running the plugin once."""

    def __init__(self, model: CommandModel) -> None:
        self.model = model

    async def run(self, context: Context, slot: int) -> Observation:
        """Run it. Raises Trouble and SecretError; when cancelled the whole process group is killed."""
        model, trace = self.model, TRACE.get() or Trace(context.clock)
        revealed = await reveal(context.secrets, list(model.env.values()))
        ended = await _ran(model, context.base, dict(zip(model.env, revealed.values, strict=True)))
        output = parse_output(revealed.redact(ended.out))
        outcome, failure = Outcome.UNKNOWN, Failure.EXIT
        if 0 <= ended.code < len(_OUTCOMES):
            outcome = _OUTCOMES[ended.code]
        line = output.line or revealed.redact(ended.err).strip().partition("\n")[0]
        if ended.code < 0:
            line = f"{ended.how}: {line}".removesuffix(": ")
        elif ended.code >= len(_OUTCOMES):
            line = f"{ended.how}, which is none of 0 to 3: {line}".removesuffix(": ")
        return observation(
            model,
            context,
            slot,
            outcome,
            line or f"{ended.how}, nothing printed",
            failure=None if outcome is Outcome.UP else failure,
            latency_ms=trace.elapsed_ms,
            metrics=output.metrics,
        )


async def _ran(model: CommandModel, base: Path, env: Mapping[str, str]) -> Ended:
    """The plugin, run once. Raises Trouble for one that cannot be run, and for output without end."""
    try:
        return await run(model.command, env=env, cwd=base / (model.cwd or ""))
    except NotStartedError as error:
        message = f"{model.command[0]} cannot be run: {error}"
        raise Trouble(Failure.INTERNAL, message, Outcome.UNKNOWN) from error
    except FloodError as error:
        message = f"the command printed more than {MAX_OUTPUT} bytes"
        raise Trouble(Failure.TOO_LARGE, message, Outcome.UNKNOWN) from error


KIND = Kind("command", CommandModel, CommandCheck)
