"""HAProxy's runtime socket: one command a connection, its reply to the end, and what the replies mean.

A reply has no status: a command that changed something answers with an empty line, and anything else is why not. No
bytes at all is no answer. More than ten open connections hang (measured with 2.6), so there is one at a time.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass

from standby.directors.base import Context, DirectorError
from standby.domain.text import clean
from standby.domain.units import SECOND, format_duration

MAX_REPLY = 4_194_304
ADMIN = "admin"
_POLL_S = 0.05
_NAME = re.compile(r"[A-Za-z0-9_.:-]{1,200}")  # what HAProxy allows in the names of proxies and servers
_FOUND = re.compile(r'found=yes\b.*?\bkey="([^"]*)", value="(.*?)", type=')
_OPERATIONAL = ("1", "2")  # starting, running
_FORCED_MAINT, _INHERITED_MAINT, _NO_ADDRESS = 0x01, 0x02, 0x20
_DRAINED = 0x08 | 0x10
_CHECKED, _PASSED = 0x04, ("3", "4")


@dataclass(frozen=True, slots=True)
class Server:
    """One server of a backend. `admin` is what people set: ready, drain, maint, or maint with why it stays so."""

    backend: str
    name: str
    admin: str
    running: bool  # operational, as HAProxy's own checks find it
    proven: bool  # not checked, or its newest check passed
    weight: int
    backup: bool

    def __str__(self) -> str:
        return f"{self.backend}/{self.name}"

    @property
    def usable(self) -> bool:
        """Whether new clients may be sent there."""
        return self.running and self.admin == "ready" and self.weight > 0

    @property
    def could_be_raised(self) -> bool:
        """Whether `ready` would make it usable, as far as can be seen now."""
        return self.admin in ("drain", "maint") and self.weight > 0

    @property
    def why_not(self) -> str:
        """Why it is not usable, for a person."""
        if self.admin != "ready":
            return f"{self.name} is in {self.admin}"
        return f"{self.name} is down" if not self.running else f"{self.name} has weight 0"


class Runtime:
    """The runtime socket of one HAProxy. `address` is `unix:PATH` or `tcp://HOST:PORT`; `timeout` is nanoseconds."""

    def __init__(self, address: str, timeout: int, context: Context) -> None:
        self.address = address
        self._timeout = timeout
        self._context = context

    async def ask(self, command: str) -> str:
        """The reply to a command that changes nothing. Raises DirectorError."""
        return await self._exchange(command, changes=False)

    async def tell(self, command: str) -> None:
        """Have something changed. Raises DirectorError; `known` is False when no reply came."""
        reply = (await self._exchange(command, changes=True)).strip()
        if reply:
            raise DirectorError(f"{self.address} refuses `{command}`: {clean(reply, 200)}{_mend(reply)}")

    async def backends(self) -> frozenset[str]:
        """The names of all backends. Raises DirectorError."""
        reply = await self.ask("show backend")
        if not reply.startswith("# name"):
            raise self._not_understood("show backend", reply)
        return frozenset(reply.split("\n")[1:]) - {""}

    async def servers(self, backend: str) -> tuple[Server, ...]:
        """The servers of a backend, in the order of the configuration. Raises DirectorError when there is no such."""
        if not _NAME.fullmatch(backend) or backend not in await self.backends():
            raise self.no_backend(backend)
        command = f"show servers state {backend}"
        reply = await self.ask(command)
        version, _, rest = reply.partition("\n")
        names, *rows = rest.strip().split("\n")
        if version != "1" or not names.startswith("# be_id"):
            raise self._not_understood(command, reply)
        backups = await self._backups(backend)
        columns = names.removeprefix("# ").split(" ")
        try:
            return tuple(_server(dict(zip(columns, row.split(" "), strict=False)), backups) for row in rows)
        except (KeyError, ValueError):
            raise self._not_understood(command, reply) from None

    async def server(self, backend: str, name: str) -> Server:
        """One server. Raises DirectorError when there is no such."""
        servers = await self.servers(backend)
        for server in servers:
            if server.name == name:
                return server
        known = ", ".join(one.name for one in servers[:20]) or "none"
        raise DirectorError(f"backend {backend} of {self.address} has no server {name!r}; it has: {known}")

    async def set_state(self, server: Server, state: str) -> None:
        """Set a server to ready, drain or maint. Raises DirectorError."""
        await self.tell(f"set server {server} state {state}")

    async def until_usable(self, backend: str, without: str = "") -> None:
        """Return once a server of `backend` other than `without` takes traffic: never route to nobody.

        A server whose newest check has not passed is waited for; when time is up HAProxy's own word is enough. Raises
        DirectorError.
        """
        servers = await self._others(backend, without)
        try:
            async with asyncio.timeout(self._timeout / SECOND):
                while not any(one.usable and one.proven for one in servers):
                    await asyncio.sleep(_POLL_S)
                    servers = await self._others(backend, without)
        except TimeoutError:
            if not any(one.usable for one in servers):
                raise self.nobody(backend, servers) from None

    async def _others(self, backend: str, without: str) -> tuple[Server, ...]:
        return tuple(one for one in await self.servers(backend) if one.name != without)

    async def level(self) -> str:
        """What this socket may do: user, operator, admin, or "" when HAProxy does not tell. Raises DirectorError."""
        reply = (await self.ask("show cli level")).strip()
        return reply if reply in ("user", "operator", ADMIN) else ""

    async def entry(self, map_: str, key: str) -> str | None:
        """The value of a key of a map; None when the map has no such key. Raises DirectorError."""
        reply = (await self.ask(f"get map {map_} {key}")).strip()
        if not reply.startswith("type="):
            raise DirectorError(f"{self.address} refuses `get map {map_} {key}`: {clean(reply, 200)}{_mend(reply)}")
        found = _FOUND.search(reply)
        return clean(found[2], 200) if found is not None and found[1] == key else None

    def no_backend(self, backend: str) -> DirectorError:
        """The error for a backend that does not exist."""
        return DirectorError(f"{self.address} has no backend {backend!r}: a map entry that names it would give 503")

    def nobody(self, backend: str, servers: tuple[Server, ...]) -> DirectorError:
        """The error for a backend of which no server takes traffic."""
        reasons = ", ".join(one.why_not for one in servers[:20]) or "it has no other"
        return DirectorError(
            f"no server of backend {backend} at {self.address} takes traffic ({reasons}); mend one first"
        )

    async def _backups(self, backend: str) -> frozenset[str]:
        """Which servers are only used when all others are gone."""
        command = f"show stat {backend} 4 -1"
        reply = await self.ask(command)
        names, *rows = reply.strip().split("\n")
        columns = names.removeprefix("# ").split(",")
        try:
            server, backup = columns.index("svname"), columns.index("bck")
            return frozenset(row.split(",")[server] for row in rows if row.split(",")[backup] == "1")
        except (ValueError, IndexError):
            raise self._not_understood(command, reply) from None

    async def _exchange(self, command: str, *, changes: bool) -> str:
        sent = False
        try:
            async with self._context.turn(self.address), asyncio.timeout(self._timeout / SECOND):
                reader, writer = await self._connect()
                try:
                    sent = changes
                    writer.write(command.encode() + b"\n")
                    reply = await _to_the_end(reader)
                finally:
                    writer.transport.abort()
        except OSError as error:  # a TimeoutError is one, too
            raise DirectorError(self._trouble(error, sent), known=not sent) from None
        if len(reply) > MAX_REPLY:
            raise DirectorError(f"{self.address} answers `{command}` with more than {MAX_REPLY} bytes", known=not sent)
        if not reply.endswith(b"\n"):
            raise DirectorError(f"{self.address} closed the connection before its reply was whole", known=not sent)
        return reply.decode("utf-8", "replace")

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        scheme, _, place = self.address.partition(":")
        if scheme == "unix":
            reader, writer = await asyncio.open_unix_connection(str(self._context.path(place)))
        else:
            host, _, port = place.removeprefix("//").rpartition(":")
            reader, writer = await asyncio.open_connection(host.strip("[]"), int(port))
        try:
            # A unix socket whose queue is full looks connected to asyncio and is not.
            writer.get_extra_info("socket").getpeername()
        except OSError:
            writer.transport.abort()
            raise TimeoutError from None
        return reader, writer

    def _trouble(self, error: OSError, sent: bool) -> str:  # noqa: FBT001 - a fact about the call, not a switch
        if isinstance(error, TimeoutError):
            limit = format_duration(self._timeout)
            still = "; the command may still be carried out" if sent else ""
            return f"no answer from {self.address} within {limit}: HAProxy hangs, or others hold its socket{still}"
        if isinstance(error, FileNotFoundError):
            return f"{self.address} is not there; is HAProxy running, with this path as `stats socket`?"
        if isinstance(error, ConnectionRefusedError):
            return f"nothing listens at {self.address}: HAProxy has ended; start it"
        if isinstance(error, PermissionError):
            return f"{self.address} may not be opened by this user; set `group` and `mode 660` on its `stats socket`"
        if isinstance(error, ConnectionError):
            return f"{self.address} cut the connection before its reply was whole"
        return f"{self.address} cannot be reached: {error.strerror or error}"

    def _not_understood(self, command: str, reply: str) -> DirectorError:
        said = clean(reply, 100) or "nothing"
        return DirectorError(
            f"{self.address} answers `{command}` with {said!r}{_mend(reply)}; is it HAProxy 2.4 or newer?"
        )


async def _to_the_end(reader: asyncio.StreamReader) -> bytes:
    """All that comes, and at most one byte more than is allowed."""
    reply = b""
    while len(reply) <= MAX_REPLY and (chunk := await reader.read(MAX_REPLY + 1 - len(reply))):
        reply += chunk
    return reply


def _server(row: dict[str, str], backups: frozenset[str]) -> Server:
    checked = bool(int(row["srv_check_state"]) & _CHECKED)
    return Server(
        backend=clean(row["be_name"], 200),
        name=clean(row["srv_name"], 200),
        admin=_admin(int(row["srv_admin_state"])),
        running=row["srv_op_state"] in _OPERATIONAL,
        proven=not checked or row["srv_check_result"] in _PASSED,
        weight=int(row["srv_uweight"]),
        backup=row["srv_name"] in backups,
    )


def _admin(flags: int) -> str:
    """What was set by people wins: it is what `ready` takes back."""
    if flags & _FORCED_MAINT:
        return "maint"
    if flags & _INHERITED_MAINT:
        return "maint of the server that it tracks"
    if flags & _NO_ADDRESS:
        return "maint for want of an address"
    return "drain" if flags & _DRAINED else "ready"


def _mend(reply: str) -> str:
    """What to do about a reply that says no, after a semicolon; empty when nothing is known."""
    for part, mend in (
        ("Permission denied", "give this `stats socket` the level admin"),
        ("Unknown map identifier", "write `map` exactly as HAProxy's configuration does; `show map` lists them"),
        ("No such server", "`show servers state` lists them"),
        ("static LB algorithm", "choose another `balance`"),
        ("restricted to experimental mode", "this HAProxy cannot do it"),
    ):
        if part.lower() in reply.lower():
            return f"; {mend}"
    return ""
