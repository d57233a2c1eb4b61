"""The answers that no client should trust: written byte by byte on the connection."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
import zlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from standby.simulator.exchange import Answer, Request, head_of, send
from standby.simulator.faults import Fault, FaultKind
from standby.simulator.payloads import error

MEGABYTE = 1_048_576
ENDLESS_PAUSE_S = 0.05
NOISE = b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n\x00\x01\xfe\xff" + bytes(range(128, 256))
# A colour, the clipboard (OSC 52), the window's title, markup that would be a link to an action, C1, bidi, a long line.
HOSTILE = (
    "\x1b[31mred\x1b[0m \x1b]52;c;cm0gLXJmIH4=\x07 \x1b]0;owned\x07 [@click=app.quit]here[/] [/x] \x9b2J "
    "\u202eevil\u202c " + "A" * 10_000
)


@dataclass(frozen=True, slots=True)
class Turn:
    """One request that is to be answered badly: who is asked, what a good answer would be, and the bare streams."""

    party: str
    request: Request
    answer: Answer
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


def reset(writer: asyncio.StreamWriter) -> None:
    """End the connection with RST instead of FIN."""
    bare = writer.get_extra_info("socket")
    with contextlib.suppress(OSError, AttributeError):  # it is closed already
        bare.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def until_gone(reader: asyncio.StreamReader) -> None:
    """Say nothing until the client gives up."""
    while await reader.read(65_536):
        pass


async def drip(writer: asyncio.StreamWriter, content: bytes, pause_s: float) -> None:
    """One byte at a time."""
    for index in range(len(content)):
        writer.write(content[index : index + 1])
        await writer.drain()
        await asyncio.sleep(pause_s)


async def _timeouts(turn: Turn, _fault: Fault) -> None:
    await until_gone(turn.reader)


async def _resets(turn: Turn, _fault: Fault) -> None:
    reset(turn.writer)


async def _errors(turn: Turn, fault: Fault) -> None:
    status = int(fault.params["status"])
    await send(turn.writer, turn.request, Answer(status, error(turn.party, status)))


async def _rate_limit(turn: Turn, fault: Fault) -> None:
    wait = {"Retry-After": f"{fault.params['seconds']:g}", "X-RateLimit-Remaining": "0"}
    says = {"status": "error", "errorType": "RATE_LIMIT", "message": "You have reached your secondly limit."}
    await send(turn.writer, turn.request, Answer(429, says, wait))


async def _malformed(turn: Turn, _fault: Fault) -> None:
    turn.writer.write(NOISE)
    await turn.writer.drain()


async def _truncated(turn: Turn, _fault: Fault) -> None:
    body = turn.answer.body
    turn.writer.write(head_of(turn.answer, length=len(body) + 4096, keep_alive=False) + body[: len(body) // 2])
    await turn.writer.drain()


async def _huge(turn: Turn, fault: Fault) -> None:
    megabytes = int(fault.params["mb"])
    opening, block, closing = b'{"status": "', b"x" * 65_536, b'"}'
    length = len(opening) + megabytes * MEGABYTE + len(closing)
    turn.writer.write(head_of(turn.answer, length=length, keep_alive=False) + opening)
    for _ in range(megabytes * 16):
        turn.writer.write(block)
        await turn.writer.drain()
    turn.writer.write(closing)
    await turn.writer.drain()


async def _gzip_bomb(turn: Turn, fault: Fault) -> None:
    """A valid gzip stream of spaces, made one megabyte at a time: about 1 kB sent for each."""
    head = head_of(turn.answer, length=None, keep_alive=False, extra={"Content-Encoding": "gzip"})
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    turn.writer.write(head)
    for _ in range(int(fault.params["mb"])):
        turn.writer.write(packer.compress(b" " * MEGABYTE) + packer.flush(zlib.Z_SYNC_FLUSH))
        await turn.writer.drain()
        await asyncio.sleep(0)  # the other third parties go on answering meanwhile
    turn.writer.write(packer.flush())
    await turn.writer.drain()


async def _slow_drip(turn: Turn, fault: Fault) -> None:
    body = turn.answer.body
    turn.writer.write(head_of(turn.answer, length=len(body), keep_alive=False))
    await drip(turn.writer, body, fault.params["ms"] / 1000)


async def _endless(turn: Turn, _fault: Fault) -> None:
    turn.writer.write(head_of(turn.answer, length=None, keep_alive=False) + b'{"status": "ok", "items": [')
    while True:
        turn.writer.write(b'{"id": 1, "state": "queued"},' * 64)
        await turn.writer.drain()
        await asyncio.sleep(ENDLESS_PAUSE_S)


async def _schema(turn: Turn, _fault: Fault) -> None:
    await send(turn.writer, turn.request, Answer(200, changed(turn.answer.document), {"Api-Version": "2027-01-01"}))


def changed(document: object) -> object:
    """The same facts under other names and one level deeper, as after an unannounced new version of an API."""
    if not isinstance(document, dict):
        return {"data": document}
    return {"data": {f"{name}_v2": value for name, value in document.items()}, "meta": {"api": "2027-01-01"}}


async def _encoding(turn: Turn, _fault: Fault) -> None:
    text = json.dumps({"note": "Störung im Café", "document": turn.answer.document}, ensure_ascii=False)
    body = text.encode("latin-1", errors="replace")
    turn.writer.write(head_of(Answer(200, {}), length=len(body), keep_alive=False) + body)
    await turn.writer.drain()


async def _redirects(turn: Turn, _fault: Fault) -> None:
    hop = turn.request.query.get("hop", "0")
    following = int(hop) + 1 if hop.isascii() and hop.isdigit() and len(hop) < 9 else 1
    target = {"Location": f"{turn.request.url.path}?hop={following}"}
    await send(turn.writer, turn.request, Answer(302, "moved, again", target))


async def _hostile_text(turn: Turn, _fault: Fault) -> None:
    document = turn.answer.document
    names = list(document) if isinstance(document, dict) else []
    poisoned = dict.fromkeys([*names, "status", "message"], HOSTILE)
    await send(turn.writer, turn.request, Answer(503, poisoned, {"X-Note": "[@click=app.quit]here[/] [/x]"}))


BadAnswer = Callable[[Turn, Fault], Awaitable[None]]

# Every fault that replaces the answer; refuse, expired-certificate and latency act elsewhere.
BAD_ANSWERS: Mapping[FaultKind, BadAnswer] = MappingProxyType(
    {
        FaultKind.TIMEOUTS: _timeouts,
        FaultKind.RESETS: _resets,
        FaultKind.ERRORS: _errors,
        FaultKind.RATE_LIMIT: _rate_limit,
        FaultKind.MALFORMED: _malformed,
        FaultKind.TRUNCATED: _truncated,
        FaultKind.HUGE: _huge,
        FaultKind.GZIP_BOMB: _gzip_bomb,
        FaultKind.SLOW_DRIP: _slow_drip,
        FaultKind.ENDLESS: _endless,
        FaultKind.SCHEMA: _schema,
        FaultKind.ENCODING: _encoding,
        FaultKind.REDIRECTS: _redirects,
        FaultKind.HOSTILE_TEXT: _hostile_text,
    }
)
# After these the connection can carry another request.
PLAIN = frozenset(
    {
        FaultKind.ERRORS,
        FaultKind.RATE_LIMIT,
        FaultKind.SCHEMA,
        FaultKind.REDIRECTS,
        FaultKind.HOSTILE_TEXT,
    }
)
