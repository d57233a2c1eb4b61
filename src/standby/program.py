"""Somebody else's program: run once without a shell, its output capped, nothing of it left afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

MAX_OUTPUT = 65_536
_LAST_WORDS_S = 0.25  # what is in the pipe when it ends is read; a child that holds it open is not waited for
_KILLED_S = 1.0
_KEPT = ("HOME", "LANG", "LC_ALL", "LOGNAME", "PATH", "SSL_CERT_DIR", "SSL_CERT_FILE", "TMPDIR", "TZ", "USER")


class NotStartedError(Exception):
    """The program cannot be run. `str()` is the system's reason."""


class FloodError(Exception):
    """The program printed more than is allowed and was killed."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended: exit code (negative for a signal) and what it printed, not yet cleaned."""

    code: int
    out: str
    err: str

    @property
    def how(self) -> str:
        """`exit code 3`, `ended by SIGTERM`."""
        if self.code >= 0:
            return f"exit code {self.code}"
        try:
            return f"ended by {signal.Signals(-self.code).name}"
        except ValueError:
            return f"ended by signal {-self.code}"


async def run(command: Sequence[str], *, env: Mapping[str, str], cwd: Path, told: bytes = b"") -> Ended:
    """Run it to its end. It sees `env` and of ours only what every program needs (PATH, HOME, the locale...).

    `told` is its standard input; one that does not read it is not held up. When cancelled its whole process group is
    killed. Raises NotStartedError and FloodError.
    """
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ} | dict(env)
    async with _started(command, environment, cwd, told) as program:
        await program.exited
        await asyncio.wait((program.drained,), timeout=_LAST_WORDS_S)
        if program.flooded:
            raise FloodError
        out, err = (printed.decode("utf-8", "replace") for printed in program.printed.values())
        return Ended(program.code, out, err)


class _Program(asyncio.SubprocessProtocol):
    """A running program and what it printed. asyncio's own `Process.wait` waits for whoever holds the pipes, too."""

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

    def tell(self, data: bytes) -> None:
        """Write its standard input, to the end."""
        pipe = self._transport.get_pipe_transport(0) if self._transport is not None else None
        if isinstance(pipe, asyncio.WriteTransport):
            pipe.write(data)
            pipe.write_eof()

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
        """End the whole group: the program leads its own, its children die with it."""
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
async def _started(
    command: Sequence[str], environment: Mapping[str, str], cwd: Path, told: bytes
) -> AsyncIterator[_Program]:
    """The program, running in a process group of its own, of which nothing is left afterwards."""
    try:
        _, program = await asyncio.get_running_loop().subprocess_exec(
            _Program,
            *command,
            stdin=asyncio.subprocess.PIPE if told else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=environment,
            cwd=cwd,
            start_new_session=True,
        )
    except OSError as error:
        raise NotStartedError(error.strerror or str(error)) from error
    try:
        program.tell(told)
        yield program
    finally:
        await program.end()
