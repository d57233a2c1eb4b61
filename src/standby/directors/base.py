"""What every director is: a model, a way to move traffic, and what it may use while it does."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from standby.config.models import DirectorModel
from standby.config.secrets import Secrets
from standby.domain.route import Step
from standby.domain.text import clean

MESSAGE_LIMIT = 500


class DirectorError(Exception):
    """What went wrong, where, and the mend, in one clean line.

    `known` says whether it is known that nothing was changed. When it is False (a time-out, a cut connection) the act
    may have happened, or may still happen: read back before saying anything.
    """

    def __init__(self, message: str, *, known: bool = True) -> None:
        super().__init__(clean(message, MESSAGE_LIMIT))
        self.known = known


@dataclass
class Context:
    """What directors may use. Belongs to one event loop.

    `places` maps a name that a configuration writes for a socket or a file to where it really is; it may change while
    in use. Relative paths start from `base`, the folder of the configuration.
    """

    secrets: Secrets
    base: Path = field(default_factory=Path)
    places: Mapping[str, str] = field(default_factory=dict)
    _turns: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock), repr=False)

    def path(self, written: str | Path) -> Path:
        """Where a socket or a file of the configuration is."""
        return Path(self.places.get(str(written)) or self.base / written)

    def turn(self, place: str) -> asyncio.Lock:
        """One at a time at that place, for all directors of this context."""
        return self._turns[place]


class Director(Protocol):
    """Moves the traffic of one route. Targets are named by their ids; every text it gives is clean and one line."""

    async def where(self) -> str:
        """The target that traffic goes to now; "" when it goes to none, to several, or to a place that is no target.

        Raises DirectorError.
        """
        ...

    async def plan(self, to: str) -> tuple[Step, ...]:
        """The steps that move traffic to the target `to`, in order, make before break; nothing is changed.

        There is exactly one pivot, also when traffic is there already. Raises DirectorError for what cannot work: an
        unknown backend, no server that could take traffic, a file that may not be written.
        """
        ...

    async def read(self, subject: str) -> str:
        """The state of a step's subject, in the words of `desired`. Raises DirectorError."""
        ...

    async def apply(self, subject: str, desired: str) -> None:
        """Bring a step's subject to a state; a subject that is there already is left alone.

        Returns once the other side has said yes: the caller reads back. Raises DirectorError.
        """
        ...

    async def drift(self) -> tuple[str, ...]:
        """A line for each thing that does not agree: what runs, what a file says, where else traffic goes.

        Raises DirectorError.
        """
        ...

    async def close(self) -> None:
        """Let go of what it holds."""
        ...


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of director. A module of `standby.directors` that has one as `KIND` is found by the registry.

    `director` gets the model, the place of each target by its id (each place once), and the context.
    """

    name: str
    model: type[DirectorModel]
    director: Callable[[Any, Mapping[str, str], Context], Director]
