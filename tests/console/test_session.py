"""The console's side of the link, against the real server."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from standby.console.session import EngineSession, Place
from standby.console.snapshot import Link
from standby.engine.clock import SystemClock
from standby.link.paths import link_paths
from standby.link.protocol import Command, CommandKind, Peer, Receipt, Status, Welcome
from standby.link.server import Server


class Watched:
    """A session whose changes can be waited for."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))
        self.paths = link_paths(folder / "s.db")
        self.session = EngineSession(Place(folder / "s.db", spawn=False))
        self.link = Link()
        self._changed = asyncio.Event()
        self.may_act = True
        self.extra: dict[str, object] = {}

    def changed(self, link: Link) -> None:
        """Heard from the session."""
        self.link = link
        self._changed.set()

    async def until(self, field: str, wanted: object) -> None:
        """Wait for a field of the link, at most ten seconds."""
        async with asyncio.timeout(10):
            while getattr(self.link, field) != wanted:
                self._changed.clear()
                await self._changed.wait()

    async def serve(self) -> Server:
        """An engine that does whatever it is asked."""

        async def handle(command: Command, peer: Peer) -> Receipt:
            return Receipt(command.id, Status.DONE, seq=7)

        def welcome(peer: Peer) -> Welcome:
            extra = {"consoles": server.consoles, **self.extra}
            return Welcome(1, "companion", os.getpid(), peer.name, self.may_act, "" if self.may_act else "no", extra)

        server = Server(self.paths, handle, welcome, SystemClock())
        await server.start()
        return server


async def test_connects_sends_counts_and_notices_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    watched = Watched(tmp_path, monkeypatch)
    server = await watched.serve()
    session = watched.session
    session.start(watched.changed, lambda command, receipt: None)
    await watched.until("connected", True)
    assert (await session.send(Command("command-1", CommandKind.ACK, {"alert": 1}, 1))).status is Status.DONE
    assert await session.consoles() == 1
    await server.close(patience_s=0.01)
    await watched.until("connected", False)
    await watched.until("held", False)
    assert await session.consoles() is None
    await session.close()


async def test_who_may_not_act_is_told_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    watched = Watched(tmp_path, monkeypatch)
    watched.may_act = False
    server = await watched.serve()
    watched.session.start(watched.changed, lambda command, receipt: None)
    await watched.until("refusal", "no")
    assert watched.link.refusal == "no"
    await watched.session.close()
    await server.close(patience_s=0.01)


async def test_an_engine_that_cannot_write_is_asked_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    watched = Watched(tmp_path, monkeypatch)
    server = await watched.serve()
    watched.session.start(watched.changed, lambda command, receipt: None)
    await watched.until("connected", True)
    watched.extra = {"trouble": "store full: free space"}
    watched.session.doubt(doubted=True)
    await watched.until("trouble", "store full: free space")
    watched.session.doubt(doubted=False)
    await watched.until("trouble", "")
    assert watched.link.connected
    await watched.session.close()
    await server.close(patience_s=0.01)


async def test_before_the_start_nothing_is_sent(tmp_path: Path) -> None:
    session = EngineSession(Place(tmp_path / "s.db"))
    receipt = await session.send(Command("command-1", CommandKind.ACK, {"alert": 1}, 1))
    assert receipt.status is Status.UNREACHABLE
    await session.close()
