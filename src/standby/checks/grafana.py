"""`kind = "grafana"`: its health, its alerts in either form, its rules; what it cannot see is unknown, never up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from pydantic import Field

from standby.checks import alertmanager, monitors
from standby.checks import body as bodies
from standby.checks.alertmanager import answers
from standby.checks.alertmanager.check import SilencedModel
from standby.checks.answers import Document, Reply
from standby.checks.api import Api, ApiCheck, Finding, accepted, unreadable
from standby.checks.base import Kind
from standby.checks.documents import table, text
from standby.checks.monitors import Judged, Stage, TheirAlert, chosen, endpoint
from standby.checks.prometheus import rules
from standby.checks.prometheus.envelope import opened
from standby.config.fields import SecretReference
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.net.trouble import Trouble

_LOGIN = "the token is missing or refused, or a proxy before Grafana wants a login of its own"
_BLIND = {"DatasourceNoData": "the rule finds no data", "DatasourceError": "the rule is broken"}


class GrafanaModel(SilencedModel):
    """Grafana's health, its alerts or its rules, or those of a data source that it knows."""

    kind: Literal["grafana"] = "grafana"
    what: Literal["rules", "alerts", "health"] = Field(
        default="rules", description="`rules` tell of no data and errors too; `alerts` of silences; `health` of itself"
    )
    form: Literal["alertmanager", "prometheus"] = Field(
        default="alertmanager", description="which of its two lists of alerts is asked; only the first knows silences"
    )
    source: str = Field(
        default="grafana",
        pattern=r"^[A-Za-z0-9_-]{1,40}$",
        description="the uid of a data source that manages alerts itself; Grafana's own when left out",
    )
    token: SecretReference | None = Field(default=None, description="where the token of a service account is")
    unlabelled: Judged = Field(default=Outcome.DOWN, description="what an alert without a severity means")
    absent: Literal[Outcome.UNKNOWN, Outcome.UP, Outcome.DOWN] = Field(
        default=Outcome.UNKNOWN, description="what it means when there is no rule"
    )

    @property
    def stated(self) -> bool:
        """All but `health` is about what it watches."""
        return self.what != "health"


class GrafanaCheck(ApiCheck[GrafanaModel]):
    """Asks one of its APIs."""

    def secrets(self) -> Sequence[str]:
        """The token."""
        return [self.model.token] if self.model.token is not None else []

    async def look(self, api: Api) -> Finding:
        """Ask and judge. Raises Trouble."""
        model = self.model
        if model.what == "health":
            return _health(api.decides(await self._ask(api, "/api/health")))
        if model.what == "alerts" and model.form == "alertmanager":
            base = f"/api/alertmanager/{model.source}/api/v2"

            async def ask(path: str, query: Sequence[tuple[str, str]]) -> Reply:
                return api.decides(await self._ask(api, base + path, query))

            return await alertmanager.look(model, ask, api.now, _alerts)
        reply = await self._ask(api, f"/api/prometheus/{model.source}/api/v1/{model.what}")
        data = opened(api.decides(reply)).data
        if model.what == "alerts":
            return monitors.judge(chosen(rules.alerts(data), model.chosen()), model)
        return self._rules(data)

    def _rules(self, data: Document) -> Finding:
        model, matchers = self.model, self.model.chosen()
        known = rules.chosen_rules(rules.rules(data), matchers)
        if not known:
            which = f" that matches {', '.join(model.matchers)}" if model.matchers else ""
            failure = None if model.absent is Outcome.UP else Failure.DATA
            return Finding(Outcome(model.absent), f"there is no rule{which}", failure, {"rules": 0.0})
        found = monitors.judge(rules.judged(known, matchers), model)
        own = {"rules": float(len(known)), "rules_broken": float(sum(bool(rule.broken) for rule in known))}
        return replace(found, metrics={**found.metrics, **own})

    async def _ask(self, api: Api, path: str, query: Sequence[tuple[str, str]] = ()) -> Reply:
        """An answer that is no page for people: Grafana, and proxies before it, answer strangers with their login."""
        token = self.model.token
        headers = {"Authorization": f"Bearer {api.secret(token)}"} if token is not None else {}
        try:
            reply = await api.shared(endpoint(self.model.url, path), query, headers=headers)
        except Trouble as trouble:
            if trouble.failure is not Failure.REDIRECT:
                raise
            raise Trouble(Failure.CREDENTIALS, f"{trouble}; else {_LOGIN}", Outcome.UNKNOWN) from None
        if 200 <= reply.status < 300 and (page := bodies.instead(reply.text)).startswith("HTML"):
            raise Trouble(Failure.CREDENTIALS, f"{page} came instead of an answer: {_LOGIN}", Outcome.UNKNOWN)
        return reply


def _health(reply: Reply) -> Finding:
    """Grafana answers 503 when its database fails, and says so: that is a statement of its own."""
    try:
        found = table(reply.document)
    except Trouble:
        found = {}
    database = text(found.get("database"), 40)
    if not database or reply.status not in (200, 503):
        accepted(reply)
        raise unreadable("the answer does not tell of Grafana's database")
    version = text(found.get("version"), 40)
    named = f"Grafana {version}" if version else "Grafana"
    if database == "ok" and reply.status == 200:
        return Finding(Outcome.UP, f"{named}: its database is ok")
    outcome = Outcome.DOWN if database == "failing" or reply.status == 503 else Outcome.DEGRADED
    return Finding(outcome, f"{named}: its database is {database}", Failure.STATED)


def _alerts(document: Document) -> list[TheirAlert]:
    """Alerts in Alertmanager's form. One that stands for no data or an error of a rule tells nothing but that."""
    return [_seen(alert) for alert in answers.alerts(document)]


def _seen(alert: TheirAlert) -> TheirAlert:
    blind = _BLIND.get(alert.labels.get("alertname", ""))
    if blind is None or alert.stage not in (Stage.FIRING, Stage.PENDING):
        return alert
    name = alert.labels.get("rulename", alert.name)
    return TheirAlert({**alert.labels, "alertname": name}, Stage.UNDECIDED, blind)


KIND = Kind("grafana", GrafanaModel, GrafanaCheck)
