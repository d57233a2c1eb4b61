"""This console and the engine: the lasting link, the companion that is started when nobody polls, the leaving."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from standby.console.snapshot import Link
from standby.link.protocol import Command, Receipt, Status, Welcome

if TYPE_CHECKING:
    from standby.link import dial
    from standby.link.client import Client
    from standby.link.paths import LinkPaths

_LOOK_S = 0.5
_PATIENCE_S = 8.0  # a companion that has not answered by then is no longer called starting

_NO_CONFIG = "name a configuration with --config FILE to start one"

OnChange = Callable[[Link], None]
OnReceipt = Callable[[Command, Receipt], None]


class Session(Protocol):
    """What the screen needs of the engine's side."""

    def start(self, on_change: OnChange, on_receipt: OnReceipt) -> None:
        """Begin to connect. `on_receipt`: what became of commands kept earlier. Both come on the event loop."""
        ...

    def send(self, command: Command, timeout: float = 10.0) -> Awaitable[Receipt]:
        """Send, and wait `timeout` seconds for the receipt."""
        ...

    def consoles(self) -> Awaitable[int | None]:
        """How many consoles the engine counts now, this one among them; `None` when it does not say."""
        ...

    def doubt(self, *, doubted: bool) -> None:
        """The heartbeat in the store is late (or not any more): ask the engine itself what is wrong."""
        ...

    def close(self) -> Awaitable[None]:
        """Hang up and let go of a companion."""
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """Which store, and what a companion needs to be started: its configuration, and the store when it was named.

    Without a configuration, or with `spawn` false (--read-only), no engine is ever started from here.
    """

    store: Path
    config: Path | None = None
    named: bool = False
    spawn: bool = True


class EngineSession:
    """The real one. Everything of the link is imported in `start`, which is called after the first frame."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._client: Client | None = None
        self._paths: LinkPaths | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._link = Link(reason=_NO_CONFIG if place.spawn and place.config is None else "")
        self._on_change: OnChange = lambda _: None

    def start(self, on_change: OnChange, on_receipt: OnReceipt) -> None:
        """Connect now, and start a companion when the store's lock is free."""
        from standby.link.client import Client
        from standby.link.paths import link_paths

        self._on_change = on_change
        self._paths = link_paths(self._place.store)
        self._client = Client(self._paths, on_change=self._linked, on_receipt=on_receipt)
        self._client.start()
        self._tasks = [asyncio.create_task(self._look(), name="engine's lock")]
        if self._place.spawn and self._place.config is not None:
            self._tasks.append(asyncio.create_task(self._attend(self._place.config), name="companion"))

    async def send(self, command: Command, timeout: float = 10.0) -> Receipt:  # noqa: ASYNC109
        """Send, and wait for the receipt."""
        if self._client is None:
            return Receipt(command.id, Status.UNREACHABLE, "not connected yet")
        return await self._client.send(command, timeout)

    async def consoles(self) -> int | None:
        """Asked of the engine, on a connection that does not count as a console."""
        welcome = await self._ask()
        found = welcome.extra.get("consoles") if welcome else None
        return found if isinstance(found, int) else None

    async def close(self) -> None:
        """Hang up and let go of a companion."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        if self._client is not None:
            await self._client.close()

    def _connected(self) -> bool:
        return self._link.connected

    def _linked(self, link: dial.Link) -> None:
        connected = link.state == "connected"
        # Denied: whoever may not open the socket may still look.
        refusal = Welcome(0, "", 0, "", may_act=False, refusal=link.reason) if link.state == "denied" else None
        self._set(
            connected=connected,
            welcome=link.welcome if connected else refusal,
            held=True if connected else self._link.held,
            starting=self._link.starting and not connected,
            reason="" if connected else self._link.reason,
            trouble=_trouble(link.welcome) if connected else "",
        )

    async def _attend(self, config: Path) -> None:
        from standby.link.companion import attend, companion_command

        assert self._paths is not None  # noqa: S101 - set by start
        held, _ = await asyncio.to_thread(self._held)
        if held is False:
            self._set(starting=True)
        command = companion_command(config, self._place.store if self._place.named else None)
        await attend(self._paths, command, self._connected, self._said)

    def _said(self, text: str) -> None:
        self._set(reason=text, starting=self._link.starting and not text)

    async def _look(self) -> None:
        """Whether a process holds the store, while none answers; what a connected one that stores nothing says."""
        waited = 0.0
        while True:
            if not self._link.connected:
                held, holder = await asyncio.to_thread(self._held)
                waited = waited + _LOOK_S if self._link.starting else 0.0
                self._set(held=held, holder=holder, starting=self._link.starting and waited < _PATIENCE_S)
            elif self._link.trouble or self._link.doubted:
                welcome = await self._ask()
                if welcome is not None and self._link.connected:
                    self._set(trouble=_trouble(welcome))
            await asyncio.sleep(_LOOK_S if not self._link.connected else 4 * _LOOK_S)

    def doubt(self, *, doubted: bool) -> None:
        """The store's heartbeat is late: ask the engine itself what is wrong."""
        if doubted != self._link.doubted:
            self._set(doubted=doubted, trouble=self._link.trouble if doubted else "")

    async def _ask(self) -> Welcome | None:
        from standby.link.dial import NoLinkError, connect

        if self._paths is None:
            return None
        try:
            _, writer, welcome = await connect(self._paths, "cli")
        except NoLinkError:
            return None
        writer.close()
        return welcome

    def _held(self) -> tuple[bool | None, int]:
        """Whether a process holds the store (`None`: it cannot be told), and which."""
        from standby.link.holder import held_by

        assert self._paths is not None  # noqa: S101 - set by start
        try:
            holder = held_by(self._paths.lock)
        except OSError:
            return None, 0
        return holder is not None, holder.pid if holder else 0

    def _set(self, **changed: object) -> None:
        link = replace(self._link, **changed)  # type: ignore[arg-type]
        if link != self._link:
            self._link = link
            self._on_change(link)


def _trouble(welcome: Welcome | None) -> str:
    found = welcome.extra.get("trouble") if welcome else ""
    return found if isinstance(found, str) else ""
