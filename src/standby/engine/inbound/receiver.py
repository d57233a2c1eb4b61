"""Where batch jobs call: `/ping/TOKEN`, `/ping/TOKEN/start`, `/ping/TOKEN/success`, `/ping/TOKEN/fail`, and vendors:
`/hook/CHECK`; and whoever pushes alerts (see `inbound.door`).

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
from standby.engine.inbound.door import Door
from standby.engine.inbound.exchange import Answer, Request, Unread
from standby.engine.inbound.hooks import Hooks
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

    def __init__(self, clock: EngineClock, take: Take, hooks: Hooks | None = None, door: Door | None = None) -> None:
        self.trouble = ""
        self.port = 0  # where it really listens
        self._take = take
        self._hooks = hooks
        self._door = door
        self._tokens: dict[bytes, str] = {}  # token -> check id
        self._server: asyncio.Server | None = None
        self._listening = ""
        self._open = 0
        self._calls, self._pushes = _Credit(clock), _Credit(clock)

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
            self.trouble = f"nothing can be received on {listen}: {reason}; free it or set `listen`"
            return
        self.trouble = ""
        self.port = int(self._server.sockets[0].getsockname()[1])

    @property
    def hears(self) -> bool:
        """Whether anybody can call."""
        return self._server is not None

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
            answer, head_only = await self._answer(reader)
            writer.write(answer.wire(head_only=head_only))
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

    async def _answer(self, reader: asyncio.StreamReader) -> tuple[Answer, bool]:
        """The answer, and whether only its head is sent."""
        if self._open > MAX_OPEN:
            return Answer(HTTPStatus.SERVICE_UNAVAILABLE), False
        try:
            async with asyncio.timeout(HEAD_WITHIN_S):
                head = await reader.readuntil(b"\r\n\r\n")
        except TimeoutError:
            return Answer(HTTPStatus.REQUEST_TIMEOUT), False
        except asyncio.LimitOverrunError:
            return Answer(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE), False
        line, _, rest = head.decode("latin-1").partition("\r\n")
        parts = line.split(" ")
        if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
            return Answer(HTTPStatus.BAD_REQUEST), False
        headers = {name.strip().lower(): value.strip() for name, _, value in _lines(rest)}
        path, _, query = parts[1].partition("?")
        request = Request(parts[0], path, headers, lambda most: _body(reader, headers, most), query)
        return await self._route(request), parts[0] == "HEAD"

    async def _route(self, request: Request) -> Answer:
        """To whoever it is about; alerts and all other calls are let in at a pace of their own."""
        if self._door is not None and self._door.serves(request.path):
            return await self._door.answer(request) if self._pushes.spend() else self._door.too_often()
        if not self._calls.spend():
            return Answer(HTTPStatus.TOO_MANY_REQUESTS)
        if request.method not in _METHODS:
            return Answer(HTTPStatus.METHOD_NOT_ALLOWED)
        if request.path.startswith(_HOOK):
            return await self._event(request)
        return Answer(await self._signal(request.path))

    async def _event(self, request: Request) -> Answer:
        """One event of a vendor, read whole: a signature is over all of it."""
        check_id = request.path.removeprefix(_HOOK)
        if self._hooks is None or not self._hooks.knows(check_id):
            return Answer(HTTPStatus.NOT_FOUND)
        if request.method != "POST":
            return Answer(HTTPStatus.METHOD_NOT_ALLOWED)
        try:
            body = await request.body(MAX_BODY)
        except Unread as error:
            return Answer(error.status)
        if not self._hooks.knows(check_id):  # a reload came between
            return Answer(HTTPStatus.NOT_FOUND)
        status, said = await self._hooks.take(check_id, request.headers, body)
        return Answer(status, said or None)

    async def _signal(self, path: str) -> HTTPStatus:
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


class _Credit:
    """How many calls may come: so many a second, and a burst after a quiet while."""

    def __init__(self, clock: EngineClock) -> None:
        self._clock = clock
        self._left = float(BURST)
        self._at = clock.monotonic()

    def spend(self) -> bool:
        """Whether one more may come now."""
        now = self._clock.monotonic()
        self._left = min(BURST, self._left + (now - self._at) / SECOND * CALLS_A_SECOND)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


async def _body(reader: asyncio.StreamReader, headers: Mapping[str, str], most: int) -> bytes:
    """The body of a call. Raises Unread."""
    length = headers.get("content-length", "")
    if not (length.isascii() and length.isdigit()):
        raise Unread(HTTPStatus.LENGTH_REQUIRED, "it does not say its length")
    if len(length) > 9 or int(length) > most:
        raise Unread(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"{length[:12]} bytes; at most {most} are taken")
    try:
        async with asyncio.timeout(HEAD_WITHIN_S):
            return await reader.readexactly(int(length))
    except TimeoutError:
        raise Unread(HTTPStatus.REQUEST_TIMEOUT, "its body did not come in time") from None


def _lines(text: str) -> Iterator[tuple[str, str, str]]:
    """Header lines as name, colon and value."""
    return (line.partition(":") for line in text.split("\r\n") if line)
