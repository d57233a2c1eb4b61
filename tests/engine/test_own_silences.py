"""What people keep quiet for a while: at once, for as long as they said, and nobody forgets what is owed."""

from __future__ import annotations

import pytest

from standby.domain.units import DAY, HOUR, MINUTE, SECOND
from standby.link.protocol import CommandKind, NotNowError, Status
from standby.store.errors import StoreError

from .conftest import Make
from .test_escalations import PEOPLE, POLICY, firing, heard
from .world import BOB, DOWN, UP, World, config

ALL_OF_ACME = 'vendor="acme"'
SPAN = 20 * MINUTE  # longer than the whole policy


async def silence(w: World, span: int = SPAN, **changed: object) -> str:
    args = {"matchers": ALL_OF_ACME, "ends": w.clock.now() + span, "comment": "the bank is at work", **changed}
    receipt = await w.ask(CommandKind.SILENCE, **args)
    assert receipt.status is Status.DONE, receipt.reason
    await w.pass_time(SECOND)
    return receipt.reason


async def quiet(world: Make, span: int = SPAN) -> World:
    w = await world(config(more=PEOPLE), POLICY)
    await silence(w, span)
    w.answers["pay"] = DOWN
    await w.until(lambda: w.fired("down"))
    return w


async def test_what_it_matches_fires_and_nobody_is_told(world: Make) -> None:
    w = await quiet(world)
    await w.pass_time(SPAN - 2 * MINUTE)
    assert heard(w) == []
    [alert] = w.open_alerts()
    [mute] = alert.mutes
    assert (mute.by, mute.why) == ("1", "silenced by alice: the bank is at work")


async def test_when_it_ends_what_is_still_true_is_told_once(world: Make) -> None:
    w = await quiet(world, 10 * MINUTE)
    ends = w.changes().silences[0].ends_at
    await w.until(lambda: len(w.told) == 2)
    assert w.told[0].at - ends < SECOND
    await w.pass_time(4 * MINUTE)
    assert len(w.told) == 2


async def test_what_is_over_before_it_ends_is_never_told(world: Make) -> None:
    w = await quiet(world, 10 * MINUTE)
    w.answers["pay"] = UP
    await w.pass_time(30 * MINUTE)
    assert heard(w) == []


async def test_it_acts_at_once_on_what_fires_already(world: Make) -> None:
    w = await firing(world)
    await silence(w)
    await w.pass_time(16 * MINUTE)
    assert len(w.told) == 2, "the next level is not told"
    w.answers["pay"] = UP
    await w.pass_time(MINUTE)
    assert [kind for kind, _, _ in heard(w)[2:]] == ["resolved", "resolved"]


async def test_what_it_does_not_match_is_told(world: Make) -> None:
    w = await world(config(more=PEOPLE), POLICY)
    await silence(w, matchers='vendor="other", severity=~"crit.*"')
    w.answers["pay"] = DOWN
    await w.until(lambda: len(w.told) == 2)
    [alert] = w.open_alerts()
    assert alert.mutes == ()


async def test_one_that_begins_later_begins_by_itself(world: Make) -> None:
    w = await world(config(more=PEOPLE), POLICY)
    now = w.clock.now()
    await silence(w, starts=now + 10 * MINUTE, ends=now + 20 * MINUTE)
    w.answers["pay"] = DOWN
    await w.until(lambda: len(w.told) == 2)
    await w.pass_time(10 * MINUTE)
    assert w.open_alerts()[0].mutes
    await w.pass_time(10 * MINUTE)
    assert not w.open_alerts()[0].mutes


@pytest.mark.parametrize("end", ["stop", "die"])
async def test_it_outlives_the_engine(world: Make, end: str) -> None:
    w = await quiet(world)
    await w.pass_time(MINUTE)
    await getattr(w, end)()
    await w.start()
    await w.pass_time(SPAN - 3 * MINUTE)
    assert heard(w) == []
    await w.pass_time(5 * MINUTE)
    assert len(w.told) > 0


async def test_it_says_that_it_ends_soon(world: Make) -> None:
    w = await quiet(world)
    await w.pass_time(SPAN - 16 * MINUTE)
    assert not any("ends in" in line.message for line in w.audits("silence"))
    await w.pass_time(2 * MINUTE)
    [line] = [line for line in w.audits("silence") if "ends in" in line.message]
    assert line.message.startswith('ends in 15m, vendor="acme" until ')


async def test_it_is_ended_and_extended(world: Make) -> None:
    w = await quiet(world)
    await w.ask(CommandKind.SILENCE_EXTEND, BOB, silence=1, ends=w.clock.now() + 3 * SPAN)
    await w.pass_time(2 * SPAN)
    assert heard(w) == []
    await w.ask(CommandKind.SILENCE_EXPIRE, BOB, silence=1)
    await w.pass_time(SECOND)
    assert len(w.told) == 2
    receipt = await w.ask(CommandKind.SILENCE_EXPIRE, silence=1)
    assert receipt.reason == "silence 1 is over"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ({"matchers": "vendor acme"}, "is not a matcher"),
        ({"matchers": 'vendor=~".*"'}, "keeps everything quiet"),
        ({"matchers": 'vendor=~"("'}, "vendor"),
        ({"ends": 5}, "ends before it begins"),
        ({"span": 8 * DAY}, "for 7d at most"),
        ({"comment": " "}, "needs a reason"),
        ({"starts": 5}, "cannot begin in the past"),
    ],
)
async def test_one_that_nobody_may_set_says_why(world: Make, args: dict[str, object], said: str) -> None:
    w = await world(config(more=PEOPLE), POLICY)
    span = args.pop("span", HOUR)
    assert isinstance(span, int)
    given = {"matchers": ALL_OF_ACME, "ends": w.clock.now() + span, "comment": "x", **args}
    receipt = await w.ask(CommandKind.SILENCE, **given)
    assert receipt.status is Status.REFUSED
    assert said in receipt.reason
    assert w.changes().silences == []


async def test_what_cannot_be_recorded_keeps_nothing_quiet(world: Make) -> None:
    w = await world(config(more=PEOPLE), POLICY)
    w.store.fail = StoreError("full", "the disk is full")
    with pytest.raises(NotNowError):
        await w.ask(CommandKind.SILENCE, matchers=ALL_OF_ACME, ends=w.clock.now() + HOUR, comment="x")
    w.store.fail = None
    w.answers["pay"] = DOWN
    await w.until(lambda: len(w.told) == 2)
