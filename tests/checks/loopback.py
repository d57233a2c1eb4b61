"""Servers on loopback that send exactly the bytes a test wants, and certificates good and bad."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import trustme

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class RealClock:
    """The clocks of this machine; checks measure real exchanges."""

    def now(self) -> int:
        return time.time_ns()

    def monotonic(self) -> int:
        return time.monotonic_ns()


@dataclass
class Server:
    """A running server: its port, what it was sent and how many connections it had."""

    port: int
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    finished: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextlib.asynccontextmanager
async def serving(handler: Handler, *, tls: ssl.SSLContext | None = None, read: bool = True) -> AsyncIterator[Server]:
    """Run `handler` for each connection, after its request has been read when `read`."""
    state = Server(0)
    tasks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        state.connections += 1
        try:
            if read:
                state.requests.append(await reader.readuntil(b"\r\n\r\n"))
                state.asked.set()
            await handler(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            state.finished.set()
            writer.transport.abort() if writer.is_closing() else writer.close()
            tasks.discard(task)

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    state.port = server.sockets[0].getsockname()[1]
    try:
        yield state
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def sends(data: bytes, *, stay: bool = False) -> Handler:
    """A handler that sends these bytes, then closes or stays silent."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        if stay:
            await reader.read()

    return handler


def repeats(head: bytes, part: bytes) -> Handler:
    """A handler that sends `head`, then `part` for ever."""

    async def handler(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while not writer.is_closing():
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0)

    return handler


def answers(body: bytes = b"", *, status: str = "200 OK", headers: Sequence[str] = ()) -> Handler:
    """A handler that sends one correct HTTP answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return sends("\r\n".join(lines).encode("latin-1") + body)


@dataclass
class Authority:
    """A certificate authority of the test's own."""

    ca: trustme.CA
    pem: Path

    def context(self, *names: str, valid: tuple[int, int] = (-30, 60)) -> ssl.SSLContext:
        """A server's TLS context with a certificate for `names`, valid from and to so many days from now."""
        now = dt.datetime.now(dt.UTC)
        first, last = (now + dt.timedelta(days=days) for days in valid)
        certificate = self.ca.issue_cert(*names, not_before=first, not_after=last)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        return context


def authority(folder: Path) -> Authority:
    """A new authority, its certificate in a PEM file in `folder`."""
    ca = trustme.CA(key_type=trustme.KeyType.ECDSA)
    pem = folder / "ca.pem"
    ca.cert_pem.write_to_path(str(pem))
    return Authority(ca, pem)
