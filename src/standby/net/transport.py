"""The httpx API on connections of our own: no pool, session or cookie jar between a check and the third party.

httpx's models say what is asked and what was answered, and aiohttp's parser reads it. Between them lies a bare socket:
a session with its pool, timers and trace hooks costs as much again as the exchange, and hides what has gone wrong.
"""

from __future__ import annotations

import functools
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import httpx

from standby import __version__
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.net.answer import Answer, Answered
from standby.net.certificates import client_context
from standby.net.phases import enter
from standby.net.proxy import AUTHORIZATION, Proxy
from standby.net.resolver import Resolver
from standby.net.trouble import Trouble
from standby.net.wire import Wire, connect

USER_AGENT = f"standby/{__version__} (operations console)"
PORTS = {"http": 80, "https": 443}
_DROPPED = (b"connection", b"transfer-encoding")  # ours to say
_PROXYS = AUTHORIZATION.lower().encode()  # for nobody but the proxy
_REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})

PUBLIC_ONLY = "standby.public_only"
"""A request's extension: a third party named its host, so an address that only we can reach is refused."""
_WORDS = "standby.words"  # a request's extension: what it is on the wire

Origin = tuple[str, str, int]  # scheme, host, port
_Words = tuple[Origin, bytes]


@dataclass(frozen=True, slots=True)
class Options:
    """What decides whether two who ask may share a transport."""

    verify: bool = True
    authorities: Path | None = None  # PEM, instead of the system's
    reuse: bool = False  # keep connections open between observations
    http: bool = True  # offered in the TLS handshake
    client: tuple[Path, Path | None] | None = None  # PEM: a certificate that says who we are, and its key
    http2: bool = False  # offered too
    proxy: str | None = None  # `http://host:port`


class Exchanger(Protocol):
    """What sends a request and gives the head of its answer; the answer is to be closed. Raises Trouble."""

    async def exchange(self, request: httpx.Request) -> Answered: ...


class Transports:
    """One transport and one TLS context for each set of options, made at first use. Belongs to one event loop."""

    def __init__(self, resolver: Resolver, extra_ca: Path | None = None, base: Path | None = None) -> None:
        self._resolver = resolver
        self._extra_ca = extra_ca
        self._base = base or Path()
        self._transports: dict[Options, Transport] = {}
        self._renewed: dict[Options, tuple[int, ...]] = {}
        self._contexts: dict[tuple[object, ...], ssl.SSLContext] = {}

    def get(self, options: Options) -> Transport:
        """The transport for these options. Raises Trouble when a certificate of ours or an authority cannot be read."""
        transport = self._transports.get(options)
        if transport is None or (options.client is not None and self._renewed[options] != self._stamp(options)):
            transport = self._make(options)
            self._transports[options] = transport
        return transport

    def tls(self, options: Options) -> ssl.SSLContext:
        """The TLS context for these options. Raises OSError and ssl.SSLError when a file cannot be read."""
        stamp = self._stamp(options)
        key = (options.verify, options.authorities, options.http, options.http2, options.client, stamp)
        if key not in self._contexts:
            authorities = None if options.authorities is None else self._base / options.authorities
            certificate, private = options.client or (None, None)
            client = (self._base / certificate, self._base / private if private else None) if certificate else None
            self._contexts[key] = client_context(
                verify=options.verify, authorities=authorities, extra=self._extra_ca, http=options.http, client=client
            )
        return self._contexts[key]

    def _make(self, options: Options) -> Transport:
        self._renewed[options] = self._stamp(options)
        try:
            tls = self.tls(options)
        except OSError as error:
            if options.client is None:
                raise
            why = f"our client certificate cannot be used: {error.strerror or error}"
            raise Trouble(Failure.CREDENTIALS, why, Outcome.UNKNOWN) from error
        kind = Transport
        if options.http2:
            from standby.net.http2 import Http2

            kind = Http2
        return kind(self._resolver, tls, reuse=options.reuse, proxy=options.proxy)

    def _stamp(self, options: Options) -> tuple[int, ...]:
        """When the files were written that say who we are: they are renewed while we run."""
        if options.client is None:
            return ()
        try:
            return tuple((self._base / path).stat().st_mtime_ns for path in options.client if path is not None)
        except OSError:
            return ()

    async def close(self) -> None:
        """Close every kept connection; further use makes new transports."""
        transports, self._transports = self._transports, {}
        for transport in transports.values():
            await transport.aclose()


class Transport(httpx.AsyncBaseTransport):
    """Sends httpx requests. Failures are raised as `Trouble`, phases go into the running trace.

    Never follows a redirect, decompresses, keeps a cookie or reads the environment.
    """

    def __init__(
        self, resolver: Resolver, tls: ssl.SSLContext, *, reuse: bool = False, proxy: str | None = None
    ) -> None:
        self._resolver = resolver
        self._proxy = Proxy.of(proxy) if proxy is not None else None
        self._tls = tls
        self._reuse = reuse
        self._idle: dict[Origin, list[Wire]] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """`exchange` as httpx wants it; the answer's body is read from the stream, as it came. Raises Trouble."""
        answer = await self.exchange(request)
        reason = answer.reason_phrase.encode("latin-1", "replace")
        return httpx.Response(
            answer.status_code, headers=answer.headers, stream=answer, extensions={"reason_phrase": reason}
        )

    async def exchange(self, request: httpx.Request) -> Answer:
        """Send one request and read the head of what comes back; close the answer. Raises Trouble.

        A request that is sent again is sent as it was the first time.
        """
        words: _Words | None = request.extensions.get(_WORDS)
        if words is None:
            relayed = self._proxy is not None and request.url.scheme == "http"
            data = _head(request, reuse=self._reuse, relayed=relayed) + await request.aread()
            words = request.extensions[_WORDS] = (_origin(request.url), data)
        origin, data = words
        public = PUBLIC_ONLY in request.extensions
        kept = None if public else self._kept(origin)
        if kept is not None:
            enter("first_byte")
            try:
                return await self._exchange(kept, request.method, data, origin)
            except Trouble as trouble:
                # It has just grown old. A fresh connection that ends early is the third party's doing.
                if trouble.failure is not Failure.RESET or request.method not in _REPEATABLE:
                    raise
        return await self._exchange(await self._dial(origin, request, public=public), request.method, data, origin)

    async def aclose(self) -> None:
        """Close every kept connection."""
        idle, self._idle = self._idle, {}
        for wires in idle.values():
            for wire in wires:
                wire.close()

    def _keep(self, origin: Origin, wire: Wire) -> None:
        self._idle.setdefault(origin, []).append(wire)

    def _kept(self, origin: Origin) -> Wire | None:
        wires = self._idle.get(origin)
        while wires:
            wire = wires.pop()
            if not wire.stale():
                return wire
            wire.close()
        return None

    async def _dial(self, origin: Origin, request: httpx.Request, *, public: bool) -> Wire:
        wire = await self._reach(origin, request, public=public)
        if origin[0] == "https":
            try:
                await wire.encrypt(self._tls, origin[1].rstrip("."))
            except BaseException:
                wire.close()
                raise
        return wire

    async def _reach(self, origin: Origin, request: httpx.Request, *, public: bool) -> Wire:
        """A connection to there, or to the proxy that hands on."""
        scheme, host, port = origin
        if self._proxy is None:
            return Wire(await connect(self._resolver, host, port, public=public))
        authorization = request.headers.get(AUTHORIZATION, "") if scheme == "https" else None
        return await self._proxy.reach(self._resolver, host, port, authorization)

    async def _exchange(self, wire: Wire, method: str, data: bytes, origin: Origin) -> Answer:
        answer = Answer(wire, method, functools.partial(self._keep, origin) if self._reuse else None)
        try:
            await wire.send(data)
            await answer.begin()
        except BaseException:
            wire.close()
            raise
        enter("transfer")
        return answer


def _origin(url: httpx.URL) -> Origin:
    return url.scheme, url.raw_host.decode("ascii"), url.port or PORTS[url.scheme]


def _head(request: httpx.Request, *, reuse: bool, relayed: bool) -> bytes:
    """The request's first bytes. Raises Trouble for a header that would become two."""
    target = request.url.raw_path
    dropped: tuple[bytes, ...] = _DROPPED
    if relayed:
        target = b"http://" + request.url.netloc + target
    else:
        dropped = (*_DROPPED, _PROXYS)
    lines = [request.method.encode("ascii") + b" " + target + b" HTTP/1.1"]
    lines += [name + b": " + value for name, value in request.headers.raw if name.lower() not in dropped]
    if not reuse:
        lines.append(b"Connection: close")
    head = b"\r\n".join([*lines, b"", b""])
    if head.count(b"\n") > len(lines) + 1 or head.count(b"\r") > len(lines) + 1:
        raise Trouble(Failure.INTERNAL, "a header that we should send holds a line break", Outcome.UNKNOWN)
    return head
