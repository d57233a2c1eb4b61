"""Names to addresses in threads of our own, so that a hung resolver never blocks another check or the exit."""

from __future__ import annotations

import asyncio
import ipaddress
import queue
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from standby.net.trouble import ResolveError

THREADS = 64
Lookup = Callable[..., list[tuple[Any, ...]]]  # socket.getaddrinfo's shape

_NO_NAME = {
    code
    for code in (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", None), getattr(socket, "EAI_ADDRFAMILY", None))
    if code is not None
}


@dataclass(frozen=True, slots=True)
class Address:
    """One place to connect to."""

    family: int
    ip: str
    port: int

    @property
    def info(self) -> tuple[int, int, int, str, tuple[Any, ...]]:
        """The shape of one `getaddrinfo` answer."""
        place = (self.ip, self.port, 0, 0) if self.family == socket.AF_INET6 else (self.ip, self.port)
        return (self.family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", place)


class Resolver:
    """Looks names up. One lookup a name at a time: who asks meanwhile waits for the same answer.

    A name whose lookup hangs holds one thread, however often it is asked for; at most `threads` names can hang before
    further lookups are refused as temporary failures. `connect_to` answers before any lookup, like curl's
    `--connect-to`. Belongs to one event loop.
    """

    def __init__(
        self,
        connect_to: Mapping[tuple[str, int], tuple[str, int]] | None = None,
        *,
        lookup: Lookup = socket.getaddrinfo,
        threads: int = THREADS,
    ) -> None:
        self._connect_to = connect_to if connect_to is not None else {}
        self._lookup = lookup
        self._limit = threads
        self._jobs: queue.SimpleQueue[tuple[str, asyncio.Future[list[Address]]] | None] = queue.SimpleQueue()
        self._flights: dict[str, asyncio.Future[list[Address]]] = {}
        self._threads = 0
        self._closed = False

    async def addresses(self, host: str, port: int) -> list[Address]:
        """Where `host` is, best first, never empty. Raises ResolveError."""
        elsewhere = self._connect_to.get((host, port))
        if elsewhere is not None:
            ip, real = elsewhere
            return [Address(_family(ip), ip, real)]
        if _is_ip(host):
            return [Address(_family(host), host, port)]
        flight = self._flights.get(host)
        if flight is None:
            flight = self._start(host)
        # `wait` leaves the flight alone when this caller is cancelled: the others get their answer.
        await asyncio.wait((flight,))
        return [Address(address.family, address.ip, port) for address in flight.result()]

    def close(self) -> None:
        """Let idle threads end; one that hangs is a daemon and holds up nobody."""
        self._closed = True
        for _ in range(self._threads):
            self._jobs.put(None)

    def _start(self, host: str) -> asyncio.Future[list[Address]]:
        busy = len(self._flights)
        if self._closed or busy >= self._limit:
            why = "closing" if self._closed else f"{busy} other lookups hang"
            raise ResolveError(f"{host} was not looked up: {why}", temporary=True)
        flight: asyncio.Future[list[Address]] = asyncio.get_running_loop().create_future()
        self._flights[host] = flight
        flight.add_done_callback(lambda done: self._landed(host, done))
        if busy >= self._threads:
            self._threads += 1
            threading.Thread(target=self._work, name=f"resolver-{self._threads}", daemon=True).start()
        self._jobs.put((host, flight))
        return flight

    def _landed(self, host: str, flight: asyncio.Future[list[Address]]) -> None:
        self._flights.pop(host, None)
        if not flight.cancelled():
            flight.exception()  # seen: a failure whose last waiter timed out is no news for the loop's log

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            host, flight = job
            try:
                found: list[Address] | ResolveError = _look(self._lookup, host)
            except Exception as error:  # noqa: BLE001 - a thread that dies would leave its waiters hanging
                found = ResolveError(f"{host} was not looked up: {type(error).__name__}", temporary=True)
            try:
                flight.get_loop().call_soon_threadsafe(_settle, flight, found)
            except RuntimeError:  # the loop is closed: nobody waits any more
                return


def _settle(flight: asyncio.Future[list[Address]], found: list[Address] | ResolveError) -> None:
    if flight.done():
        return
    if isinstance(found, ResolveError):
        flight.set_exception(found)
    else:
        flight.set_result(found)


def _look(lookup: Lookup, host: str) -> list[Address] | ResolveError:
    try:
        answers = lookup(host, None, type=socket.SOCK_STREAM, flags=getattr(socket, "AI_ADDRCONFIG", 0))
    except socket.gaierror as error:
        if error.errno in _NO_NAME:
            return ResolveError(f"{host} has no address: no such name", temporary=False)
        return ResolveError(f"the resolver gave no answer for {host}: {error.strerror}", temporary=True)
    except (UnicodeError, ValueError):
        return ResolveError(f"{host} is not a valid host name", temporary=False)
    except OSError as error:
        return ResolveError(f"the resolver gave no answer for {host}: {error.strerror}", temporary=True)
    found = [Address(family, place[0], 0) for family, _, _, _, place in answers if family in _FAMILIES]
    return list(dict.fromkeys(found)) or ResolveError(f"{host} has no address", temporary=False)


_FAMILIES = (socket.AF_INET, socket.AF_INET6)


def _family(ip: str) -> int:
    return socket.AF_INET6 if ":" in ip else socket.AF_INET


def is_public(ip: str) -> bool:
    """Whether everybody reaches the same machine there: neither loopback, private, link-local nor reserved."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_global


def _is_ip(host: str) -> bool:
    if not host[-1:].isdigit() and ":" not in host:
        return False
    try:
        socket.inet_pton(_family(host), host)
    except (OSError, ValueError):
        return False
    return True
