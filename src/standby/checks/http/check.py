"""The check itself: asks its question, or the steps of a transaction one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from standby.checks.base import Context, Kind, certificate_metrics, observation
from standby.checks.contract.agreed import Agreed, announced
from standby.checks.http.look import Heard, Look, Seen
from standby.checks.http.model import HttpModel, Step
from standby.checks.http.oauth import Bearer
from standby.checks.presets.base import Verdict
from standby.config.revealed import Revealed, reveal
from standby.domain.observation import Failure, Observation
from standby.domain.outcome import Outcome
from standby.net.phases import TRACE, Trace
from standby.net.quotas import quotas, scarcest, tell, wait
from standby.net.transport import Exchanger, Options
from standby.net.trouble import Trouble

_MOST_SAVED = 4_096  # characters of one saved value


class HttpCheck:
    """Looks by one HTTP request, or by several that hand values on, and as many redirects as allowed."""

    def __init__(self, model: HttpModel) -> None:
        self.model = model
        self._options = Options(
            verify=model.verify is not False,
            authorities=model.verify if isinstance(model.verify, Path) else None,
            reuse=model.reuse,
            client=(model.client_certificate, model.client_key) if model.client_certificate is not None else None,
            http2=model.http2,
            proxy=model.proxy,
        )
        self._bearer = Bearer(model.oauth) if model.oauth is not None else None
        self.agreed = Agreed(model.contract)
        questions: Sequence[HttpModel | Step] = model.step or (model,)
        self._looks = [
            Look(model, question, last=number == len(questions)) for number, question in enumerate(questions, 1)
        ]

    async def run(self, context: Context, slot: int) -> Observation:
        """Look once. Raises Trouble and SecretError."""
        trace = TRACE.get() or Trace(context.clock)
        transport = context.transports.get(self._options)
        if self.model.step:
            return await self._transaction(context, slot, transport, trace)
        look = self._looks[0]
        revealed = look.template.hidden(await reveal(context.secrets, look.template.texts))
        hidden: Sequence[str] = revealed.secrets
        if self._bearer is None and self.model.rate is None:
            heard = await look.hear(transport, look.template.request(revealed), revealed)
        else:
            hidden = list(hidden)
            heard = await self._hear(context, transport, look, revealed, hidden)
        latency_ms = trace.elapsed_ms
        trace.enter(None)
        metrics = self._measured(context, trace, heard)
        seen = look.judge(heard, latency_ms, metrics)
        verdict, more = self._agreed(seen.verdict, seen, context)
        return self._observed(context, slot, verdict, hidden, heard, latency_ms, {**metrics, **more, **seen.figures})

    def _agreed(self, verdict: Verdict, seen: Seen, context: Context) -> tuple[Verdict, dict[str, float]]:
        """With what the answer says beside its content."""
        answer = seen.heard.answer
        verdict, dates = announced(verdict, answer.header, context.clock.now())
        if not self.agreed.holds or not 200 <= answer.status_code < 300:
            return verdict, dict(dates)
        verdict, kept = self.agreed.hold(verdict, seen.document, seen.heard.size, context.base)
        return verdict, {**dates, **kept}

    async def _hear(
        self,
        context: Context,
        transport: Exchanger,
        look: Look,
        revealed: Revealed,
        hidden: list[str],
        saved: Mapping[str, str] | None = None,
    ) -> Heard:
        """The answer, asked for again with a new token when the one we have is refused. Raises Trouble.

        `hidden` gets what no message may say.
        """
        request = look.template.request(revealed, saved or {})
        bearer = self._bearer
        if self.model.rate is not None:
            await context.rates.permit(self.model.rate, look.host, revealed.secrets, self.model.timeout // 2)
        if bearer is None:
            return await look.hear(transport, request, revealed)
        try:
            token = await bearer.get(context, transport, hidden)
            heard = await look.hear(transport, request, revealed, token.value)
            if heard.answer.status_code == 401:
                bearer.forget(token)
                token = await bearer.get(context, transport, hidden)
                heard = await look.hear(transport, request, revealed, token.value)
        except Trouble as trouble:
            raise _redacted(trouble, hidden) from None
        return heard

    async def _transaction(self, context: Context, slot: int, transport: Exchanger, trace: Trace) -> Observation:
        """Every step until one does not do; its name is in the message."""
        saved: dict[str, str] = {}
        hidden: list[str] = []
        metrics: dict[str, float] = {}
        for number, (step, look) in enumerate(zip(self.model.step, self._looks, strict=True), 1):
            name = f"step {number} ({step.name})" if step.name else f"step {number}"
            before = trace.elapsed_ms
            try:
                revealed = await reveal(context.secrets, look.template.texts)
                hidden += revealed.secrets
                heard = await self._hear(context, transport, look, revealed, hidden, saved)
            except Trouble as trouble:
                raise _redacted(trouble, [*hidden, *saved.values()], f"{name}: ") from None
            latency_ms = trace.elapsed_ms - before
            trace.enter(None)
            metrics |= {**self._measured(context, trace, heard), f"step_{number}_ms": round(latency_ms, 3)}
            seen = look.judge(heard, latency_ms, metrics)
            metrics |= seen.figures
            verdict = _with_saved(seen, saved)
            if verdict.outcome is not Outcome.UP:
                break
            if number == len(self._looks):
                verdict, more = self._agreed(verdict, seen, context)
                metrics |= more
        verdict = Verdict(verdict.outcome, f"{name}: {verdict.message}", verdict.failure)
        return self._observed(context, slot, verdict, [*hidden, *saved.values()], heard, trace.elapsed_ms, metrics)

    def _measured(self, context: Context, trace: Trace, heard: Heard) -> dict[str, float]:
        metrics = {"status": float(heard.answer.status_code), "body_bytes": float(heard.size)}
        if self.model.http2:
            metrics["http_version"] = heard.answer.version
        return metrics | certificate_metrics(trace, context.clock.now())

    def _observed(
        self,
        context: Context,
        slot: int,
        verdict: Verdict,
        hidden: Sequence[str],
        heard: Heard,
        latency_ms: float,
        metrics: Mapping[str, float],
    ) -> Observation:
        answer, pause_s = heard.answer, None
        message = _hidden(verdict.message, hidden) if hidden else verdict.message
        if answer.status_code >= 400 or tell(answer.pairs):
            now = context.clock.now()
            found = quotas(answer.pairs, now)
            pause_s = wait(answer.status_code, answer.header("retry-after"), found, now)
            scarce = scarcest(found)
            message = f"{message}; {scarce.told()}" if scarce is not None else message
            metrics = {**metrics, **{name: figure for quota in found for name, figure in quota.metrics().items()}}
        return observation(
            self.model,
            context,
            slot,
            verdict.outcome,
            message,
            failure=verdict.failure,
            latency_ms=latency_ms,
            metrics=metrics,
            retry_after_s=pause_s,
        )


def _hidden(message: str, hidden: Sequence[str]) -> str:
    return Revealed((), tuple(hidden)).redact(message)


def _redacted(trouble: Trouble, hidden: Sequence[str], before: str = "") -> Trouble:
    message = _hidden(f"{before}{trouble}", hidden)
    return Trouble(trouble.failure, message, trouble.outcome, retry_after_s=trouble.retry_after_s)


def _with_saved(seen: Seen, saved: dict[str, str]) -> Verdict:
    """Keep what the answer gave for later steps; without it the step has failed."""
    if seen.verdict.outcome is not Outcome.UP:
        return seen.verdict
    for name, value in seen.saved.items():
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            return Verdict(Outcome.DOWN, f"the answer has no {name} to save", Failure.EXPECTATION)
        text = str(value)
        if len(text) > _MOST_SAVED or not text.isprintable() or not text.isascii():
            return Verdict(Outcome.DOWN, f"{name} in the answer cannot be handed on", Failure.EXPECTATION)
        saved[name] = text
    return seen.verdict


KIND = Kind("http", HttpModel, HttpCheck)
