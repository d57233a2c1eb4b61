"""A server as a process of its own: found or the test skipped with the reason, started, waited for, stopped."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

_WHERE = ("/usr/sbin", "/usr/lib/nagios/plugins", "/usr/lib/monitoring-plugins", "/opt/homebrew/bin")


UP_WITHIN_S = 10.0


def require(binary: str, package: str) -> Path:
    """The path of `binary`; skips, or fails where servers are required, when it is not installed."""
    found = shutil.which(binary) or shutil.which(binary, path=os.pathsep.join(_WHERE))
    if found is not None:
        return Path(found)
    reason = f"{binary} is not installed (Debian: apt install {package})"
    if os.environ.get("STANDBY_REQUIRE_SERVERS") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def free_port() -> int:
    """A TCP port on loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running(
    command: Sequence[str], log: Path, *ports: int, within: float = 5.0, cwd: str | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """The command as a process once it listens on `ports`, its words in `log`; asked to end, then made to."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=cwd)
    try:
        for port in ports:
            wait_for_port(port, process, log)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(within)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(within)


def wait_for_port(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return once something listens; fails with the log when the process ends or takes too long."""
    deadline = time.monotonic() + UP_WITHIN_S
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if process.poll() is not None:
            break
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.02)
    pytest.fail(f"nothing listens on {port}: {log.read_text(errors='replace')[-500:]}")
