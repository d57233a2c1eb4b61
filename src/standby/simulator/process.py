"""The simulator as a process: one a store, out of our session, gone when nobody needs it."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from standby.domain.clock import Clock
from standby.domain.units import SECOND
from standby.link.paths import LinkError, make_socket_folder
from standby.link.simulator import HELD, SimulatorPaths
from standby.simulator.checkout.haproxy import installed
from standby.simulator.checkout.shop import Checkout
from standby.simulator.control import Control
from standby.simulator.presence import Presence
from standby.simulator.town import Town

TICK_S = 0.2
MOST_LOG = 262_144
READY = b"ready"
Ready = Callable[[bytes], None]


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long it waits, in nanoseconds: for the first program, and after the last one."""

    first_ns: int = 60 * SECOND
    linger_ns: int = 30 * SECOND


def run(paths: SimulatorPaths, clock: Clock, seed: int, lifetime: Lifetime, ready: Ready) -> int:
    """Run until it is over; the exit code: 0, 1 with a line given to `ready`, or HELD when another one runs."""
    try:
        held = _lock(paths.lock)
    except OSError as error:
        ready(f"{paths.lock}: {error.strerror}; is the folder yours?".encode())
        return 1
    if held is None:
        ready(b"another one runs for this store")
        return HELD
    try:
        make_socket_folder(paths.sock)
        return asyncio.run(_serve(paths, clock, seed, lifetime, ready))
    except OSError as error:
        ready(f"the simulator cannot start: {error.strerror or error} ({error.filename or paths.sock})".encode())
        return 1
    except LinkError as error:
        ready(str(error).encode())
        return 1
    finally:
        os.close(held)


def _lock(path: Path) -> int | None:
    """The held lock's descriptor; the kernel frees it however the process ends. Raises OSError."""
    path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    held = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(held)
        return None
    return held


async def _serve(paths: SimulatorPaths, clock: Clock, seed: int, lifetime: Lifetime, ready: Ready) -> int:
    end = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, end.set)
    presence = Presence(lifetime.first_ns, lifetime.linger_ns)
    async with contextlib.AsyncExitStack() as stack:
        town = Town(clock, seed)
        stack.push_async_callback(town.close)
        await town.open(paths.ca, paths.key)
        checkout = Checkout(clock, town.ports(), paths.ca, installed())
        stack.push_async_callback(checkout.close)
        await checkout.open()
        control = Control(town, checkout, presence, clock, paths.ca, end.set)
        stack.callback(control.close)
        # Before anything else ends, so that who comes then finds nothing and starts the next one.
        stack.callback(paths.sock.unlink, missing_ok=True)
        await control.open(paths.sock)
        presence.start(clock.monotonic())
        ready(READY)
        while not end.is_set() and not presence.over(clock.monotonic()):
            await town.tick()
            await checkout.tick()
            control.tell()
            await _pause(end)
    return 0


async def _pause(end: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(TICK_S):
            await end.wait()
    except TimeoutError:
        pass


def detach(log: Path, body: Callable[[Ready], int]) -> int:
    """Run `body` in a process of its own session and return when it is ready, or with its exit code when it is not.

    What keeps us from starting is written to standard error as one line. Call it before any thread exists.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os._exit(_detached(log, writing, body))
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read(4096)
    if said == READY:
        return 0
    _, status = os.waitpid(child, 0)
    print(
        f"standby: {said.decode(errors='replace') or f'the simulator ended at once; look into {log}'}", file=sys.stderr
    )
    return os.waitstatus_to_exitcode(status) or 1


def _detached(log: Path, writing: int, body: Callable[[Ready], int]) -> int:
    def ready(says: bytes) -> None:
        os.write(writing, says)
        os.close(writing)

    try:
        os.setsid()
        _redirect(log)
        return body(ready)
    except OSError as error:
        ready(f"{error.filename or log}: {error.strerror}".encode())
        return 1
    except BaseException:  # noqa: BLE001 - this is a forked copy: nothing may reach the caller's code below it
        traceback.print_exc()  # into the log
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def _redirect(log: Path) -> None:
    """Standard input from nowhere, output to the log, which starts anew when it has grown."""
    log.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    if log.exists() and log.stat().st_size > MOST_LOG:
        flags |= os.O_TRUNC
    output = os.open(log, flags, 0o640)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(nothing)
    os.close(output)
