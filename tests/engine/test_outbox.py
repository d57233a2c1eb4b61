"""What becomes of messages on their way when alerts are taken or resolved, and engines die or reload meanwhile."""

from __future__ import annotations

import pytest

from standby.domain.units import MINUTE, SECOND
from standby.link.protocol import CommandKind
from standby.notify.base import NotifyError
from standby.store.errors import StoreError
from standby.store.escalations import Fate
from standby.store.rows import Batch

from .conftest import Make
from .test_escalations import LONG, PEOPLE, POLICY, firing, heard, rows
from .world import DOWN, UP, World, config

ANNA = ("firing", "mail", "anna@shop.test")


async def under_way(world: Make) -> World:
    """The mail to Anna takes half a minute; it left a second ago."""
    w = await world(config(more=PEOPLE), POLICY)
    w.takes["mail"] = 30 * SECOND
    w.answers["pay"] = DOWN
    await w.until(lambda: w.fired("down"))
    await w.pass_time(SECOND)
    assert [row.state for row in rows(w) if row.channel == "mail"] == [Fate.SENDING]
    return w


async def test_a_try_that_fails_after_somebody_took_the_alert_is_the_last(world: Make) -> None:
    w = await under_way(world)
    w.deaf["mail"] = NotifyError("greylisted")
    await w.ask(CommandKind.ACK, alert=1)
    await w.pass_time(MINUTE)
    w.deaf.clear()
    await w.pass_time(LONG)
    assert heard(w) == [("firing", "hook", "")]
    [mail] = [row for row in rows(w) if row.channel == "mail"]
    assert (mail.state, mail.fate) == (Fate.CANCELLED, "alice has it; the last try: greylisted")


async def test_firing_never_comes_after_resolved(world: Make) -> None:
    w = await under_way(world)
    w.deaf["mail"] = NotifyError("no answer within 30s")
    w.answers["pay"] = UP
    await w.until(lambda: not w.live("down"))
    await w.pass_time(30 * SECOND)
    w.deaf.clear()
    await w.pass_time(LONG)
    # It may have arrived before the answer was lost: whoever was perhaps told is told that it is over.
    assert [told for told in heard(w) if told[1] == "mail"] == [("resolved", "mail", "anna@shop.test")]


@pytest.mark.parametrize("perhaps", [True, False])
async def test_whose_answer_was_lost_is_told_that_it_is_over(world: Make, perhaps: bool) -> None:
    w = await world(config(more=PEOPLE), POLICY)
    w.deaf["mail"] = NotifyError("the answer never came", perhaps=perhaps)
    w.answers["pay"] = DOWN
    await w.until(lambda: w.fired("down"))
    await w.pass_time(SECOND)
    w.answers["pay"] = UP
    await w.until(lambda: not w.live("down"))
    w.deaf.clear()
    await w.pass_time(LONG)
    told = [one for one in heard(w) if one[1] == "mail"]
    assert told == ([("resolved", "mail", "anna@shop.test")] if perhaps else [])


async def test_what_was_taken_while_the_engine_lay_dead_is_not_sent_again(world: Make) -> None:
    w = await under_way(world)
    await w.ask(CommandKind.ACK, alert=1)
    await w.die()
    await w.start()
    await w.pass_time(LONG)
    assert heard(w) == [("firing", "hook", "")]
    [mail] = [row for row in rows(w) if row.channel == "mail"]
    assert mail.state is Fate.CANCELLED
    assert "alice has it" in mail.fate
    assert "it may have arrived" in mail.fate


async def test_what_was_over_when_the_engine_died_does_not_call_anybody_again(world: Make) -> None:
    w = await under_way(world)
    w.answers["pay"] = UP
    await w.until(lambda: not w.live("down"))
    await w.pass_time(SECOND)
    await w.die()
    w.takes.clear()
    await w.start()
    await w.pass_time(LONG)
    assert [told for told in heard(w) if told[1] == "mail"] == [("resolved", "mail", "anna@shop.test")]
    [mail] = [row for row in rows(w) if (row.channel, row.kind) == ("mail", "firing")]
    assert mail.state is Fate.CANCELLED
    assert "it may have arrived" in mail.fate


async def test_who_was_perhaps_told_before_a_crash_is_told_that_it_is_over(world: Make) -> None:
    w = await under_way(world)
    await w.die()
    w.takes.clear()
    w.deaf["mail"] = NotifyError("connection refused")
    await w.start()
    await w.pass_time(MINUTE)
    w.answers["pay"] = UP
    await w.until(lambda: not w.live("down"))
    w.deaf.clear()
    await w.pass_time(LONG)
    assert [told for told in heard(w) if told[1] == "mail"] == [("resolved", "mail", "anna@shop.test")]


async def test_what_cannot_be_recorded_is_not_sent_once_somebody_has_the_alert(world: Make) -> None:
    w = await world(config(more=PEOPLE), POLICY)
    w.deaf["mail"] = NotifyError("greylisted")
    w.answers["pay"] = DOWN
    await w.until(lambda: w.fired("down"))
    await w.ask(CommandKind.ACK, alert=1)
    w.store.fail = StoreError("full", "the disk is full")
    await w.pass_time(MINUTE)
    w.deaf.clear()
    w.store.fail = None
    await w.pass_time(LONG)
    assert ANNA not in heard(w)


async def test_what_is_over_while_it_is_being_recorded_does_not_leave(world: Make) -> None:
    w = await world(config(more=PEOPLE), POLICY)

    recorded = []

    async def end(batch: Batch) -> None:
        if any(row.state is Fate.SENDING and row.kind == "firing" for row in batch.notifications):
            recorded.append(batch)
            for live in w.engine._alerts:
                w.engine._alerts.end(live, "its rule is gone", w.clock.now())

    w.store.meanwhile = end
    w.answers["pay"] = DOWN
    await w.until(lambda: bool(recorded))
    w.answers["pay"] = UP
    await w.pass_time(MINUTE)
    assert ANNA not in heard(w)
    assert {row.fate for row in rows(w) if row.state is Fate.CANCELLED} == {"resolved meanwhile"}


async def test_one_slow_address_keeps_no_other_waiting(world: Make) -> None:
    people = PEOPLE.replace('"anna", "hook"', '"anna", "bert"')
    w = await world(config(more=people), POLICY)
    w.slow_to["anna@shop.test"] = 30 * SECOND
    w.answers["pay"] = DOWN
    await w.until(lambda: w.fired("down"))
    await w.pass_time(SECOND)
    assert heard(w) == [("firing", "mail", "bert@shop.test")]
    await w.pass_time(30 * SECOND)
    assert len(w.told) == 2


async def test_a_new_store_begins_with_alert_1_and_its_messages_are_other_ones(world: Make) -> None:
    """Mail servers and receivers drop what has the Message-ID or key of something that they had before."""
    w = await firing(world)
    [row] = [row for row in rows(w) if row.channel == "mail"]
    [told] = [one for one in w.told if one.channel == "mail"]
    assert told.message.key != row.key
    assert told.message.key.startswith(row.key)
    assert told.message.data["alerts"][0]["key"] == told.message.key
    assert f"{row.created_at:x}" in told.message.key


async def test_a_bundle_is_another_message_than_its_first(world: Make) -> None:
    """It may be put together anew for the next try: the same key would hide what was added."""
    people = PEOPLE.replace('id = "mail"\nkind = "stub"', 'id = "mail"\nkind = "stub"\nspacing = "10m"', 1)
    w = await firing(world, people.replace('"bert"]', '"anna"]', 1))
    w.answers["pay"] = UP
    await w.until(lambda: not w.live("down"))
    w.answers["pay"] = DOWN
    await w.until(lambda: w.fired("down"))
    await w.pass_time(11 * MINUTE)
    _, bundle = [one.message for one in w.told if one.channel == "mail"]
    keys = [one["key"] for one in bundle.data["alerts"]]
    assert len(set(keys)) == len(keys) == 3
    assert bundle.key not in keys


async def test_a_policy_that_is_new_begins_at_the_reload(world: Make) -> None:
    w = await world(config(more=PEOPLE))
    w.answers["pay"] = DOWN
    await w.until(lambda: w.fired("down"))
    w.write(config(more=PEOPLE), POLICY)
    await w.engine.reload()
    await w.pass_time(SECOND)
    assert len(w.told) == 2
    assert not w.audits("escalation"), "nobody forgot anything"


@pytest.mark.parametrize("taken", [True, False])
async def test_another_policy_goes_on_at_the_same_level(world: Make, taken: bool) -> None:
    w = await firing(world)
    if taken:
        await w.ask(CommandKind.ACK, alert=1)
    other = PEOPLE.replace('id = "pay"\nrepeat', 'id = "two"\nrepeat')
    w.write(config(more=other), 'policy = "two"')
    await w.engine.reload()
    await w.pass_time(5 * MINUTE)
    told = [one.to for one in w.told]
    assert ("bert@shop.test" in told) is not taken
    if not taken:
        assert [row.state.policy for row in w.changes().escalations] == ["two"]
