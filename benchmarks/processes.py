"""What running programs cost: processor seconds and memory of whole process trees, and a console on a terminal."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import shutil
import socket
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import psutil

_WHERE = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin")


class Unavailable(Exception):  # noqa: N818 - a figure that cannot be measured here, not a fault
    """Why something cannot be measured on this machine, one line with the mend."""


def binary(name: str, package: str) -> str:
    """Where a program is. Raises Unavailable."""
    found = shutil.which(name) or shutil.which(name, path=os.pathsep.join(_WHERE))
    if found is None:
        raise Unavailable(f"{name} is not installed (Debian: apt install {package})")
    return found


def free_port() -> int:
    """A TCP port on loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_port(port: int, process: subprocess.Popen[bytes], log: Path, within_s: float = 20.0) -> None:
    """Return once something listens. Raises Unavailable with the log's end when the process ends or takes too long."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise Unavailable(f"nothing listens on {port}: {log.read_text(errors='replace')[-300:].strip()}")


def start(argv: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
    """A program that writes into `log`."""
    with log.open("ab") as output:
        return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output)


def end(process: subprocess.Popen[bytes], within_s: float = 15.0) -> None:
    """Ask it to end; kill it when it does not."""
    process.terminate()
    try:
        process.wait(within_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def cpu_seconds(pids: Iterable[int]) -> float:
    """Processor time so far, user and system, of these processes with all their children, ended ones too."""
    total = 0.0
    for pid in pids:
        process = psutil.Process(pid)
        total += sum(process.cpu_times()[:4])
        total += sum(sum(child.cpu_times()[:4]) for child in process.children(recursive=True))
    return total


def memory_mb(pids: Iterable[int]) -> float:
    """Proportional set size (pages shared by n processes count 1/n) of these processes and their children, MB.

    Linux only; raises Unavailable elsewhere.
    """
    total = 0
    for pid in pids:
        for process in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                total += _pss(process.pid)
    return total / 2**20


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except FileNotFoundError:
        if psutil.pid_exists(pid):
            raise Unavailable(
                "this system does not tell the proportional set size (Linux 4.14 or newer does)"
            ) from None
        return 0
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


class OnTerminal:
    """A program on a pseudo-terminal of its own, read as fast as it writes; counts the bytes."""

    def __init__(self, argv: Sequence[str], *, columns: int = 120, lines: int = 40) -> None:
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.environ["TERM"] = "xterm-256color"
            os.execv(argv[0], list(argv))
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.written = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while not self._ended.is_set():
            if select.select([self._fd], [], [], 0.2)[0]:
                try:
                    self.written += len(os.read(self._fd, 65_536))
                except OSError:
                    return

    def end(self) -> None:
        """Ask the program to end, kill it when it does not, and close the terminal."""
        process = psutil.Process(self.pid)
        process.terminate()
        try:
            process.wait(5)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait()
        self._ended.set()
        self._thread.join()
        os.close(self._fd)
