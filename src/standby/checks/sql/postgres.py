"""One query of a PostgreSQL, in a read-only transaction with a time limit of the server's own."""

from __future__ import annotations

import contextlib
import ipaddress
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from standby.checks.sql.rows import Rows, cell
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.domain.units import SECOND
from standby.net.phases import doing, enter
from standby.net.transport import Options
from standby.net.trouble import Trouble, of_os_error

if TYPE_CHECKING:
    from asyncpg import Connection

    from standby.checks.base import Context

_PORT = 5432
_GOODBYE_S = 1.0
# The first characters of SQLSTATE that say whose trouble it is; anything else is the server's.
_FAILURES = (
    ("28", Failure.CREDENTIALS),
    ("3D", Failure.REQUEST),
    ("42501", Failure.CREDENTIALS),
    ("42", Failure.REQUEST),
    ("22", Failure.REQUEST),
    ("25006", Failure.REQUEST),
    ("57014", Failure.TIMEOUT),
)


@dataclass(frozen=True, slots=True, repr=False)
class Place:
    """Where a database is; `dsn` holds a password. `local`: on this machine, so that TLS adds nothing."""

    dsn: str
    host: str
    port: int
    local: bool


def place(dsn: str) -> Place:
    """The parts of `postgresql://user:password@host:5432/name`. Raises Trouble that does not show it."""
    try:
        parts = urlsplit(dsn)
        host, port = parts.hostname or "", parts.port or _PORT
        host = parse_qs(parts.query).get("host", [unquote(host)])[0]
    except ValueError:
        host, port, parts = "", 0, urlsplit("")
    if parts.scheme not in ("postgresql", "postgres"):
        message = "dsn is not the address of a database; write one like postgresql://user:password@host/name"
        raise Trouble(Failure.INTERNAL, message, Outcome.UNKNOWN)
    return Place(dsn, host, port, local=not host or host.startswith("/") or _loopback(host))


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@dataclass(frozen=True, slots=True)
class Ask:
    """One query: at most so many rows, and so many seconds for all of it. `verify` as everywhere."""

    text: str
    rows: int
    seconds: float
    verify: bool | Path


async def query(context: Context, where: Place, ask: Ask) -> Rows:
    """The rows of one statement. Raises Trouble, always `unknown`: nobody told what the rows would say."""
    import asyncpg

    begun = context.clock.monotonic()
    try:
        async with _connected(context, where, ask) as connection, connection.transaction(readonly=True):
            left = ask.seconds - (context.clock.monotonic() - begun) / SECOND
            await connection.execute(f"SET LOCAL statement_timeout = {max(1, int(left * 1000))}")
            statement = await connection.prepare(ask.text)
            columns = tuple(attribute.name for attribute in statement.get_attributes())
            if not columns:
                raise Trouble(Failure.REQUEST, "the query gives no rows; write a SELECT", Outcome.UNKNOWN)
            found = await (await statement.cursor()).fetch(ask.rows + 1)
    except asyncpg.PostgresError as error:
        raise _refused(error) from error
    except OSError as error:  # before ValueError: a certificate's error is both
        trouble = of_os_error(error, doing())
        raise Trouble(trouble.failure, str(trouble), Outcome.UNKNOWN) from error
    except (asyncpg.InterfaceError, ValueError) as error:
        why = str(error).partition("\n")[0]
        raise Trouble(Failure.INTERNAL, f"the database cannot be asked: {why}", Outcome.UNKNOWN) from error
    rows = tuple(tuple(map(cell, row.values())) for row in found[: ask.rows])
    return Rows(columns, rows, cut=len(found) > ask.rows)


@contextlib.asynccontextmanager
async def _connected(context: Context, where: Place, ask: Ask) -> AsyncIterator[Connection[Any]]:
    import asyncpg

    if where.host and not where.host.startswith("/"):
        # First by our own resolver, whose threads may hang: the driver would block the threads of everybody.
        await context.resolver.addresses(where.host, where.port)
    enter("connect")
    connection = await asyncpg.connect(
        where.dsn,
        ssl=_tls(context, where, ask.verify),
        timeout=ask.seconds,
        statement_cache_size=0,  # a pooler between would hand the statement to another connection
        server_settings={"application_name": "standby"},
    )
    enter("first_byte")
    try:
        yield connection
        enter(None)
        await connection.close(timeout=_GOODBYE_S)
    finally:
        connection.terminate()


def _tls(context: Context, where: Place, verify: bool | Path) -> ssl.SSLContext | str | bool:  # noqa: FBT001 - as written
    """What the driver takes: verified TLS, unless the database is on this machine or `verify` is false."""
    if isinstance(verify, Path):
        return context.transports.tls(Options(authorities=verify))
    if where.local:
        return "disable"
    return context.transports.tls(Options()) if verify else "prefer"


def _refused(error: Any) -> Trouble:  # noqa: ANN401 - the driver makes its classes at run time
    state = str(getattr(error, "sqlstate", "") or "")
    failure = next((failure for start, failure in _FAILURES if state.startswith(start)), Failure.SERVER)
    if failure is Failure.TIMEOUT:
        return Trouble(failure, "the query takes too long: stopped", Outcome.UNKNOWN)
    why = str(error).partition("\n")[0]
    return Trouble(failure, f"the database refuses ({state}): {why}", Outcome.UNKNOWN)
