"""`standby engine --replace`: end the engine that holds the store, gently first, and only the one that holds it."""

from __future__ import annotations

import os
import signal
import threading
import uuid
from collections.abc import Callable

from standby.domain.clock import Clock
from standby.domain.units import SECOND
from standby.engine.process.lock import Holder, LockError, LockHeldError, held_by
from standby.link.client import send_once
from standby.link.paths import LinkPaths
from standby.link.protocol import Command, CommandKind, Status

_LOOK_S = 0.02  # after a death consoles race for the lock too, and need far longer to start an engine
_ANSWER_S = 2.0
_Patience = tuple[tuple[signal.Signals, int], ...]
PATIENCE: _Patience = ((signal.SIGTERM, 6 * SECOND), (signal.SIGKILL, 3 * SECOND))
ASKED_PATIENCE = 8 * SECOND


def make_way(
    paths: LinkPaths,
    clock: Clock,
    say: Callable[[str], None],
    *,
    asked_patience: int = ASKED_PATIENCE,
    patience: _Patience = PATIENCE,
) -> None:
    """Return once the lock is free. Raises LockError when its holder may not be ended, or does not end.

    Asks by the socket, then SIGTERM, then SIGKILL (which also ends a stopped process), each with its patience in ns.
    Before a signal the process is verified: its number and the instant of its birth must be those in the lock file.
    """
    holder = held_by(paths.lock)
    if holder is None:
        return
    say(f"asking {holder} to end")
    wish = Command(uuid.uuid4().hex, CommandKind.REPLACE, {}, clock.now(), origin="cli: standby engine --replace")
    receipt = send_once(paths, wish, _ANSWER_S)
    if receipt.status is Status.DONE and _freed(paths, clock, asked_patience):
        return
    for number, wait_ns in patience:
        holder = held_by(paths.lock)
        if holder is None:
            return
        _end(paths, holder, number, say)
        if _freed(paths, clock, wait_ns):
            return
    raise LockHeldError(paths.lock, held_by(paths.lock) or holder)


def _end(paths: LinkPaths, holder: Holder, number: signal.Signals, say: Callable[[str], None]) -> None:
    if not holder.verified() or holder.pid == os.getpid():
        raise LockError(
            f"{paths.lock} is held, but not by the pid {holder.pid} that it names; find it (`fuser {paths.lock}`)"
        )
    say(f"sending {number.name} to {holder}")
    try:
        os.kill(holder.pid, number)
    except ProcessLookupError:
        return
    except PermissionError:
        raise LockError(f"{holder} is not yours to end; ask {holder.user}, or root") from None


def _freed(paths: LinkPaths, clock: Clock, patience_ns: int) -> bool:
    """Whether the lock becomes free in time."""
    until = clock.monotonic() + patience_ns
    pause = threading.Event()
    while held_by(paths.lock) is not None:
        if clock.monotonic() >= until:
            return False
        pause.wait(_LOOK_S)
    return True
