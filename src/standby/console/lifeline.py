"""A console ends when its person or its terminal is gone: SIGHUP, SIGTERM, a hang-up. Nothing is left spinning."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import sys
import termios
import threading
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from standby.console.app import ConsoleApp

GRACE_S = 3.0  # for an orderly end; a stalled terminal can hold the event loop for ever


class Lifeline:
    """Runs the app and sees to its end."""

    def __init__(self, app: ConsoleApp) -> None:
        self._app = app
        self._signal = 0
        self._attributes = _attributes()

    def run(self) -> int:
        """The exit code: the app's own, or 128 + the signal."""
        for number in (signal.SIGHUP, signal.SIGTERM):
            signal.signal(number, self._on_signal)  # also where `nohup` has it ignored: a lost terminal would spin
        threading.Thread(target=self._watch_terminal, name="terminal", daemon=True).start()
        # No mouse: the terminal's own selection and copying go on working, and no motion is sent over the link.
        code = self._app.run(mouse=False)
        if self._signal:
            return 128 + self._signal
        return self._app.return_code or 0 if code is None else code

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if self._signal:
            self._end_now(number)
        self._signal = number
        last_resort = threading.Timer(GRACE_S, self._end_now, (number,))
        last_resort.daemon = True
        last_resort.start()
        loop: Any = getattr(self._app, "_loop", None)
        if loop is not None and loop.is_running():
            loop.call_soon_threadsafe(self._app.exit, 128 + number)

    def _watch_terminal(self) -> None:
        """Sleep in the kernel until the terminal hangs up. Costs nothing."""
        watched = select.poll()
        watched.register(sys.__stdin__.fileno() if sys.__stdin__ is not None else 0, 0)
        while True:
            with contextlib.suppress(InterruptedError):
                events = watched.poll()
                if any(what & select.POLLNVAL for _, what in events):
                    return  # a system that cannot poll terminals; its SIGHUP comes
                if events:
                    self._end_now(signal.SIGHUP)

    def _end_now(self, number: int) -> None:
        """Without a word: nothing that we could write would arrive. All that must last is on disk already."""
        with contextlib.suppress(termios.error, OSError, ValueError):
            if self._attributes is not None and sys.__stdin__ is not None:
                termios.tcsetattr(sys.__stdin__.fileno(), termios.TCSANOW, self._attributes)
        os._exit(128 + number)


def _attributes() -> list[Any] | None:
    try:
        return termios.tcgetattr(sys.__stdin__.fileno()) if sys.__stdin__ is not None else None
    except (termios.error, OSError, ValueError):
        return None


def origin() -> str:
    """Where the person sits, for the audit log: `console on web-1 /dev/pts/3`."""
    try:
        terminal = os.ttyname(sys.__stdin__.fileno()) if sys.__stdin__ is not None else "no terminal"
    except (OSError, ValueError):
        terminal = "no terminal"
    return f"console on {socket.gethostname()} {terminal}"
