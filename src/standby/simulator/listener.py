"""A port on loopback that can refuse and still keep its number."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Awaitable, Callable

from standby.simulator.hostile import reset

LOOPBACK = "127.0.0.1"
BACKLOG = 128
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Listener:
    """Accepts connections for one endpoint on an ephemeral port that stays the same until `close`."""

    def __init__(self, handler: Handler, tls: ssl.SSLContext | None = None) -> None:
        self.port = 0
        self._handler = handler
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._kept: socket.socket | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def open(self) -> None:
        """Listen: on a new port the first time, on the same one after `refuse`. Raises OSError."""
        if self._server is not None:
            return
        bound, self._kept = self._kept or _bind(self.port), None
        self.port = bound.getsockname()[1]
        self._server = await asyncio.start_server(self._serve, sock=bound, ssl=self._tls, backlog=BACKLOG)

    def refuse(self) -> None:
        """Stop listening, end what is open, and keep the port: a bound socket that does not listen refuses.

        Raises OSError when another program took the port in between; then the next call tries again.
        """
        if self._server is not None:
            self._server.close()
            self._server = None
            self._abort()
        if self._kept is None:
            self._kept = _bind(self.port)

    def close(self) -> None:
        """Give the port back."""
        if self._server is not None:
            self._server.close()
        if self._kept is not None:
            self._kept.close()
        self._server = self._kept = None
        self._abort()

    def _abort(self) -> None:
        for writer in list(self._open):
            reset(writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._server is None:  # accepted before, greeted after: a TLS handshake lay between
            reset(writer)
            return
        self._open.add(writer)
        try:
            # Cancelled only when the program ends; asyncio's own callback would report that as an error.
            with contextlib.suppress(asyncio.CancelledError):
                await self._handler(reader, writer)
        finally:
            self._open.discard(writer)
            writer.close()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()


def _bind(port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((LOOPBACK, port))
        bound.setblocking(False)  # noqa: FBT003 - the standard library's signature
    except OSError:
        bound.close()
        raise
    return bound
