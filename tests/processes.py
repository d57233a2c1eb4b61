"""Real engine processes on stores of their own, for the tests that stop, kill, replace and race them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from standby.link.client import send_once
from standby.link.holder import held_by
from standby.link.paths import LinkPaths, link_paths
from standby.link.protocol import Command, CommandKind, Receipt, Status
from standby.store.reader import Reader

SRC = Path(__file__).parents[1] / "src"
CONFIG = """
[standby]
name = "test"
environment = "development"
store = "s.db"
{settings}

[[vendor]]
id = "v"
name = "V"

[[integration]]
id = "gone"
vendor = "v"
criticality = "critical"
owner = "o"

[[check]]
id = "gone-tcp"
integration = "gone"
kind = "tcp"
host = "127.0.0.1"
port = 1
every = "1s"
timeout = "500ms"
attempts = 1
"""
PATIENCE_S = 20.0


def until(condition: Callable[[], object], what: str, seconds: float = PATIENCE_S) -> float:
    """Wait until `condition()` is true, looking every 5 ms; how long it took. Fails after `seconds`."""
    pause, begun = threading.Event(), time.monotonic()
    while not condition():
        waited = time.monotonic() - begun
        assert waited < seconds, f"not within {seconds} s: {what}"
        pause.wait(0.005)
    return time.monotonic() - begun


def runs(pid: int) -> bool:
    """Whether such a process runs; a zombie that nobody has waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@dataclass
class Engines:
    """Engine processes on one store; whatever still lives is killed at the end."""

    folder: Path
    settings: str = ""
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.config = self.folder / "config.toml"
        self.write_config()

    @property
    def store(self) -> Path:
        return self.folder / "s.db"

    @property
    def paths(self) -> LinkPaths:
        return link_paths(self.store)

    def write_config(self, more: str = "") -> None:
        fresh = self.config.with_suffix(".new")
        fresh.write_text(CONFIG.format(settings=self.settings) + more)
        fresh.chmod(0o600)
        fresh.rename(self.config)

    def start(self, *flags: str, environ: Mapping[str, str] | None = None, **options: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            command(self.config, *flags),
            stdin=options.pop("stdin", subprocess.DEVNULL),  # type: ignore[arg-type]
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "PYTHONPATH": str(SRC), **(environ or {})},
            **options,  # type: ignore[call-overload]
        )
        self.started.append(process)
        return process

    def ready(self, process: subprocess.Popen[str] | None = None, *, pid: int = 0) -> None:
        """Wait until it answers on the socket."""
        wanted = process.pid if process is not None else pid

        def answers() -> bool:
            if process is not None and process.poll() is not None:
                raise AssertionError(f"the engine ended with {process.returncode}: {process.stderr.read()}")  # type: ignore[union-attr]
            holder = held_by(self.paths.lock)
            return holder is not None and holder.pid == wanted and self.paths.sock.exists() and self._welcomed()

        until(answers, "an engine that answers")

    def _welcomed(self) -> bool:
        probe = Command("probe-00", CommandKind.ACK, {"alert": 999}, 1)
        return send_once(self.paths, probe, 1.0).status is Status.REFUSED

    def running(self, *flags: str, **options: object) -> subprocess.Popen[str]:
        process = self.start(*flags, **options)  # type: ignore[arg-type]
        self.ready(process)
        return process

    def ask(self, command: Command, seconds: float = 5.0) -> Receipt:
        return send_once(self.paths, command, seconds)

    @contextlib.contextmanager
    def reading(self) -> Iterator[Reader]:
        reader = Reader(self.store)
        try:
            yield reader
        finally:
            reader.close()

    def firing(self) -> int:
        """Wait until the alert of the closed port fires; its id."""
        found: list[int] = []

        def fires() -> bool:
            with self.reading() as reader:
                found[:] = [alert.id for alert in reader.alerts(5, open_only=True)]
            return bool(found)

        until(fires, "an alert")
        return found[0]

    def state(self) -> str:
        with self.reading() as reader:
            row = reader.changes(0).engine
        return row.state if row is not None else ""

    def close(self) -> None:
        for process in self.started:
            if process.poll() is None:
                process.kill()
            process.communicate(timeout=PATIENCE_S)
        holder = held_by(self.paths.lock)
        if holder is not None and holder.verified():
            os.kill(holder.pid, signal.SIGKILL)
            until(lambda: held_by(self.paths.lock) is None, "the last engine's end")


def command(config: Path, *flags: str) -> list[str]:
    return [sys.executable, "-P", "-m", "standby", "--config", str(config), "engine", *flags]


def ended(process: subprocess.Popen[str], seconds: float = PATIENCE_S) -> tuple[int, str]:
    """Exit code and what it said."""
    _, said = process.communicate(timeout=seconds)
    return process.returncode, said
