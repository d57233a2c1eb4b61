"""The engine: puts scheduler, judge, recorder and the rest together and keeps them going."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from standby.engine.clock import EngineClock
from standby.link.protocol import Command, Peer, Receipt

if TYPE_CHECKING:
    from standby.checks.base import Context
    from standby.config.models import Config
    from standby.store.writer import Writer


@dataclass(frozen=True, slots=True)
class Identity:
    """Which process this is: what the engine's row in the store says of it."""

    kind: str  # service | companion
    pid: int
    host: str
    user: str
    version: str


class Engine:
    """One engine on one store. `start`, `run_until`, `stop`, in this order, on one event loop.

    `load` reads the configuration again for `reload` (raises ConfigError); `rehearse` passes a rehearsal's arguments to
    the simulated third parties and returns one line that says what it did (raises ValueError with the reason).
    """

    def __init__(
        self,
        config: Config,
        writer: Writer,
        clock: EngineClock,
        *,
        identity: Identity,
        context: Context,
        load: Callable[[], Config] | None = None,
        rehearse: Callable[[Mapping[str, Any]], Awaitable[str]] | None = None,
    ) -> None:
        raise NotImplementedError

    fence: int  # this term's number, given by the store in `start`

    async def start(self) -> None:
        """Begin the term, go on where the last engine stopped, open the receiver, plan every check.

        Raises StoreError when the store cannot be read or a newer engine holds it.
        """
        raise NotImplementedError

    async def run_until(self, stop: asyncio.Event) -> None:
        """Poll until `stop` is set or somebody asked for a replacement (`ending` then says why).

        Raises StoreError of kind `fenced` when a newer engine took the store: nothing more is written.
        """
        raise NotImplementedError

    async def stop(self) -> None:
        """End runs, write what is buffered, mark the term stopped. Never raises; `last_words` say what was lost."""
        raise NotImplementedError

    async def handle(self, command: Command, peer: Peer) -> Receipt:
        """Carry out one command; the same id always gets the same receipt, given after it is on disk."""
        raise NotImplementedError

    async def reload(self) -> list[str]:
        """Read the configuration again and change only what changed; lines for people. Raises ConfigError, keeping the old."""
        raise NotImplementedError

    def refusal(self, peer: Peer) -> str:
        """Why this person may not act (`operators`); empty when they may. For `Welcome`."""
        raise NotImplementedError

    def welcome_extra(self) -> dict[str, Any]:
        """What a console should know even when the store cannot be written: {"trouble": str, "blind_since": int | None}."""
        raise NotImplementedError

    @property
    def ending(self) -> str:
        """Why the engine ends by itself (a replacement was asked for); empty while it does not."""
        raise NotImplementedError

    @property
    def trouble(self) -> str:
        """One line about what is wrong with the engine itself; empty when all is well."""
        raise NotImplementedError

    def healthy(self, monotonic: int) -> bool:
        """Whether the loop turned and the scheduler planned within the last 3 s of the monotonic clock (ns): for the
        watchdog. A store that cannot be written is trouble, not ill health: a restart would not mend it."""
        raise NotImplementedError

    def last_words(self) -> list[str]:
        """Lines for stderr at the end: what could not be stored, and why. Empty when nothing was lost."""
        raise NotImplementedError

    def report(self) -> dict[str, Any]:
        """The run's figures, as INTERFACES names them."""
        raise NotImplementedError
