"""The checkout as a whole: the router, the customers, and where both can be found."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from standby.domain.clock import Clock
from standby.domain.units import SECOND
from standby.link.paths import RUNTIME
from standby.simulator.checkout.gateways import COUNTER, GATEWAYS, KEY, MAP, ROUTER, SOCKET
from standby.simulator.checkout.haproxy import HaproxyRouter, NotReadyError
from standby.simulator.checkout.own import OwnRouter
from standby.simulator.checkout.traffic import Tally, Traffic
from standby.simulator.exchange import Answer, BadRequestError, read_request, send
from standby.simulator.listener import LOOPBACK, Listener

_RESTART_NS = SECOND
_MAP = f"# where each route goes; written by whoever moves traffic, read by the router when it starts\n{KEY} {{}}\n"


class Router(Protocol):
    """What stands between the shop and the gateways."""

    @property
    def alive(self) -> bool:
        """Whether it has not ended."""
        ...

    async def open(self) -> None:
        """Start, and return when it answers."""
        ...

    async def close(self) -> None:
        """End; nothing of it is left."""
        ...


class Checkout:
    """Payment traffic of the shop. `haproxy` is the program to route it with; without one we do it ourselves.

    `where` gives the place of each simulated endpoint by host and port, `ca` is the authority of their certificates.
    """

    def __init__(self, clock: Clock, where: Mapping[tuple[str, int], int], ca: Path, haproxy: Path | None) -> None:
        self._clock = clock
        self._ca = ca.absolute()
        self._haproxy = haproxy
        self._ports = {gateway.backend: where[gateway.host, 443] for gateway in GATEWAYS}
        self._folder = Path()
        self._listening: socket.socket | None = None
        self._router: Router | None = None
        self._traffic: Traffic | None = None
        self._customers: asyncio.Task[None] | None = None
        self._counter = Listener(self._count)
        self._tried = 0

    async def open(self) -> None:
        """Start everything. Raises OSError."""
        # Short enough for a unix socket, and private: whoever may open it may route payments.
        self._folder = Path(tempfile.mkdtemp(prefix="standby-pay-", dir=RUNTIME))
        (self._folder / MAP).write_text(_MAP.format(GATEWAYS[0].backend))
        # Bound here and handed to the router: the port stays the same when HAProxy has to be started again.
        self._listening = socket.create_server((LOOPBACK, 0))
        self._listening.setblocking(False)  # noqa: FBT003 - the standard library's signature
        self._router = await self._start(self._listening)
        await self._counter.open()
        self._traffic = Traffic(self._listening.getsockname()[1], self._clock)
        self._customers = asyncio.create_task(self._traffic.run(), name="customers")

    async def tick(self) -> None:
        """Start a router that has ended again, at most once a second, as a service manager would."""
        now = self._clock.monotonic()
        if self._router is None or self._router.alive or now - self._tried < _RESTART_NS:
            return
        self._tried = now
        with contextlib.suppress(NotReadyError, OSError):
            await self._router.open()

    def begin(self) -> None:
        """Count from nothing: a scenario begins."""
        if self._traffic is not None:
            self._traffic.tally = Tally()

    def connect_to(self) -> list[tuple[str, int, str, int]]:
        """Where the router and the counter really are: host, port, address, port."""
        port = 0 if self._listening is None else self._listening.getsockname()[1]
        return [(*ROUTER, LOOPBACK, port), (*COUNTER, LOOPBACK, self._counter.port)]

    def places(self) -> Mapping[str, str]:
        """Where the router's socket and map really are, by the names that a configuration writes."""
        return {SOCKET: str(self._folder / "admin.sock"), MAP: str(self._folder / MAP)}

    async def close(self) -> None:
        """End everything."""
        if self._customers is not None:
            self._customers.cancel()
            await asyncio.gather(self._customers, return_exceptions=True)
        self._counter.close()
        if self._router is not None:
            await self._router.close()
        if self._listening is not None:
            self._listening.close()
        if self._folder.name:
            shutil.rmtree(self._folder, ignore_errors=True)

    async def _start(self, listening: socket.socket) -> Router:
        if self._haproxy is not None:
            real = HaproxyRouter(self._haproxy, self._folder, listening, self._ports, self._ca)
            try:
                await real.open()
            except (NotReadyError, OSError):
                await real.close()
                self._folder.mkdir(mode=0o700, exist_ok=True)
                (self._folder / MAP).write_text(_MAP.format(GATEWAYS[0].backend))
            else:
                return real
        own = OwnRouter(self._folder, listening, self._ports, self._ca)
        await own.open()
        return own

    async def _count(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection of the counter."""
        with contextlib.suppress(OSError, BadRequestError, asyncio.IncompleteReadError):
            while (request := await read_request(reader)) is not None:
                await send(writer, request, self._counted(request.url.path))
                if not request.keep_alive:
                    return

    def _counted(self, path: str) -> Answer:
        if self._traffic is None or path != f"/{KEY}":
            return Answer(404, {"status": "error", "message": f"no {path[:100]} here"})
        return Answer(200, self._traffic.tally.document(self._clock.monotonic()))
