"""An engine of a console's own: started when the store's lock is free, ended by the last console's leaving."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from standby.domain.text import clean
from standby.link.holder import held_by
from standby.link.paths import LinkError, LinkPaths

LOG_MODE = 0o640
MAX_LOG_BYTES = 1_000_000
_LAST_WORDS_BYTES = 4_096
EXIT_HELD = 3  # another engine holds the store: the race is lost, which is fine
_LOOK_S = 0.5
_PATIENCE_S = 15.0  # from start to listening, on a slow machine
_BACKOFF_S = (2.0, 5.0, 15.0, 30.0)


class Companion:
    """A started engine. While this object (or rather its pipe) lives, the engine counts our console as present."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path, offset: int) -> None:
        self._process = process
        self._log = log
        self._offset = offset

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def poll(self) -> int | None:
        """Its exit code; `None` while it lives. A dead one is reaped."""
        return self._process.poll()

    def last_words(self) -> str:
        """The last line that it wrote into the log, clean; empty when it wrote none."""
        try:
            with self._log.open("rb") as file:
                end = file.seek(0, os.SEEK_END)
                file.seek(max(self._offset, end - _LAST_WORDS_BYTES))
                lines = file.read(_LAST_WORDS_BYTES).decode("utf-8", errors="replace").splitlines()
        except OSError:
            return ""
        return clean(lines[-1]) if lines else ""

    def let_go(self) -> None:
        """Close the pipe: this console no longer keeps the engine alive."""
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()

    def leave(self) -> None:
        """Let go, and do not look any more: it may outlive us, and then it is nobody's child."""
        self.let_go()
        if self._process.poll() is None:
            self._process.returncode = 0  # `subprocess` would complain about a child that nobody waits for


def companion_command(config: Path, store: Path | None = None) -> list[str]:
    """The command line of a companion for `config` (and another store than the one it names)."""
    # -P: the folder we happen to be in must not shadow a module of the program.
    command = [sys.executable, "-P", "-m", "standby", "--config", str(config.absolute())]
    if store is not None:
        command += ["--store", str(store.absolute())]
    return [*command, "engine", "--companion"]


def start_companion(paths: LinkPaths, command: Sequence[str], environ: Mapping[str, str] | None = None) -> Companion:
    """Start `command` as a process that outlives its terminal; returns at once. Raises LinkError.

    It leads a session of its own (no terminal can hang it up), reads a pipe that only we hold (its end tells that we
    are gone), writes into the store's log, and stands in `/` so that no disk is kept busy.
    """
    try:
        log = _open_log(paths.log)
    except OSError as error:
        raise LinkError(f"{paths.log}: {error.strerror}; the engine needs it for its log") from None
    offset = os.fstat(log).st_size
    try:
        process = subprocess.Popen(
            [*command],
            stdin=subprocess.PIPE,
            bufsize=0,
            stdout=log,
            stderr=log,
            cwd="/",
            env=_absolute(os.environ if environ is None else environ),
            start_new_session=True,
            close_fds=True,
        )
    except OSError as error:
        raise LinkError(f"{command[0]}: {error.strerror}; no engine could be started") from None
    finally:
        os.close(log)
    return Companion(process, paths.log, offset)


async def attend(
    paths: LinkPaths,
    command: Sequence[str],
    connected: Callable[[], bool],
    say: Callable[[str], None],
) -> None:
    """See to it, for a console, that the store has an engine; runs until cancelled.

    Starts one when the lock is free and `connected()` is false, at once the first time and within 1 s after a death;
    the later ones with `--takeover`, which lets the engine decide whether we are entitled. Several consoles may do so
    at the same time: the lock decides and the losers end with 3. `say` gets one line when no engine can be had from
    us, and an empty one when that is over.
    """
    held: list[Companion] = []
    failures = 0
    first = True
    try:
        while True:
            if connected() or not await asyncio.to_thread(_free, paths):
                first = False  # there was one when we came: from now on it is a succession
                if connected():
                    failures = 0
                    say("")
                await asyncio.sleep(_LOOK_S)
                continue
            if not first:
                await asyncio.sleep(random.uniform(0.0, 0.5))  # noqa: S311 - consoles take turns, nobody is fooled
            try:
                await _start(held, paths, command if first else [*command, "--takeover"])
            except LinkError as error:
                trouble: str | None = str(error)
            else:
                trouble = await _outcome(held[-1], connected)
            _drop_ended(held)
            first = first and trouble is not None
            if trouble is None:
                continue
            say(trouble)
            await asyncio.sleep(_BACKOFF_S[min(failures, len(_BACKOFF_S) - 1)])
            failures += 1
    finally:
        for one in held:
            one.leave()


async def _start(held: list[Companion], paths: LinkPaths, command: Sequence[str]) -> None:
    """Start one off the event loop, and know of it even when we are cancelled meanwhile. Raises LinkError."""
    starting = asyncio.ensure_future(asyncio.to_thread(start_companion, paths, command))
    try:
        await asyncio.wait([starting])
    except asyncio.CancelledError:
        await asyncio.wait([starting])
        if starting.exception() is None:
            held.append(starting.result())
        raise
    held.append(starting.result())


def _drop_ended(held: list[Companion]) -> None:
    for one in [one for one in held if one.poll() is not None]:
        one.let_go()
        held.remove(one)


async def _outcome(companion: Companion, connected: Callable[[], bool]) -> str | None:
    """Wait for the link or the companion's end; why there is no engine, `None` when there is one."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE_S):
            while not connected():
                code = companion.poll()
                if code == EXIT_HELD:
                    return None
                if code is not None:
                    return companion.last_words() or f"the engine ended with {code}"
                await asyncio.sleep(0.1)
            return None
    return companion.last_words() or f"the engine does not come up; see {companion._log}"  # noqa: SLF001


def _free(paths: LinkPaths) -> bool:
    try:
        return held_by(paths.lock) is None
    except OSError:
        return False


def _open_log(path: Path) -> int:
    """The log, open for appending; a large one is moved aside first. Raises OSError."""
    with contextlib.suppress(FileNotFoundError):
        if path.stat().st_size > MAX_LOG_BYTES:
            path.replace(path.with_name(path.name + ".1"))
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, LOG_MODE)


def _absolute(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment, with the module path made absolute: the engine stands in another folder."""
    found = dict(environ)
    if "PYTHONPATH" in found:
        found["PYTHONPATH"] = os.pathsep.join(
            str(Path(part).absolute()) for part in found["PYTHONPATH"].split(os.pathsep)
        )
    return found
