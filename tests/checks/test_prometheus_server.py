"""`prometheus` against a real Prometheus."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from checks.conftest import Look
from servers import free_port, prometheus
from standby.domain.observation import Failure, Observation
from standby.domain.outcome import Outcome

pytestmark = pytest.mark.servers
RULES = """
groups:
  - name: shop
    rules:
      - alert: IntegrationDown
        expr: up == 0
        labels: { severity: critical }
        annotations: { summary: "{{ $labels.job }} ist nicht erreichbar – Übersicht prüfen" }
      - { alert: AlwaysPending, expr: vector(1), for: 1h, labels: { severity: critical } }
      - { alert: Quiet, expr: vector(1) > 2, labels: { severity: critical } }
  - name: broken
    rules:
      - record: broken:many_to_many
        expr: prometheus_http_requests_total / on (job) prometheus_http_requests_total
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with prometheus(tmp_path_factory.mktemp("prometheus"), RULES) as url:
        yield url


async def seen_when(look: Look, settled: str, url: str, **keys: object) -> Observation:
    """Look until the message holds `settled`: scrapes and rules come each second."""
    async with asyncio.timeout(20):
        while True:
            seen = await look("prometheus", url=url, every="100ms", timeout="90ms", **keys)
            if settled in seen.message:
                return seen
            await asyncio.sleep(0.05)


async def test_its_queries(look: Look, server: str) -> None:
    await seen_when(look, "2 series", server, query="up")
    seen = await look("prometheus", url=server, query="up", expect=["value == 1", "count == 2"])
    assert seen.outcome is Outcome.DOWN
    assert 'value == 1: value is 0 for {instance="127.0.0.1:' in seen.message
    seen = await look(
        "prometheus", url=server, query='up{job="prometheus"}', expect=["labels.team == 'plattform-zürich'"]
    )
    assert (seen.outcome, seen.metrics["value"]) == (Outcome.UP, 1.0)
    seen = await look("prometheus", url=server, query="up", range="10s", step="1s", expect=["size(values) >= 1"])
    assert seen.outcome is Outcome.UP
    assert (await look("prometheus", url=server, query="time()", prefer=["value > 1e9"])).outcome is Outcome.UP


@pytest.mark.parametrize(
    ("query", "failure", "says"),
    [
        ("up{job='nope'}", Failure.DATA, "the query gives no series"),
        ("vector(0) / 0", Failure.DATA, "no number now for 1 of 1 series"),
        ("up{", Failure.REQUEST, "what we ask is refused"),
        ("'text'", Failure.REQUEST, "the query gives a text"),
        ("prometheus_build_info * on(a) prometheus_http_requests_total", Failure.REQUEST, "cannot be evaluated"),
    ],
)
async def test_what_its_queries_cannot_tell(look: Look, server: str, query: str, failure: Failure, says: str) -> None:
    await seen_when(look, "value 1", server, query="up{job='prometheus'}")
    seen = await look("prometheus", url=server, query=query, expect=["value < 1"])
    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, failure)
    assert says in seen.message


async def test_its_alerts_rules_and_targets(look: Look, server: str) -> None:
    seen = await seen_when(look, "AlwaysPending (critical) pending", server, what="alerts")
    seen = await seen_when(look, "IntegrationDown (critical) firing: crm-exporter ist nicht", server, what="alerts")
    assert seen.outcome is Outcome.DOWN
    assert "erreichbar – Übersicht prüfen; AlwaysPending (critical) pending" in seen.message
    pending = await look("prometheus", url=server, what="alerts", matchers=['alertname=~"Always.*"'])
    assert pending.outcome is Outcome.DEGRADED
    broken = await seen_when(look, "the rule is broken", server, what="rules", matchers=['rulegroup="broken"'])
    assert (broken.outcome, broken.metrics["rules_broken"]) == (Outcome.UNKNOWN, 1.0)
    assert "many-to-many" in broken.message or "duplicate series" in broken.message
    quiet = await look("prometheus", url=server, what="rules", matchers=['alertname="Quiet"'])
    assert quiet.outcome is Outcome.UP
    targets = await seen_when(look, "connection refused", server, what="targets")
    assert (targets.outcome, targets.metrics["targets_up"]) == (Outcome.DEGRADED, 1.0)


async def test_it_is_ready_and_nothing_else_is(look: Look, server: str) -> None:
    seen = await look("prometheus", url=server, what="ready")
    assert (seen.outcome, seen.metrics["config_reloaded"]) == (Outcome.UP, 1.0)
    seen = await look("prometheus", url=server + "/elsewhere", query="up")
    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.REQUEST)
    assert "there is no such API here: status 404: 404 page not found" in seen.message
    seen = await look("prometheus", url=f"http://127.0.0.1:{free_port()}", what="ready")
    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.REFUSED)
