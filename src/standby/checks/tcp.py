"""`kind = "tcp"`: whether something listens, and if asked, what it says."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from standby.checks.base import Context, Kind, observation
from standby.config.fields import Host, Port
from standby.config.models import CheckModel
from standby.config.revealed import Revealed, reveal
from standby.domain.observation import Failure, Observation
from standby.domain.outcome import Outcome
from standby.domain.text import clean
from standby.net.dial import dial
from standby.net.phases import TRACE, Trace
from standby.net.trouble import Trouble

MAX_BANNER = 65_536


def _not_empty(text: str) -> str:
    if not text:
        raise ValueError("empty: every answer would match; leave it out to only connect")
    return text


class TcpModel(CheckModel):
    """A TCP connection; optionally bytes to send and bytes that the answer must hold."""

    kind: Literal["tcp"] = "tcp"
    host: Host
    port: Port
    send: str | None = Field(
        default=None, max_length=4096, description="sent as UTF-8 once connected; may be a secret reference"
    )
    expect: Annotated[str, AfterValidator(_not_empty)] | None = Field(
        default=None, max_length=1024, description="text that must be among the first 64 kB of the answer"
    )

    @model_validator(mode="after")
    def _sent_for_something(self) -> TcpModel:
        if self.send is not None and self.expect is None:
            raise ValueError("send without expect: nobody would look at the answer; add expect")
        return self

    @property
    def target(self) -> str:
        """Host and port."""
        return f"tcp://{self.host}:{self.port}"


class TcpCheck:
    """Looks by one connection."""

    def __init__(self, model: TcpModel) -> None:
        self.model = model

    async def run(self, context: Context, slot: int) -> Observation:
        """Connect once. Raises Trouble and SecretError."""
        model, trace = self.model, TRACE.get() or Trace(context.clock)
        revealed = await reveal(context.secrets, [model.send or ""])
        outcome, message, failure = Outcome.UP, "connected", None
        async with dial(context.resolver, model.host, model.port) as (reader, writer):
            if model.expect is None:
                trace.enter(None)
            else:
                writer.write(revealed.values[0].encode())
                banner = await _banner(reader, model.expect.encode(), trace)
                if banner is None:
                    message = f"the answer holds {model.expect!r}"
                else:
                    outcome, failure = Outcome.DOWN, Failure.EXPECTATION
                    message = f"the answer does not hold {model.expect!r}: {_shown(banner, revealed)}"
            latency_ms = trace.elapsed_ms
        return observation(model, context, slot, outcome, message, failure=failure, latency_ms=latency_ms)


async def _banner(reader: asyncio.StreamReader, wanted: bytes, trace: Trace) -> bytes | None:
    """None once `wanted` has come; else all that came until the end. Raises Trouble for an endless answer."""
    seen = b""
    while chunk := await reader.read(4096):
        trace.enter("transfer")
        # Only the new part, and so much before it as `wanted` could straddle.
        if wanted in seen[-len(wanted) :] + chunk:
            trace.enter(None)
            return None
        seen += chunk
        if len(seen) > MAX_BANNER:
            raise Trouble(Failure.TOO_LARGE, f"more than {MAX_BANNER} bytes came without what is expected")
    trace.enter(None)
    return seen


def _shown(banner: bytes, revealed: Revealed) -> str:
    text = clean(revealed.redact(banner.decode("utf-8", "replace")), 200)
    return f"it is {text!r}" if text else "nothing came"


KIND = Kind("tcp", TcpModel, TcpCheck)
