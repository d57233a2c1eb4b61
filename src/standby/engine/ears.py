"""Hearing batch jobs: the receiver with the tokens of the configuration, signals recorded before they are answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standby.config.secrets import SecretError, Secrets
from standby.engine.clock import EngineClock
from standby.engine.receiver import Receiver
from standby.engine.recorder import Recorder
from standby.engine.signals import Signals
from standby.engine.timeline import Timeline
from standby.store.rows import PingRow

if TYPE_CHECKING:
    from standby.config.models import Config


class Ears:
    """Open while the configuration has a heartbeat check."""

    def __init__(
        self, clock: EngineClock, timeline: Timeline, recorder: Recorder, signals: Signals, secrets: Secrets
    ) -> None:
        self.receiver = Receiver(clock, self._take)
        self._timeline = timeline
        self._recorder = recorder
        self._signals = signals
        self._secrets = secrets
        self._missing = ""

    @property
    def trouble(self) -> str:
        """Why some job, or none, can be heard; empty when all can."""
        return "; ".join(part for part in (self.receiver.trouble, self._missing) if part)

    async def open(self, config: Config) -> None:
        """Hear the jobs of this configuration from now on."""
        jobs = [model for model in config.checks if model.kind == "heartbeat"]
        self._missing = ""
        if not jobs:
            await self.receiver.stop()
            self.receiver.trouble = ""
            return
        tokens: dict[str, str] = {}
        missing: list[str] = []
        for model in jobs:
            try:
                secret = await self._secrets.aresolve(getattr(model, "token", ""))
            except SecretError as error:
                missing.append(f"{model.id}: {error}")
            else:
                tokens[secret.get_secret_value()] = model.id
        self._missing = f"no calls for {'; '.join(missing)}" if missing else ""
        self.receiver.expect(tokens)
        await self.receiver.listen(config.settings.listen)

    async def _take(self, check_id: str, signal: str) -> None:
        row = PingRow(check_id, self._timeline.now(), signal)
        await self._recorder.submit(pings=[row])
        self._signals.take(row)
