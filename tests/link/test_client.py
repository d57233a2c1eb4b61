"""A program's end of the socket: receipts, reconnects, and nothing lost while no engine answers."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from processes import SRC
from standby.engine.clock import SystemClock
from standby.link import dial
from standby.link.client import Client, Link, LinkState, send_once, send_or_keep
from standby.link.paths import link_paths
from standby.link.protocol import Command, CommandKind, Peer, Receipt, Status, Welcome
from standby.link.server import Server
from standby.link.spool import Spool


def ack(number: int) -> Command:
    return Command(f"command-{number}", CommandKind.ACK, {"alert": number}, number)


REHEARSAL = Command("rehearse-1", CommandKind.REHEARSE, {"scenario": "bad-minute"}, 1)


class Place:
    """A store's link with an engine that comes and goes and answers each id with one receipt, as a real one does."""

    def __init__(self, folder: Path) -> None:
        self.paths = link_paths(folder / "s.db")
        self.spool = Spool(self.paths, folder / "state")
        self.done: dict[str, int] = {}
        self.heard: list[str] = []
        self.changes: list[Link] = []
        self.late: list[tuple[str, Status]] = []
        self.answers = asyncio.Event()
        self.answers.set()
        self.failing = False
        self.server: Server | None = None
        self.clients: list[Client] = []

    async def open(self) -> None:
        self.server = Server(self.paths, self._handle, self._welcome, SystemClock())
        await self.server.start()

    async def die(self) -> None:
        if self.server is not None:
            await self.server.close(patience_s=0.01)
            self.server = None

    def client(self) -> Client:
        made = Client(
            self.paths,
            on_change=self.changes.append,
            on_receipt=lambda command, receipt: self.late.append((command.id, receipt.status)),
            spool=self.spool,
        )
        self.clients.append(made)
        made.start()
        return made

    def _welcome(self, peer: Peer) -> Welcome:
        return Welcome(1, "service", 42, peer.name, may_act=True)

    async def _handle(self, command: Command, _peer: Peer) -> Receipt:
        self.heard.append(command.id)
        if self.failing:
            raise RuntimeError("a fault of ours")
        await self.answers.wait()
        seq = self.done.setdefault(command.id, len(self.done) + 1)
        return Receipt(command.id, Status.DONE, seq=seq)


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    made = Place(tmp_path)
    asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
    yield made
    for client in made.clients:
        await client.close()
    made.answers.set()
    await made.die()


async def until(condition: Any, seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - any condition, not one that somebody announces
            await asyncio.sleep(0.005)


async def test_a_receipt_comes_back_and_nothing_stays_behind(place: Place) -> None:
    await place.open()
    client = place.client()
    await until(lambda: client.link.state is LinkState.CONNECTED)
    assert client.link.welcome is not None
    assert client.link.welcome.pid == 42
    assert await client.send(ack(1)) == Receipt("command-1", Status.DONE, "", 1)
    assert place.spool.waiting() == []
    assert place.late == []


async def test_it_is_on_disk_before_it_is_sent(place: Place) -> None:
    await place.open()
    place.answers.clear()
    client = place.client()
    sending = asyncio.create_task(client.send(ack(1)))
    await until(lambda: place.heard)
    assert [command.id for command in place.spool.waiting()] == ["command-1"]
    place.answers.set()
    assert (await sending).status is Status.DONE
    assert place.spool.waiting() == []


async def test_without_an_engine_it_is_kept_and_delivered_in_order_later(place: Place) -> None:
    client = place.client()
    receipts = [await client.send(ack(number)) for number in (2, 1)]
    assert [receipt.status for receipt in receipts] == [Status.KEPT, Status.KEPT]
    await place.open()
    await until(lambda: len(place.late) == 2)
    assert place.heard == ["command-2", "command-1"]
    assert place.late == [("command-2", Status.DONE), ("command-1", Status.DONE)]
    assert place.spool.waiting() == []


async def test_what_must_happen_now_is_not_kept(place: Place) -> None:
    client = place.client()
    receipt = await client.send(REHEARSAL)
    assert receipt.status is Status.UNREACHABLE
    assert "no engine runs" in receipt.reason
    await place.open()
    assert (await client.send(REHEARSAL)).status is Status.DONE


async def test_an_engine_that_dies_in_the_middle_is_asked_again_by_the_same_id(place: Place) -> None:
    await place.open()
    place.answers.clear()
    client = place.client()
    await until(lambda: client.link.state is LinkState.CONNECTED)
    sending = asyncio.create_task(client.send(ack(1), 10))
    rehearsing = asyncio.create_task(client.send(REHEARSAL, 10))
    await until(lambda: place.heard)  # one at a time: the other waits behind it
    await place.die()
    place.answers.set()
    await place.open()
    assert [(await sending).status, (await rehearsing).status] == [Status.DONE, Status.DONE]
    assert sorted(place.done) == ["command-1", "rehearse-1"]


async def test_an_engine_that_does_not_answer_in_time_gets_it_later(place: Place) -> None:
    await place.open()
    place.answers.clear()
    client = place.client()
    await until(lambda: client.link.state is LinkState.CONNECTED)
    assert (await client.send(ack(1), 0.1)).status is Status.KEPT
    place.answers.set()
    await until(lambda: place.late == [("command-1", Status.DONE)])
    assert place.spool.waiting() == []


async def test_a_command_that_the_engine_fails_at_does_not_hold_up_the_others(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("standby.link.client._LOOK_AGAIN_S", 0.05)
    await place.open()
    place.failing = True
    client = place.client()
    await until(lambda: client.link.state is LinkState.CONNECTED)
    assert (await client.send(ack(1), 0.2)).status is Status.KEPT
    assert (await client.send(ack(2), 0.2)).status is Status.KEPT
    place.failing = False
    await until(lambda: sorted(place.late) == [("command-1", Status.DONE), ("command-2", Status.DONE)])


async def test_every_change_is_told_once(place: Place) -> None:
    client = place.client()
    await until(lambda: place.changes)
    assert place.changes[-1].state is LinkState.AWAY
    await place.open()
    await until(lambda: client.link.state is LinkState.CONNECTED)
    await place.die()
    await until(lambda: client.link.state is LinkState.AWAY)
    states = [link.state for link in place.changes]
    assert states[:2] == [LinkState.AWAY, LinkState.CONNECTED]
    assert states.count(LinkState.CONNECTED) == 1
    assert all(one != other for one, other in zip(place.changes, place.changes[1:], strict=False))


async def test_a_frozen_engine_is_told_apart_from_none(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dial, "WELCOME_S", 0.1)
    with socket.socket(socket.AF_UNIX) as frozen:
        frozen.bind(str(place.paths.sock))
        frozen.listen(1)
        client = place.client()
        await until(lambda: client.link.state is LinkState.SILENT)
        assert "--replace" in client.link.reason
        assert (await client.send(ack(1), 0.2)).status is Status.KEPT


async def test_who_may_not_open_the_socket_is_told_so(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    async def forbidden(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(asyncio, "open_unix_connection", forbidden)
    client = place.client()
    await until(lambda: client.link.state is LinkState.DENIED)
    receipt = await client.send(ack(1))
    assert receipt.status is Status.REFUSED
    assert "look but not act" in receipt.reason
    assert place.spool.waiting() == []


async def test_an_engine_of_another_version_is_told_so(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dial, "VERSION", 999)
    await place.open()
    client = place.client()
    await until(lambda: client.link.state is LinkState.DENIED)
    assert "version" in client.link.reason


@pytest.mark.parametrize("answer", [b"", b"garbage\n", b"x" * 200_000, b'{"type":"welcome"}\n', b"[]\n"])
async def test_whatever_answers_it_survives(place: Place, answer: bytes) -> None:
    async def talk(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            writer.write(answer)
            await writer.drain()
        writer.close()

    odd = await asyncio.start_unix_server(talk, str(place.paths.sock))
    client = place.client()
    await until(lambda: place.changes)
    assert client.link.state is not LinkState.CONNECTED
    assert (await client.send(ack(1), 0.2)).status in (Status.KEPT, Status.REFUSED)
    odd.close()
    await odd.wait_closed()
    place.paths.sock.unlink(missing_ok=True)
    await place.open()
    await until(lambda: client.link.state is LinkState.CONNECTED)


async def test_a_script_delivers_what_was_kept_before_its_own(place: Place) -> None:
    def ask(number: int) -> Receipt:
        return send_or_keep(place.paths, ack(number), 2.0, place.spool)

    assert [(await asyncio.to_thread(ask, number)).status for number in (1, 2)] == [Status.KEPT, Status.KEPT]
    await place.open()
    assert await asyncio.to_thread(ask, 3) == Receipt("command-3", Status.DONE, "", 3)
    assert place.heard == ["command-1", "command-2", "command-3"]
    assert place.spool.waiting() == []


async def test_a_script_without_an_engine(place: Place) -> None:
    receipt = await asyncio.to_thread(send_once, place.paths, ack(1), 1.0)
    assert receipt.status is Status.UNREACHABLE
    receipt = await asyncio.to_thread(send_or_keep, place.paths, REHEARSAL, 1.0, place.spool)
    assert receipt.status is Status.UNREACHABLE
    assert "now or not at all" in receipt.reason


async def test_a_script_and_a_console_deliver_the_same_one_once(place: Place) -> None:
    await place.open()
    place.answers.clear()
    client = place.client()
    await until(lambda: client.link.state is LinkState.CONNECTED)
    place.spool.keep(ack(1))
    sending = asyncio.create_task(asyncio.to_thread(send_or_keep, place.paths, ack(2), 5.0, place.spool))
    both = asyncio.create_task(client.send(ack(3)))
    await until(lambda: place.heard.count("command-1") == 2)
    place.answers.set()
    assert [(await sending).status, (await both).status] == [Status.DONE, Status.DONE]
    assert place.done.keys() == {"command-1", "command-2", "command-3"}
    assert place.spool.waiting() == []


def test_it_is_light() -> None:
    """The console imports it before its engine's answer; nothing heavy may come with it."""
    code = "import sys, standby.link.client, standby.link.companion; print(*sys.modules)"
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": str(SRC)}
    ).stdout.split()
    assert not {"pydantic", "aiohttp", "httpx", "aiosqlite", "textual", "sqlite3", "platformdirs"} & set(out)
