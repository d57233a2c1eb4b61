"""Quiet hours of routes: nobody is told in them, everybody sees why, and what is owed afterwards is told once."""

from __future__ import annotations

import pytest

from standby.domain.muting import MuteKind
from standby.domain.units import MINUTE, SECOND, parse_instant
from standby.link.protocol import CommandKind

from .conftest import Make
from .test_groups import POLICY, SHOP, heard
from .world import DOWN, UP, World

# The world begins at 14:13:20 UTC.
BEGIN, END = parse_instant("2026-09-21T14:20:00Z"), parse_instant("2026-09-21T14:30:00Z")
BREAK = """
[[time_interval]]
id = "break"
zone = "Europe/Berlin"
times = ["16:20-16:30"]
"""
QUIET = f'{BREAK}\n[[alerting.route]]\nquiet = ["break"]\n'
ACTIVE = """
[[time_interval]]
id = "work"
zone = "UTC"
times = ["14:30-24:00"]

[[alerting.route]]
match = ["severity=critical"]
policy = "loud"
group_by = ["..."]
group_wait = "0s"
continue = true
active = ["work"]

[[alerting.route]]
"""


async def at(world: Make, more: str, when: int) -> World:
    w = await world(SHOP + more, POLICY)
    await w.pass_time(when - w.clock.now())
    return w


async def test_what_fires_within_is_told_afterwards_and_says_why_it_is_not(world: Make) -> None:
    w = await at(world, QUIET, BEGIN + SECOND)
    w.answers["pay"] = DOWN
    await w.pass_time(END - w.clock.now() - SECOND)
    [row] = w.open_alerts()
    [mute] = row.mutes
    assert (mute.kind, mute.by, mute.until, mute.why) == (MuteKind.INTERVAL, "break", END, "quiet hours break")
    assert heard(w) == []
    await w.pass_time(4 * MINUTE)
    assert heard(w) == [("anna", "firing", [1])]


@pytest.mark.parametrize("end", ["stop", "die", ""])
async def test_what_was_told_before_and_ends_within_is_told_afterwards(world: Make, end: str) -> None:
    w = await at(world, QUIET, BEGIN - MINUTE)
    w.answers["pay"] = DOWN
    await w.until(lambda: len(w.told) == 1)
    await w.pass_time(BEGIN - w.clock.now() + SECOND)
    w.answers["pay"] = UP
    await w.pass_time(MINUTE)
    if end:
        await getattr(w, end)()
        await w.start()
    await w.pass_time(END - w.clock.now() - SECOND)
    assert len(w.told) == 1
    await w.pass_time(MINUTE)
    assert heard(w)[1:] == [("anna", "resolved", [1])]


async def test_the_escalation_stands_still_and_goes_on(world: Make) -> None:
    w = await at(world, QUIET, BEGIN - MINUTE)
    w.answers["pay"] = DOWN
    await w.pass_time(END - w.clock.now() - SECOND)
    assert heard(w) == [("anna", "firing", [1])]
    await w.pass_time(MINUTE)
    assert heard(w) == [("anna", "firing", [1])] * 2
    await w.ask(CommandKind.ACK, alert=1)
    await w.pass_time(30 * MINUTE)
    assert len(w.told) == 2


async def test_whoever_has_it_is_not_reminded_within(world: Make) -> None:
    people = '[[person]]\nid = "alice"\nreach = [{ channel = "anna", to = "alice@shop.test" }]\n'
    w = await at(world, people + QUIET, BEGIN - 3 * MINUTE)
    w.answers["pay"] = DOWN
    await w.until(lambda: len(w.told) == 1)
    await w.ask(CommandKind.ACK, alert=1, **{"for": 20 * MINUTE})
    await w.pass_time(END - w.clock.now() + 4 * MINUTE)
    assert len(w.told) == 1
    await w.pass_time(10 * MINUTE)
    assert heard(w)[1:] == [("anna", "firing", [1])], "given back when the hours were over"


@pytest.mark.parametrize("end", ["stop", "die", ""])
async def test_one_route_is_quiet_while_another_tells(world: Make, end: str) -> None:
    w = await at(world, ACTIVE, BEGIN)
    w.answers["pay"] = w.answers["out"] = DOWN
    await w.pass_time(MINUTE)
    assert heard(w) == [("anna", "firing", [1, 2])]
    assert [row.mutes for row in w.open_alerts()] == [(), ()]
    assert "nobody of policy loud is told: outside the hours work" in [line.message for line in w.audits("escalation")]
    if end:
        await getattr(w, end)()
        await w.start()
    await w.pass_time(END - w.clock.now() + 30 * SECOND)
    assert sorted({who for who, _, _ in heard(w)}) == ["anna", "boss"]
    assert [said for said in heard(w) if said[0] == "boss"] == [("boss", "firing", [2])]
    assert w.engine.trouble == ""
    w.answers["pay"] = w.answers["out"] = UP
    await w.pass_time(MINUTE)
    assert [said for said in heard(w) if said[0] == "boss"] == [("boss", "firing", [2]), ("boss", "resolved", [2])]


async def test_what_is_over_before_the_hours_of_its_route_is_never_told_there(world: Make) -> None:
    w = await at(world, ACTIVE, BEGIN)
    w.answers["pay"] = DOWN
    await w.pass_time(MINUTE)
    w.answers["pay"] = UP
    await w.pass_time(20 * MINUTE)
    assert {who for who, _, _ in heard(w)} == {"anna"}


async def test_a_reload_takes_effect_at_once(world: Make) -> None:
    w = await at(world, "", BEGIN + SECOND)
    w.write(SHOP + QUIET, POLICY)
    assert await w.engine.reload() == ["time_interval break added", "alerting: route changed"]
    w.answers["pay"] = DOWN
    await w.pass_time(2 * MINUTE)
    assert heard(w) == []
    w.write(SHOP + ACTIVE, POLICY)
    await w.engine.reload()
    await w.pass_time(MINUTE)
    assert heard(w) == [("anna", "firing", [1])]
