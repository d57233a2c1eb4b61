"""Our own network goes and comes back: one alert, a hole in history, nobody paged about anybody else."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from standby.domain.observation import Failure
from standby.domain.outcome import AlertState, Outcome, Severity
from standby.domain.units import MINUTE, SECOND
from standby.engine.polling.blind import knocker, parse_target
from standby.net.resolver import Resolver

from .conftest import Make
from .world import DOWN, REFUSED, UP, Answer, config, rule, slowly

TARGETS = 'reference_targets = ["tcp://192.0.2.1:53", "tcp://192.0.2.2:443"]'
UNREACHABLE = Answer(Outcome.DOWN, "no route to host", Failure.UNREACHABLE, None)
OTHERS = """
[[integration]]
id = "stock"
vendor = "acme"
criticality = "high"
[[check]]
id = "sto"
integration = "stock"
kind = "stub"
every = "10s"
attempts = 1
"""


async def test_losing_our_network_is_one_alert_about_us(world: Make) -> None:
    w = await world(config(rules=OTHERS), TARGETS)
    await w.pass_time(MINUTE)
    w.network = False
    w.answers.update(pay=UNREACHABLE, sto=UNREACHABLE)
    await w.pass_time(5 * MINUTE)
    [alert] = w.alerts()
    assert (alert.integration, alert.rule, alert.severity) == ("standby", "blind", Severity.CRITICAL)
    assert alert.state is AlertState.FIRING
    assert "192.0.2.1" in alert.summary
    seen = w.observations("pay", 10)
    assert {row.failure for row in seen} == {Failure.BLIND}
    assert {row.outcome for row in seen} == {Outcome.UNKNOWN}
    [hole] = w.changes().gaps
    assert (hole.to_at, hole.reason) == (None, "blind")
    engine = w.changes().engine
    assert engine is not None
    assert engine.blind_since == hole.from_at
    assert w.engine.welcome_extra()["blind_since"] == hole.from_at


async def test_coming_back_ends_it_and_says_so(world: Make) -> None:
    w = await world(config(), TARGETS)
    await w.pass_time(MINUTE)
    w.network = False
    w.answers["pay"] = UNREACHABLE
    await w.pass_time(2 * MINUTE)
    w.network = True
    w.answers["pay"] = UP
    await w.pass_time(20 * SECOND)
    assert not w.open_alerts()
    [hole] = w.changes().gaps
    assert hole.to_at is not None
    assert [row.message.split(":")[0] for row in w.audits("blind")] == [
        "our own network is gone",
        "our own network is back",
    ]
    assert w.outcome("pay") is Outcome.UP
    assert len(w.audits("fired")) == len(w.audits("resolved")) == 1


async def test_results_just_before_it_was_established_page_nobody(world: Make) -> None:
    """Failures that arrive first are held until the targets were tried, whatever the rule."""
    w = await world(config(rules=rule("error_rate > 0.0")), TARGETS)
    await w.pass_time(MINUTE)
    w.network = False
    w.answers["pay"] = REFUSED
    await w.pass_time(12 * SECOND)
    assert w.engine._polling.guard.blind
    assert not w.alerts("r")
    assert Outcome.DOWN not in {row.outcome for row in w.observations("pay")}


async def test_a_run_begun_while_blind_says_nothing_though_it_ends_afterwards(world: Make) -> None:
    w = await world(config(), TARGETS)
    await w.pass_time(MINUTE)
    w.network = False
    w.answers["pay"] = REFUSED
    await w.until(lambda: w.engine._polling.guard.blind)
    w.answers["pay"] = slowly(REFUSED, 7 * SECOND)
    count = len(w.runs)
    await w.until(lambda: len(w.runs) > count)
    w.network = True
    await w.until(lambda: not w.engine._polling.guard.blind)
    await w.pass_time(7 * SECOND)
    assert w.observations("pay", 1)[0].failure is Failure.BLIND
    assert not w.live("down")


async def test_a_vendor_that_is_down_alone_is_down(world: Make) -> None:
    w = await world(config(), TARGETS)
    await w.pass_time(MINUTE)
    w.answers["pay"] = REFUSED
    await w.until(lambda: w.fired("down"), 15 * SECOND)
    assert not w.live("blind")


async def test_an_answer_of_the_vendor_is_no_reason_to_doubt_ourselves(world: Make) -> None:
    """A status is an answer: it is believed at once, without a knock at the targets."""
    w = await world(config(), TARGETS)
    await w.pass_time(MINUTE)
    knocks = w.knocks
    w.answers["pay"] = DOWN
    count = len(w.runs)
    await w.until(lambda: len(w.runs) > count)
    await w.pass_time(SECOND)
    assert w.fired("down")
    assert w.knocks - knocks <= 2, "only the periodic round"


async def test_clocks_stand_still_while_blind(world: Make) -> None:
    w = await world(config(rules=rule("error_rate > 0.5", for_="3m", window="10m")), TARGETS)
    w.answers["pay"] = DOWN
    await w.until(lambda: w.live("r"))
    began = w.clock.mono
    await w.pass_time(MINUTE)
    w.network = False
    w.answers["pay"] = UNREACHABLE
    await w.pass_time(20 * MINUTE)
    assert w.live("r")
    assert not w.fired("r")
    w.network = True
    w.answers["pay"] = DOWN
    await w.until(lambda: w.fired("r"))
    assert 22 * MINUTE <= w.clock.mono - began <= 24 * MINUTE


async def test_a_firing_alert_outlives_blindness_and_no_data_is_silent(world: Make) -> None:
    w = await world(config(), TARGETS)
    w.answers["pay"] = REFUSED
    await w.until(lambda: w.fired("down"))
    w.network = False
    await w.pass_time(10 * MINUTE)
    assert {alert.rule for alert in w.open_alerts()} == {"down", "blind"}
    w.network = True
    await w.pass_time(30 * SECOND)
    assert {alert.rule for alert in w.open_alerts()} == {"down"}
    assert len(w.alerts()) == 2


async def test_a_restart_while_blind_stays_blind_with_the_same_alert(world: Make) -> None:
    w = await world(config(), TARGETS)
    await w.pass_time(MINUTE)
    w.network = False
    w.answers["pay"] = UNREACHABLE
    await w.pass_time(MINUTE)
    await w.die()
    await w.pass_time(10 * SECOND)
    await w.start()
    await w.pass_time(MINUTE)
    assert [alert.rule for alert in w.alerts()] == ["blind"]
    w.network = True
    w.answers["pay"] = UP
    await w.pass_time(30 * SECOND)
    assert not w.open_alerts()
    assert all(hole.to_at is not None for hole in w.changes().gaps)


async def test_an_open_blindness_ends_when_nothing_could_end_it(world: Make) -> None:
    w = await world(config(), TARGETS)
    w.network = False
    w.answers["pay"] = UNREACHABLE
    await w.pass_time(MINUTE)
    assert w.live("blind")
    w.write(config())
    await w.engine.reload()
    w.answers["pay"] = UP
    await w.pass_time(30 * SECOND)
    assert not w.open_alerts()


async def test_without_targets_the_guard_is_off(world: Make) -> None:
    w = await world(config())
    w.network = False
    w.answers["pay"] = REFUSED
    await w.until(lambda: w.fired("down"), 15 * SECOND)
    assert w.knocks == 0


async def test_standing_still_ourselves_is_not_blindness(world: Make) -> None:
    w = await world(config(), TARGETS)
    await w.pass_time(MINUTE)
    guard = w.engine._polling.guard

    async def late(host: str, port: int) -> bool:
        w.clock.block(SECOND)
        return False

    guard._knock = late
    asking = asyncio.ensure_future(guard.confirm())
    await w.pass_time(5 * SECOND)
    assert not await asking


@pytest.mark.parametrize("text", ["udp://192.0.2.1:53", "tcp://192.0.2.1", "192.0.2.1:53", "tcp://:53"])
def test_what_is_no_target_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="reference target"):
        parse_target(text)


async def test_knocking_at_a_listener_a_closed_port_and_nowhere() -> None:
    resolver = Resolver()
    knock = knocker(resolver)
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        assert await knock("127.0.0.1", port)
    finally:
        server.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(server.wait_closed(), 2)
    assert await knock("127.0.0.1", port), "a refusal is an answer"
    assert not await knock("no-such-name.invalid", 53)
    resolver.close()
