"""A program on a pseudo-terminal, met as a person meets it: what stands on the screen, how many bytes it took."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Mapping, Sequence

import pyte

_UNKNOWN = re.compile(rb"\x1b[P_].*?\x1b\\|\x1b\[[<>=][0-9;:]*[a-zA-Z]|\x1b\[\?[0-9;]*\$p", re.DOTALL)  # to pyte
_ASKED = re.compile(rb"\x1b\[\?(\d+)\$p")


class Screen:
    """One program. `raw` and `text` are what came, as bytes and as it looks; with `emulate=False` only the bytes."""

    def __init__(
        self,
        argv: Sequence[str],
        environ: Mapping[str, str] | None = None,
        *,
        columns: int = 120,
        lines: int = 40,
        emulate: bool = True,
    ) -> None:
        self.begun = time.perf_counter()
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            size = {"LINES": str(lines), "COLUMNS": str(columns)}
            term = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
            os.execvpe(argv[0], list(argv), {**os.environ, **term, **size, **(environ or {})})
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.received = 0
        self.raw = b""
        self.shown = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self.shown) if emulate else None

    @property
    def text(self) -> str:
        """The screen as a person sees it."""
        return "\n".join(self.shown.display)

    def pump(self, seconds: float) -> int:
        """Read what comes within so long, once; how many bytes."""
        if not select.select([self._fd], [], [], max(0.0, seconds))[0]:
            return 0
        try:
            data = os.read(self._fd, 1 << 16)
        except OSError:
            return 0
        self.received += len(data)
        self._answer(data)
        if self._stream is None:
            self.raw += data
        else:
            self._stream.feed(_UNKNOWN.sub(b"", data))
        return len(data)

    def until(self, condition: Callable[[], object], within_s: float = 30.0) -> float:
        """Read until `condition()` holds; the seconds since the program was started. Raises TimeoutError."""
        while not condition():
            if time.perf_counter() - self.begun > within_s:
                raise TimeoutError(f"not within {within_s:g} s; the screen ends with: {self.text.strip()[-300:]}")
            self.pump(0.05)
        return time.perf_counter() - self.begun

    def watch(self, seconds: float) -> int:
        """Read for so long; how many bytes came."""
        end, count = time.perf_counter() + seconds, 0
        while (left := end - time.perf_counter()) > 0:
            count += self.pump(min(left, 0.2))
        return count

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self._fd, keys.encode())

    def answered(self, keys: str, changed: Callable[[], object], within_s: float = 2.0) -> float | None:
        """Type, and the seconds until `changed()` is another than before; `None` when it stays."""
        before, begun = changed(), time.perf_counter()
        self.press(keys)
        while time.perf_counter() - begun < within_s:
            if self.pump(0.02) and changed() != before:
                return time.perf_counter() - begun
        return None

    def end(self) -> None:
        """Ask it to end, kill it when it does not, and close the terminal."""
        for number, patience in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)
            end = time.perf_counter() + patience
            while time.perf_counter() < end:
                self.pump(0.05)
                if os.waitpid(self.pid, os.WNOHANG)[0]:
                    os.close(self._fd)
                    return

    def _answer(self, data: bytes) -> None:
        """What a terminal says to who asks for its attributes, its cursor or its modes."""
        if b"\x1b[6n" in data:
            self.press("\x1b[1;1R")
        if b"\x1b[c" in data or b"\x1b[0c" in data:
            self.press("\x1b[?62;22c")
        for mode in _ASKED.findall(data):
            self.press(f"\x1b[?{mode.decode()};{2 if mode == b'2026' else 0}$y")
