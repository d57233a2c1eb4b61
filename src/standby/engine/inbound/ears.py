"""Hearing batch jobs, vendors and sources of alerts: the receiver with the configured secrets; recorded first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standby.checks.signatures import Terms
from standby.checks.webhook import WebhookModel
from standby.config.secrets import SecretError, Secrets
from standby.domain.units import MICROSECOND
from standby.engine.clock import EngineClock
from standby.engine.inbound.door import Door
from standby.engine.inbound.hooks import Hooks
from standby.engine.inbound.life import Outside
from standby.engine.inbound.receiver import Receiver
from standby.engine.inbound.signals import Signals
from standby.engine.judge import Judge
from standby.engine.recorder import Recorder
from standby.engine.timeline import Timeline
from standby.store.rows import PingRow

if TYPE_CHECKING:
    from standby.config.inbound import AlertSource
    from standby.config.models import CheckModel
    from standby.config.whole import Config


class Ears:
    """Open while the configuration has a heartbeat or webhook check, or a source of alerts."""

    def __init__(
        self,
        clock: EngineClock,
        timeline: Timeline,
        recorder: Recorder,
        signals: Signals,
        secrets: Secrets,
        judge: Judge,
    ) -> None:
        self.hooks = Hooks(clock, self._event)
        self.outside = Outside(clock, timeline, judge.alerts, self._hears)
        self.door = Door(clock, timeline, self.outside, self._on_disk)
        self.receiver = Receiver(clock, self._take, self.hooks, self.door)
        self._judge = judge
        self._timeline = timeline
        self._recorder = recorder
        self._signals = signals
        self._secrets = secrets
        self._missing = ""
        self._last = 0

    @property
    def trouble(self) -> str:
        """Why somebody, or nobody, can be heard; empty when all can."""
        return "; ".join(part for part in (self.receiver.trouble, self._missing, self.door.trouble) if part)

    async def open(self, config: Config) -> None:
        """Hear the jobs, vendors and sources of this configuration from now on."""
        jobs = [model for model in config.checks if model.kind == "heartbeat"]
        vendors = [model for model in config.checks if isinstance(model, WebhookModel)]
        self._missing = ""
        if not jobs and not vendors and not config.sources:
            await self.close()
            self.door.expect({}, {})
            self.outside.keep(config)
            self.receiver.trouble = ""
            return
        missing: list[str] = []
        tokens = {token: model.id for model in jobs if (token := await self._secret(model, "token", missing))}
        terms = {model.id: found for model in vendors if (found := await self._terms(model, missing))}
        pushers = {one.id: said for one in config.sources if (said := await self._token(one, missing))}
        self._missing = f"no calls for {'; '.join(missing)}" if missing else ""
        self.receiver.expect(tokens)
        self.hooks.expect(terms)
        self.door.expect(config.source_by_id, pushers)
        await self.receiver.listen(config.settings.listen)
        self.outside.keep(config)

    async def close(self) -> None:
        """Hear nobody any more."""
        self.outside.stop()
        await self.receiver.stop()

    async def _terms(self, model: WebhookModel, missing: list[str]) -> Terms | None:
        """How a vendor signs; None, and a line in `missing`, when the secret cannot be had."""
        secret = await self._secret(model, "secret", missing)
        if secret is None:
            return None
        older = await self._secret(model, "old_secret", missing) if model.old_secret is not None else None
        secrets = tuple(one.encode("utf-8", "surrogatepass") for one in (secret, older) if one)
        return Terms(model.scheme, secrets, model.header.lower(), model.tolerance)

    async def _token(self, source: AlertSource, missing: list[str]) -> str | None:
        return None if source.open else await self._secret(source, "token", missing)

    def _hears(self) -> bool:
        """Whether a source could tell us anything: our network is there, and somebody listens."""
        return self.receiver.hears and not self._judge.blind

    async def _on_disk(self) -> None:
        """Return when all that was taken in is; at once when nothing waits, as for what was only said again."""
        if not self._recorder.idle:
            await self._recorder.submit()

    async def _secret(self, model: CheckModel | AlertSource, key: str, missing: list[str]) -> str | None:
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
