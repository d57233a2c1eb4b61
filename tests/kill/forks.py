"""Processes that are started cheaply, killed, and known to be gone."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from processes import SRC, until


class Forks:
    """Children of one zygote (see there)."""

    def __init__(self) -> None:
        self._zygote = subprocess.Popen(
            [sys.executable, "-P", str(Path(__file__).with_name("zygote.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join((str(SRC), str(Path(__file__).parents[1])))},
        )

    def fork(self, order: dict[str, Any]) -> int:
        """The pid of a new child."""
        assert self._zygote.stdin is not None
        assert self._zygote.stdout is not None
        self._zygote.stdin.write(json.dumps(order) + "\n")
        self._zygote.stdin.flush()
        return int(self._zygote.stdout.readline())

    def close(self) -> None:
        self._zygote.kill()
        self._zygote.communicate()


def kill(pid: int) -> None:
    """kill -9, and wait until it is gone."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    until(lambda: gone(pid), "a death")


def gone(pid: int) -> bool:
    """With its last thread; `ps` calls a process dead when its first thread is, and the others still hold the lock."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False
