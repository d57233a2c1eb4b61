"""The process: found, shared, outlived and ended, and never left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psutil
import pytest

from servers import require
from standby.domain.units import SECOND
from standby.link.simulator import HELD, Attached, SimulatorError, Step, attach, simulator_paths

LIMIT_S = 20.0
PROGRAM = [sys.executable, "-P", "-m", "standby"]


async def until(condition: Callable[[], bool], what: str) -> None:
    try:
        async with asyncio.timeout(LIMIT_S):
            while not condition():  # noqa: ASYNC110 - another process changes it
                await asyncio.sleep(0.02)
    except TimeoutError:
        pytest.fail(f"{what}: not within {LIMIT_S} s")


def gone(pid: int) -> bool:
    """Dead: a zombie that nobody has waited for counts, it runs no more."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def simulators_of(store: Path) -> list[int]:
    """Every simulator process of one store, by its command line."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        line = process.info["cmdline"] or []
        if str(store) in line and "simulator" in line and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(process.pid)
    return found


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Path]:
    path = tmp_path / "standby.db"
    yield path
    for pid in simulators_of(path):
        os.kill(pid, signal.SIGKILL)
    await until(lambda: not simulators_of(path), "the simulators of this test end")


def run(store: Path, *words: str) -> subprocess.Popen[bytes]:
    command = [*PROGRAM, "--store", str(store), "simulator", "run", *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


async def finish(process: subprocess.Popen[bytes]) -> tuple[int, str]:
    output, errors = await asyncio.to_thread(process.communicate, timeout=LIMIT_S)
    return process.returncode, (output + errors).decode()


async def test_without_one_and_without_leave_to_start_it_says_so(store: Path) -> None:
    with pytest.raises(SimulatorError, match=r"no simulated third parties run for .*start"):
        await attach(store, spawn=False)


async def test_two_starters_at_once_share_one(store: Path) -> None:
    several = await asyncio.gather(*(attach(store, spawn=True) for _ in range(4)))
    assert len({one.pid for one in several}) == 1
    assert all(one.connect_to == several[0].connect_to for one in several)
    assert simulators_of(store) == [several[0].pid]
    for one in several:
        await one.close()


async def test_it_has_left_our_session_and_holds_nothing_of_ours(store: Path) -> None:
    attached = await attach(store, spawn=True)
    assert os.getsid(attached.pid) == attached.pid != os.getsid(0)
    assert psutil.Process(attached.pid).ppid() != os.getpid()
    if sys.platform == "linux":
        assert str(Path(f"/proc/{attached.pid}/fd/0").readlink()) == os.devnull
    await attached.close()


async def test_it_outlives_a_killed_program_and_the_next_finds_the_same_ports(store: Path) -> None:
    holder = f"""
import asyncio, pathlib
from standby.link.simulator import attach
async def hold():
    attached = await attach(pathlib.Path({str(store)!r}), spawn=True)
    print(attached.pid, flush=True)
    await asyncio.Event().wait()
asyncio.run(hold())
"""
    engine = await asyncio.create_subprocess_exec(sys.executable, "-c", holder, stdout=subprocess.PIPE)
    assert engine.stdout is not None
    pid = int(await engine.stdout.readline())
    first = await attach(store, spawn=False)
    ports = dict(first.connect_to)
    await first.fault("crm", "errors")
    await first.close()
    engine.kill()
    await engine.wait()
    second = await attach(store, spawn=True)
    assert (second.pid, second.connect_to) == (pid, ports)
    crm = next(party for party in await second.list() if party.name == "crm")
    assert list(crm.faults) == ["errors"]
    await second.close()


async def test_it_ends_when_nobody_comes(store: Path) -> None:
    process = run(store, "--first", "100ms")
    assert (await finish(process))[0] == 0
    assert not simulator_paths(store).sock.exists()


async def test_it_ends_after_the_last_has_left_and_the_next_starts_another(store: Path) -> None:
    process = run(store, "--linger", "200ms", "--first", "30s")
    await until(simulator_paths(store).sock.exists, "the socket appears")
    one, two = await attach(store, spawn=False), await attach(store, spawn=False)
    await one.close()
    assert process.poll() is None
    await two.close()
    assert (await finish(process))[0] == 0
    third = await attach(store, spawn=True)
    assert third.pid != one.pid
    await third.close()


async def test_a_detached_one_ends_too(store: Path) -> None:
    code, said = await finish(run(store, "--detach", "--first", "300ms"))
    assert (code, said) == (0, "")
    await until(lambda: not simulators_of(store), "it ends by itself")


async def test_a_second_one_is_refused_in_one_line(store: Path) -> None:
    attached = await attach(store, spawn=True)
    code, said = await finish(run(store, "--detach"))
    assert (code, said) == (HELD, "standby: another one runs for this store\n")
    await attached.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
async def test_a_signal_ends_it_at_once_and_tidily(store: Path, number: signal.Signals) -> None:
    process = run(store)
    await until(simulator_paths(store).sock.exists, "the socket appears")
    process.send_signal(number)
    assert (await finish(process))[0] == 0
    assert not simulator_paths(store).sock.exists()


async def test_a_killed_one_leaves_a_socket_that_the_next_replaces_and_its_authority_stays(store: Path) -> None:
    attached = await attach(store, spawn=True)
    pid, authority = attached.pid, attached.ca_path.read_bytes()
    await attached.close()
    os.kill(pid, signal.SIGKILL)
    await until(lambda: gone(pid), "it is dead")
    assert simulator_paths(store).sock.exists()
    again = await attach(store, spawn=True)
    assert again.pid != pid
    assert again.ca_path.read_bytes() == authority
    await again.close()


@pytest.mark.servers
async def test_a_killed_one_takes_its_haproxy_and_its_folder_along(store: Path) -> None:
    require("haproxy", "haproxy")
    attached = await attach(store, spawn=True)
    family = psutil.Process(attached.pid).children(recursive=True)
    folder = Path(attached.places["haproxy.payments.test"]).parent
    assert [one.name() for one in family].count("haproxy") == 1
    assert folder.is_dir()
    await attached.close()
    os.kill(attached.pid, signal.SIGKILL)
    await until(lambda: all(gone(one.pid) for one in family), "HAProxy and its keeper end")
    await until(lambda: not folder.exists(), "the folder is removed")


async def test_a_signal_to_the_group_ends_haproxy_too(store: Path) -> None:
    """Ctrl-C in a terminal reaches every process of the foreground; the keeper is not one of them."""
    process = run(store)
    await until(simulator_paths(store).sock.exists, "the socket appears")
    family = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    assert (await finish(process))[0] == 0
    assert all(gone(one.pid) for one in family)


async def test_an_attached_program_finds_the_next_one_by_itself(store: Path) -> None:
    attached = await attach(store, spawn=True)
    pid, places = attached.pid, attached.connect_to
    os.kill(pid, signal.SIGKILL)
    await until(lambda: attached.pid != pid, "it is attached again")
    assert attached.connect_to is places
    host, port = places["api.stockroom.test", 80]
    with socket.create_connection((host, port), timeout=LIMIT_S):
        pass
    assert "until cleared" in await attached.fault("crm", "errors")
    await attached.close()


async def test_the_scenario_is_told_to_everybody_who_is_attached(store: Path) -> None:
    heard: list[Step] = []
    engine = await attach(store, spawn=True, on_step=heard.append)
    person = await attach(store, spawn=False)
    assert await person.rehearse() == "payments slow down"
    await until(lambda: bool(heard), "the engine hears of it")
    assert (heard[0].scenario, heard[0].step) == ("bad-minute", 1)
    late = await attach(store, spawn=False)
    await until(lambda: late.step is not None, "who comes late is told where it is")
    with pytest.raises(SimulatorError, match="there are: bad-minute"):
        await person.rehearse("worse")
    await person.clear()
    for one in (engine, person, late):
        await one.close()


async def test_wishes_that_make_no_sense_are_refused_in_one_line(store: Path) -> None:
    attached = await attach(store, spawn=True)
    for party, kind, params in (("nobody", "errors", {}), ("crm", "nothing", {}), ("crm", "errors", {"rate": "x"})):
        with pytest.raises(SimulatorError) as caught:
            await attached.fault(party, kind, **params)
        assert "\n" not in str(caught.value)
    with pytest.raises(SimulatorError, match="some time"):
        await attached.fault("crm", "errors", for_ns=-SECOND)
    assert len(await attached.list()) >= 8
    await attached.close()


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"[]\n",
        b"nonsense\n",
        b'{"type": "attach", "version": 99}\n',
        b'{"type": "list"}\n',
        b"{" * 70_000 + b"\n",
    ],
)
async def test_a_program_that_talks_nonsense_is_hung_up_on(store: Path, line: bytes) -> None:
    attached = await attach(store, spawn=True)
    reader, writer = await asyncio.open_unix_connection(str(simulator_paths(store).sock))
    writer.write(line)
    async with asyncio.timeout(LIMIT_S):
        try:
            said = await reader.read()
        except ConnectionError:
            said = b""
    assert b'"attached"' not in said
    writer.close()
    assert len(await attached.list()) >= 8
    await attached.close()


async def test_ended_on_request(store: Path) -> None:
    attached: Attached = await attach(store, spawn=True)
    pid = attached.pid
    assert not gone(pid)
    await attached.end()
    await until(lambda: gone(pid), "it ends")
    await attached.close()


async def test_only_its_user_may_talk_to_it(store: Path) -> None:
    attached = await attach(store, spawn=True)
    paths = simulator_paths(store)
    assert paths.sock.stat().st_mode & 0o077 == 0
    assert paths.key.stat().st_mode & 0o077 == 0
    await attached.close()


async def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(SimulatorError) as caught:
        await attach(tmp_path / "file" / "standby.db", spawn=True)
    assert "\n" not in str(caught.value)
    assert "did not start" in str(caught.value) or "is it yours" in str(caught.value)


async def test_a_store_with_a_long_path_works(tmp_path: Path) -> None:
    store = tmp_path / ("long-" * 20) / "standby.db"
    store.parent.mkdir()
    attached = await attach(store, spawn=True)
    assert len(await attached.list()) >= 8
    await attached.end()
    await attached.close()
    await until(lambda: not simulators_of(store), "it ends")
