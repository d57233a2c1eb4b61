"""`kind = "tls"`: the certificate that a server shows, and how long it is still good."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Literal

from pydantic import Field

from standby.checks.base import Context, Kind, certificate_metrics, observation
from standby.config.fields import Host, Port
from standby.config.models import CheckModel
from standby.domain.observation import Failure, Observation
from standby.domain.outcome import Outcome
from standby.domain.units import HOUR, SECOND
from standby.net.dial import dial
from standby.net.phases import TRACE, Trace
from standby.net.transport import Options
from standby.net.trouble import Trouble
from standby.net.weakness import weaknesses


class TlsModel(CheckModel):
    """A TLS handshake with a server; the connection is closed after it."""

    kind: Literal["tls"] = "tls"
    host: Host
    port: Port = 443
    sni: Host | None = Field(default=None, description="the name asked for, instead of host")
    warn_days: float = Field(default=21.0, ge=0, description="fewer days left than this is `degraded`")
    weak: bool = Field(
        default=True, description="try once an hour what it should refuse: TLS before 1.2, broken ciphers (`degraded`)"
    )
    verify: Path | None = Field(default=None, description="a PEM file of authorities, instead of the system's")

    @property
    def target(self) -> str:
        """Host and port, and the name asked for when it is another."""
        named = f" ({self.sni})" if self.sni and self.sni != self.host else ""
        return f"tls://{self.host}:{self.port}{named}"


class TlsCheck:
    """Looks by one verified handshake: an invalid certificate is `down`, one that ends soon is `degraded`."""

    def __init__(self, model: TlsModel) -> None:
        self.model = model
        self._tried: int | None = None
        self._accepted: list[str] = []

    async def run(self, context: Context, slot: int) -> Observation:
        """Shake hands once. Raises Trouble."""
        model, trace = self.model, TRACE.get() or Trace(context.clock)
        tls = context.transports.tls(Options(authorities=model.verify))
        async with dial(context.resolver, model.host, model.port, tls=tls, name=model.sni):
            latency_ms = trace.elapsed_ms
            trace.enter(None)
        metrics = certificate_metrics(trace, context.clock.now())
        days = metrics.get("certificate_days")
        if days is None:
            raise Trouble(Failure.TLS, "the certificate's end cannot be read", Outcome.UNKNOWN)
        ends = (
            f"the certificate is valid for {days:.0f} more days"
            if days >= 2
            else f"the certificate ends in {days * 24:.0f} h"
        )
        soon = days < model.warn_days
        accepts = await self._accepts(context) if model.weak else []
        said = [f"{ends}, fewer than {model.warn_days:g} days" if soon else ends]
        said += [f"it accepts {' and '.join(accepts)}, which it should refuse"] if accepts else []
        bad = soon or bool(accepts)
        return observation(
            model,
            context,
            slot,
            Outcome.DEGRADED if bad else Outcome.UP,
            "; ".join(reversed(said) if accepts and not soon else said),
            failure=Failure.TLS if bad else None,
            latency_ms=latency_ms,
            metrics=metrics | {"tls_weaknesses": float(len(accepts))} if model.weak else metrics,
        )

    async def _accepts(self, context: Context) -> list[str]:
        """What it accepts although it should not; tried now and then, never at the cost of the look itself."""
        now, model = context.clock.monotonic(), self.model
        if self._tried is not None and now - self._tried < HOUR:
            return self._accepted
        try:
            async with asyncio.timeout(model.timeout / 4 / SECOND):
                self._accepted = await weaknesses(context.resolver, model.host, model.port, model.sni)
                self._tried = now
        except TimeoutError:  # what was known holds; tried again at the next look
            pass
        return self._accepted


KIND = Kind("tls", TlsModel, TlsCheck)
