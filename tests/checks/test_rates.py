"""Our own limits, and the vendor's: polling slows itself before anybody says no."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.config.kinds import GOOD

from checks.conftest import SLOT, Look
from checks.loopback import RealClock
from checks.payloads import document, vendor
from checks.test_api import Probe, ProbeModel
from standby.checks.base import Context, observe
from standby.checks.rates import Rates
from standby.config.load import load
from standby.config.problems import ConfigError
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.domain.units import MILLISECOND, SECOND
from standby.engine.kinds import kinds
from standby.net.phases import TRACE, Trace
from standby.net.trouble import Trouble


async def test_one_limit_for_a_credential_at_a_host(context: Context) -> None:
    rates = Rates(RealClock())
    await rates.permit("1/m", "a.test", ["k1"], 0)
    await rates.permit("1/m", "a.test", ["k2"], 0)
    await rates.permit("1/m", "b.test", ["k1"], 0)
    await rates.permit("2/m", "a.test", ["k1"], 0)
    with pytest.raises(Trouble) as caught:
        await rates.permit("1/m", "a.test", ["k1"], SECOND)
    assert (caught.value.failure, caught.value.outcome) == (Failure.RATE_LIMITED, Outcome.UNKNOWN)
    assert str(caught.value).startswith("our own limit of 1/m to a.test is used up: the next in ")
    assert caught.value.retry_after_s == pytest.approx(60, abs=5)


async def test_a_short_wait_is_waited_and_is_no_latency() -> None:
    clock = RealClock()
    rates, trace = Rates(clock), Trace(clock)
    token, began = TRACE.set(trace), trace.started
    try:
        await asyncio.gather(*(rates.permit("20/s", "a.test", [], SECOND) for _ in range(4)))
    finally:
        TRACE.reset(token)
    assert trace.started - began >= 40 * MILLISECOND  # the second permit comes 53 ms after the first


async def test_an_http_check_and_an_adapter_keep_their_rate(look: Look, context: Context) -> None:
    async with vendor({"/v1": document({"state": "fine"})}) as acme:
        keys = {"url": acme.url + "/v1", "rate": "1/m", "headers": {"X-Api-Key": "env:KEY"}}
        assert (await look("http", **keys)).outcome is Outcome.UP
        seen = await look("http", **keys)
        assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.RATE_LIMITED)
        assert seen.retry_after_s is not None
        row = {
            "id": "c",
            "integration": "i",
            "kind": "probe",
            "url": acme.url + "/v1",
            "rate": "1/m",
            "token": "env:TOKEN",
        }
        probe = Probe(ProbeModel.model_validate(row))
        assert (await observe(probe, context, SLOT)).outcome is Outcome.UP
        context.answers._known.clear()
        assert (await observe(probe, context, SLOT)).failure is Failure.RATE_LIMITED
    assert len(acme.asked) == 2


async def test_what_is_left_is_a_metric_and_slows_us_down(look: Look, context: Context) -> None:
    few = {"X_RateLimit_Limit": "100", "X_RateLimit_Remaining": "4", "X_RateLimit_Reset": "60"}
    async with vendor({"/v1": document({"state": "fine"}, **few)}) as acme:
        seen = await look("http", url=acme.url + "/v1")
        row = {"id": "c", "integration": "i", "kind": "probe", "url": acme.url + "/v1"}
        other = await observe(Probe(ProbeModel.model_validate(row)), context, SLOT)
    for one, message in ((seen, "status 200 Said"), (other, "it says fine")):
        assert (one.outcome, one.retry_after_s) == (Outcome.UP, 15.0)
        assert one.message == f"{message}; 4 of 100 calls are left for 60 s"
        metrics = {name: one.metrics[name] for name in ("rate_limit", "rate_remaining", "rate_reset_s")}
        assert metrics == {"rate_limit": 100.0, "rate_remaining": 4.0, "rate_reset_s": 60.0}


def test_a_vendors_rate_is_that_of_its_checks(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(GOOD.replace("[[vendor]]\n", '[[vendor]]\nrate = "100/m"\n', 1))
    rates = {check.id: check.rate for check in load(path, kinds()).checks}
    assert rates["payments-api"] == "100/m"
    path.write_text(path.read_text().replace('kind = "http"', 'kind = "http"\nrate = "1/s"', 1))
    assert load(path, kinds()).check_by_id["payments-api"].rate == "1/s"
    path.write_text(path.read_text().replace('"1/s"', '"often"'))
    with pytest.raises(ConfigError, match="is not a rate"):
        load(path, kinds())
