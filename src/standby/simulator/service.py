"""One endpoint at work: what it answers to each connection, well or badly."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from random import Random

from standby.domain.clock import Clock
from standby.simulator import hostile
from standby.simulator.exchange import Answer, BadRequestError, Request, read_request, send
from standby.simulator.faults import Fault, FaultKind
from standby.simulator.parties import Endpoint, Party
from standby.simulator.payloads import Asked
from standby.simulator.world import World

_BANNERS = {
    FaultKind.MALFORMED: hostile.NOISE,
    FaultKind.HOSTILE_TEXT: hostile.HOSTILE.encode() + b"\r\n",
    FaultKind.ERRORS: b"421 service not available, closing\r\n",
    FaultKind.RATE_LIMIT: b"421 too many connections, closing\r\n",
}
_FLOODS = frozenset({FaultKind.HUGE, FaultKind.ENDLESS, FaultKind.GZIP_BOMB})


class Service:
    """Answers for one endpoint; chance comes from a sequence of its own, so a run repeats under its seed."""

    def __init__(self, party: Party, endpoint: Endpoint, world: World, clock: Clock) -> None:
        self.requests = 0
        self._party = party.name
        self._endpoint = endpoint
        self._world = world
        self._clock = clock
        self._pace_dice = world.dice(f"{endpoint}/pace")
        self._fault_dice = world.dice(f"{endpoint}/faults")
        self._content_dice = world.dice(f"{endpoint}/content")

    async def http(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one HTTP connection until either side ends it."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while await self._one_request(reader, writer):
                pass

    async def banner(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection of the line protocol: a greeting, then an answer a line."""
        with contextlib.suppress(ConnectionError, ValueError):
            self.requests += 1
            struck = await self._wait_and_draw()
            greeting = f"{self._endpoint.greeting}\r\n".encode()
            if struck is None or not await _bad_banner(struck, greeting, reader, writer):
                writer.write(greeting)
                await writer.drain()
                while line := await reader.readline():
                    writer.write(_reply(line))
                    await writer.drain()

    async def _one_request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Whether the connection goes on."""
        try:
            request = await read_request(reader)
        except BadRequestError as error:
            writer.write(f"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n{error}\n".encode())
            await writer.drain()
            return False
        if request is None:
            return False
        self.requests += 1
        struck = await self._wait_and_draw()
        answer = self._answer(request)
        if struck is None:
            await send(writer, request, answer)
            return request.keep_alive
        turn = hostile.Turn(self._party, request, answer, reader, writer)
        await hostile.BAD_ANSWERS[struck.kind](turn, struck)
        return request.keep_alive and struck.kind in hostile.PLAIN

    def _answer(self, request: Request) -> Answer:
        page = self._endpoint.pages.get(request.url.path)
        if page is None:
            return Answer(404, {"status": "error", "message": f"no {request.url.path[:100]} here"})
        return page(Asked(request, self._content_dice, self._clock.now()))

    async def _wait_and_draw(self) -> Fault | None:
        """Let the time of this answer pass; the fault that strikes it, if one does."""
        active = self._world.active(self._party, self._clock.monotonic())
        ms, struck = draw(active, self._fault_dice)
        await asyncio.sleep((ms + self._endpoint.pace.draw(self._pace_dice)) / 1000)
        return struck


def draw(active: Sequence[Fault], dice: Random) -> tuple[float, Fault | None]:
    """Milliseconds added, and the fault that spoils the answer: the first, by precedence, whose share is drawn."""
    ms, struck = 0.0, None
    for fault in active:
        if dice.random() >= fault.params.get("rate", 1.0):
            continue
        if fault.kind is FaultKind.LATENCY:
            jitter = fault.params["jitter"]
            ms += fault.params["ms"] * (1 + dice.uniform(-jitter, jitter))
        elif struck is None and fault.kind in hostile.BAD_ANSWERS:
            struck = fault
    return ms, struck


async def _bad_banner(
    struck: Fault, greeting: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> bool:
    """Behave badly; `False` when this fault means nothing to a line protocol."""
    if struck.kind is FaultKind.TIMEOUTS:
        await hostile.until_gone(reader)
    elif struck.kind is FaultKind.RESETS:
        hostile.reset(writer)
    elif struck.kind is FaultKind.TRUNCATED:
        writer.write(greeting[: len(greeting) // 2])
    elif struck.kind is FaultKind.SLOW_DRIP:
        await hostile.drip(writer, greeting, struck.params["ms"] / 1000)
    elif struck.kind in _FLOODS:
        while True:
            writer.write(b"220-" + b"x" * 65_536)
            await writer.drain()
            await asyncio.sleep(hostile.ENDLESS_PAUSE_S)
    elif struck.kind in _BANNERS:
        writer.write(_BANNERS[struck.kind])
    else:
        return False
    return True


def _reply(line: bytes) -> bytes:
    word = line.strip().upper()
    if word == b"ENQUIRE_LINK":
        return b"250 link up, queue 3\r\n"
    return b"221 bye\r\n" if word == b"QUIT" else b"500 not understood\r\n"
