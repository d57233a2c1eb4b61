"""Whether the terminal that we were started from is gone."""

from __future__ import annotations

import os
import signal


class Terminal:
    """Made before a handler for SIGHUP is set. An engine under systemd or a companion has none; nor has `nohup`'s."""

    def __init__(self) -> None:
        told_to_stay = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        self._had_one = not told_to_stay and _opens()

    def lost(self) -> bool:
        """Whether we had one and it is no more."""
        return self._had_one and not _opens()


def _opens() -> bool:
    try:
        descriptor = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    os.close(descriptor)
    return True
