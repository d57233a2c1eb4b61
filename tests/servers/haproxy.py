"""HAProxy: master and worker, with its runtime sockets."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.servers.start import UP_WITHIN_S, free_port, require, running


@dataclass(frozen=True, slots=True)
class Haproxy:
    """A running HAProxy (master and worker): its folder, and the port of its frontend."""

    process: subprocess.Popen[bytes]
    port: int
    folder: Path

    @property
    def socket(self) -> Path:
        """The runtime socket of the level admin; `user.sock` beside it has the level user."""
        return self.folder / "admin.sock"

    def worker(self) -> int:
        """The process id of the worker that answers now."""
        return int(self.say("show info").partition("\nPid: ")[2].partition("\n")[0])

    def say(self, command: str) -> str:
        """The reply to one command, as anybody beside us would give it."""
        with socket.socket(socket.AF_UNIX) as wire:
            wire.settimeout(UP_WITHIN_S)
            wire.connect(str(self.socket))
            wire.sendall(command.encode() + b"\n")
            return b"".join(iter(lambda: wire.recv(65_536), b"")).decode()

    def reload(self) -> None:
        """Reload the configuration, and return when the new worker answers alone: for a moment both accept."""
        old, asked = self.worker(), 0

        def renewed() -> bool:
            nonlocal asked
            if asked % 25 == 0:  # again and again: a master that has just started is deaf until it has run itself anew
                self.process.send_signal(signal.SIGUSR2)
            asked += 1
            return self.worker() != old

        self._wait(renewed)
        self._wait(lambda: not _alive(old))

    def wait_for_worker(self) -> None:
        """Return when a worker answers on the runtime socket."""
        self._wait(lambda: self.worker() > 0)

    def wait_until(self, command: str, text: str) -> None:
        """Return when the reply to `command` holds `text`."""
        self._wait(lambda: text in self.say(command))

    def _wait(self, reached: Callable[[], bool]) -> None:
        deadline = time.monotonic() + UP_WITHIN_S
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError, ValueError):
                if reached():
                    return
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(0.02)
        pytest.fail(f"HAProxy did not get there: {(self.folder / 'haproxy.log').read_text(errors='replace')[-500:]}")


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@contextlib.contextmanager
def haproxy(folder: Path, backends: str, *, rule: str) -> Iterator[Haproxy]:
    """HAProxy in `folder` (a short path) with these backends; `rule` is the frontend's `use_backend` line.

    `{folder}` in both stands for the folder. The sections p1 to p4 answer with their names on the unix sockets
    p1.sock to p4.sock, as third parties would.
    """
    binary = require("haproxy", "haproxy")
    port = free_port()
    configuration = folder / "haproxy.cfg"
    configuration.write_text(_HAPROXY.format(folder=folder, port=port, rule=rule.format(folder=folder)))
    with configuration.open("a") as more:
        more.write(backends.format(folder=folder))
    with running([str(binary), "-W", "-f", str(configuration)], folder / "haproxy.log", port) as process:
        started = Haproxy(process, port, folder)
        started.wait_for_worker()
        yield started


_HAPROXY = """
global
    stats socket {folder}/admin.sock mode 600 level admin expose-fd listeners
    stats socket {folder}/user.sock mode 600 level user
    hard-stop-after 1s
defaults
    mode http
    timeout connect 1s
    timeout client 5s
    timeout server 5s
frontend shop
    bind 127.0.0.1:{port}
    {rule}
frontend p1
    bind unix@{folder}/p1.sock
    http-request return status 200 content-type text/plain string p1
frontend p2
    bind unix@{folder}/p2.sock
    http-request return status 200 content-type text/plain string p2
frontend p3
    bind unix@{folder}/p3.sock
    http-request return status 200 content-type text/plain string p3
frontend p4
    bind unix@{folder}/p4.sock
    http-request return status 200 content-type text/plain string p4
"""
