"""What every channel is: a model, a way to tell somebody something, and what it may use."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from standby.config.people import ChannelModel
from standby.config.secrets import SecretError, Secrets
from standby.domain.clock import Clock
from standby.domain.text import clean
from standby.domain.units import SECOND, format_duration, format_instant
from standby.net.phases import TRACE, Trace
from standby.net.resolver import Resolver
from standby.net.transport import Transports
from standby.net.trouble import Trouble

FATE_LIMIT = 300


class NotifyError(Exception):
    """It was not taken: one clean line. `temporary`: another try may help, after `retry_after_s` when that was said.

    `perhaps`: nobody refused it, only the answer is missing, so that it may have arrived all the same.
    """

    def __init__(
        self, message: str, *, temporary: bool = True, retry_after_s: float | None = None, perhaps: bool = False
    ) -> None:
        super().__init__(clean(message, FATE_LIMIT))
        self.temporary = temporary
        self.retry_after_s = retry_after_s
        self.perhaps = perhaps


@dataclass(frozen=True, slots=True)
class Message:
    """Something to tell, already clean. The same `key` means the same message: whoever gets it twice can tell.

    `subject` is one line, `text` several; `data` is what programs read beside them: {"alerts": [{...}], ...}.
    """

    key: str
    kind: str  # firing | resolved | exhausted | reminder | review | test
    at: int
    subject: str
    text: str
    data: Mapping[str, Any] = field(default_factory=dict)

    def document(self, to: str) -> bytes:
        """What programs are given, as JSON: {"key", "kind", "at", "to", "subject", "text", "alerts", ...}."""
        head = {"key": self.key, "kind": self.kind, "at": format_instant(self.at), "to": to}
        return json.dumps({**self.data, **head, "subject": self.subject, "text": self.text}).encode("ascii")


@dataclass
class Context:
    """What channels may use; the checks' own ways to other machines. Belongs to one event loop.

    Relative paths start from `base`, the folder of the configuration.
    """

    clock: Clock
    secrets: Secrets
    base: Path
    resolver: Resolver
    transports: Transports


@contextlib.asynccontextmanager
async def attempt(context: Context, limit: int) -> AsyncIterator[None]:
    """One try, at most `limit` ns long. What goes wrong on the way is raised as NotifyError and worth another try."""
    trace = Trace(context.clock)
    token = TRACE.set(trace)
    try:
        async with asyncio.timeout(limit / SECOND):
            yield
    except NotifyError as error:
        error.args = (context.secrets.redact(str(error)),)
        raise
    except Trouble as trouble:
        raise NotifyError(context.secrets.redact(str(trouble)), perhaps=handed_over()) from None
    except SecretError as error:
        raise NotifyError(f"a secret cannot be read: {error}") from None
    except TimeoutError:
        doing = f", {trace.doing}" if trace.current is not None else ""
        raise NotifyError(f"no answer within {format_duration(limit)}{doing}", perhaps=handed_over()) from None
    except Exception as error:  # noqa: BLE001 - its text may quote what was sent: nothing of it leaves unread
        message = context.secrets.redact(f"a fault of ours: {type(error).__name__}: {error}")
        raise NotifyError(message, perhaps=handed_over()) from None
    finally:
        TRACE.reset(token)


def handed_over() -> bool:
    """Whether the try that is under way here had begun to send the message."""
    trace = TRACE.get()
    return trace is not None and trace.current in ("first_byte", "transfer")


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
