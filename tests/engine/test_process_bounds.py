"""A process around an engine that hangs, fails or is lost; and the small parts that a process is made of."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from standby.config.problems import ConfigError, Problem
from standby.domain.units import SECOND
from standby.engine.assembly import Assembled
from standby.engine.clock import EngineClock
from standby.engine.process import run as process
from standby.engine.process.filewatch import FileWatch
from standby.engine.process.lifetime import Lifetime
from standby.engine.process.lock import held_by
from standby.engine.process.run import Options, run_engine
from standby.engine.process.sdnotify import Notifier
from standby.link.paths import link_paths
from standby.link.protocol import Command, Peer, Receipt, Status
from standby.store.errors import StoreError

from .fakeclock import FakeClock


class TinyEngine:
    """An engine that does one thing wrong."""

    fence = 1
    ending = ""

    def __init__(self, wrong: str) -> None:
        self.wrong = wrong
        self.stopped = False

    async def start(self) -> None:
        if self.wrong == "start":
            raise StoreError("full", "store s.db cannot grow: disk full; free space")

    async def run_until(self, stop: asyncio.Event) -> None:
        if self.wrong == "fenced":
            raise StoreError("fenced", "store s.db belongs to a newer engine; stop this engine")
        if self.wrong == "fault":
            asyncio.get_running_loop().call_soon(self._fault)
        await asyncio.wait_for(stop.wait(), 5)

    def _fault(self) -> None:
        raise RuntimeError("oops, key hunter2")

    async def stop(self) -> None:
        self.stopped = True
        if self.wrong == "stop":
            await asyncio.Event().wait()

    async def handle(self, command: Command, _peer: Peer) -> Receipt:
        return Receipt(command.id, Status.DONE)

    async def reload(self) -> list[str]:
        raise ConfigError([Problem("config.toml", 3, "standby.name", "wrong")])

    def refusal(self, _peer: Peer) -> str:
        return ""

    def welcome_extra(self) -> dict[str, Any]:
        return {}

    def healthy(self, _monotonic: int) -> bool:
        return True

    def last_words(self) -> list[str]:
        return ["3 observations were lost: disk full"] if self.wrong == "words" else []

    def report(self) -> dict[str, Any]:
        return {"seconds": 1.0}


class TinyPlan:
    digest = "abc"

    def __init__(self, path: Path, store: Path, wrong: str) -> None:
        self.path = path
        self.store = store
        self.engine = TinyEngine(wrong)
        self.closed = False

    def refusal(self, user: str) -> str:
        return f"not {user}" if self.engine.wrong == "entitled" else ""

    async def assemble(self, kind: str, clock: EngineClock) -> Assembled:
        if self.engine.wrong == "assemble":
            raise StoreError("newer", "store s.db was written by a newer standby; install it")
        return Assembled(self.engine, lambda: [self.path], lambda: SECOND, self._close, self._redact)

    @staticmethod
    def _redact(text: str) -> str:
        return text.replace("hunter2", "•••")

    async def _close(self) -> None:
        self.closed = True
        if self.engine.wrong == "close":
            await asyncio.Event().wait()


Run = Callable[..., tuple[int, TinyPlan, str]]


@pytest.fixture
def run(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    monkeypatch.setattr(process, "STOP_S", 0.1)
    monkeypatch.setattr(process, "CLOSE_S", 0.1)
    mask = os.umask(0o022)

    def go(wrong: str = "", **options: Any) -> tuple[int, TinyPlan, str]:
        plan = TinyPlan(tmp_path / "config.toml", tmp_path / "s.db", wrong)
        given: dict[str, Any] = {"for_ns": SECOND // 5, **options}
        code = run_engine(Options(plan.path, **given), read=lambda _path, _store: plan)
        assert held_by(link_paths(plan.store).lock) is None
        return code, plan, capfd.readouterr().err

    yield go
    os.umask(mask)


def test_a_whole_life(run: Run) -> None:
    code, plan, said = run()
    assert (code, said, plan.engine.stopped, plan.closed) == (0, "", True, True)


@pytest.mark.parametrize(
    ("wrong", "code", "says"),
    [
        ("assemble", 1, "newer standby"),
        ("start", 1, "disk full"),
        ("fenced", 3, "newer engine"),
        ("stop", 0, "the engine did not end within 0.1 s"),
        ("close", 0, "the store and the connections did not end within 0.1 s"),
        ("words", 0, "3 observations were lost"),
        ("fault", 0, "a fault of ours"),
    ],
)
def test_what_goes_wrong_is_one_line_and_an_exit_code(run: Run, wrong: str, code: int, says: str) -> None:
    found, _, said = run(wrong)
    assert found == code
    assert says in said
    assert len(said.splitlines()) == 1
    assert "Traceback" not in said


def test_a_fault_names_its_place(run: Run) -> None:
    assert "RuntimeError: oops, key ••• at test_process_bounds.py:" in run("fault")[2]


def test_who_is_not_entitled_does_not_take_over(run: Run) -> None:
    code, plan, said = run("entitled", takeover=True)
    assert (code, plan.closed) == (4, False)
    assert said.startswith("standby: not ")
    assert run("entitled")[0] == 0  # only a succession asks


def test_the_report_is_whole_or_not_there(run: Run, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    report.write_text("old")
    assert run(report=report)[0] == 0
    assert json.loads(report.read_text()) == {"seconds": 1.0}
    code, _, said = run(report=tmp_path / "missing" / "report.json")
    assert code == 1
    assert "could not be written" in said


def test_a_companion_without_a_pipe_ends_after_its_linger(run: Run, capfd: pytest.CaptureFixture[str]) -> None:
    descriptor = os.open(os.devnull, os.O_RDONLY)
    try:
        code, _, said = run(companion=True, pipe=descriptor, for_ns=4 * SECOND)
    finally:
        os.close(descriptor)
    assert code == 0
    assert said.rstrip().endswith("ending: the last console is gone")


class Life:
    def __init__(self, linger: int = 30 * SECOND) -> None:
        self.clock = FakeClock()
        self.ends: list[str] = []
        self.lifetime = Lifetime(self.clock, lambda: linger, self.ends.append)


async def test_a_companion_lingers_and_then_ends_once() -> None:
    life = Life()
    life.lifetime.presence(1)
    await life.clock.advance(3600 * SECOND)
    life.lifetime.presence(0)
    await life.clock.advance(29 * SECOND)
    assert life.ends == []
    life.lifetime.presence(1)
    life.lifetime.presence(0)
    await life.clock.advance(29 * SECOND)
    assert life.ends == []
    await life.clock.advance(2 * SECOND)
    assert life.ends == ["the last console is gone"]
    await life.clock.advance(100 * SECOND)
    assert len(life.ends) == 1


async def test_a_pipe_counts_like_a_console() -> None:
    life = Life()
    reading, writing = os.pipe()
    loop = asyncio.get_running_loop()
    life.lifetime.watch_pipe(loop, reading)
    life.lifetime.presence(0)
    await life.clock.advance(3600 * SECOND)
    os.write(writing, b"noise")
    await asyncio.sleep(0)
    await life.clock.advance(3600 * SECOND)
    assert life.ends == []
    os.close(writing)
    async with asyncio.timeout(2):
        while loop.remove_reader(reading):  # the end is seen when nobody watches any more
            loop.add_reader(reading, life.lifetime._read, loop, reading)
            await asyncio.sleep(0.01)
    await life.clock.advance(31 * SECOND)
    assert life.ends == ["the last console is gone"]
    os.close(reading)


def test_systemd_hears_only_when_it_listens(tmp_path: Path) -> None:
    silent = Notifier({})
    silent.tell("READY=1")
    assert silent.watchdog_ns is None
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "n"))
        environ = {"NOTIFY_SOCKET": str(tmp_path / "n"), "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}
        notifier = Notifier(environ)
        assert environ == {}  # children do not speak for us
        assert notifier.watchdog_ns == 30 * SECOND
        notifier.tell("READY=1", "STATUS=term 3")
        assert systemd.recv(100) == b"READY=1\nSTATUS=term 3"
    notifier.tell("STOPPING=1")  # nobody listens any more


@pytest.mark.parametrize("usec", ["", "0", "soon", "-5"])
def test_a_watchdog_that_makes_no_sense_is_none(usec: str) -> None:
    assert Notifier({"WATCHDOG_USEC": usec}).watchdog_ns is None
    assert Notifier({"WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "1"}).watchdog_ns is None


class Files:
    def __init__(self, folder: Path) -> None:
        self.main = folder / "config.toml"
        self.more = folder / "conf.d" / "a.toml"
        self.more.parent.mkdir()
        self.main.write_text("1")
        self.more.write_text("1")

    def __call__(self) -> Sequence[Path]:
        return [self.main, self.more]


def test_a_changed_file_is_told_once_and_after_it_rests(tmp_path: Path) -> None:
    files = Files(tmp_path)
    watch = FileWatch(files)
    assert [watch.changed(), watch.changed()] == [False, False]
    files.main.write_text("half")
    assert not watch.changed()
    files.main.write_text("half and the other half")
    assert not watch.changed()
    assert watch.changed()
    assert not watch.changed()


@pytest.mark.parametrize("change", ["add", "remove", "replace"])
def test_included_files_come_and_go(tmp_path: Path, change: str) -> None:
    files = Files(tmp_path)
    watch = FileWatch(files)
    if change == "add":
        (files.more.parent / "b.toml").write_text("2")
    elif change == "remove":
        files.more.unlink()
    else:
        fresh = files.more.with_suffix(".new")
        fresh.write_text("1")
        fresh.rename(files.more)
    assert not watch.changed()
    assert watch.changed()
    (files.more.parent / "notes.txt").write_text("not a configuration")
    assert not watch.changed()
    assert not watch.changed()
