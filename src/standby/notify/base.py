"""What every channel is: a model, a way to tell somebody something, and what it may use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from standby.config.people import ChannelModel
from standby.config.secrets import Secrets
from standby.domain.clock import Clock
from standby.domain.text import clean

FATE_LIMIT = 300


class NotifyError(Exception):
    """It was not taken: one clean line. `temporary`: another try may help, after `retry_after_s` when that was said."""

    def __init__(self, message: str, *, temporary: bool = True, retry_after_s: float | None = None) -> None:
        super().__init__(clean(message, FATE_LIMIT))
        self.temporary = temporary
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Message:
    """Something to tell, already clean. The same `key` means the same message: whoever gets it twice can tell.

    `subject` is one line, `text` several; `data` is what programs read: {"kind", "alerts": [{...}], ...}.
    """

    key: str
    kind: str  # firing | resolved | exhausted | test
    at: int
    subject: str
    text: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Context:
    """What channels may use. Belongs to one event loop. Relative paths start from `base`."""

    clock: Clock
    secrets: Secrets
    base: Path = field(default_factory=Path)


class Channel(Protocol):
    """One way to reach somebody."""

    async def send(self, message: Message, to: str) -> str:
        """Hand the message over; returns what the other side said, one clean line. Bounded by the model's `timeout`.

        `to` is an address in this channel; empty for a channel that goes to one place. Raises NotifyError.
        """
        ...

    async def close(self) -> None:
        """Let go of what it holds."""
        ...


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of channel. A module of `standby.notify` that has one as `KIND` is found by the registry."""

    name: str
    model: type[ChannelModel]
    channel: Callable[[Any, Context], Channel]
