"""An engine as a process: exit codes, signals, lock, fencing, replacement, reload. Real processes, real store."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from processes import SRC, Engines, command, ended, until
from standby.engine.process.lock import held_by
from standby.link.protocol import Command, CommandKind, Status


@pytest.fixture
def engines(tmp_path: Path) -> Iterator[Engines]:
    made = Engines(tmp_path)
    yield made
    made.close()


def test_it_runs_for_a_while_reports_and_leaves_nothing_behind(engines: Engines) -> None:
    report = engines.folder / "report.json"
    code, said = ended(engines.start("--for", "2s", "--report", str(report)))
    assert (code, said) == (0, "")
    figures = json.loads(report.read_text())
    assert figures["seconds"] >= 2
    assert figures["observations"] >= 1
    assert {"missed", "late_ms_p99", "late_ms_max", "cpu_seconds", "max_rss_mb", "store_bytes", "alerts"} <= set(
        figures
    )
    assert engines.state() == "stopped"
    assert held_by(engines.paths.lock) is None
    assert not engines.paths.sock.exists()
    assert [path.name for path in engines.folder.iterdir() if path.name.startswith(".")] == []
    for path, mode in ((engines.store, 0o640), (engines.paths.lock, 0o640), (report, 0o640)):
        assert path.stat().st_mode & 0o777 == mode


def test_a_second_engine_ends_with_3_and_names_the_first(engines: Engines) -> None:
    first = engines.running()
    code, said = ended(engines.start())
    assert code == 3
    assert len(said.splitlines()) == 1
    assert f"pid {first.pid}" in said
    assert "--replace" in said
    assert first.poll() is None
    assert (engines.paths.sock.stat().st_mode & 0o777) == 0o660


def test_a_second_companion_ends_with_3_and_says_nothing(engines: Engines) -> None:
    engines.running()
    assert ended(engines.start("--companion")) == (3, "")


def test_a_bad_configuration_ends_it_with_2(engines: Engines) -> None:
    engines.config.write_text("[standby]\nname = 3\n")
    code, said = ended(engines.start())
    assert code == 2
    assert "config.toml" in said
    assert "Traceback" not in said


def test_a_damaged_store_ends_it_with_one_line(engines: Engines) -> None:
    engines.store.write_bytes(b"no database" * 1000)
    code, said = ended(engines.start())
    assert code == 1
    assert len(said.splitlines()) == 1
    assert "damaged" in said
    assert held_by(engines.paths.lock) is None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_gracefully(engines: Engines, number: signal.Signals) -> None:
    process = engines.running()
    alert = engines.firing()
    receipt = engines.ask(Command("ack-00001", CommandKind.ACK, {"alert": alert}, 1))
    assert receipt.status is Status.DONE
    process.send_signal(number)
    code, said = ended(process, 5)
    assert code == 0
    assert number.name in said
    assert engines.state() == "stopped"
    with engines.reading() as reader:
        assert reader.verify_audit().ok


def test_a_killed_engine_leaves_the_store_to_the_next(engines: Engines) -> None:
    first = engines.running()
    first.kill()
    ended(first)
    assert held_by(engines.paths.lock) is None
    assert engines.paths.sock.exists()  # stale, and replaced by the next
    second = engines.running()
    assert second.pid != first.pid


def test_sighup_reloads_and_a_bad_configuration_changes_nothing(engines: Engines) -> None:
    process = engines.running()
    engines.write_config('\n[[integration]]\nid = "more"\nvendor = "v"\ncriticality = "low"\nowner = "o"\n')
    process.send_signal(signal.SIGHUP)
    until(lambda: "more" in _integrations(engines), "the new integration", 5)
    engines.config.write_text("this is no TOML")
    process.send_signal(signal.SIGHUP)
    process.send_signal(signal.SIGHUP)
    until(lambda: engines.ask(_ack(), 1.0).status is Status.REFUSED, "an answer", 5)
    assert "more" in _integrations(engines)
    process.terminate()
    code, said = ended(process)
    assert code == 0
    assert "the configuration of before stays in force" in said
    assert "Traceback" not in said


def test_a_changed_file_is_noticed_without_a_signal(engines: Engines) -> None:
    engines.running()
    engines.write_config('\n[[integration]]\nid = "more"\nvendor = "v"\ncriticality = "low"\nowner = "o"\n')
    assert until(lambda: "more" in _integrations(engines), "the new integration", 10) < 8


def test_a_frozen_engine_that_was_taken_over_writes_nothing_and_ends(engines: Engines) -> None:
    first = engines.running()
    engines.firing()
    first.send_signal(signal.SIGSTOP)
    engines.paths.lock.unlink()  # what an administrator might do; else the frozen one holds the store for ever
    second = engines.running()
    with engines.reading() as reader:
        fence = reader.changes(0).engine
    assert fence is not None
    assert fence.pid == second.pid
    first.send_signal(signal.SIGCONT)
    code, said = ended(first, 10)
    assert code == 3
    assert "took over" in said or "newer engine" in said
    assert second.poll() is None
    with engines.reading() as reader:
        now = reader.changes(0).engine
        assert now is not None
        assert (now.fence, now.pid, now.state) == (fence.fence, second.pid, "running")
    receipt = engines.ask(_ack())  # the socket is still the second one's
    assert receipt.status is Status.REFUSED
    assert "no alert" in receipt.reason


def test_a_deleted_lock_file_is_made_anew(engines: Engines) -> None:
    process = engines.running()
    engines.paths.lock.unlink()
    until(lambda: (found := held_by(engines.paths.lock)) is not None and found.pid == process.pid, "the lock", 5)
    assert ended(engines.start())[0] == 3


def test_replace_asks_first(engines: Engines) -> None:
    first = engines.running()
    second = engines.start("--replace")
    code, said = ended(first, 15)
    assert code == 0
    assert "replacement" in said
    engines.ready(second)
    assert engines.state() == "running"


def test_replace_ends_a_frozen_engine(engines: Engines) -> None:
    first = engines.running()
    first.send_signal(signal.SIGSTOP)
    second = engines.start("--replace")
    assert ended(first, 20)[0] == -signal.SIGKILL
    engines.ready(second)
    second.terminate()
    code, said = ended(second)
    assert code == 0
    assert "SIGKILL" in said


def test_replace_without_an_engine_is_a_start(engines: Engines) -> None:
    assert engines.running("--replace").poll() is None


def test_it_tells_systemd(engines: Engines) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(engines.folder / "notify"))
        systemd.settimeout(10)
        environ = {"NOTIFY_SOCKET": str(engines.folder / "notify"), "WATCHDOG_USEC": "1500000"}
        process = engines.start(environ=environ)
        heard = _hear(systemd, "WATCHDOG=1")
        assert heard[0].startswith(f"READY=1\nMAINPID={process.pid}\n")
        process.send_signal(signal.SIGHUP)
        heard = _hear(systemd, "READY=1")
        assert any(text.startswith("RELOADING=1\nMONOTONIC_USEC=") for text in heard)
        process.terminate()
        assert "STOPPING=1" in _hear(systemd, "STOPPING=1")
        assert ended(process)[0] == 0


def test_a_frozen_engine_does_not_feed_the_watchdog(engines: Engines) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(engines.folder / "notify"))
        systemd.settimeout(10)
        environ = {"NOTIFY_SOCKET": str(engines.folder / "notify"), "WATCHDOG_USEC": "1500000"}
        process = engines.start(environ=environ)
        _hear(systemd, "WATCHDOG=1")
        process.send_signal(signal.SIGSTOP)
        systemd.settimeout(0.1)
        with contextlib.suppress(TimeoutError):  # what was under way
            _hear(systemd, "never")
        systemd.settimeout(1.5)
        with pytest.raises(TimeoutError):
            systemd.recv(4096)


def _hear(systemd: socket.socket, last: str) -> list[str]:
    heard = []
    while not heard or not heard[-1].startswith(last):
        heard.append(systemd.recv(4096).decode())
    return heard


# A shell's place: leads a session with a terminal, starts the engine, and says its pid.
_SHELL = """
import fcntl, os, signal, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # as a terminal's shell has it, whatever runs these tests
pid = os.fork()
if pid == 0:
    if sys.argv[1] == "nohup":
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    os.execv(sys.argv[2], sys.argv[2:])
print(pid, flush=True)
signal.pause()
"""


@pytest.mark.parametrize("kind", ["plain", "nohup"])
def test_a_lost_terminal_ends_it_unless_it_was_told_to_stay(engines: Engines, kind: str) -> None:
    leader, follower = os.openpty()
    shell = subprocess.Popen(
        [sys.executable, "-c", _SHELL, kind, *command(engines.config)],
        stdin=follower,
        stdout=subprocess.PIPE,
        stderr=follower,
        env={**os.environ, "PYTHONPATH": str(SRC)},
        start_new_session=True,
        text=True,
    )
    os.close(follower)
    assert shell.stdout is not None
    with shell, shell.stdout:
        pid = int(shell.stdout.readline())
        engines.ready(pid=pid)
        os.close(leader)  # the link drops
        try:
            assert shell.wait(10) == -signal.SIGHUP
        finally:
            shell.kill()
    if kind == "plain":
        until(lambda: held_by(engines.paths.lock) is None, "the engine's end", 10)
        assert engines.state() == "stopped"
    else:
        until(lambda: engines.ask(_ack()).status is Status.REFUSED, "an answer", 5)
        assert _cpu_share(pid) < 0.5


def _cpu_share(pid: int) -> float:
    import psutil

    return float(psutil.Process(pid).cpu_percent(1.0)) / 100


def _ack() -> Command:
    return Command(uuid.uuid4().hex, CommandKind.ACK, {"alert": 999}, 1)


def _integrations(engines: Engines) -> list[str]:
    with engines.reading() as reader:
        row = reader.changes(0).config
    return [entry["id"] for entry in row.doc["integrations"]] if row is not None else []
