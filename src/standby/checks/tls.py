"""`kind = "tls"`: the certificate that a server shows, and how long it is still good."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from standby.checks.base import Context, Kind, certificate_metrics, observation
from standby.config.fields import Host, Port
from standby.config.models import CheckModel
from standby.domain.observation import Failure, Observation
from standby.domain.outcome import Outcome
from standby.net.dial import dial
from standby.net.phases import TRACE, Trace
from standby.net.transport import Options
from standby.net.trouble import Trouble


class TlsModel(CheckModel):
    """A TLS handshake with a server; the connection is closed after it."""

    kind: Literal["tls"] = "tls"
    host: Host
    port: Port = 443
    sni: Host | None = Field(default=None, description="the name asked for, instead of host")
    warn_days: float = Field(default=21.0, ge=0, description="fewer days left than this is `degraded`")
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
        return observation(
            model,
            context,
            slot,
            Outcome.DEGRADED if soon else Outcome.UP,
            f"{ends}, fewer than {model.warn_days:g} days" if soon else ends,
            failure=Failure.TLS if soon else None,
            latency_ms=latency_ms,
            metrics=metrics,
        )


KIND = Kind("tls", TlsModel, TlsCheck)
