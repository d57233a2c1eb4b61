"""Where batch jobs call: `/ping/TOKEN`, `/ping/TOKEN/start`, `/ping/TOKEN/success`, `/ping/TOKEN/fail`, and vendors:
`/hook/CHECK`.

Answered only after the signal is on disk. Everything that comes in is hostile: headers and events are bounded in size
and time, the body of a job's call is thrown away unread, tokens are compared in constant time, calls are bounded in
number.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
from collections.abc import Awaitable, Callable, Iterator, Mapping
from http import HTTPStatus
from urllib.parse import unquote_to_bytes

from standby.domain.units import SECOND
from standby.engine.clock import EngineClock
from standby.engine.hooks import Hooks
from standby.store.errors import StoreError

MAX_HEAD = 8_192
HEAD_WITHIN_S = 5.0
MAX_BODY = 262_144  # of a job: thrown away, more is cut off; of a vendor: refused when larger
LINGER_S = 1.0
MAX_OPEN = 64
CALLS_A_SECOND = 50
BURST = 100
_METHODS = {"GET", "POST", "HEAD"}
_SIGNALS = {"": "success", "success": "success", "start": "start", "fail": "fail"}

_HOOK = "/hook/"
Take = Callable[[str, str], Awaitable[None]]
"""Record a check's signal (`start`, `success`, `fail`); returns when it is on disk. Raises StoreError."""


def parse_listen(text: str) -> tuple[str, int]:
    """Host and port of `127.0.0.1:8737` or `[::1]:8737`. Raises ValueError."""
    host, _, port = text.rpartition(":")
    host = host.strip("[]")
    if not host or not port.isascii() or not port.isdigit() or not int(port) < 65_536:
        raise ValueError(f'{text!r} is no address to listen on; write one like "127.0.0.1:8737"')
    return host, int(port)


class Receiver:
    """A small HTTP server: one request a connection."""

    def __init__(self, clock: EngineClock, take: Take, hooks: Hooks | None = None) -> None:
        self.trouble = ""
        self.port = 0  # where it really listens
        self._clock = clock
        self._take = take
        self._hooks = hooks
        self._tokens: dict[bytes, str] = {}  # token -> check id
        self._server: asyncio.Server | None = None
        self._listening = ""
        self._open = 0
        self._credit = float(BURST)
        self._credited = clock.monotonic()

    def expect(self, tokens: Mapping[str, str]) -> None:
        """Accept these from now on: check id by token."""
        self._tokens = {token.encode("utf-8", "surrogatepass"): check_id for token, check_id in tokens.items()}

    async def listen(self, listen: str) -> None:
        """Open the door at `host:port`, or say in `trouble` why not; at the same place again it stays open."""
        if self._server is not None and listen == self._listening:
            return
        await self.stop()
        self._listening = listen
        try:
            host, port = parse_listen(listen)
            self._server = await asyncio.start_server(self._serve, host, port, limit=MAX_HEAD, backlog=MAX_OPEN)
        except (OSError, ValueError) as error:
            reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
            self.trouble = f"heartbeats cannot be received on {listen}: {reason}; free it or set `listen`"
            return
        self.trouble = ""
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Close the door."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await server.wait_closed()
        self._listening = ""

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        try:
            status, body, head_only = await self._answer(reader)
            body = body or f"{status.phrase}\n".encode()
            head = f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: text/plain\r\n"
            head += f"Content-Length: {len(body)}\r\nConnection: close\r\nCache-Control: no-store\r\n\r\n"
            writer.write(head.encode() + (b"" if head_only else body))
            async with asyncio.timeout(HEAD_WITHIN_S):
                await writer.drain()
                writer.write_eof()
            await self._let_go(reader)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            pass  # the caller hung up or is too slow: what it said whole is recorded, and it calls again
        finally:
            self._open -= 1
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _let_go(self, reader: asyncio.StreamReader) -> None:
        """Throw away what still comes, a little: a connection closed on unread bytes loses the answer on its way."""
        async with asyncio.timeout(LINGER_S):
            for _ in range(MAX_BODY // MAX_HEAD):
                if not await reader.read(MAX_HEAD):
                    return

    async def _answer(self, reader: asyncio.StreamReader) -> tuple[HTTPStatus, bytes, bool]:
        """Status, body, and whether only the head is sent."""
        if self._open > MAX_OPEN:
            return HTTPStatus.SERVICE_UNAVAILABLE, b"", False
        try:
            async with asyncio.timeout(HEAD_WITHIN_S):
                head = await reader.readuntil(b"\r\n\r\n")
        except TimeoutError:
            return HTTPStatus.REQUEST_TIMEOUT, b"", False
        except asyncio.LimitOverrunError:
            return HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, b"", False
        if not self._may_call():
            return HTTPStatus.TOO_MANY_REQUESTS, b"", False
        line, _, rest = head.decode("latin-1").partition("\r\n")
        parts = line.split(" ")
        if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
            return HTTPStatus.BAD_REQUEST, b"", False
        if parts[0] not in _METHODS:
            return HTTPStatus.METHOD_NOT_ALLOWED, b"", False
        if parts[1].startswith(_HOOK):
            return *await self._event(parts[0], parts[1], rest, reader), False
        return await self._signal(parts[1]), b"", parts[0] == "HEAD"

    async def _event(
        self, method: str, target: str, rest: str, reader: asyncio.StreamReader
    ) -> tuple[HTTPStatus, bytes]:
        """One event of a vendor, read whole: a signature is over all of it."""
        check_id = target.removeprefix(_HOOK).partition("?")[0]
        if self._hooks is None or not self._hooks.knows(check_id):
            return HTTPStatus.NOT_FOUND, b""
        if method != "POST":
            return HTTPStatus.METHOD_NOT_ALLOWED, b""
        headers = {name.strip().lower(): value.strip() for name, _, value in _lines(rest)}
        length = headers.get("content-length", "")
        if not (length.isascii() and length.isdigit()):
            return HTTPStatus.LENGTH_REQUIRED, b""
        if len(length) > 9 or int(length) > MAX_BODY:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, b""
        try:
            async with asyncio.timeout(HEAD_WITHIN_S):
                body = await reader.readexactly(int(length))
        except TimeoutError:
            return HTTPStatus.REQUEST_TIMEOUT, b""
        if not self._hooks.knows(check_id):  # a reload came between
            return HTTPStatus.NOT_FOUND, b""
        return await self._hooks.take(check_id, headers, body)

    async def _signal(self, target: str) -> HTTPStatus:
        path = target.partition("?")[0]
        parts = path.split("/")
        if len(parts) not in (3, 4) or parts[0] or parts[1] != "ping":
            return HTTPStatus.NOT_FOUND
        signal = _SIGNALS.get(parts[3] if len(parts) == 4 else "")
        check_id = self._check_of(parts[2])
        if check_id is None or signal is None:
            return HTTPStatus.NOT_FOUND
        try:
            await self._take(check_id, signal)
        except StoreError:
            return HTTPStatus.SERVICE_UNAVAILABLE
        return HTTPStatus.OK

    def _check_of(self, token: str) -> str | None:
        """Compares with every token, whole, however early one fits: the time taken tells nothing."""
        given = unquote_to_bytes(token)
        found = None
        for known, check_id in self._tokens.items():
            if hmac.compare_digest(known, given):
                found = check_id
        return found

    def _may_call(self) -> bool:
        now = self._clock.monotonic()
        self._credit = min(BURST, self._credit + (now - self._credited) / SECOND * CALLS_A_SECOND)
        self._credited = now
        if self._credit < 1:
            return False
        self._credit -= 1
        return True


def _lines(text: str) -> Iterator[tuple[str, str, str]]:
    """Header lines as name, colon and value."""
    return (line.partition(":") for line in text.split("\r\n") if line)
