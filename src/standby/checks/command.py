"""`kind = "command"`: a Nagios plugin. An argument list, never a shell; it and all its children end in time."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from standby.checks.base import Context, Kind, observation
from standby.checks.perfdata import parse_output
from standby.checks.phases import TRACE, Trace
from standby.checks.revealed import reveal
from standby.checks.trouble import Trouble
from standby.config.models import CheckModel
from standby.domain.observation import Failure, Observation
from standby.domain.outcome import Outcome

MAX_OUTPUT = 65_536
_LAST_WORDS_S = 0.25  # what is in the pipe when the plugin ends is read; a child that holds it open is not waited for
_KILLED_S = 1.0
_KEPT = ("HOME", "LANG", "LC_ALL", "LOGNAME", "PATH", "SSL_CERT_DIR", "SSL_CERT_FILE", "TMPDIR", "TZ", "USER")
_OUTCOMES = (Outcome.UP, Outcome.DEGRADED, Outcome.DOWN, Outcome.UNKNOWN)


def _valid_command(command: list[str]) -> list[str]:
    if not command or not command[0] or any("\0" in argument for argument in command):
        raise ValueError('not a command; write ["/usr/lib/nagios/plugins/check_dns", "-H", "example.com"]')
    return command


class CommandModel(CheckModel):
    """A program that ends with 0 (up), 1 (degraded), 2 (down) or 3 (unknown) and prints a line."""

    kind: Literal["command"] = "command"
    command: Annotated[list[str], AfterValidator(_valid_command)] = Field(
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
        environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
        environment |= dict(zip(model.env, revealed.values, strict=True))
        async with _started(model, context.base, environment) as process:
            code, out, err = await _finished(process)
        output = parse_output(revealed.redact(out))
        outcome, failure = Outcome.UNKNOWN, Failure.EXIT
        if 0 <= code < len(_OUTCOMES):
            outcome = _OUTCOMES[code]
        line = output.line or revealed.redact(err).strip().partition("\n")[0]
        if code < 0:
            line = f"ended by {_signal_name(-code)}: {line}".removesuffix(": ")
        elif code >= len(_OUTCOMES):
            line = f"exit code {code}, which is none of 0 to 3: {line}".removesuffix(": ")
        return observation(
            model,
            context,
            slot,
            outcome,
            line or f"exit code {code}, nothing printed",
            failure=None if outcome is Outcome.UP else failure,
            latency_ms=trace.elapsed_ms,
            metrics=output.metrics,
        )


@contextlib.asynccontextmanager
async def _started(
    model: CommandModel, base: Path, environment: dict[str, str]
) -> AsyncIterator[asyncio.subprocess.Process]:
    """The running plugin in a process group of its own, of which nothing is left afterwards."""
    try:
        process = await asyncio.create_subprocess_exec(
            *model.command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=MAX_OUTPUT,
            env=environment,
            cwd=base / (model.cwd or ""),
            start_new_session=True,
        )
    except OSError as error:
        message = f"{model.command[0]} cannot be run: {error.strerror}"
        raise Trouble(Failure.INTERNAL, message, Outcome.UNKNOWN) from error
    try:
        yield process
    finally:
        await _end(process)


async def _finished(process: asyncio.subprocess.Process) -> tuple[int, str, str]:
    """Exit code (negative: a signal), output and errors. Raises Trouble for output without end."""
    out, err = bytearray(), bytearray()
    readers = [
        asyncio.create_task(_collect(process, process.stdout, out)),
        asyncio.create_task(_collect(process, process.stderr, err)),
    ]
    try:
        code = await process.wait()
        _, held = await asyncio.wait(readers, timeout=_LAST_WORDS_S)
        if held:
            _kill(process)
    finally:
        for reader in readers:
            reader.cancel()
    if max(len(out), len(err)) > MAX_OUTPUT:
        raise Trouble(Failure.TOO_LARGE, f"the command printed more than {MAX_OUTPUT} bytes", Outcome.UNKNOWN)
    return code, out.decode("utf-8", "replace"), err.decode("utf-8", "replace")


async def _collect(process: asyncio.subprocess.Process, pipe: asyncio.StreamReader | None, kept: bytearray) -> None:
    while pipe is not None and (chunk := await pipe.read(8192)):
        kept += chunk
        if len(kept) > MAX_OUTPUT:
            _kill(process)
            return


async def _end(process: asyncio.subprocess.Process) -> None:
    """Nothing of the process group is left; a process that even SIGKILL cannot end is not waited for."""
    if process.returncode is None:
        _kill(process)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_KILLED_S):
                await process.wait()


def _kill(process: asyncio.subprocess.Process) -> None:
    # The plugin leads its own group: its children die with it.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


KIND = Kind("command", CommandModel, CommandCheck)
