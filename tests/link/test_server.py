"""The engine's end of the socket against callers that are hostile, slow, many or gone."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import stat
import struct
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from standby.engine.clock import SystemClock
from standby.link.connection import Limits
from standby.link.paths import LinkError, link_paths
from standby.link.peer import login_name
from standby.link.protocol import MAX_LINE, VERSION, Command, Peer, Receipt, Status, Welcome
from standby.link.server import Server

QUICK = Limits(hello_s=0.2, idle_s=0.3, half_line_s=0.2, write_s=0.2)
HELLO = {"type": "hello", "role": "cli", "version": VERSION, "host": "h", "tty": "t"}
ACK = {"type": "command", "id": "ack-00001", "kind": "ack", "args": {"alert": 7}, "made_at": 5}


class Desk:
    """A server whose handler can be held up, and what it heard."""

    def __init__(self, folder: Path) -> None:
        self.paths = link_paths(folder / "s.db")
        self.heard: list[tuple[Command, Peer]] = []
        self.finished: list[str] = []
        self.presence: list[int] = []
        self.go = asyncio.Event()
        self.go.set()
        self.servers: list[Server] = []

    async def open(self, limits: Limits = QUICK) -> Server:
        server = Server(
            self.paths, self._handle, self._welcome, SystemClock(), on_presence=self.presence.append, limits=limits
        )
        self.servers.append(server)
        await server.start()
        return server

    def _welcome(self, peer: Peer) -> Welcome:
        return Welcome(3, "service", 42, peer.name, may_act=True)

    async def _handle(self, command: Command, peer: Peer) -> Receipt:
        self.heard.append((command, peer))
        if command.args.get("alert") == 13:
            raise RuntimeError("a fault of ours")
        await self.go.wait()
        self.finished.append(command.id)
        return Receipt(command.id, Status.DONE, seq=len(self.finished))

    async def call(self, hello: dict[str, Any] | None = None) -> Caller:
        caller = Caller(*await asyncio.open_unix_connection(str(self.paths.sock)))
        if hello is not None:
            await caller.say(hello)
            assert (await caller.hear())["type"] == "welcome"
        return caller


class Caller:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def say(self, message: object) -> None:
        await self.raw(json.dumps(message).encode() + b"\n")

    async def raw(self, data: bytes) -> None:
        with contextlib.suppress(ConnectionError):
            self.writer.write(data)
            await self.writer.drain()

    async def hear(self) -> dict[str, Any]:
        line = await asyncio.wait_for(self.reader.readline(), 5)
        assert line, "hung up"
        found: dict[str, Any] = json.loads(line)
        return found

    async def hung_up(self) -> bool:
        """Whether the other end closes within 5 s, whatever it says before."""
        with contextlib.suppress(ConnectionError):
            await asyncio.wait_for(self.reader.read(-1), 5)
        return True

    async def close(self) -> None:
        self.writer.close()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.go.set()
    for server in made.servers:
        await server.close()


async def assert_still_serves(desk: Desk) -> None:
    caller = await desk.call(HELLO)
    await caller.say({**ACK, "id": "probe-001"})
    assert (await caller.hear())["status"] == "done"
    await caller.close()


async def until(condition: Any, seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - any condition, not one that somebody announces
            await asyncio.sleep(0.005)


async def test_a_command_is_handed_over_with_who_sent_it(desk: Desk) -> None:
    await desk.open()
    caller = await desk.call(HELLO)
    await caller.say({**ACK, "user": "mallory"})
    assert await caller.hear() == {"type": "receipt", "command": "ack-00001", "status": "done", "reason": "", "seq": 1}
    command, peer = desk.heard[0]
    assert command.user == "mallory"
    assert (peer.uid, peer.gid, peer.pid) == (os.getuid(), os.getgid(), os.getpid())
    assert peer.name == login_name(os.getuid())
    await caller.close()


async def test_the_socket_is_for_owner_and_group(desk: Desk) -> None:
    await desk.open()
    mode = desk.paths.sock.stat().st_mode
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o660
    assert list(desk.paths.sock.parent.glob("*.new")) == []


async def test_a_stale_socket_is_replaced_and_only_our_own_is_removed(desk: Desk) -> None:
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(desk.paths.sock))
    stale.close()
    first = await desk.open()
    await assert_still_serves(desk)
    await desk.open()  # a successor, while the first is still there
    await first.close()
    await assert_still_serves(desk)


async def test_what_is_no_socket_is_not_replaced(desk: Desk) -> None:
    desk.paths.sock.write_text("precious")
    with pytest.raises(LinkError, match="move it away"):
        await desk.open()
    assert desk.paths.sock.read_text() == "precious"


@pytest.mark.parametrize(
    "first",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x00\xff\xfe\n",
        b"[" * 30_000 + b"\n",
        b"{}\n",
        b'{"type":"hello","role":"root","version":1}\n',
        b'{"type":"hello","role":"cli","version":999}\n',
        b'{"type":"command"}\n',
        b"x" * (MAX_LINE + 10),
        b"x" * 1_000_000 + b"\n",
        b"\n" * 1000,
    ],
    ids=lambda first: repr(first[:20]),
)
async def test_garbage_is_answered_with_the_end(desk: Desk, first: bytes) -> None:
    await desk.open()
    caller = await desk.call()
    await caller.raw(first)
    assert await caller.hung_up()
    await caller.close()
    assert desk.heard == []
    await assert_still_serves(desk)


async def test_a_bad_command_is_refused_and_the_caller_may_go_on(desk: Desk) -> None:
    await desk.open()
    caller = await desk.call(HELLO)
    await caller.say({**ACK, "args": {"alert": "x"}})
    answer = await caller.hear()
    assert (answer["status"], answer["command"]) == ("refused", "ack-00001")
    assert "alert must be a whole number" in answer["reason"]
    await caller.say(ACK)
    assert (await caller.hear())["status"] == "done"
    await caller.close()


async def test_a_fault_of_ours_costs_one_answer_not_the_connection(desk: Desk) -> None:
    faults: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: faults.append(context))
    await desk.open()
    caller = await desk.call(HELLO)
    await caller.say({**ACK, "args": {"alert": 13}})
    assert (await caller.hear())["type"] == "error"
    await caller.say({**ACK, "id": "ack-00002"})
    assert (await caller.hear())["status"] == "done"
    assert [str(fault["exception"]) for fault in faults] == ["a fault of ours"]
    await caller.close()


@pytest.mark.parametrize("said", [b"", b'{"type":"hel'])
async def test_who_does_not_greet_is_sent_away(desk: Desk, said: bytes) -> None:
    await desk.open()
    caller = await desk.call()
    await caller.raw(said)
    assert await caller.hung_up()
    await caller.close()


async def test_half_a_line_is_not_waited_for_even_from_a_console(desk: Desk) -> None:
    await desk.open()
    caller = await desk.call({**HELLO, "role": "console"})
    await caller.raw(b'{"type":')
    assert await caller.hung_up()
    await caller.close()
    await until(lambda: desk.presence == [1, 0])


async def test_a_line_that_drips_is_not_waited_for(desk: Desk) -> None:
    await desk.open()
    caller = await desk.call(HELLO)

    async def drip() -> None:
        while True:
            await caller.raw(b" ")
            await asyncio.sleep(0.02)

    dripping = asyncio.create_task(drip())
    assert await caller.hung_up()
    dripping.cancel()
    await asyncio.wait([dripping])
    await caller.close()


async def test_a_silent_script_is_sent_away_and_a_silent_console_is_not(desk: Desk) -> None:
    await desk.open()
    console = await desk.call({**HELLO, "role": "console"})
    script = await desk.call(HELLO)
    assert await script.hung_up()
    await console.say(ACK)
    assert (await console.hear())["status"] == "done"
    await script.close()
    await console.close()


async def test_consoles_are_counted_and_scripts_are_not(desk: Desk) -> None:
    server = await desk.open()
    one = await desk.call({**HELLO, "role": "console"})
    script = await desk.call(HELLO)
    other = await desk.call({**HELLO, "role": "console"})
    await until(lambda: server.consoles == 2)
    one.writer.transport.abort()  # killed
    await until(lambda: server.consoles == 1)
    await other.close()
    await until(lambda: server.consoles == 0)
    await script.close()
    assert desk.presence == [1, 2, 1, 0]


async def test_a_caller_that_does_not_read_is_cut_off(desk: Desk) -> None:
    await desk.open(replace(QUICK, burst=1_000_000, per_second=1_000_000))
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_UNIX) as caller:
        caller.setblocking(False)
        await loop.sock_connect(caller, str(desk.paths.sock))
        await loop.sock_sendall(caller, json.dumps({**HELLO, "role": "console"}).encode() + b"\n")
        line = json.dumps({**ACK, "args": {"alert": "x"}}).encode() + b"\n"
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(20):
                while True:  # never reads
                    await loop.sock_sendall(caller, line)
    await until(lambda: desk.presence == [1, 0])
    await assert_still_serves(desk)


async def test_a_thousand_connections_do_not_keep_another_out_for_long(desk: Desk) -> None:
    server = await desk.open(replace(QUICK, per_user=32))
    crowd: list[Caller] = []
    for _ in range(1000):
        try:
            crowd.append(await desk.call())
        except BlockingIOError:  # the queue of callers is full: the kernel's own bound
            await asyncio.sleep(0.01)
    assert server._callers.total() <= 1000
    assert len([task for task in server._tasks if not task.done()]) <= 32 + 128
    for caller in crowd:
        assert await caller.hung_up()
        await caller.close()
    await until(lambda: not server._callers)
    await assert_still_serves(desk)


async def test_one_user_cannot_take_every_place(desk: Desk) -> None:
    await desk.open(replace(QUICK, per_user=2))
    first, second = await desk.call(HELLO), await desk.call(HELLO)
    third = await desk.call()
    assert await third.hung_up()
    for caller in (first, second, third):
        await caller.close()


async def test_a_flood_is_slowed_down_not_refused(desk: Desk) -> None:
    await desk.open(replace(QUICK, burst=10, per_second=100))
    caller = await desk.call(HELLO)
    loop = asyncio.get_running_loop()
    begun = loop.time()
    for number in range(40):
        await caller.say({**ACK, "id": f"flood-{number:04d}"})
    for _ in range(40):
        assert (await caller.hear())["status"] == "done"
    assert loop.time() - begun >= 0.25
    await caller.close()


async def test_a_command_is_finished_when_its_caller_is_gone(desk: Desk) -> None:
    await desk.open()
    desk.go.clear()
    caller = await desk.call(HELLO)
    await caller.say(ACK)
    await until(lambda: desk.heard)
    caller.writer.transport.abort()
    desk.go.set()
    await until(lambda: desk.finished)
    assert desk.finished == ["ack-00001"]


async def test_closing_lets_commands_end_and_gives_their_receipts(desk: Desk) -> None:
    server = await desk.open()
    desk.go.clear()
    caller = await desk.call(HELLO)
    await caller.say(ACK)
    await until(lambda: desk.heard)
    closing = asyncio.create_task(server.close())
    await until(lambda: not desk.paths.sock.exists())
    desk.go.set()
    assert (await caller.hear())["status"] == "done"
    await closing
    assert await caller.hung_up()
    await caller.close()


async def test_closing_does_not_wait_for_ever(desk: Desk) -> None:
    server = await desk.open()
    desk.go.clear()
    caller = await desk.call(HELLO)
    await caller.say(ACK)
    await until(lambda: desk.heard)
    await asyncio.wait_for(server.close(patience_s=0.1), 2)
    assert not desk.finished
    await caller.close()


async def test_a_reset_in_the_middle_hurts_nobody(desk: Desk) -> None:
    await desk.open()
    for _ in range(50):
        caller = await desk.call(HELLO)
        raw: socket.socket = caller.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await caller.say(ACK)
        caller.writer.transport.abort()
    await assert_still_serves(desk)
