"""The sample configuration and the simulated third parties fit together, through the real checks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from standby.checks.base import Check, Context, observe
from standby.checks.registry import build
from standby.config.load import load
from standby.config.models import CheckModel
from standby.config.secrets import Secrets
from standby.config.whole import Config
from standby.domain.observation import Failure, Observation
from standby.domain.outcome import Outcome
from standby.engine.clock import SystemClock
from standby.engine.failover.routes import directing
from standby.engine.kinds import kinds
from standby.simulator.checkout.shop import Checkout
from standby.simulator.faults import fault
from standby.simulator.town import Town

SAMPLE = Path(__file__).parents[2] / "config.toml"


@dataclass
class Sample:
    """The sample's checks, pointed at a town and its checkout."""

    config: Config
    town: Town
    context: Context

    async def look(self, *ids: str) -> dict[str, Observation]:
        """One observation of each of these checks, or of all."""
        chosen: list[CheckModel] = [model for model in self.config.checks if not ids or model.id in ids]
        checks: list[Check] = [build(model) for model in chosen]
        seen = await asyncio.gather(*(observe(check, self.context, time.time_ns()) for check in checks))
        return {observation.check_id: observation for observation in seen}

    async def on(self, party: str, kind: str, **params: object) -> None:
        self.town.world.switch_on(party, fault(kind, params), None)
        await self.town.tick()


def well(one: Observation) -> bool:
    return one.outcome is Outcome.UP


@pytest.fixture(scope="module")
def config() -> Config:
    return load(SAMPLE, kinds())


@pytest.fixture
async def sample(config: Config, tmp_path: Path) -> AsyncIterator[Sample]:
    clock = SystemClock()
    town = Town(clock, 7)
    await town.open(tmp_path / "ca.pem", tmp_path / "ca.key")
    checkout = Checkout(clock, town.ports(), tmp_path / "ca.pem", haproxy=None)
    await checkout.open()
    everywhere = [*town.connect_to(), *checkout.connect_to()]
    connect_to = {(host, port): (to, to_port) for host, port, to, to_port in everywhere}
    context = Context(
        clock, Secrets(base=SAMPLE.parent), connect_to, tmp_path / "ca.pem", SAMPLE.parent, places=checkout.places()
    )
    yield Sample(config, town, context)
    await context.close()
    await checkout.close()
    await town.close()


def test_the_sample_is_valid_simulated_and_honest_about_it(config: Config) -> None:
    assert config.simulator is not None
    assert config.simulator.enabled
    assert config.settings.environment.value != "production"
    assert {model.kind for model in config.checks} >= {"http", "tls", "tcp"}
    assert max(model.every for model in config.checks if model.kind != "tls") <= 5_000_000_000


async def test_every_check_of_the_sample_is_up(sample: Sample) -> None:
    seen = await sample.look()
    # A stalled test machine makes an answer slow, which is not what this is about.
    wrong = {name: one.message for name, one in seen.items() if not well(one) and "latency_ms" not in one.message}
    assert wrong == {}
    ours = {"payments-traffic"}  # counted on this machine, not asked of a third party
    assert all(one.latency_ms is not None and one.latency_ms > 5 for one in seen.values() if one.check_id not in ours)


@pytest.mark.parametrize(
    ("kind", "params", "outcome", "failure"),
    [
        ("refuse", {}, Outcome.DOWN, Failure.REFUSED),
        ("expired-certificate", {}, Outcome.DOWN, Failure.TLS),
        ("timeouts", {}, Outcome.DOWN, Failure.TIMEOUT),
        ("latency", {"ms": 700}, Outcome.DEGRADED, Failure.EXPECTATION),
        ("resets", {}, Outcome.DOWN, Failure.RESET),
        ("errors", {}, Outcome.DOWN, Failure.EXPECTATION),
        ("rate-limit", {}, Outcome.DEGRADED, Failure.RATE_LIMITED),
        ("malformed", {}, Outcome.DOWN, Failure.PROTOCOL),
        ("truncated", {}, Outcome.DOWN, None),
        ("huge", {}, Outcome.DOWN, Failure.TOO_LARGE),
        ("gzip-bomb", {}, Outcome.DOWN, Failure.TOO_LARGE),
        ("slow-drip", {}, Outcome.DOWN, Failure.TIMEOUT),
        ("endless", {}, Outcome.DOWN, Failure.TIMEOUT),
        ("schema", {}, Outcome.DOWN, Failure.EXPECTATION),
        ("encoding", {}, Outcome.DOWN, None),
        ("redirects", {}, Outcome.DOWN, Failure.REDIRECT),
        ("hostile-text", {}, Outcome.DOWN, Failure.EXPECTATION),
    ],
)
async def test_each_fault_is_seen_for_what_it_is(
    sample: Sample, kind: str, params: dict[str, object], outcome: Outcome, failure: Failure | None
) -> None:
    await sample.on("payments", kind, **params)
    seen = (await sample.look("payments-api"))["payments-api"]
    assert (seen.outcome, seen.message.isprintable()) == (outcome, True)
    if failure is not None:
        assert seen.failure is failure, seen.message
    sample.town.world.clear(None)
    await sample.town.tick()
    after = (await sample.look("payments-api"))["payments-api"]
    assert after.outcome in (Outcome.UP, Outcome.DEGRADED), after.message  # slow on a busy machine: not the fault


async def test_a_changed_schema_is_noticed_by_every_check_that_reads_a_body(sample: Sample) -> None:
    for party in ("payments", "payments-standby", "inventory", "shipping", "crm", "email", "sms", "weather"):
        await sample.on(party, "schema")
    seen = await sample.look()
    healthy = {name for name, one in seen.items() if well(one)}
    assert healthy == {"payments-certificate", "payments-path", "payments-traffic", "sms-gateway"}


async def test_slow_sms_is_degraded_not_down(sample: Sample) -> None:
    await sample.on("sms", "latency", ms=950, jitter=0)
    seen = await sample.look("sms-api", "sms-gateway")
    assert seen["sms-api"].outcome is Outcome.DEGRADED
    assert seen["sms-gateway"].outcome is Outcome.UP


async def test_the_route_of_the_sample_moves_its_traffic_and_each_target_is_told_by_its_answer(sample: Sample) -> None:
    [route] = sample.config.routes
    director = directing(sample.context)(route)
    assert route.verify is not None
    assert await director.where() == route.primary
    for target in ("borealis", "acme"):
        for step in await director.plan(target):
            await director.apply(step.subject, step.desired)
        assert await director.where() == target
        model = sample.config.check_by_id[route.verify]
        for other in route.target:
            proving = model.model_copy(update={"expect": [*getattr(model, "expect", ()), other.answers]})
            seen = await observe(build(proving), sample.context, time.time_ns())
            assert seen.outcome is (Outcome.UP if other.id == target else Outcome.DOWN), seen.message


async def test_what_the_shop_lost_is_a_metric(sample: Sample) -> None:
    seen = (await sample.look("payments-traffic"))["payments-traffic"]
    assert seen.metrics.keys() >= {"answered", "lost"}
    assert seen.metrics["lost"] == 0
