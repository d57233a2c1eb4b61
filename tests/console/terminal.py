"""A real console on a pseudo-terminal, its bytes kept and its screen emulated. Every wait is bounded."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyte

SRC = Path(__file__).parents[2] / "src"
CONFIG = """
[standby]
name = "shop-eu"
environment = "production"
store = "standby.db"
"""
PATIENCE_S = 30.0


class Terminal:
    """One console. `raw` is everything that it wrote."""

    def __init__(self, pid: int, fd: int, size: tuple[int, int]) -> None:
        self.pid, self.fd = pid, fd
        self.raw = b""
        self.shown = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self.shown)
        self.status: int | None = None

    def pump(self, seconds: float = 0.05) -> int:
        """Read what comes for at most so long; how many bytes."""
        if self.fd < 0 or not select.select([self.fd], [], [], seconds)[0]:
            return 0
        try:
            data = os.read(self.fd, 65_536)
        except OSError:
            return 0
        self.raw += data
        self._stream.feed(data)
        return len(data)

    @property
    def text(self) -> str:
        """The screen as a person sees it."""
        return "\n".join(line.rstrip() for line in self.shown.display)

    def until(self, condition: Callable[[], object], what: str, seconds: float = PATIENCE_S) -> float:
        """Read until `condition()` holds; how long it took."""
        begun = time.monotonic()
        while not condition():
            assert time.monotonic() - begun < seconds, f"not within {seconds} s: {what}\n{self.text}"
            self.pump()
        return time.monotonic() - begun

    def shows(self, words: str) -> float:
        """Wait until `words` are on the screen."""
        return self.until(lambda: words in self.text, f"{words!r} on the screen")

    def silence(self, seconds: float) -> int:
        """Read for so long; how many bytes came."""
        end, count = time.monotonic() + seconds, 0
        while (left := end - time.monotonic()) > 0:
            count += self.pump(min(left, 0.2))
        return count

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self.fd, keys.encode())

    def resize(self, columns: int, lines: int) -> None:
        """Another size; what stood there is gone."""
        self.shown.resize(lines, columns)
        self.shown.reset()
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        os.kill(self.pid, signal.SIGWINCH)

    def hang_up(self) -> None:
        """The terminal is gone: the other end is closed."""
        os.close(self.fd)
        self.fd = -1

    def ends(self, seconds: float = 10.0) -> int:
        """Wait for the process's end; its exit code, negative for a signal."""
        self.until(self._reaped, "the console to end", seconds)
        while self.pump(0.05):
            pass
        assert self.status is not None
        return os.waitstatus_to_exitcode(self.status)

    def _reaped(self) -> bool:
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.status = status if pid else None
        return self.status is not None

    def stopped(self) -> bool:
        """Whether the process is stopped (Ctrl-Z)."""
        stat = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8")
        return stat.rpartition(")")[2].split()[0] == "T"

    def kill(self) -> None:
        """End it now, whatever it does."""
        if self.status is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.status = 9
        if self.fd >= 0:
            self.hang_up()


@contextmanager
def terminal(
    folder: Path,
    *options: str,
    size: tuple[int, int] = (80, 24),
    environ: Mapping[str, str] | None = None,
    before: Sequence[str] = (),
) -> Iterator[Terminal]:
    """A console on `folder`/config.toml, ended afterwards. `before` is put in front of its command line."""
    config = folder / "config.toml"
    if not config.exists():
        config.write_text(CONFIG, encoding="utf-8")
    command = [*before, sys.executable, "-P", "-m", "standby", "--config", str(config), *options]
    env = {
        "PATH": os.environ["PATH"], "PYTHONPATH": str(SRC), "HOME": str(folder), "LANG": "C.UTF-8", "TZ": "UTC",
        "TERM": "xterm-256color", "COLORTERM": "truecolor", "XDG_STATE_HOME": str(folder / "state"),
        **(environ or {}),
    }  # fmt: skip
    pid, fd = pty.fork()
    if pid == 0:
        os.execvpe(command[0], command, env)
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
    running = Terminal(pid, fd, size)
    try:
        yield running
    finally:
        running.kill()
