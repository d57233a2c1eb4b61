"""`grafana`: health, alerts in both forms, rules, and the login page that comes instead."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.conftest import Look
from checks.decoding import cut, outcome_of, reply_of, worsened
from checks.payloads import Answered, capture, document, payload, vendor
from checks.specifications import strange
from standby.checks.grafana import GrafanaModel
from standby.checks.monitors import Stage, judge
from standby.checks.prometheus import rules
from standby.checks.prometheus.envelope import opened
from standby.checks.prometheus.rules import stage_of
from standby.domain.observation import Failure, Observation
from standby.domain.outcome import Outcome

SPECIFICATION = "grafana/ngalert-swagger2-trimmed.json"
RULES = "/api/prometheus/grafana/api/v1/rules"
PROMETHEUS = "/api/prometheus/grafana/api/v1/alerts"
ALERTS = "/api/alertmanager/grafana/api/v2/alerts"
SILENCES = "/api/alertmanager/grafana/api/v2/silences"
LOGIN = Answered(b"<!DOCTYPE html><html><head><title>Grafana</title></head></html>", 200, {"Content-Type": "text/html"})
MODEL = GrafanaModel.model_validate({"id": "c", "integration": "i", "url": "http://grafana.test"})


async def see(look: Look, answers: dict[str, Answered | list[Answered]], **keys: object) -> Observation:
    async with vendor(answers) as server:
        return await look("grafana", url=server.url, token="env:TOKEN", **keys)


def groups(*found: dict[str, Any]) -> Answered:
    named = [{"name": "R", "type": "alerting", "health": "ok", **one} for one in found]
    return document({"status": "success", "data": {"groups": [{"name": "g", "rules": named}]}})


@pytest.mark.parametrize(
    ("word", "stage"),
    [
        ("Normal", Stage.QUIET),
        ("inactive", Stage.QUIET),
        ("Normal (MissingSeries)", Stage.QUIET),
        ("Alerting", Stage.FIRING),
        ("firing", Stage.FIRING),
        ("Pending", Stage.PENDING),
        ("Recovering", Stage.PENDING),
        ("NoData", Stage.UNDECIDED),
        ("No Data", Stage.UNDECIDED),
        ("Error", Stage.UNDECIDED),
        ("Normal (NoData)", Stage.UNDECIDED),
        ("Normal (Error, KeepLast)", Stage.UNDECIDED),
        ("Alerting (Error)", Stage.UNDECIDED),
        ("Alerting (NoData)", Stage.UNDECIDED),
        ("Normal (Paused)", Stage.UNDECIDED),
        ("Normal (Moonlight)", Stage.STRANGE),
        ("Glowing", Stage.STRANGE),
        ("", Stage.STRANGE),
        (None, Stage.STRANGE),
    ],
)
def test_words_of_states(word: object, stage: Stage) -> None:
    assert stage_of(word) is stage


@pytest.mark.parametrize(
    ("rule", "outcome", "says"),
    [
        ({"state": "inactive"}, Outcome.UP, "no alert fires"),
        ({"state": "firing"}, Outcome.DOWN, "R firing"),
        ({"state": "firing", "labels": {"severity": "warning"}}, Outcome.DEGRADED, "R (warning) firing"),
        ({"state": "pending"}, Outcome.DEGRADED, "R pending"),
        ({"state": "recovering"}, Outcome.DEGRADED, "R pending"),
        ({"state": "inactive", "health": "nodata"}, Outcome.UNKNOWN, "the rule finds no data"),
        ({"state": "firing", "health": "error", "lastError": "db down"}, Outcome.UNKNOWN, "is broken: db down"),
        ({"state": "inactive", "isPaused": True}, Outcome.UNKNOWN, "the rule is paused"),
        ({"state": "inactive", "alerts": [{"labels": {"alertname": "R"}, "state": "Normal (NoData)"}]}, Outcome.UNKNOWN,
         "R without data"),
        ({"state": "firing", "alerts": [{"labels": {"alertname": "R"}, "state": "Alerting (Error)"}]}, Outcome.UNKNOWN,
         "R without data"),
        ({"state": "firing", "alerts": [{"labels": {"alertname": "R"}, "state": "Pending"}]}, Outcome.DOWN, "R firing"),
        ({"state": "firing", "alerts": None}, Outcome.DOWN, "R firing"),
    ],
)  # fmt: skip
async def test_rules(look: Look, rule: dict[str, Any], outcome: Outcome, says: str) -> None:
    seen = await see(look, {RULES: groups(rule)})
    assert seen.outcome is outcome
    assert says in seen.message


async def test_recorded_rules(look: Look) -> None:
    seen = await see(look, {RULES: Answered(payload("grafana/prom-rules-2.json"))})
    assert (seen.outcome, seen.metrics["rules"]) == (Outcome.UP, 2.0)
    seen = await see(look, {RULES: Answered(payload("grafana/prom-rules-1.json"))})
    assert (seen.outcome, seen.failure, seen.message) == (Outcome.UNKNOWN, Failure.DATA, "there is no rule")
    seen = await see(look, {RULES: Answered(payload("grafana/prom-rules-1.json"))}, absent="up")
    assert seen.outcome is Outcome.UP


async def test_alerts_in_alertmanagers_form(look: Look) -> None:
    labels = {"alertname": "DatasourceNoData", "rulename": "Checkout errors", "severity": "critical"}
    active = {"state": "active", "silencedBy": [], "inhibitedBy": []}
    blind = {"labels": labels, "annotations": {}, "status": active}
    seen = await see(look, {ALERTS: document([blind]), SILENCES: document([])}, what="alerts")
    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.STATED)
    assert seen.message == "Checkout errors (critical) without data: the rule finds no data"
    loud = {**blind, "labels": {"alertname": "Checkout"}}
    seen = await see(look, {ALERTS: document([blind, loud]), SILENCES: document([])}, what="alerts")
    assert seen.outcome is Outcome.DOWN
    hushed = {**loud, "status": {"state": "suppressed", "silencedBy": ["1"]}}
    seen = await see(look, {ALERTS: document([hushed]), SILENCES: document([])}, what="alerts")
    assert (seen.outcome, seen.metrics["silences"]) == (Outcome.MAINTENANCE, 0.0)


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        ("Alerting", Outcome.DOWN),
        ("Pending", Outcome.DEGRADED),
        ("Normal", Outcome.UP),
        ("Normal (NoData)", Outcome.UNKNOWN),
        ("Alerting (Error)", Outcome.UNKNOWN),
        ("NoData", Outcome.UNKNOWN),
        ("Error", Outcome.UNKNOWN),
        ("Glowing", Outcome.DEGRADED),
    ],
)
async def test_alerts_in_prometheuss_form(look: Look, state: str, outcome: Outcome) -> None:
    found = document({"status": "success", "data": {"alerts": [{"labels": {"alertname": "A"}, "state": state}]}})
    assert (await see(look, {PROMETHEUS: found}, what="alerts", form="prometheus")).outcome is outcome


@pytest.mark.parametrize(
    ("answer", "outcome", "says"),
    [
        (document({"database": "ok", "version": "11.2.0"}), Outcome.UP, "Grafana 11.2.0: its database is ok"),
        (document({"database": "ok"}), Outcome.UP, "Grafana: its database is ok"),
        (document({"database": "failing"}, 503), Outcome.DOWN, "its database is failing"),
        (document({"database": "failing"}), Outcome.DOWN, "its database is failing"),
        (document({"database": "migrating"}), Outcome.DEGRADED, "its database is migrating"),
        (document({"database": None}), Outcome.UNKNOWN, "does not tell"),
        (document({}), Outcome.UNKNOWN, "does not tell"),
        (Answered(b"Service Unavailable", 503), Outcome.UNKNOWN, "status 503"),
    ],
)
async def test_health(look: Look, answer: Answered, outcome: Outcome, says: str) -> None:
    seen = await see(look, {"/api/health": answer}, what="health")
    assert seen.outcome is outcome
    assert says in seen.message


async def test_recorded_health_needs_no_token(look: Look) -> None:
    async with vendor({"/api/health": capture("grafana/health-200.json")}) as server:
        seen = await look("grafana", url=server.url, what="health")
        assert "authorization" not in server.asked[0].headers
    assert (seen.outcome, seen.message) == (Outcome.UP, "Grafana 5.1.3: its database is ok")


@pytest.mark.parametrize(
    ("answer", "failure", "says"),
    [
        ("error-401-api-key-invalid.json", Failure.CREDENTIALS, "status 401: Invalid API key"),
        ("error-401-old.json", Failure.CREDENTIALS, "status 401: Unauthorized"),
        (document({"accessErrorId": "A", "message": "You'll need alert.rules:read", "title": "Access denied"}, 403),
         Failure.CREDENTIALS, "You'll need alert.rules:read"),
        (LOGIN, Failure.CREDENTIALS, 'HTML ("Grafana") came instead of an answer: the token is missing or refused, or'),
        (Answered(b"", 302, {"Location": "/login"}), Failure.CREDENTIALS, 'HTML ("Grafana") came instead'),
        (Answered(b"", 302, {"Location": "https://sso.test/login"}), Failure.CREDENTIALS, "or a proxy before Grafana"),
        (document({"message": "slow down"}, 429), Failure.RATE_LIMITED, "slow down"),
        (document({"message": "Not found"}, 404), Failure.REQUEST, "status 404: Not found"),
        (document({"status": "error", "errorType": "internal", "error": "db"}, 500), Failure.SERVER, "its own: db"),
        (Answered(b"<html><title>502 Bad Gateway</title>", 502), Failure.SERVER, "status 502"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("what", ["rules", "alerts"])
async def test_what_is_no_answer_is_unknown(
    look: Look, what: str, answer: str | Answered, failure: Failure, says: str
) -> None:
    found = capture(f"grafana/{answer}") if isinstance(answer, str) else answer
    seen = await see(look, {RULES: found, ALERTS: found, "/login": LOGIN}, what=what)
    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, failure)
    if what == "rules" or "its own" not in says:
        assert says in seen.message


async def test_what_is_asked_is_in_its_specification(look: Look) -> None:
    empty = document([])
    async with vendor({ALERTS: empty, SILENCES: empty}) as server:
        for keys in ({"what": "alerts"}, {"what": "alerts", "form": "prometheus"}, {"what": "rules"}):
            await look("grafana", url=server.url, token="env:TOKEN", matchers=['a="b"'], **keys)
        assert [strange(SPECIFICATION, asked) for asked in server.asked] == [set()] * 4
        await look("grafana", url=server.url, what="alerts", source="P8E80F9AEF21F6940")
    assert {one.headers.get("authorization") for one in server.asked[:4]} == {"Bearer s3cr3t-token"}
    assert server.asked[4].path == "/api/alertmanager/P8E80F9AEF21F6940/api/v2/alerts"


def told(body: bytes) -> Outcome:
    return outcome_of(lambda: judge(rules.judged(rules.rules(opened(reply_of(body)).data), []), MODEL).outcome)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_garbled_answer_never_raises_and_never_reads_as_up(data: st.DataObject) -> None:
    body = json.loads(payload("grafana/prom-rules-2.json"))
    body["data"]["groups"][0]["rules"][0]["state"] = "firing"
    body["data"]["groups"][0]["rules"][1]["health"] = "nodata"
    assert told(json.dumps(body).encode()) is Outcome.DOWN
    assert told(data.draw(cut(body))) is Outcome.UNKNOWN
    assert told(data.draw(worsened(body))) is not Outcome.UP
