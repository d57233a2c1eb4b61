"""One connection on a bare non-blocking socket, plain or TLS.

An observation is a connection, one packet out and one or two back. asyncio's transports, and its TLS written in Python,
cost more than that exchange itself; here the kernel and OpenSSL are asked directly and the loop says when to ask again.
"""

from __future__ import annotations

import asyncio
import errno
import os
import select
import socket
import ssl
from typing import Any

import aiohappyeyeballs

from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.net.phases import doing, enter
from standby.net.resolver import Resolver, is_public
from standby.net.trouble import Trouble, of_os_error

READ_BYTES = 65_536
_ONE_SEGMENT = 1_200  # bytes that go out as one on any path
_STAGGER_S = 0.25  # RFC 8305: how long one address family is waited for before the other is tried


async def connect(resolver: Resolver, host: str, port: int, *, public: bool = False) -> socket.socket:
    """A connected, non-blocking socket; the phase `first_byte` has begun then. Raises Trouble.

    `public`: a third party named the host, so addresses that only we can reach are refused.
    """
    try:
        enter("resolve")
        addresses = await resolver.addresses(host, port)
        if public and (inside := next((one.ip for one in addresses if not is_public(one.ip)), None)):
            raise Trouble(Failure.REDIRECT, f"{host} is {inside}, an address inside our network", Outcome.UNKNOWN)
        infos = [address.info for address in addresses]
        enter("connect")
        if len(infos) == 1:
            sock = await _straight(*infos[0])
        else:
            sock = await aiohappyeyeballs.start_connection(infos, happy_eyeballs_delay=_STAGGER_S)
    except OSError as error:
        raise of_os_error(error, doing()) from error
    enter("first_byte")
    return sock


async def _straight(family: int, kind: int, protocol: int, _: str, place: tuple[Any, ...]) -> socket.socket:
    """To the one place there is, without the race of several. Raises OSError."""
    sock = socket.socket(family, kind, protocol)
    try:
        sock.settimeout(0)
        number = sock.connect_ex(place)
        if number == errno.EINPROGRESS:
            await _writable(asyncio.get_running_loop(), sock)
            number = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    except BaseException:
        sock.close()
        raise
    if number:
        sock.close()
        raise OSError(number, os.strerror(number))
    return sock


class Wire:
    """Owns a connected, non-blocking socket; used by one task at a time. What waits raises Trouble."""

    __slots__ = ("_loop", "_sock", "_written")

    def __init__(self, sock: socket.socket) -> None:
        self._loop = asyncio.get_running_loop()
        self._sock = sock
        self._written = False  # in plain, just now: no answer can be there yet

    async def encrypt(self, tls: ssl.SSLContext, name: str) -> None:
        """Speak TLS from now on, with the server called `name`."""
        self._hurry()
        self._sock = connection = tls.wrap_socket(self._sock, server_hostname=name, do_handshake_on_connect=False)
        while True:
            try:
                return connection.do_handshake()
            except ssl.SSLWantReadError:
                await _readable(self._loop, self._sock)
            except ssl.SSLWantWriteError:
                await _writable(self._loop, self._sock)
            except (ssl.SSLEOFError, ssl.SSLZeroReturnError) as error:
                raise Trouble(Failure.RESET, f"the connection ended {doing()}") from error
            except OSError as error:
                raise of_os_error(error, doing()) from error

    async def send(self, data: bytes) -> None:
        """Write all of it."""
        if len(data) > _ONE_SEGMENT:
            self._hurry()
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[self._sock.send(rest) :]
            except ssl.SSLWantReadError:
                await _readable(self._loop, self._sock)
            except (BlockingIOError, ssl.SSLWantWriteError):
                await _writable(self._loop, self._sock)
            except OSError as error:
                raise of_os_error(error, doing()) from error
        self._written = not isinstance(self._sock, ssl.SSLSocket)

    async def receive(self) -> bytes:
        """What has come, at most READ_BYTES of it; empty when the other side has ended."""
        if self._written:
            self._written = False
            await _readable(self._loop, self._sock)
        while True:
            try:
                return self._sock.recv(READ_BYTES)
            except (BlockingIOError, ssl.SSLWantReadError):
                await _readable(self._loop, self._sock)
            except ssl.SSLWantWriteError:
                await _writable(self._loop, self._sock)
            except OSError as error:
                raise of_os_error(error, doing()) from error

    def _hurry(self) -> None:
        """Let no segment wait until the one before it is acknowledged; a single one never does."""
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @property
    def tls(self) -> ssl.SSLSocket | None:
        """The TLS connection; None when it is plain."""
        return self._sock if isinstance(self._sock, ssl.SSLSocket) else None

    @property
    def peer(self) -> str:
        """The IP address of the other side; empty when it is gone."""
        try:
            return str(self._sock.getpeername()[0])
        except OSError:
            return ""

    def stale(self) -> bool:
        """Whether a connection that nobody uses was ended, or something was said on it."""
        poll = select.poll()
        poll.register(self._sock, select.POLLIN)
        return bool(poll.poll(0))

    def close(self) -> None:
        """End it at once, without a farewell: a peer that never answers one would hold the socket."""
        self._sock.close()


async def _readable(loop: asyncio.AbstractEventLoop, sock: socket.socket) -> None:
    number = sock.fileno()
    ready = loop.create_future()
    loop.add_reader(number, _settle, ready)
    try:
        await ready
    finally:
        loop.remove_reader(number)


async def _writable(loop: asyncio.AbstractEventLoop, sock: socket.socket) -> None:
    number = sock.fileno()
    ready = loop.create_future()
    loop.add_writer(number, _settle, ready)
    try:
        await ready
    finally:
        loop.remove_writer(number)


def _settle(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)
