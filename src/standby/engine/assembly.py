"""Put a real engine together: configuration, store, checks' context, simulated third parties."""

from __future__ import annotations

import dataclasses
import os
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from standby import __version__
from standby.checks.base import Context
from standby.config.load import load as load_config
from standby.config.secrets import Secrets
from standby.engine.clock import EngineClock
from standby.engine.kinds import kinds
from standby.engine.process.term import Identity
from standby.engine.service import Engine
from standby.link.peer import login_name
from standby.link.protocol import Command, Peer, Receipt
from standby.link.simulator import Attached, SimulatorError, attach
from standby.store.writer import Writer

if TYPE_CHECKING:
    import asyncio

    from standby.config.whole import Config

Rehearse = Callable[[Mapping[str, Any]], Awaitable[str]]


class Running(Protocol):
    """What a process asks of its engine; `engine.service.Engine` is one, tests have a small one."""

    @property
    def fence(self) -> int: ...
    async def start(self) -> None: ...
    async def run_until(self, stop: asyncio.Event) -> None: ...
    async def stop(self) -> None: ...
    async def handle(self, command: Command, peer: Peer) -> Receipt: ...
    async def reload(self) -> list[str]: ...
    def refusal(self, peer: Peer) -> str: ...
    def welcome_extra(self) -> dict[str, Any]: ...
    @property
    def ending(self) -> str: ...
    def healthy(self, monotonic: int) -> bool: ...
    def last_words(self) -> list[str]: ...
    def report(self) -> dict[str, Any]: ...


@dataclasses.dataclass(slots=True)
class Assembled:
    """An engine that has not begun, and what belongs to it. `close` gives back everything, in any state."""

    engine: Running
    files: Callable[[], Sequence[Path]]  # of the configuration in force
    linger: Callable[[], int]
    close: Callable[[], Awaitable[None]]
    redact: Callable[[str], str] = str  # takes the secrets that were used out of a text


class Plan(Protocol):
    """A configuration that was read, and the way to an engine for it."""

    store: Path
    digest: str
    path: Path

    def refusal(self, user: str) -> str:
        """Why this user may not go on where an engine died; empty when they may."""
        ...

    async def assemble(self, kind: str, clock: EngineClock) -> Assembled:
        """Raises StoreError, SimulatorError."""
        ...


class ConfiguredPlan:
    """The plan of one configuration file, its store replaced when another is named. Raises ConfigError."""

    def __init__(self, path: Path, store: Path | None) -> None:
        self.path = path
        self._named = store
        self._config = self._load()
        self.store = self._config.store
        self.digest = self._config.digest

    def refusal(self, user: str) -> str:
        """See `engine.succession`."""
        from standby.engine.process.succession import refusal

        return refusal(self._config, self.store, user, Secrets(self._config.base))

    async def assemble(self, kind: str, clock: EngineClock) -> Assembled:
        """Attach the simulated third parties when there are to be some, open the store, make the engine of it."""
        config = self._config
        context: Context | None = None
        simulated: Attached | None = None
        writer: Writer | None = None

        async def close() -> None:
            if context is not None:
                await context.close()
            if simulated is not None:
                await simulated.close()
            if writer is not None:
                await writer.close()

        try:
            if config.simulator is not None and config.simulator.enabled:
                simulated = await attach(config.store, spawn=True, seed=config.simulator.seed)
            context = _context(config, clock, simulated)
            writer = await Writer.open(config.store, now=clock.now())
            engine = Engine(
                config,
                writer,
                clock,
                identity=identity(kind),
                context=context,
                load=self._load,
                rehearse=_rehearsing(simulated) if simulated is not None else None,
            )
        except BaseException:
            await close()
            raise
        redact = context.secrets.redact
        return Assembled(engine, lambda: self._config.files, lambda: self._config.settings.linger, close, redact)

    def _load(self) -> Config:
        config = load_config(self.path, kinds())
        if self._named is not None:
            config = dataclasses.replace(config, settings=config.settings.model_copy(update={"store": self._named}))
        self._config = config
        return config


def _context(config: Config, clock: EngineClock, simulated: Attached | None) -> Context:
    secrets = Secrets(config.base, clock=clock)
    if simulated is None:
        return Context(clock, secrets, base=config.base)
    where = simulated.connect_to, simulated.ca_path
    return Context(clock, secrets, *where, config.base, places=simulated.places)


def identity(kind: str) -> Identity:
    """Who this process is."""
    return Identity(kind, os.getpid(), socket.gethostname(), login_name(os.geteuid()), __version__)


def _rehearsing(simulated: Attached) -> Rehearse:
    async def rehearse(args: Mapping[str, Any]) -> str:
        try:
            return await simulated.rehearsal(args)
        except SimulatorError as error:
            raise ValueError(str(error)) from None

    return rehearse
