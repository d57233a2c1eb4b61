"""One HTTP answer while it comes in: aiohttp's parser, fed by hand with what a connection gives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from functools import cached_property
from typing import Protocol

import httpx
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http import HttpResponseParser, RawResponseMessage
from aiohttp.http_exceptions import ContentLengthError, HttpProcessingError
from aiohttp.streams import StreamReader

from standby.domain.observation import Failure
from standby.net.phases import doing
from standby.net.trouble import Trouble
from standby.net.wire import Wire

MAX_INTERIM = 16  # 1xx answers before the real one
_NO_BODY = frozenset({101, 204, 304})
_NEVER_FULL = 2**30  # bytes; the parser's own flow control is not needed: it is emptied after each read


class _Unhurried(BaseProtocol):
    """What the parser tells when to read: nobody reads but who wants the next bytes."""

    def pause_reading(self) -> None:
        """Nothing to pause."""

    def resume_reading(self, resume_parser: bool = True) -> None:  # noqa: FBT001, FBT002 - aiohttp's signature
        """Nothing to resume."""


class Answered(Protocol):
    """The head of an answer, and its body as it comes; `version` is HTTP's, 1.1 or 2."""

    status_code: int
    version: float

    @property
    def reason_phrase(self) -> str: ...

    @property
    def headers(self) -> httpx.Headers: ...

    @property
    def pairs(self) -> Sequence[tuple[bytes, bytes]]: ...

    @property
    def peer(self) -> str: ...

    def header(self, name: str) -> str: ...

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    async def aclose(self) -> None: ...


class Answer(httpx.AsyncByteStream):
    """Head first, then the raw bytes of the body. Owns the wire; `reuse` gets it back when it can be used again.

    What is known of the head has httpx's names. It is there once `begin` has returned.
    """

    status_code: int
    version = 1.1
    _head: RawResponseMessage

    def __init__(self, wire: Wire, method: str, reuse: Callable[[Wire], None] | None = None) -> None:
        self._wire = wire
        self._reuse = reuse
        self._payload: StreamReader | None = None
        loop = asyncio.get_running_loop()
        self._parser = HttpResponseParser(
            _Unhurried(loop),
            loop,
            _NEVER_FULL,
            response_with_body=method != "HEAD",
            read_until_eof=True,
            auto_decompress=False,
        )

    async def begin(self) -> None:
        """Read the head; interim answers before it are passed over, though not many. Raises Trouble."""
        interim = 0
        while True:
            data = await self._wire.receive()
            if not data:
                raise Trouble(Failure.RESET, f"the connection ended {doing()}")
            messages = self._feed(data, "not a valid HTTP answer")
            final = [pair for pair in messages if not _is_interim(pair[0].code)]
            if final:
                return self._begin(*final[0], alone=len(final) == 1)
            interim += len(messages)
            if interim > MAX_INTERIM:
                raise Trouble(Failure.PROTOCOL, f"no valid HTTP exchange: more than {MAX_INTERIM} interim answers")

    @property
    def reason_phrase(self) -> str:
        """What follows the status, as it came."""
        return self._head.reason or ""

    @property
    def peer(self) -> str:
        """The IP address that it came from; empty when that is not known any more."""
        return self._wire.peer

    @property
    def pairs(self) -> Sequence[tuple[bytes, bytes]]:
        """All headers as they came."""
        return self._head.raw_headers

    @cached_property
    def headers(self) -> httpx.Headers:
        """All of them."""
        return httpx.Headers(self._head.raw_headers)

    def header(self, name: str) -> str:
        """One of them, the first of its name; empty when there is none. Far cheaper than `headers`."""
        found: str = self._head.headers.get(name, "")
        return found

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """What has come of the body, read by read. Raises Trouble when it breaks off or is not HTTP."""
        while self._payload is not None:
            try:
                chunk = self._payload.read_nowait()
            except HttpProcessingError as error:
                raise _broken("the body breaks HTTP", error) from error
            if chunk:
                yield chunk
            if self._payload.is_eof():
                return
            data = await self._wire.receive()
            if data:
                self._feed(data, "the body breaks HTTP")
            else:
                self._ended()

    async def aclose(self) -> None:
        """Give the connection back when all of it was read and it may go on, else end it."""
        if self._reuse is not None and (self._payload is None or self._payload.is_eof()):
            self._reuse(self._wire)
        else:
            self._wire.close()

    def _begin(self, message: RawResponseMessage, payload: StreamReader, *, alone: bool) -> None:
        self._head, self.status_code = message, message.code
        if message.should_close or message.code == 101 or not alone:
            self._reuse = None
        if message.code not in _NO_BODY:
            self._payload = payload

    def _feed(self, data: bytes, otherwise: str) -> list[tuple[RawResponseMessage, StreamReader]]:
        try:
            messages, _, rest = self._parser.feed_data(data)
        except Exception as error:  # whatever a parser stumbles over, it was no HTTP
            raise _broken(otherwise, error) from error
        if rest or (messages and self._payload is not None):
            self._reuse = None  # more than was asked for
        return messages

    def _ended(self) -> None:
        """The connection is over: that ends a body of unknown length, and cuts any other short."""
        try:
            self._parser.feed_eof()
        except HttpProcessingError as error:
            if isinstance(error, ContentLengthError) or "Not enough data" in str(error):
                message = "the answer was cut short: the connection ended before the body did"
                raise Trouble(Failure.RESET, message) from error
            raise _broken("the body breaks HTTP", error) from error


def _is_interim(status: int) -> bool:
    return 100 <= status < 200 and status != 101


def _broken(what: str, error: Exception) -> Trouble:
    said = error.message if isinstance(error, HttpProcessingError) else str(error)
    return Trouble(Failure.PROTOCOL, f"{what}: {said}")
