"""`kind = "heartbeat"`: the third party or a batch job calls us; silence is the news."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from standby.checks.base import Context, Kind, observation
from standby.config.fields import Duration, SecretReference
from standby.config.models import CheckModel
from standby.domain.heartbeat import judge
from standby.domain.observation import Failure, Observation
from standby.domain.outcome import Outcome
from standby.domain.units import HOUR, MINUTE, format_duration


class HeartbeatModel(CheckModel):
    """A URL that a job calls: `.../TOKEN` when it succeeded, `.../TOKEN/start` and `.../TOKEN/fail`."""

    kind: Literal["heartbeat"] = "heartbeat"
    token: SecretReference = Field(description="where the secret in the URL is")
    period: Duration = Field(default=HOUR, description="how often the job should succeed")
    grace: Duration = Field(default=5 * MINUTE, description="how late it may be, and how long a run may take")

    @property
    def target(self) -> str:
        """The rhythm: the address holds the token."""
        return f"every {format_duration(self.period)}, grace {format_duration(self.grace)}"


class HeartbeatCheck:
    """Looks at the signals that the engine has received."""

    def __init__(self, model: HeartbeatModel) -> None:
        self.model = model

    async def run(self, context: Context, slot: int) -> Observation:
        """Judge the signals as of now."""
        model = self.model
        if context.pings is None:
            return observation(
                model,
                context,
                slot,
                Outcome.UNKNOWN,
                "needs the engine: it receives the calls",
                failure=Failure.INTERNAL,
            )
        signals = context.pings(model.id)
        verdict = judge(
            period=model.period,
            grace=model.grace,
            now=context.clock.now(),
            created=signals.created,
            last_success=signals.last_success,
            last_start=signals.last_start,
            last_fail=signals.last_fail,
        )
        failure = Failure.MISSED if verdict.outcome is Outcome.DOWN else None
        return observation(model, context, slot, verdict.outcome, verdict.message, failure=failure)


KIND = Kind("heartbeat", HeartbeatModel, HeartbeatCheck)
