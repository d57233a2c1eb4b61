"""One engine a store: the lock, looking at it, and knowing its holder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from processes import SRC, until
from standby.engine.clock import SystemClock
from standby.engine.process.lock import Holder, Lock, LockError, LockHeldError, held_by
from standby.engine.process.replace import make_way
from standby.link.holder import process_birth
from standby.link.paths import link_paths

ME = Holder(os.getpid(), "service", "alice", "bastion", 5, "abc", process_birth(os.getpid()))
HOLD = (
    "import sys, os; from pathlib import Path; from standby.engine.process.lock import *;"
    "from standby.link.holder import process_birth;"
    "me = Holder(os.getpid(), 'service', 'bob', 'h', 1, 'd', process_birth(os.getpid()));"
    "lock = Lock.acquire(Path(sys.argv[1]), me); print('held', flush=True); sys.stdin.read()"
)


def hold(path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(SRC)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "s.db.lock"


def test_a_lock_is_exclusive_and_names_its_holder(path: Path) -> None:
    assert held_by(path) is None
    lock = Lock.acquire(path, ME)
    assert held_by(path) == ME
    with pytest.raises(LockHeldError, match="the service engine of alice, pid") as caught:
        Lock.acquire(path, ME)
    assert caught.value.holder == ME
    assert held_by(path) == ME  # neither looking nor trying lets go of it
    lock.release()
    lock.release()
    assert held_by(path) is None
    Lock.acquire(path, ME).release()


def test_a_killed_holder_holds_nothing(path: Path) -> None:
    with hold(path) as process:
        holder = held_by(path)
        assert holder is not None
        assert holder.pid == process.pid
        assert holder.verified()
        process.kill()
        process.wait(5)
    assert held_by(path) is None
    assert not holder.verified()
    Lock.acquire(path, ME).release()


def test_a_stopped_holder_still_holds(path: Path) -> None:
    with hold(path) as process:
        process.send_signal(signal.SIGSTOP)
        assert held_by(path) is not None
        with pytest.raises(LockHeldError):
            Lock.acquire(path, ME)
        process.kill()


def test_many_looks_do_not_keep_an_engine_from_starting(path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from standby.link.holder import held_by;"
        "print('go', flush=True)\nwhile True: held_by(Path(sys.argv[1]))"
    )
    path.touch()
    lookers = [
        subprocess.Popen(
            [sys.executable, "-P", "-c", code, str(path)],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(SRC)},
        )
        for _ in range(2)
    ]
    try:
        for looker in lookers:
            assert looker.stdout is not None
            looker.stdout.readline()
        for _ in range(20):
            Lock.acquire(path, ME).release()
    finally:
        for looker in lookers:
            looker.kill()
            looker.communicate()


def test_a_deleted_file_is_noticed(path: Path) -> None:
    lock = Lock.acquire(path, ME)
    assert lock.intact()
    path.unlink()
    assert not lock.intact()
    other = Lock.acquire(path, ME)
    assert not lock.intact()
    lock.adopt(other)
    assert lock.intact()
    other.release()
    assert held_by(path) == ME
    lock.release()


@pytest.mark.parametrize("content", [b"", b"garbage", b"[1]", b'{"pid": "x"}', b"\xff" * 5000, b'{"pid": 3}'])
def test_a_holder_that_says_nothing_readable_is_a_holder_all_the_same(path: Path, content: bytes) -> None:
    lock = Lock.acquire(path, ME)
    path.write_bytes(content)
    holder = held_by(path)
    assert holder == Holder(0)
    assert str(holder) == "another engine"
    assert not holder.verified()
    lock.release()


def test_hostile_text_in_the_file_is_cleaned(path: Path) -> None:
    lock = Lock.acquire(path, replace(ME, user="\x1b]52;c;AA\x07eve"))
    holder = held_by(path)
    assert holder is not None
    assert str(holder).isprintable()
    lock.release()


def test_what_is_no_file_is_no_lock(path: Path, tmp_path: Path) -> None:
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(LockError):
        Lock.acquire(path, ME)
    assert not (tmp_path / "elsewhere").exists()
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(LockError, match="no regular file"):
        Lock.acquire(path, ME)
    with pytest.raises(LockError):
        Lock.acquire(tmp_path / "missing" / "x.lock", ME)


def test_a_process_is_known_by_its_birth() -> None:
    birth = process_birth(os.getpid())
    assert birth
    assert process_birth(os.getpid()) == birth
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert process_birth(child.pid) not in ("", birth)
    child.kill()
    until(lambda: process_birth(child.pid) == "", "a zombie to count as dead")
    child.communicate()
    assert not ME.__class__(1, birth="1").verified()  # never init


def test_replace_does_not_end_a_process_that_it_cannot_verify(tmp_path: Path) -> None:
    paths = link_paths(tmp_path / "s.db")
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as bystander:
        for birth in ("", "12345"):
            lock = Lock.acquire(paths.lock, replace(ME, pid=bystander.pid, birth=birth))
            with pytest.raises(LockError, match="not by the pid"):
                make_way(paths, SystemClock(), lambda _: None)
            lock.release()
        assert bystander.poll() is None
        bystander.kill()


def test_replace_gives_up_in_the_end(tmp_path: Path) -> None:
    paths = link_paths(tmp_path / "s.db")
    with hold(paths.lock) as process:
        with pytest.raises(LockHeldError):
            make_way(paths, SystemClock(), lambda _: None, patience=((signal.SIGCONT, 50_000_000),))
        assert process.poll() is None
        said: list[str] = []
        make_way(paths, SystemClock(), said.append)
        assert said[-1].startswith("sending SIGTERM to the service engine of bob")
        assert process.wait(5) == -signal.SIGTERM


def test_replace_without_a_holder_returns_at_once(tmp_path: Path) -> None:
    said: list[str] = []
    make_way(link_paths(tmp_path / "s.db"), SystemClock(), said.append)
    assert said == []
