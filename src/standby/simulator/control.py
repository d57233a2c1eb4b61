"""The control socket: who is attached, and what they ask for. The protocol is described in `link.simulator`."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from standby.domain.clock import Clock
from standby.domain.units import format_duration
from standby.link.simulator import MAX_LINE, VERSION
from standby.simulator.checkout.shop import Checkout
from standby.simulator.faults import FaultError, fault
from standby.simulator.presence import Presence
from standby.simulator.town import Town
from standby.simulator.world import Progress

MOST_PROGRAMS = 64
GREETING_S = 5.0


class Control:
    """Serves the control socket of one town and its checkout."""

    def __init__(
        self, town: Town, checkout: Checkout, presence: Presence, clock: Clock, ca: Path, end: Callable[[], None]
    ) -> None:
        self._town = town
        self._checkout = checkout
        self._presence = presence
        self._clock = clock
        self._ca = ca
        self._end = end
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._told: tuple[str, int] | None = None

    async def open(self, path: Path) -> None:
        """Listen, for this user only; a socket left behind is replaced (the caller holds the lock). Raises OSError."""
        path.unlink(missing_ok=True)  # noqa: ASYNC240 - one system call, before anybody is served
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        mask = os.umask(0o177)
        try:
            listening.bind(str(path))
        except OSError:
            listening.close()
            raise
        finally:
            os.umask(mask)
        self._server = await asyncio.start_unix_server(self._serve, sock=listening, limit=MAX_LINE)

    def close(self) -> None:
        """Hang up on everybody."""
        if self._server is not None:
            self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()

    def tell(self) -> None:
        """Tell every program when the scenario has come to another stage."""
        progress = self._town.world.progress(self._clock.monotonic())
        if progress is None:
            return
        stage = (progress.scenario, progress.step)
        if stage != self._told:
            self._told = stage if progress.step else None
            self._broadcast(progress)

    def _broadcast(self, progress: Progress) -> None:
        for writer in self._writers:
            _write(writer, {"type": "step", **asdict(progress)})

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._presence.came()
        try:
            with contextlib.suppress(ConnectionError, TimeoutError, ValueError):
                if await self._greet(reader, writer):
                    await self._talk(reader, writer)
        finally:
            self._writers.discard(writer)
            self._presence.left(self._clock.monotonic())
            writer.close()

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        async with asyncio.timeout(GREETING_S):
            hello = _parse(await reader.readline())
        if hello.get("type") != "attach" or hello.get("version") != VERSION:
            _write(writer, {"type": "refused", "version": VERSION, "says": f"this simulator speaks version {VERSION}"})
            await writer.drain()
            return False
        if len(self._writers) >= MOST_PROGRAMS:
            _write(writer, {"type": "refused", "version": VERSION, "says": "too many programs are attached"})
            await writer.drain()
            return False
        where = {
            "ca": str(self._ca),
            "connect_to": [*self._town.connect_to(), *self._checkout.connect_to()],
            "places": self._checkout.places(),
        }
        _write(writer, {"type": "attached", "version": VERSION, "pid": os.getpid(), **where})
        self._writers.add(writer)
        progress = self._town.world.progress(self._clock.monotonic())
        if progress is not None and progress.step:
            _write(writer, {"type": "step", **asdict(progress)})
        await writer.drain()
        return True

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            asked = _parse(line)
            try:
                answer = {"done": True, **await self._do(asked)}
            except FaultError as error:
                answer = {"done": False, "says": str(error)}
            except (KeyError, TypeError, ValueError, AttributeError):
                answer = {
                    "done": False,
                    "says": f"{str(asked.get('type'))[:40]!r} is not something to ask for like that",
                }
            _write(writer, {"type": "answer", "ask": asked.get("ask", 0), **answer})
            await writer.drain()
            if asked.get("type") == "end":
                self._end()

    async def _do(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        kind = asked.get("type")
        if kind == "list":
            return {"says": "", "parties": self._town.rows()}
        if kind == "end":
            return {"says": "the simulated third parties end"}
        says = {"fault": self._fault, "clear": self._clear, "rehearse": self._rehearse}[str(kind)](asked)
        await self._town.tick()  # in force before the answer
        return {"says": says}

    def _fault(self, asked: Mapping[str, Any]) -> str:
        wanted = fault(str(asked["kind"]), asked.get("params") or {})
        for_ns = asked.get("for_ns")
        if for_ns is not None and (not isinstance(for_ns, int) or for_ns <= 0):
            raise FaultError("a fault lasts some time, or until it is cleared")
        until = None if for_ns is None else self._clock.monotonic() + for_ns
        party = str(asked["party"])
        self._town.world.switch_on(party, wanted, until)
        return f"{party}: {wanted}, " + ("until cleared" if for_ns is None else f"for {format_duration(for_ns)}")

    def _clear(self, asked: Mapping[str, Any]) -> str:
        party = asked.get("party")
        self._town.world.clear(party)
        self._told = None
        return f"{party}: no faults by hand" if party else "no faults, no scenario"

    def _rehearse(self, asked: Mapping[str, Any]) -> str:
        progress = self._town.world.rehearse(str(asked["scenario"]), self._clock.monotonic())
        self._checkout.begin()
        self._told = (progress.scenario, progress.step)
        self._broadcast(progress)
        return progress.says


def _write(writer: asyncio.StreamWriter, message: Mapping[str, Any]) -> None:
    writer.write(json.dumps(message, separators=(",", ":")).encode() + b"\n")


def _parse(line: bytes) -> Mapping[str, Any]:
    message = json.loads(line)
    if not isinstance(message, dict):
        raise ValueError("not an object")  # noqa: TRY004 - a program that says this is hung up on, like one that says noise
    return message
