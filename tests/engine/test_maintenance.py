"""Planned windows: quiet from their begin, and what is still true at their end is told once."""

from __future__ import annotations

from unittest.mock import patch

from standby.config.maintenance import Maintenance
from standby.domain.muting import MuteKind
from standby.domain.units import MINUTE, SECOND, parse_instant
from standby.engine.muting.maintenance import Windows

from .conftest import Make
from .test_escalations import PEOPLE, POLICY, firing, heard
from .world import DOWN, UP, World, config

BEGIN, END = parse_instant("2026-09-21T14:20:00Z"), parse_instant("2026-09-21T14:30:00Z")
IN_BERLIN = """
[[maintenance]]
id = "patches"
vendors = ["acme"]
zone = "Europe/Berlin"
times = ["16:20-16:30"]
reason = "they patch"
"""
ALL_DAY = """
[[maintenance]]
id = "day"
integrations = ["payments"]
zone = "UTC"
times = ["00:00-24:00"]
years = ["2026"]
"""


async def down_within(world: Make) -> World:
    """The vendor is down from just after the begin, by the summer time of Berlin."""
    w = await world(config(more=PEOPLE + IN_BERLIN), POLICY)
    await w.pass_time(BEGIN - w.clock.now() + SECOND)
    w.answers["pay"] = DOWN
    await w.until(lambda: w.fired("down"))
    await w.pass_time(SECOND)
    return w


async def test_it_fires_and_nobody_is_told(world: Make) -> None:
    w = await down_within(world)
    before = len(w.runs)
    await w.pass_time(5 * MINUTE)
    [mute] = w.open_alerts()[0].mutes
    assert (mute.kind, mute.by, mute.until, mute.why) == (
        MuteKind.MAINTENANCE, "patches", END, "maintenance patches: they patch",
    )  # fmt: skip
    assert heard(w) == []
    assert len(w.runs) > before, "checks go on"


async def test_what_is_still_true_at_its_end_is_told_once(world: Make) -> None:
    w = await down_within(world)
    await w.until(lambda: len(w.told) == 2)
    assert 0 <= w.told[0].at - END < SECOND
    await w.pass_time(4 * MINUTE)
    assert len(w.told) == 2


async def test_what_is_over_before_its_end_is_never_told(world: Make) -> None:
    w = await down_within(world)
    w.answers["pay"] = UP
    await w.pass_time(20 * MINUTE)
    assert heard(w) == []


async def test_it_begins_by_itself_over_what_fires_already(world: Make) -> None:
    w = await world(config(more=PEOPLE + IN_BERLIN), POLICY)
    w.answers["pay"] = DOWN
    await w.until(lambda: len(w.told) == 2)
    assert w.open_alerts()[0].mutes == ()
    await w.pass_time(BEGIN - w.clock.now() + SECOND)
    assert [mute.by for mute in w.open_alerts()[0].mutes] == ["patches"]


async def test_a_reload_takes_effect_at_once(world: Make) -> None:
    w = await firing(world)
    w.write(config(more=PEOPLE + ALL_DAY), POLICY)
    assert await w.engine.reload() == ["maintenance day added"]
    await w.pass_time(SECOND)
    [mute] = w.open_alerts()[0].mutes
    assert (mute.by, mute.why) == ("day", "maintenance day")
    w.write(config(more=PEOPLE), POLICY)
    await w.engine.reload()
    await w.pass_time(SECOND)
    assert w.open_alerts()[0].mutes == ()


async def test_the_calendar_is_read_once_until_it_changes(world: Make) -> None:
    w = await down_within(world)
    [live] = w.engine._alerts
    windows, in_force = Windows(w.engine._in_force), w.clock.now()
    with patch.object(Maintenance, "next_change", autospec=True, side_effect=Maintenance.next_change) as read:
        for now in (in_force, in_force + SECOND, END - 1):
            assert [mute.until for mute in windows.mutes(live, now)] == [END]
            assert windows.next_change(now) == END
        assert read.call_count == 1
        assert list(windows.mutes(live, END)) == []
        assert read.call_count == 2
        assert list(windows.mutes(live, in_force)), "the wall clock was stepped back"
