"""A bare connection, TLS or not, for the kinds that do not speak HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator

import aiohappyeyeballs

from standby.checks.phases import TRACE, enter
from standby.checks.resolver import Resolver
from standby.checks.trouble import of_os_error

_STAGGER_S = 0.25  # RFC 8305: how long one address family is waited for before the other is tried
_BUFFER = 65_536


@contextlib.asynccontextmanager
async def dial(
    resolver: Resolver, host: str, port: int, *, tls: ssl.SSLContext | None = None, name: str | None = None
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Connect to `host`; `name` is asked for in the TLS handshake. Raises Trouble, also for errors in the body."""
    writer = None
    try:
        enter("resolve")
        infos = [address.info for address in await resolver.addresses(host, port)]
        enter("connect")
        sock = await aiohappyeyeballs.start_connection(infos, happy_eyeballs_delay=_STAGGER_S)
        enter("first_byte")
        server_name = (name or host).rstrip(".") if tls is not None else None
        reader, writer = await asyncio.open_connection(sock=sock, ssl=tls, server_hostname=server_name, limit=_BUFFER)
        yield reader, writer
    except OSError as error:
        trace = TRACE.get()
        raise of_os_error(error, trace.doing if trace is not None else "on the way") from error
    finally:
        if writer is not None:
            # Not closed politely: a peer that never answers the farewell would hold the socket.
            writer.transport.abort()
