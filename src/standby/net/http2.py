"""HTTP/2 by httpcore, which httpx speaks it with, over connections of our own."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Iterable
from functools import cached_property
from typing import Any

import httpcore
import httpx

from standby.domain.observation import Failure
from standby.net.phases import doing, enter
from standby.net.transport import PORTS, PUBLIC_ONLY, Transport
from standby.net.trouble import Trouble
from standby.net.wire import Wire

_OURS = ("connection", "transfer-encoding", "proxy-authorization", "host")


class Http2(Transport):
    """Offers HTTP/2 in the handshake and speaks what the server chose; a fresh connection each time."""

    async def exchange(self, request: httpx.Request) -> Http2Answer:  # type: ignore[override]  # Answered is enough
        """Send one request and read the head of what comes back; close the answer. Raises Trouble."""
        url = request.url
        port = url.port or PORTS[url.scheme]
        public = PUBLIC_ONLY in request.extensions
        wire = await self._reach((url.scheme, url.raw_host.decode("ascii"), port), request, public=public)
        origin = httpcore.Origin(url.raw_scheme, url.raw_host, port)
        connection = httpcore.AsyncHTTPConnection(
            origin, ssl_context=self._tls, http1=True, http2=True, network_backend=_Here(wire)
        )
        said = httpcore.Request(
            request.method,
            httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=[(b"host", url.netloc), *(pair for pair in request.headers.raw if _passes(pair[0]))],
            content=await request.aread(),
        )
        try:
            response = await connection.handle_async_request(said)
        except BaseException as error:
            await _end(connection, wire)
            if isinstance(error, httpcore.ProtocolError):
                raise _broken(error) from error
            raise
        enter("transfer")
        return Http2Answer(response, connection, wire)


class Http2Answer:
    """One answer, of HTTP/2 or of the HTTP/1.1 that the server preferred."""

    def __init__(self, response: httpcore.Response, connection: httpcore.AsyncHTTPConnection, wire: Wire) -> None:
        self.status_code = response.status
        self.version = 2.0 if response.extensions.get("http_version") == b"HTTP/2" else 1.1
        self._response = response
        self._connection = connection
        self._wire = wire

    @property
    def reason_phrase(self) -> str:
        """What follows the status; HTTP/2 has none."""
        said: bytes = self._response.extensions.get("reason_phrase", b"")
        return said.decode("latin-1")

    @property
    def peer(self) -> str:
        """The IP address that it came from; empty when that is not known any more."""
        return self._wire.peer

    @property
    def pairs(self) -> list[tuple[bytes, bytes]]:
        """All headers as they came."""
        return self._response.headers

    @cached_property
    def headers(self) -> httpx.Headers:
        """All of them."""
        return httpx.Headers(self._response.headers)

    def header(self, name: str) -> str:
        """One of them; empty when there is none."""
        found: str = self.headers.get(name, "")
        return found

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The body as it comes. Raises Trouble."""
        try:
            async for chunk in self._response.aiter_stream():
                yield chunk
        except httpcore.ProtocolError as error:
            raise _broken(error) from error

    async def aclose(self) -> None:
        """End the connection."""
        await _end(self._connection, self._wire)


class _Stream(httpcore.AsyncNetworkStream):
    """A wire as httpcore wants it. Timeouts are the observation's own."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002, ASYNC109 - httpcore's
        return await self._wire.receive()

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002, ASYNC109
        if buffer:
            await self._wire.send(buffer)

    async def aclose(self) -> None:
        self._wire.close()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002, ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        await self._wire.encrypt(ssl_context, (server_hostname or "").rstrip("."))
        return self

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401
        return self._wire.tls if info == "ssl_object" else None


class _Here(httpcore.AsyncNetworkBackend):
    """Gives the connection that is there already."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def connect_tcp(
        self,
        host: str,  # noqa: ARG002
        port: int,  # noqa: ARG002
        timeout: float | None = None,  # noqa: ARG002, ASYNC109
        local_address: str | None = None,  # noqa: ARG002
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002
    ) -> httpcore.AsyncNetworkStream:
        return _Stream(self._wire)


def _passes(name: bytes) -> bool:
    return name.lower().decode("latin-1") not in _OURS


async def _end(connection: httpcore.AsyncHTTPConnection, wire: Wire) -> None:
    """At once, without a farewell: a peer that never answers one would hold the socket."""
    wire.close()
    try:
        await connection.aclose()
    except Trouble:  # the farewell that cannot be sent any more
        return


def _broken(error: Exception) -> Trouble:
    if "disconnected" in str(error).lower():
        return Trouble(Failure.RESET, f"the connection ended {doing()}")
    return Trouble(Failure.PROTOCOL, f"no valid HTTP exchange: {error}")
