"""An engine of a console's own: started, kept, left, died and taken over. Real processes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import psutil
import pytest

from processes import SRC, Engines, ended, until
from standby.link.client import Client, LinkState
from standby.link.companion import MAX_LOG_BYTES, Companion, attend, companion_command, start_companion
from standby.link.holder import held_by
from standby.link.paths import LinkError
from standby.link.spool import Spool


@pytest.fixture
def engines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engines]:
    monkeypatch.setenv("PYTHONPATH", str(SRC))
    made = Engines(tmp_path, settings='linger = "400ms"')
    yield made
    made.close()


@pytest.fixture
def start(engines: Engines) -> Iterator[Callable[[], Companion]]:
    started: list[Companion] = []

    def begin(*flags: str) -> Companion:
        started.append(start_companion(engines.paths, [*companion_command(engines.config), *flags]))
        return started[-1]

    yield begin
    for one in started:
        with contextlib.suppress(ProcessLookupError):
            os.kill(one.pid, signal.SIGKILL)
        one.let_go()
        until(lambda one=one: one.poll() is not None, "the companion's end")


class Console:
    """A console's part: a client, and the wish that there be an engine."""

    def __init__(self, engines: Engines, name: str) -> None:
        self.client = Client(engines.paths, spool=Spool(engines.paths, engines.folder / name))
        self.said: list[str] = []
        self._engines = engines
        self._attending: asyncio.Task[None] | None = None

    def begin(self, *, attends: bool = True) -> None:
        self.client.start()
        if attends:
            command = companion_command(self._engines.config)
            self._attending = asyncio.create_task(
                attend(self._engines.paths, command, lambda: self.connected, self.said.append)
            )

    @property
    def connected(self) -> bool:
        return self.client.link.state is LinkState.CONNECTED

    @property
    def engine(self) -> int:
        return self.client.link.welcome.pid if self.client.link.welcome is not None else 0

    async def leave(self) -> None:
        if self._attending is not None:
            self._attending.cancel()
            await asyncio.wait([self._attending])
        await self.client.close()


@pytest.fixture
async def consoles(engines: Engines) -> AsyncIterator[list[Console]]:
    made = [Console(engines, name) for name in ("alice", "bob", "carol")]
    yield made
    for one in made:
        await one.leave()


async def soon(condition: Callable[[], object], what: str, seconds: float = 20.0) -> float:
    loop = asyncio.get_running_loop()
    begun = loop.time()
    while not condition():
        assert loop.time() - begun < seconds, f"not within {seconds} s: {what}"
        await asyncio.sleep(0.01)
    return loop.time() - begun


def test_it_stands_alone(engines: Engines, start: Callable[[], Companion]) -> None:
    companion = start()
    engines.ready(pid=companion.pid)
    process = psutil.Process(companion.pid)
    assert os.getsid(companion.pid) == companion.pid
    assert process.cwd() == "/"
    assert process.terminal() is None
    assert engines.paths.log.stat().st_mode & 0o777 == 0o640
    if _linux():
        assert {Path(f"/proc/{companion.pid}/fd/{number}").readlink() for number in (1, 2)} == {engines.paths.log}
    assert held_by(engines.paths.lock) is not None
    assert held_by(engines.paths.lock).kind == "companion"  # type: ignore[union-attr]


def test_our_descriptors_do_not_leak_into_it(engines: Engines, start: Callable[[], Companion]) -> None:
    held = os.open(engines.config, os.O_RDONLY)
    os.set_inheritable(held, True)
    try:
        companion = start()
        engines.ready(pid=companion.pid)
        if _linux():
            names = [entry.readlink() for entry in Path(f"/proc/{companion.pid}/fd").iterdir() if entry.is_symlink()]
            assert engines.config not in names
    finally:
        os.close(held)


def test_it_ends_when_its_console_lets_go(engines: Engines, start: Callable[[], Companion]) -> None:
    companion = start()
    engines.ready(pid=companion.pid)
    companion.let_go()
    assert until(lambda: companion.poll() is not None, "its end") >= 0.3
    assert companion.poll() == 0
    assert "the last console is gone" in companion.last_words()
    assert engines.state() == "stopped"
    assert not engines.paths.sock.exists()


def test_it_ends_when_its_console_is_killed(engines: Engines) -> None:
    script = (
        "import sys; from pathlib import Path; from standby.link.paths import link_paths;"
        "from standby.link.companion import *;"
        "c = start_companion(link_paths(Path(sys.argv[2])), companion_command(Path(sys.argv[1])));"
        "print(c.pid, flush=True); sys.stdin.read()"
    )
    console = subprocess.Popen(
        [sys.executable, "-P", "-c", script, str(engines.config), str(engines.store)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with console:
        assert console.stdout is not None
        pid = int(console.stdout.readline())
        engines.ready(pid=pid)
        console.kill()
    until(lambda: held_by(engines.paths.lock) is None, "the engine's end", 5)


async def test_another_console_keeps_it(
    engines: Engines, start: Callable[[], Companion], consoles: list[Console]
) -> None:
    companion = start()
    alice = consoles[0]
    alice.begin(attends=False)
    await soon(lambda: alice.connected, "the link")
    companion.let_go()
    with pytest.raises(TimeoutError):  # longer than it would linger
        await asyncio.wait_for(asyncio.to_thread(until, lambda: companion.poll() is not None, "never", 1.2), 1.0)
    assert alice.connected
    await alice.leave()
    await soon(lambda: companion.poll() is not None, "its end", 5)
    assert companion.poll() == 0


async def test_a_console_that_comes_back_in_time_keeps_it(
    engines: Engines, start: Callable[[], Companion], consoles: list[Console]
) -> None:
    engines.settings = 'linger = "2s"'  # a busy machine needs a while for the second link
    engines.write_config()
    companion = start()
    alice, bob, _ = consoles
    alice.begin(attends=False)
    await soon(lambda: alice.connected, "the link")
    companion.let_go()
    await alice.leave()
    bob.begin(attends=False)
    await soon(lambda: bob.connected, "the link", 2.0)
    await asyncio.to_thread(_stays, companion, 2.5)  # longer than it would linger
    await bob.leave()
    await soon(lambda: companion.poll() is not None, "its end", 5)
    assert companion.poll() == 0


def _stays(companion: Companion, seconds: float) -> None:
    with contextlib.suppress(AssertionError):
        until(lambda: companion.poll() is not None, "nothing", seconds)
    assert companion.poll() is None


async def test_a_console_starts_one_and_two_share_it(engines: Engines, consoles: list[Console]) -> None:
    alice, bob, _ = consoles
    alice.begin()
    bob.begin()
    await soon(lambda: alice.connected and bob.connected, "both linked")
    assert alice.engine == bob.engine
    await alice.leave()
    await asyncio.sleep(0)
    await bob.leave()
    await soon(lambda: held_by(engines.paths.lock) is None, "its end", 5)
    assert all(not line for line in [*alice.said, *bob.said])


async def test_after_a_death_consoles_race_and_one_new_engine_comes_within_5_s(
    engines: Engines, consoles: list[Console]
) -> None:
    for one in consoles:
        one.begin()
    await soon(lambda: all(one.connected for one in consoles), "all linked")
    first = consoles[0].engine
    os.kill(first, signal.SIGKILL)
    await soon(lambda: all(one.connected and one.engine != first for one in consoles), "the next engine", 5.0)
    assert len({one.engine for one in consoles}) == 1
    with engines.reading() as reader:
        row = reader.changes(0).engine
    assert row is not None
    assert (row.fence, row.pid) == (2, consoles[0].engine)


async def test_the_one_that_started_it_dies_and_the_others_go_on(engines: Engines, consoles: list[Console]) -> None:
    alice, bob, _ = consoles
    alice.begin()
    await soon(lambda: alice.connected, "the link")
    bob.begin()
    await soon(lambda: bob.connected, "the link")
    await alice.leave()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1.0):
            await soon(lambda: not bob.connected, "never", 5)


async def test_who_may_not_take_over_says_who_may(engines: Engines, consoles: list[Console]) -> None:
    service = await asyncio.to_thread(engines.running)
    alice = consoles[0]
    alice.begin()
    await soon(lambda: alice.connected, "the link")
    service.terminate()
    await asyncio.to_thread(ended, service)
    await soon(lambda: any(alice.said), "a line")
    assert next(line for line in alice.said if line).endswith("the service was stopped on purpose: start it again")
    again = await asyncio.to_thread(engines.running)
    await soon(lambda: alice.connected and alice.engine == again.pid, "the link")
    await soon(lambda: not alice.said[-1], "the trouble's end", 5)


def test_takeover_wants_the_same_configuration_and_every_secret(
    engines: Engines, start: Callable[..., Companion]
) -> None:
    process = engines.running()
    process.kill()
    ended(process)
    engines.write_config('\n[[integration]]\nid = "more"\nvendor = "v"\ncriticality = "low"\nowner = "o"\n')
    other = start("--takeover")
    until(lambda: other.poll() is not None, "its end")
    assert other.poll() == 4
    assert "another configuration" in other.last_words()

    engines.settings += '\nheartbeat_url = "env:STANDBY_TEST_URL"'
    engines.write_config()
    process = engines.running(environ={"STANDBY_TEST_URL": "http://127.0.0.1:1/x"})
    process.kill()
    ended(process)
    without = start("--takeover")
    until(lambda: without.poll() is not None, "its end")
    assert without.poll() == 4
    assert "STANDBY_TEST_URL" in without.last_words()


def test_a_large_log_is_moved_aside(engines: Engines, start: Callable[[], Companion]) -> None:
    engines.paths.log.write_bytes(b"x" * (MAX_LOG_BYTES + 1))
    start()
    assert engines.paths.log.stat().st_size < 1000
    assert engines.paths.log.with_name("s.db.log.1").stat().st_size == MAX_LOG_BYTES + 1


def test_no_log_no_engine(engines: Engines) -> None:
    engines.paths.log.symlink_to("/etc/passwd")
    with pytest.raises(LinkError, match=r"s\.db\.log"):
        start_companion(engines.paths, companion_command(engines.config))


def _linux() -> bool:
    return sys.platform == "linux"
