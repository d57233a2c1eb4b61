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
        async with _started(model, context.base, environment) as plugin:
            code, out, err = await _finished(plugin)
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


class _Plugin(asyncio.SubprocessProtocol):
    """A running plugin and what it printed. asyncio's own `Process.wait` waits for whoever holds the pipes, too."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.printed = {1: bytearray(), 2: bytearray()}
        self.exited: asyncio.Future[None] = loop.create_future()
        self.drained: asyncio.Future[None] = loop.create_future()
        self.flooded = False
        self._transport: asyncio.SubprocessTransport | None = None
        self._open = set(self.printed)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Started."""
        assert isinstance(transport, asyncio.SubprocessTransport)  # noqa: S101 - so says asyncio
        self._transport = transport

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """It printed something."""
        kept = self.printed[fd]
        kept += data[: MAX_OUTPUT + 1 - len(kept)]
        if len(kept) > MAX_OUTPUT and not self.flooded:
            self.flooded = True
            self.kill()

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Nobody can print there any more."""
        self._open.discard(fd)
        if not self._open and not self.drained.done():
            self.drained.set_result(None)

    def process_exited(self) -> None:
        """It ended; its children may go on."""
        if not self.exited.done():
            self.exited.set_result(None)

    @property
    def code(self) -> int:
        """Exit code, negative for a signal; -SIGKILL while it has not ended."""
        code = self._transport.get_returncode() if self._transport is not None else None
        return -signal.SIGKILL if code is None else code

    def kill(self) -> None:
        """End the whole group: the plugin leads its own, its children die with it."""
        if self._transport is not None and not (self.exited.done() and self.drained.done()):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._transport.get_pid(), signal.SIGKILL)

    async def end(self) -> None:
        """Nothing of the group is left, and no pipe; what even SIGKILL cannot end is not waited for."""
        self.kill()
        await asyncio.wait((self.exited,), timeout=_KILLED_S)
        if self._transport is not None:
            self._transport.close()


@contextlib.asynccontextmanager
async def _started(model: CommandModel, base: Path, environment: dict[str, str]) -> AsyncIterator[_Plugin]:
    """The plugin, running in a process group of its own, of which nothing is left afterwards. Raises Trouble."""
    try:
        _, plugin = await asyncio.get_running_loop().subprocess_exec(
            _Plugin,
            *model.command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=environment,
            cwd=base / (model.cwd or ""),
            start_new_session=True,
        )
    except OSError as error:
        message = f"{model.command[0]} cannot be run: {error.strerror}"
        raise Trouble(Failure.INTERNAL, message, Outcome.UNKNOWN) from error
    try:
        yield plugin
    finally:
        await plugin.end()


async def _finished(plugin: _Plugin) -> tuple[int, str, str]:
    """Exit code, output and errors. Raises Trouble for output without end."""
    await plugin.exited
    await asyncio.wait((plugin.drained,), timeout=_LAST_WORDS_S)
    if plugin.flooded:
        raise Trouble(Failure.TOO_LARGE, f"the command printed more than {MAX_OUTPUT} bytes", Outcome.UNKNOWN)
    out, err = (printed.decode("utf-8", "replace") for printed in plugin.printed.values())
    return plugin.code, out, err


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


KIND = Kind("command", CommandModel, CommandCheck)
