"""The httpx API over aiohttp: a quarter of the CPU of httpx's own pool, failures told apart by their cause.

Modelled on httpx-aiohttp, which reports a refused connection, an unknown name, a bad certificate and a reset all as one
connect time-out, knows no phases and lets aiohttp's errors escape.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from http.cookiejar import CookieJar
from pathlib import Path

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_proto import ResponseHandler
from aiohttp.http import RawResponseMessage
from aiohttp.http_exceptions import ContentLengthError, HttpProcessingError, TransferEncodingError
from aiohttp.streams import StreamReader
from yarl import URL

from standby.checks.certificates import client_context
from standby.checks.phases import TRACE, enter
from standby.checks.resolver import Resolver
from standby.checks.trouble import Trouble, of_os_error, of_ssl_error
from standby.domain.observation import Failure

MAX_INTERIM = 16  # 1xx answers before the real one
READ_BUFFER = 65_536  # bytes; aiohttp stops reading from the socket at twice this
_NO_AUTO_HEADERS = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
_DROPPED = (b"connection", b"transfer-encoding")  # aiohttp's own business

# Its INFO line holds the whole address, and with it the keys that vendors want in a query string.
logging.getLogger("httpx").setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Options:
    """What decides whether two checks may share a connector."""

    verify: bool = True
    authorities: Path | None = None  # PEM, instead of the system's
    reuse: bool = False  # keep connections open between observations


class Clients:
    """One HTTP client and one TLS context for each set of options, made at first use. Belongs to one event loop."""

    def __init__(self, resolver: Resolver, extra_ca: Path | None = None, base: Path | None = None) -> None:
        self._resolver = resolver
        self._extra_ca = extra_ca
        self._base = base or Path()
        self._clients: dict[Options, httpx.AsyncClient] = {}
        self._contexts: dict[tuple[bool, Path | None], ssl.SSLContext] = {}

    def get(self, options: Options) -> httpx.AsyncClient:
        """The client for these options. Raises OSError and ssl.SSLError when authorities cannot be read."""
        client = self._clients.get(options)
        if client is None:
            transport = Transport(self._resolver, self.tls(options), reuse=options.reuse)
            client = httpx.AsyncClient(transport=transport, trust_env=False, timeout=None, cookies=_NoCookies())  # noqa: S113 - one asyncio.timeout bounds the whole observation
            self._clients[options] = client
        return client

    def tls(self, options: Options) -> ssl.SSLContext:
        """The TLS context for these options; `reuse` makes no difference."""
        key = (options.verify, options.authorities)
        if key not in self._contexts:
            authorities = None if options.authorities is None else self._base / options.authorities
            self._contexts[key] = client_context(verify=options.verify, authorities=authorities, extra=self._extra_ca)
        return self._contexts[key]

    async def close(self) -> None:
        """Close every connection; further use makes new clients."""
        clients, self._clients = self._clients, {}
        for client in clients.values():
            await client.aclose()


class _NoCookies(CookieJar):
    """An observation leaves nothing behind for the next one."""

    def extract_cookies(self, response: object, request: object) -> None:
        """Forget them."""


class Transport(httpx.AsyncBaseTransport):
    """Sends httpx requests by aiohttp. Failures are raised as `Trouble`, phases go into the running trace.

    Never follows a redirect, decompresses, keeps a cookie or reads the environment.
    """

    def __init__(self, resolver: Resolver, tls: ssl.SSLContext, *, reuse: bool = False) -> None:
        self._resolver = resolver
        self._tls = tls
        self._reuse = reuse
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; the answer's body is read from the stream, as it came. Raises Trouble."""
        session = self._session or self._open()
        enter("connect")
        try:
            answer = await session.request(
                request.method,
                URL(str(request.url), encoded=True),
                headers=[
                    (name.decode("latin-1"), value.decode("latin-1"))
                    for name, value in request.headers.raw
                    if name.lower() not in _DROPPED
                ],
                data=await request.aread() or None,
                allow_redirects=False,
            )
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise trouble_of(error) from error
        trace = TRACE.get()
        if trace is not None:
            trace.reused()
            trace.enter("transfer")
        return httpx.Response(
            answer.status,
            headers=list(answer.raw_headers),
            stream=_Body(answer),
            extensions={
                "http_version": b"HTTP/1.1",
                "reason_phrase": (answer.reason or "").encode("latin-1", "replace"),
            },
        )

    async def aclose(self) -> None:
        """Close every connection."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _open(self) -> aiohttp.ClientSession:
        self._session = aiohttp.ClientSession(
            connector=_Connector(self._resolver, self._tls, reuse=self._reuse),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None, sock_read=None),
            skip_auto_headers=_NO_AUTO_HEADERS,
            auto_decompress=False,
            trust_env=False,
            read_bufsize=READ_BUFFER,
        )
        # A fresh connection that ends early is the vendor's doing; only a kept one may just have grown old.
        self._session._retry_connection = self._reuse  # noqa: SLF001 - aiohttp has no public switch
        return self._session


class _Body(httpx.AsyncByteStream):
    """The raw bytes of an answer."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._answer.content.iter_any():
                yield chunk
        except (aiohttp.ClientError, OSError) as error:
            raise trouble_of(error) from error

    async def aclose(self) -> None:
        """Give the connection back, or drop it when the body was not read to its end."""
        self._answer.close() if not self._answer.content.is_eof() else self._answer.release()


class _Connector(aiohttp.TCPConnector):
    """No limits of its own (the engine has them), our resolver, our protocol object."""

    def __init__(self, resolver: Resolver, tls: ssl.SSLContext, *, reuse: bool) -> None:
        super().__init__(
            resolver=_Names(resolver), ssl=tls, use_dns_cache=False, limit=0, limit_per_host=0, force_close=not reuse
        )
        self._factory = functools.partial(_Wire, loop=asyncio.get_running_loop())  # type: ignore[assignment]


class _Wire(ResponseHandler):
    """One connection, which aiohttp makes as soon as TCP stands: the end of the phase `connect`."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop=loop)
        self._interim = 0
        enter("first_byte")

    def feed_data(self, data: tuple[RawResponseMessage, StreamReader], size: int = 0) -> None:
        """Pass an answer on. Interim ones are counted instead of queued: a flood of them must not hold us up."""
        if not 100 <= data[0].code < 200 or data[0].code == 101:
            self._interim = 0
            super().feed_data(data, size)
            return
        self._interim += 1
        if self._interim > MAX_INTERIM and self.exception() is None:
            self.set_exception(
                HttpProcessingError(code=data[0].code, message=f"more than {MAX_INTERIM} interim answers")
            )
            if self.transport is not None:
                self.transport.abort()


class _Names(AbstractResolver):
    """Our resolver in aiohttp's clothes."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Where to connect for `host`; the name in the certificate and in `Host` stays what it is."""
        enter("resolve")
        addresses = await self._resolver.addresses(host, port)
        enter("connect")
        return [
            ResolveResult(
                hostname=host,
                host=address.ip,
                port=address.port,
                family=address.family,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in addresses
            if family in (socket.AF_UNSPEC, address.family)
        ]

    async def close(self) -> None:
        """The resolver belongs to the context."""


def trouble_of(error: Exception) -> Trouble:
    """The cause behind what aiohttp raised."""
    trace = TRACE.get()
    doing = trace.doing if trace is not None else "on the way"
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return of_ssl_error(error.certificate_error)  # type: ignore[arg-type] # aiohttp says Exception
        case aiohttp.ClientConnectorError():
            return of_os_error(error.os_error, doing)
        case aiohttp.ServerDisconnectedError():
            return Trouble(Failure.RESET, f"the connection ended {doing}")
        case aiohttp.ClientResponseError():
            return Trouble(Failure.PROTOCOL, f"not a valid HTTP answer: {error.message}")
        case aiohttp.ClientPayloadError():
            return _of_payload(error)
        case OSError():
            return of_os_error(error, doing)
        case _:
            return Trouble(Failure.PROTOCOL, f"no valid HTTP exchange: {error}")


def _of_payload(error: aiohttp.ClientPayloadError) -> Trouble:
    cause = error.__cause__
    if isinstance(cause, (ContentLengthError, OSError)) or "Not enough data" in str(error):
        return Trouble(Failure.RESET, "the answer was cut short: the connection ended before the body did")
    what = cause.message if isinstance(cause, (TransferEncodingError, HttpProcessingError)) else str(error)
    return Trouble(Failure.PROTOCOL, f"the body breaks HTTP: {what}")
