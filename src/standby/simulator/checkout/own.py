"""Our own router, for machines without HAProxy: it forwards to the gateways and is told where by the same protocol."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from standby.simulator.checkout.gateways import GATEWAYS, KEY, MAP, Gateway
from standby.simulator.checkout.tables import Tables
from standby.simulator.exchange import Answer, BadRequestError, Request, read_request, send
from standby.simulator.listener import LOOPBACK, Handler

MAX_HEAD = 65_536
CONNECT_S = 1.0
SERVER_S = 2.0  # HAProxy's `timeout server`: how long a gateway may say nothing
_COMMAND_S = 10.0
_HEAD_END = b"\r\n\r\n"
_THEIRS = (OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError)  # what a client may do to us
_CLOSING = Request("GET", urlsplit("/"), {}, keep_alive=False)


class OwnRouter:
    """Serves `listening` and a runtime socket. `ports` are the gateways' ports on loopback by backend."""

    def __init__(self, folder: Path, listening: socket.socket, ports: Mapping[str, int], ca: Path) -> None:
        self.tables = Tables(MAP, ports)
        self._gateways = {gateway.backend: gateway for gateway in GATEWAYS}
        self._folder = folder
        self._listening = listening
        self._tls = ssl.create_default_context(cafile=ca)
        self._servers: list[asyncio.Server] = []
        self._serving: set[asyncio.Task[None]] = set()

    @property
    def alive(self) -> bool:
        """It lives as long as we do."""
        return True

    async def open(self) -> None:
        """Read the map, as HAProxy does when it starts, and listen. Raises OSError."""
        for line in (self._folder / MAP).read_text().splitlines():
            key, _, value = line.partition(" ")
            self.tables.entries[key] = value.strip()
        mask = os.umask(0o177)
        try:
            runtime = await asyncio.start_unix_server(
                partial(self._serve, self._command), str(self._folder / "admin.sock")
            )
        finally:
            os.umask(mask)
        front = await asyncio.start_server(partial(self._serve, self._forward), sock=self._listening.dup())
        self._servers = [runtime, front]

    async def close(self) -> None:
        """Stop listening and end what is open."""
        for server in self._servers:
            server.close()
        serving = list(self._serving)
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)

    async def _serve(self, handler: Handler, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
        try:
            # Cancelled only when we close; asyncio's own callback would report that as an error.
            with contextlib.suppress(*_THEIRS, asyncio.CancelledError):
                await handler(reader, writer)
                writer.close()
                await writer.wait_closed()
        finally:
            writer.transport.abort()

    async def _command(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of the runtime socket: one command, its reply, the end."""
        async with asyncio.timeout(_COMMAND_S):
            line = await reader.readuntil(b"\n")
        writer.write(self.tables.answer(line.decode("utf-8", "replace").strip()).encode())
        await writer.drain()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of a client: one request, forwarded; the connection ends with its answer."""
        request = await _request(reader)
        backend = self.tables.chosen(KEY, GATEWAYS[0].backend)
        if request is None:
            await _refuse(writer, 400)
        elif backend is None:
            await _refuse(writer, 503)
        else:
            await self._through(self._gateways[backend], request, writer)

    async def _through(self, gateway: Gateway, request: Request, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(CONNECT_S):
                port = self.tables.ports[gateway.backend]
                near, far = await asyncio.open_connection(
                    LOOPBACK, port, ssl=self._tls, server_hostname=gateway.host, limit=MAX_HEAD
                )
        except (OSError, ssl.SSLError):  # a TimeoutError is an OSError
            await _refuse(writer, 503, gateway)
            return
        try:
            await _exchange(gateway, request, near, far, writer)
        finally:
            far.transport.abort()


async def _exchange(
    gateway: Gateway,
    request: Request,
    near: asyncio.StreamReader,
    far: asyncio.StreamWriter,
    writer: asyncio.StreamWriter,
) -> None:
    """Ask the gateway, and hand on what it answers as it comes."""
    path = gateway.paths.get(request.url.path, request.url.path)
    asked = [f"{request.method} {path} HTTP/1.1", f"Host: {gateway.host}", "Content-Length: 0", "Connection: close"]
    far.write("\r\n".join([*asked, "", ""]).encode("latin-1", "replace"))
    try:
        async with asyncio.timeout(SERVER_S):
            head = await near.readuntil(_HEAD_END)
    except TimeoutError:
        await _refuse(writer, 504, gateway)
        return
    except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        head = b""
    if not head.startswith(b"HTTP/1."):
        await _refuse(writer, 502, gateway)
        return
    status, _, rest = head.partition(b"\r\n")
    writer.write(status + f"\r\nX-Gateway: {gateway.name}\r\n".encode() + rest)
    with contextlib.suppress(OSError):
        while chunk := await _some(near):
            writer.write(chunk)
            await writer.drain()


async def _some(near: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(SERVER_S):
        return await near.read(65_536)


async def _request(reader: asyncio.StreamReader) -> Request | None:
    try:
        return await read_request(reader)
    except BadRequestError:
        return None


async def _refuse(writer: asyncio.StreamWriter, status: int, gateway: Gateway | None = None) -> None:
    """What HAProxy says by itself: no server, no answer in time, or not HTTP."""
    headers = {} if gateway is None else {"X-Gateway": gateway.name}
    await send(writer, _CLOSING, Answer(status, f"{status}\n", headers))
