"""Every kind that asks a third party's API holds the answer that decides against a contract."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from checks.conftest import Look
from checks.payloads import Answered, Vendor, document, vendor
from standby.checks.api import ApiModel
from standby.checks.base import Context
from standby.checks.contract.contract import Contract
from standby.checks.contract.learn import Learner
from standby.checks.registry import models
from standby.domain.observation import Failure, Observation
from standby.domain.outcome import Outcome

Answers = Mapping[str, Answered]
FILE = {"file": "contract.json"}
DETAILS, USAGE = "/account-info/v3/details", "/account-info/v3/api-usage/daily/private-apps"
ACCOUNT = {"portalId": 1, "timeZone": "UTC"}
PAGE = {
    "page": {"id": "p", "name": "Acme", "url": "https://status.acme.test", "updated_at": "2026-01-01T00:00:00Z"},
    "status": {"indicator": "none", "description": "All Systems Operational"},
    "components": [],
    "incidents": [],
    "scheduled_maintenances": [],
}
VECTOR = {"status": "success", "data": {"resultType": "vector", "result": [{"metric": {}, "value": [1, "1"]}]}}
RULE = {"name": "R", "type": "alerting", "health": "ok", "state": "inactive"}
RULES = {"status": "success", "data": {"groups": [{"name": "g", "rules": [RULE]}]}}
GRAPH = {"data": {"actor": {"account": {"aiIssues": {"issues": {"issues": [], "nextCursor": None}}}}}}
TRUST = {"key": "EU45", "status": "OK", "isActive": True, "Incidents": [], "Maintenances": []}
REGISTERED = {
    "ldhName": "acme.example",
    "events": [{"eventAction": "expiration", "eventDate": "2999-01-01T00:00:00Z"}],
}
KINDS: dict[str, tuple[dict[str, Any], Answers]] = {
    "alertmanager": ({}, {"/api/v2/alerts": document([]), "/api/v2/silences": document([{}])}),
    "datadog": ({"api_key": "env:KEY"}, {"/api/v1/validate": document({"valid": True})}),
    "domain": ({"domain": "acme.example"}, {"/domain/acme.example": document(REGISTERED)}),
    "grafana": ({}, {"/api/prometheus/grafana/api/v1/rules": document(RULES)}),
    "hubspot": ({"token": "env:TOKEN", "usage": False}, {DETAILS: document(ACCOUNT)}),
    "newrelic": ({"api_key": "env:KEY", "account": 1, "issues": True}, {"/graphql": document(GRAPH)}),
    "prometheus": ({"query": "up"}, {"/api/v1/query": document(VECTOR)}),
    "salesforce": ({"instance": "EU45"}, {"/v1/instances/EU45/status": document(TRUST)}),
    "statuspage": ({}, {"/api/v2/summary.json": document(PAGE)}),
    "weather": ({"source": "open-meteo", "latitude": 1, "longitude": 1, "max_age": "1h"}, {}),
}


def forecast() -> Answers:
    now = time.strftime("%Y-%m-%dT%H:%M", time.gmtime())
    return {"/v1/forecast": document({"utc_offset_seconds": 0, "current": {"time": now, "temperature_2m": 3.0}})}


@pytest.fixture
def pinned(tmp_path: Path, context: Context) -> Path:
    context.base = tmp_path
    return tmp_path / "contract.json"


def learned(*answers: object) -> str:
    learner = Learner()
    for answer in answers:
        learner.add(answer)
    return Contract(learner.schema(), learner.count, 10_000).text()


async def see(look: Look, kind: str, answers: Answers, **keys: object) -> Observation:
    async with vendor(dict(answers)) as acme:
        return await look(kind, **{**_addressed(kind, acme), **keys})


def _addressed(kind: str, acme: Vendor) -> dict[str, object]:
    if kind == "salesforce":
        return {"trust_url": f"{acme.url}/v1"}
    return {"server" if kind == "domain" else "url": acme.url}


def test_the_table_has_every_kind_that_asks_an_api() -> None:
    asking = {name for name, model in models().items() if issubclass(model, ApiModel)}
    assert asking == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
async def test_every_kind_holds_a_contract(look: Look, pinned: Path, kind: str) -> None:
    keys, answers = KINDS[kind]
    answers = answers or forecast()
    assert (await see(look, kind, answers, **keys)).outcome is Outcome.UP
    pinned.write_text(json.dumps({"type": ["object", "array"]}))
    kept = await see(look, kind, answers, contract=FILE, **keys)
    assert (kept.outcome, kept.metrics["contract_breaks"]) == (Outcome.UP, 0.0)
    pinned.write_text(json.dumps({"type": "string"}))
    broken = await see(look, kind, answers, contract=FILE, **keys)
    assert (broken.outcome, broken.failure) == (Outcome.DEGRADED, Failure.CONTRACT)
    assert broken.message.startswith("the contract is broken: body: a")
    assert "instead of text" in broken.message


async def test_prometheus_by_its_first_answer(look: Look, pinned: Path) -> None:
    pinned.write_text(learned(VECTOR))
    changed = {**VECTOR, "data": {**VECTOR["data"], "result": [{"metric": {}, "value": [1.5, "1"], "more": 1}]}}  # type: ignore[dict-item]
    one = await see(look, "prometheus", {"/api/v1/query": document(changed)}, query="up", contract=FILE)
    assert one.outcome is Outcome.DEGRADED
    assert (
        one.message == "the contract is broken: body.data.result[].value[]: a number instead of a whole number or text"
    )
    assert (one.metrics["contract_breaks"], one.metrics["contract_additions"], one.metrics["value"]) == (1, 1, 1)


async def test_readiness_is_text_and_has_none(look: Look) -> None:
    with pytest.raises(ValidationError, match="readiness is told in text; leave it out"):
        await look("prometheus", url="http://p.test", what="ready", contract=FILE)


async def test_a_status_page_that_is_down_stays_so(look: Look, pinned: Path) -> None:
    pinned.write_text(learned(PAGE))
    bad = {**PAGE, "status": {"indicator": "critical", "description": "Everything is on fire"}, "page": {"id": 1}}
    one = await see(look, "statuspage", {"/api/v2/summary.json": document(bad)}, contract=FILE)
    assert (one.outcome, one.failure) == (Outcome.DOWN, Failure.STATED)
    assert "fire" in one.message
    assert one.metrics["contract_breaks"] == 4


async def test_a_feed_has_no_contract_and_says_so(look: Look, pinned: Path) -> None:
    pinned.write_text(learned(PAGE))
    feed = b'<?xml version="1.0"?><rss version="2.0"><channel><title>Acme Status</title></channel></rss>'
    answers = {"/history.rss": Answered(feed, 200, {"Content-Type": "application/rss+xml"})}
    async with vendor(answers) as acme:
        one = await look("statuspage", url=f"{acme.url}/history.rss", contract=FILE)
    assert "; no contract: the answer is " in one.message
    assert ", not JSON" in one.message
    assert "contract_breaks" not in one.metrics


async def test_hubspot_by_the_account_not_by_the_usage(look: Look, pinned: Path) -> None:
    pinned.write_text(learned(ACCOUNT))
    answers = {DETAILS: document({**ACCOUNT, "portalId": "1"}), USAGE: document({"results": []})}
    one = await see(look, "hubspot", answers, token="env:TOKEN", contract=FILE)
    assert one.metrics["contract_breaks"] == 1
    assert "body.results" not in one.message


async def test_what_cannot_be_read_any_more_says_what_changed(look: Look, pinned: Path) -> None:
    keys, _ = KINDS["datadog"]
    pinned.write_text(learned({"valid": True}))
    one = await see(look, "datadog", {"/api/v1/validate": document({"ok": True})}, contract=FILE, **keys)
    assert (one.outcome, one.failure) == (Outcome.UNKNOWN, Failure.UNREADABLE)
    assert one.message.endswith("; the contract is broken: body.valid: is gone")


async def test_what_such_an_api_announces_to_end_is_a_date(look: Look) -> None:
    ending = document({"valid": True}, sunset="Fri, 01 Jan 2100 00:00:00 GMT")
    one = await see(look, "datadog", {"/api/v1/validate": ending}, api_key="env:KEY")
    assert "the API key is valid; sunsets in " in one.message
    assert one.metrics["sunset_days"] > 20_000
