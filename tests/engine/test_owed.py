"""After a planned quiet time: one message, if what is true then is not what people believe; over restarts as well."""

from __future__ import annotations

import pytest

from standby.domain.units import MINUTE, SECOND

from .conftest import Make
from .test_escalations import PEOPLE, POLICY
from .test_maintenance import BEGIN, END, IN_BERLIN
from .world import DOWN, UP, Answer, World, config


async def told_before(world: Make, *, attempts: int = 1, more: str = "") -> World:
    """It is down and told before the window, which has just begun."""
    w = await world(config(more=f'retry_every = "10s"\n{PEOPLE}{IN_BERLIN}{more}', attempts=attempts), POLICY)
    await w.pass_time(BEGIN - w.clock.now() - MINUTE)
    w.answers["pay"] = DOWN
    await w.until(lambda: len(w.told) == 2)
    await w.pass_time(BEGIN - w.clock.now() + SECOND)
    w.told.clear()
    return w


async def see(w: World, *answers: Answer) -> None:
    for answer in answers:
        w.answers["pay"] = answer
        await w.pass_time(30 * SECOND)


def kinds(w: World) -> list[str]:
    """What one person was told."""
    return [one.message.kind for one in w.told if one.to == "anna@shop.test"]


async def test_an_end_within_is_told_at_the_end_and_once(world: Make) -> None:
    w = await told_before(world)
    await see(w, UP)
    assert w.open_alerts() == []
    await w.pass_time(END - w.clock.now() - SECOND)
    assert w.told == []
    await w.pass_time(10 * MINUTE)
    assert kinds(w) == ["resolved"]
    assert w.told[0].at - END < 3 * SECOND
    assert "status is 503" in w.told[0].message.subject
    assert w.changes().escalations == []


@pytest.mark.parametrize("end", ["stop", "die"])
async def test_an_end_that_is_owed_outlives_the_engine(world: Make, end: str) -> None:
    w = await told_before(world)
    await see(w, UP)
    await getattr(w, end)()
    await w.start()
    await w.pass_time(END - w.clock.now() - SECOND)
    assert w.told == []
    await w.pass_time(10 * MINUTE)
    assert kinds(w) == ["resolved"]
    assert "critical: payments: pay is down" in w.told[0].message.subject


@pytest.mark.parametrize("restart", [False, True])
async def test_what_comes_back_within_is_told_once_as_what_it_is(world: Make, restart: bool) -> None:
    w = await told_before(world)
    await see(w, UP, DOWN, UP, DOWN)
    if restart:
        await w.die()
        await w.start()
    await w.pass_time(END - w.clock.now() - SECOND)
    assert w.told == []
    await w.pass_time(4 * MINUTE)
    assert kinds(w) == ["firing"]
    await see(w, UP)
    assert kinds(w) == ["firing", "resolved"]


async def test_what_fires_throughout_is_told_once(world: Make) -> None:
    w = await told_before(world)
    await w.pass_time(END - w.clock.now() + 4 * MINUTE)
    assert kinds(w) == ["firing"]


async def test_what_came_and_went_within_is_never_told(world: Make) -> None:
    w = await world(config(more=PEOPLE + IN_BERLIN), POLICY)
    await w.pass_time(BEGIN - w.clock.now() + SECOND)
    await see(w, DOWN, UP, DOWN, UP)
    await w.pass_time(20 * MINUTE)
    assert w.told == []


async def test_what_is_not_settled_at_the_end_waits_until_it_is(world: Make) -> None:
    w = await told_before(world, attempts=4)
    await see(w, UP)
    await w.pass_time(END - w.clock.now() - 12 * SECOND)
    w.answers["pay"] = DOWN
    await w.pass_time(15 * SECOND)
    assert w.told == []
    await w.pass_time(4 * MINUTE)
    assert kinds(w) == ["firing"]


THEN = IN_BERLIN.replace("patches", "reboots").replace("16:20-16:30", "16:30-16:40")


async def test_a_window_that_begins_where_another_ends_goes_on_with_it(world: Make) -> None:
    w = await told_before(world, more=THEN)
    await see(w, UP)
    await w.pass_time(END - w.clock.now() + 9 * MINUTE)
    assert w.told == []
    await w.pass_time(2 * MINUTE)
    assert kinds(w) == ["resolved"]


async def test_what_ends_while_the_engine_comes_back_does_not_stop_it(world: Make) -> None:
    w = await told_before(world)
    await see(w, UP)
    await w.die()
    await w.pass_time(END - w.clock.now() + MINUTE)
    await w.start()
    await w.pass_time(MINUTE)
    assert kinds(w) == ["resolved"]
