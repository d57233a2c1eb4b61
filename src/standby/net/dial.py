"""A bare connection, TLS or not, for the kinds that do not speak HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator

from standby.net.phases import doing
from standby.net.resolver import Resolver
from standby.net.trouble import of_os_error
from standby.net.wire import connect

_BUFFER = 65_536


@contextlib.asynccontextmanager
async def dial(
    resolver: Resolver, host: str, port: int, *, tls: ssl.SSLContext | None = None, name: str | None = None
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Connect to `host`; `name` is asked for in the TLS handshake. Raises Trouble, also for errors in the body."""
    writer = None
    try:
        sock = await connect(resolver, host, port)
        server_name = (name or host).rstrip(".") if tls is not None else None
        reader, writer = await asyncio.open_connection(sock=sock, ssl=tls, server_hostname=server_name, limit=_BUFFER)
        yield reader, writer
    except OSError as error:
        raise of_os_error(error, doing()) from error
    finally:
        if writer is not None:
            # Not closed politely: a peer that never answers the farewell would hold the socket.
            writer.transport.abort()
