"""Hearing batch jobs and vendors: the receiver with the secrets of the configuration, recorded before answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standby.checks.signatures import Terms
from standby.checks.webhook import WebhookModel
from standby.config.secrets import SecretError, Secrets
from standby.domain.units import MICROSECOND
from standby.engine.clock import EngineClock
from standby.engine.hooks import Hooks
from standby.engine.receiver import Receiver
from standby.engine.recorder import Recorder
from standby.engine.signals import Signals
from standby.engine.timeline import Timeline
from standby.store.rows import PingRow

if TYPE_CHECKING:
    from standby.config.models import CheckModel, Config


class Ears:
    """Open while the configuration has a heartbeat or webhook check."""

    def __init__(
        self, clock: EngineClock, timeline: Timeline, recorder: Recorder, signals: Signals, secrets: Secrets
    ) -> None:
        self.hooks = Hooks(clock, self._event)
        self.receiver = Receiver(clock, self._take, self.hooks)
        self._timeline = timeline
        self._recorder = recorder
        self._signals = signals
        self._secrets = secrets
        self._missing = ""
        self._last = 0

    @property
    def trouble(self) -> str:
        """Why somebody, or nobody, can be heard; empty when all can."""
        return "; ".join(part for part in (self.receiver.trouble, self._missing) if part)

    async def open(self, config: Config) -> None:
        """Hear the jobs and vendors of this configuration from now on."""
        jobs = [model for model in config.checks if model.kind == "heartbeat"]
        vendors = [model for model in config.checks if isinstance(model, WebhookModel)]
        self._missing = ""
        if not jobs and not vendors:
            await self.receiver.stop()
            self.receiver.trouble = ""
            return
        missing: list[str] = []
        tokens = {token: model.id for model in jobs if (token := await self._secret(model, "token", missing))}
        terms = {model.id: found for model in vendors if (found := await self._terms(model, missing))}
        self._missing = f"no calls for {'; '.join(missing)}" if missing else ""
        self.receiver.expect(tokens)
        self.hooks.expect(terms)
        await self.receiver.listen(config.settings.listen)

    async def _terms(self, model: WebhookModel, missing: list[str]) -> Terms | None:
        """How a vendor signs; None, and a line in `missing`, when the secret cannot be had."""
        secret = await self._secret(model, "secret", missing)
        if secret is None:
            return None
        older = await self._secret(model, "old_secret", missing) if model.old_secret is not None else None
        secrets = tuple(one.encode("utf-8", "surrogatepass") for one in (secret, older) if one)
        return Terms(model.scheme, secrets, model.header.lower(), model.tolerance)

    async def _secret(self, model: CheckModel, key: str, missing: list[str]) -> str | None:
        try:
            return (await self._secrets.aresolve(getattr(model, key, ""))).get_secret_value()
        except SecretError as error:
            missing.append(f"{model.id}: {error}")
            return None

    async def _event(self, check_id: str) -> None:
        await self._take(check_id, "success")

    async def _take(self, check_id: str, signal: str) -> None:
        now = self._timeline.now()
        # Each call is a row of its own, also those of one instant.
        self._last = self._last + 1 if 0 <= self._last - now < MICROSECOND else now
        row = PingRow(check_id, self._last, signal)
        await self._recorder.submit(pings=[row])
        self._signals.take(row)
