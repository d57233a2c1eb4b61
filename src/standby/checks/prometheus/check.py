"""`kind = "prometheus"`: a query, the alerts, the rules, the targets or the readiness of a Prometheus-like server."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from pydantic import Field, model_validator

from standby.checks import monitors
from standby.checks.answers import Reply
from standby.checks.api import Api, ApiCheck, Finding, accepted, unreadable
from standby.checks.base import Kind
from standby.checks.monitors import MonitorModel, chosen, endpoint, several
from standby.checks.prometheus import query, rules, targets
from standby.checks.prometheus.envelope import Opened, opened
from standby.checks.prometheus.samples import MOST_POINTS, samples
from standby.config.fields import Duration, SeriesExpectation
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.domain.text import clean
from standby.domain.units import SECOND, format_duration, format_instant
from standby.net.trouble import Trouble

_LONGEST_IN_ADDRESS = 2_000  # characters; proxies cut longer addresses
_READY = re.compile(r"\b(ready|ok|healthy)\b", re.IGNORECASE)
_NOT_READY = re.compile(r"\bnot\b|\bun", re.IGNORECASE)
_USUAL_STEP = 15 * SECOND
_OF_QUERIES = ("query", "range", "step", "expect", "prefer")


class PrometheusModel(MonitorModel):
    """A query's value, or the alerts, rules, targets or readiness of a Prometheus, Thanos, Mimir, VictoriaMetrics."""

    kind: Literal["prometheus"] = "prometheus"
    what: Literal["query", "alerts", "rules", "targets", "ready"] = Field(
        default="query", description="what is asked: the value of `query`, or what the server itself says"
    )
    query: str | None = Field(default=None, min_length=1, max_length=20_000, description="PromQL; its value is judged")
    range_: Duration | None = Field(
        default=None, alias="range", description="ask for this long back, not for one instant: `values` has them all"
    )
    step: Duration | None = Field(
        default=None, description=f"between two values of a range; at most {MOST_POINTS} of them (15s, or longer)"
    )
    expect: list[SeriesExpectation] = Field(
        default=[], description="CEL over the query's value; one that does not hold is `down`"
    )
    prefer: list[SeriesExpectation] = Field(
        default=[], description="CEL over the query's value; one that does not hold is `degraded`"
    )
    absent: Literal[Outcome.UNKNOWN, Outcome.UP, Outcome.DOWN] = Field(
        default=Outcome.UNKNOWN, description="what it means when there is no series, no number, no rule, no target"
    )

    @model_validator(mode="after")
    def _fits_together(self) -> PrometheusModel:
        if self.what == "query" and self.query is None:
            raise ValueError('query is missing; write one like "sum(rate(errors_total[5m]))", or another `what`')
        if self.what != "query" and (given := [key for key in _OF_QUERIES if self._given(key)]):
            raise ValueError(f'{given[0]} is for what = "query"; leave it out')
        if self.step is not None and self.range_ is None:
            raise ValueError("step is between the values of a range; add range, or leave it out")
        if self.range_ is not None and self.range_ // self.interval > MOST_POINTS:
            least = format_duration(-(-self.range_ // (MOST_POINTS * SECOND)) * SECOND)
            raise ValueError(f"range holds more than {MOST_POINTS} steps; write step = {least} or longer")
        if self.what == "ready" and self.contract is not None:
            raise ValueError("contract is for answers in JSON, and readiness is told in text; leave it out")
        return self

    def _given(self, key: str) -> bool:
        return bool(getattr(self, "range_" if key == "range" else key))

    @property
    def stated(self) -> bool:
        """All but `ready` is about what it watches."""
        return self.what != "ready"

    @property
    def interval(self) -> int:
        """Between two values of a range, ns."""
        if self.step is not None:
            return self.step
        return max(_USUAL_STEP, -(-(self.range_ or 0) // MOST_POINTS))


class PrometheusCheck(ApiCheck[PrometheusModel]):
    """Asks one thing of the server."""

    def __init__(self, model: PrometheusModel) -> None:
        super().__init__(model)
        self._limits = query.Limits.of(model.expect, model.prefer)
        self._matchers = model.chosen()

    async def look(self, api: Api) -> Finding:
        """Ask and judge. Raises Trouble."""
        what = self.model.what
        if what == "ready":
            return await self._ready(api)
        if what == "query":
            return await self._query(api)
        asked = {"alerts": "/api/v1/alerts", "rules": "/api/v1/rules", "targets": "/api/v1/targets"}[what]
        active = [("state", "active")] if what == "targets" else []
        answer = opened(api.decides(await api.shared(endpoint(self.model.url, asked), active)))
        return _noted(self._told(answer), answer)

    def _told(self, answer: Opened) -> Finding:
        model = self.model
        if model.what == "alerts":
            return monitors.judge(chosen(rules.alerts(answer.data), self._matchers), model)
        if model.what == "targets":
            found = targets.judge(targets.targets(answer.data), self._matchers)
            return found or self._absent("target")
        known = rules.chosen_rules(rules.rules(answer.data), self._matchers)
        if not known:
            return self._absent("rule")
        found = monitors.judge(rules.judged(known, self._matchers), model)
        own = {"rules": float(len(known)), "rules_broken": float(sum(bool(rule.broken) for rule in known))}
        return replace(found, metrics={**found.metrics, **own})

    def _absent(self, what: str) -> Finding:
        which = f" that matches {', '.join(self.model.matchers)}" if self.model.matchers else ""
        outcome = Outcome(self.model.absent)
        failure = None if outcome is Outcome.UP else Failure.DATA
        return Finding(outcome, f"there is no {what}{which}", failure, {f"{what}s": 0.0})

    async def _query(self, api: Api) -> Finding:
        model, end = self.model, api.now
        asked = [("query", model.query or ""), ("timeout", f"{model.timeout * 9 // 10 / SECOND:.3f}")]
        fresh_from = float("-inf")
        if model.range_ is not None:
            step = model.interval / SECOND
            start = format_instant(end - model.range_)
            asked += [("start", start), ("end", format_instant(end)), ("step", f"{step:.3f}")]
            fresh_from = end / SECOND - 2 * step
        answer = opened(api.decides(await self._ask(api, asked)))
        found = query.judge(samples(answer.data), self._limits, Outcome(model.absent), fresh_from=fresh_from)
        return _noted(found, answer)

    async def _ask(self, api: Api, asked: list[tuple[str, str]]) -> Reply:
        """By the address, so that checks with the same question share the answer; a long query goes as a form."""
        model = self.model
        url = endpoint(model.url, "/api/v1/query" if model.range_ is None else "/api/v1/query_range")
        if len(model.query or "") > _LONGEST_IN_ADDRESS:
            return await api.post(url, form=dict(asked))
        return await (api.get(url, asked) if model.range_ is not None else api.shared(url, asked))

    async def _ready(self, api: Api) -> Finding:
        reply = await api.shared(endpoint(self.model.url, "/-/ready"))
        said = clean(reply.text, 80)
        if reply.status == 503 and not said.startswith("<"):
            raise Trouble(Failure.SERVER, f"it is not ready: status 503: {said}", Outcome.UNKNOWN)
        accepted(reply)
        if not _READY.search(said) or _NOT_READY.search(said) or said.startswith(("<", "{")):
            raise unreadable(f'it does not say that it is ready: "{said}"')
        reloaded = await self._reloaded(api)
        metrics = {} if reloaded is None else {"config_reloaded": float(reloaded)}
        if reloaded is False:
            why = "it is ready, but it refused its last configuration and goes on with the one before"
            return Finding(Outcome.DEGRADED, why, Failure.STATED, metrics)
        return Finding(Outcome.UP, said, metrics=metrics)

    async def _reloaded(self, api: Api) -> bool | None:
        """Whether its last configuration was taken; None where it cannot be told, as in Thanos and VictoriaMetrics."""
        try:
            data = opened(await api.shared(endpoint(self.model.url, "/api/v1/status/runtimeinfo"))).data
        except Trouble:
            return None
        said = data.get("reloadConfigSuccess") if isinstance(data, Mapping) else None
        return said if isinstance(said, bool) else None


def _noted(found: Finding, answer: Opened) -> Finding:
    """With the warnings that came along: the data may not be whole."""
    metrics = {**found.metrics, "warnings": float(len(answer.notes))}
    said = f" (it warns: {several(answer.notes, 2)})" if answer.notes else ""
    return replace(found, message=found.message + said, metrics=metrics)


KIND = Kind("prometheus", PrometheusModel, PrometheusCheck)
