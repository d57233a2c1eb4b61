"""`kind = "webhook"`: events that a vendor pushes to us; how many, and how long none came."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from standby.checks.base import Context, Kind, Tally, observation
from standby.checks.signatures import Scheme
from standby.config.fields import Duration, SecretReference
from standby.config.models import CheckModel
from standby.domain.observation import Failure, Observation
from standby.domain.outcome import Outcome
from standby.domain.units import HOUR, MINUTE, SECOND, format_duration


class WebhookModel(CheckModel):
    """Events POSTed to `/hook/ID` of `listen`, ID being the check's. Only what is signed counts."""

    kind: Literal["webhook"] = "webhook"
    scheme: Scheme = Field(description="how they are signed: as Stripe, Slack or GitHub do, or a secret in a header")
    secret: SecretReference = Field(description="where the secret is that the vendor signs with")
    old_secret: SecretReference | None = Field(default=None, description="also good, while a secret is exchanged")
    header: str = Field(
        default="X-Webhook-Token",
        pattern=r"^[A-Za-z0-9-]{1,60}$",
        description="where the secret comes, for the scheme `header`",
    )
    tolerance: Duration = Field(
        default=5 * MINUTE,
        le=HOUR,
        description="how old a signature of Stripe or Slack may be; older is a replay",
    )
    quiet_after: Duration = Field(default=HOUR, description="no event for this long is `degraded`")
    down_after: Duration | None = Field(default=None, description="no event for this long is `down`")

    @model_validator(mode="after")
    def _in_order(self) -> WebhookModel:
        if self.down_after is not None and self.down_after <= self.quiet_after:
            raise ValueError("down_after is not above quiet_after; write a longer one")
        return self

    @property
    def target(self) -> str:
        """Where they come in."""
        return f"/hook/{self.id}"


class WebhookCheck:
    """Looks at the events that the engine has received."""

    def __init__(self, model: WebhookModel) -> None:
        self.model = model

    async def run(self, context: Context, slot: int) -> Observation:
        """Judge the silence as of now."""
        model = self.model
        if context.pings is None or context.tallies is None:
            message = "needs the engine: it receives the events"
            return observation(model, context, slot, Outcome.UNKNOWN, message, failure=Failure.INTERNAL)
        signals, tally, now = context.pings(model.id), context.tallies(model.id), context.clock.now()
        silence = max(0, now - (signals.created if signals.last_success is None else signals.last_success))
        outcome, message = self._judge(silence, never=signals.last_success is None)
        if tally.refused:
            message += f"; {tally.refused} were refused lately, the last with {tally.why}"
        return observation(
            model,
            context,
            slot,
            outcome,
            message,
            failure=Failure.MISSED if outcome in (Outcome.DOWN, Outcome.DEGRADED) else None,
            metrics=_metrics(tally, silence),
        )

    def _judge(self, silence: int, *, never: bool) -> tuple[Outcome, str]:
        model, ago = self.model, format_duration(silence // SECOND * SECOND)
        said = f"no event since it is watched, {ago}" if never else f"the last event came {ago} ago"
        if model.down_after is not None and silence >= model.down_after:
            return Outcome.DOWN, f"{said}: more than {format_duration(model.down_after)}"
        if silence >= model.quiet_after:
            return Outcome.DEGRADED, f"{said}: more than {format_duration(model.quiet_after)}"
        return (Outcome.UNKNOWN if never else Outcome.UP), said


def _metrics(tally: Tally, silence: int) -> dict[str, float]:
    return {
        "events_per_minute": float(tally.last_minute),
        "refused_per_minute": float(tally.refused_last_minute),
        "repeated": float(tally.repeated),
        "silence_s": round(silence / SECOND, 3),
    }


KIND = Kind("webhook", WebhookModel, WebhookCheck)
