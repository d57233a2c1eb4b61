"""Lines for people on standard error, which may be a terminal that is gone, a full disk or a closed pipe."""

from __future__ import annotations

import contextlib
import os

from standby.domain.clock import Clock
from standby.domain.units import format_instant

_STANDARD_ERROR = 2


class Voice:
    """Says one line at a time; in a log (`stamped`) with the time, for a person without. Never raises."""

    def __init__(self, clock: Clock, *, stamped: bool) -> None:
        self._clock = clock
        self._stamped = stamped

    def say(self, text: str) -> None:
        """Write `text`, a line or several. Unbuffered: a kill -9 loses nothing that was said."""
        head = f"{format_instant(self._clock.now())} " if self._stamped else "standby: "
        lines = "".join(f"{head}{line}\n" for line in text.splitlines())
        with contextlib.suppress(OSError):
            os.write(_STANDARD_ERROR, lines.encode("utf-8", errors="replace"))
