"""Who is told, when, and what becomes of it: over acknowledgements, crashes, deaf channels and full disks."""

from __future__ import annotations

import pytest

from standby.domain.escalation import Stage
from standby.domain.units import HOUR, MINUTE, SECOND
from standby.link.protocol import CommandKind
from standby.notify.base import NotifyError
from standby.store.errors import StoreError
from standby.store.escalations import Fate, NotificationRow
from standby.store.reader import Reader

from .conftest import Make
from .world import DOWN, UP, Told, World, config

PEOPLE = """
[alerting]
group_wait = "0s"
ack_lease = "0s"

[[channel]]
id = "mail"
kind = "stub"

[[channel]]
id = "hook"
kind = "stub"

[[person]]
id = "anna"
name = "Anna"
reach = [{ channel = "mail", to = "anna@shop.test" }]

[[person]]
id = "bert"
reach = [{ channel = "mail", to = "bert@shop.test" }]

[[person]]
id = "carl"

[[policy]]
id = "pay"
repeat = 0
fallback = ["hook"]

[[policy.level]]
targets = ["anna", "hook"]
respond_within = "5m"

[[policy.level]]
targets = ["bert"]
respond_within = "10m"
"""
POLICY = 'policy = "pay"'
LONG = 20 * MINUTE  # every level of the policy would have been told


async def firing(world: Make, people: str = PEOPLE, settings: str = POLICY) -> World:
    w = await world(config(more=people), settings)
    w.answers["pay"] = DOWN
    await w.until(lambda: w.fired("down"))
    await w.pass_time(SECOND)
    return w


def heard(w: World) -> list[tuple[str, str, str]]:
    return [(one.message.kind, one.channel, one.to) for one in w.told]


def told_of_payments(w: World, to: str) -> list[Told]:
    found = [one for one in w.told if one.to == to and one.message.kind == "firing"]
    return [one for one in found if any(alert["integration"] == "payments" for alert in one.message.data["alerts"])]


def rows(w: World) -> list[NotificationRow]:
    reader = Reader(w.store.path)
    found = reader.notifications(1)[::-1]
    reader.close()
    return found


def stage(w: World) -> Stage:
    [row] = w.changes().escalations
    return row.state.stage


async def test_the_first_level_is_told_at_once_the_next_when_its_time_is_over(world: Make) -> None:
    w = await firing(world)
    assert sorted(heard(w)) == [("firing", "hook", ""), ("firing", "mail", "anna@shop.test")]
    [row] = w.changes().escalations
    assert row.state.next_at is not None
    await w.pass_time(5 * MINUTE)
    assert heard(w)[2:] == [("firing", "mail", "bert@shop.test")]
    await w.pass_time(10 * MINUTE)
    assert heard(w)[3:] == [("exhausted", "hook", "")]
    assert stage(w) is Stage.EXHAUSTED
    await w.pass_time(LONG)
    assert len(w.told) == 4
    assert w.audits("exhausted")[0].message == "policy pay has run through and nobody answered"


async def test_a_message_says_what_a_person_needs(world: Make) -> None:
    w = await firing(world)
    message = next(one.message for one in w.told if one.channel == "mail")
    assert message.subject.startswith("[test development] FIRING critical: payments: ")
    assert "take it: standby ack 1" in message.text.splitlines()
    assert "told as: level 1 of 2 of policy pay" in message.text
    assert message.data["alerts"][0]["integration"] == "payments"
    assert message.key.startswith("1.0.0.0.firing.anna.mail.")


async def test_the_row_is_there_in_the_transaction_in_which_the_alert_fires(world: Make) -> None:
    w = await firing(world)
    batch = next(batch for batch in w.store.commits if any(alert.fired_at for alert in batch.alerts))
    assert {row.state for row in batch.notifications} == {Fate.PENDING}
    assert [row.id for row in batch.escalations] == [1]
    assert batch.durable


async def test_an_acknowledgement_stops_it(world: Make) -> None:
    w = await firing(world)
    await w.ask(CommandKind.ACK, alert=1)
    await w.pass_time(LONG)
    assert len(w.told) == 2
    assert stage(w) is Stage.ACKNOWLEDGED
    await w.ask(CommandKind.UNACK, alert=1)
    await w.pass_time(SECOND)
    assert sorted(heard(w)[2:]) == [("firing", "hook", ""), ("firing", "mail", "anna@shop.test")]
    assert len({one.message.key for one in w.told}) == 4


async def test_resolved_is_told_to_whom_firing_reached_and_to_nobody_else(world: Make) -> None:
    w = await world(config(more=PEOPLE), POLICY)
    w.deaf["mail"] = NotifyError("mailbox full")
    w.answers["pay"] = DOWN
    await w.until(lambda: w.fired("down"))
    await w.pass_time(SECOND)
    w.answers["pay"] = UP
    await w.until(lambda: not w.live("down"))
    w.deaf.clear()
    await w.pass_time(LONG)
    assert heard(w) == [("firing", "hook", ""), ("resolved", "hook", "")]
    assert [(row.kind, row.state) for row in rows(w) if row.channel == "mail"] == [("firing", Fate.CANCELLED)]


async def test_what_waits_when_somebody_has_it_is_not_said_any_more(world: Make) -> None:
    w = await world(config(more=PEOPLE), POLICY)
    w.deaf["mail"] = NotifyError("greylisted")
    w.answers["pay"] = DOWN
    await w.until(lambda: w.fired("down"))
    await w.pass_time(SECOND)
    await w.ask(CommandKind.ACK, alert=1)
    w.deaf.clear()
    await w.pass_time(LONG)
    assert heard(w) == [("firing", "hook", "")]
    [mail] = [row for row in rows(w) if row.channel == "mail"]
    assert (mail.state, mail.fate) == (Fate.CANCELLED, "alice has it")


async def test_it_is_tried_again_with_patience_and_then_given_up(world: Make) -> None:
    w = await firing(world, PEOPLE.replace('"anna", "hook"', '"anna"'))
    w.told.clear()
    w.deaf["mail"] = NotifyError("connection refused")
    await w.pass_time(6 * MINUTE)  # the second level
    [bert] = [row for row in rows(w) if row.target == "bert"]
    assert (bert.state, bert.fate, bert.attempts) == (Fate.PENDING, "connection refused", 4)
    w.deaf.clear()
    await w.pass_time(3 * MINUTE)
    assert heard(w) == [("firing", "mail", "bert@shop.test")]


async def test_when_nobody_of_a_level_can_be_told_the_next_is_told_at_once(world: Make) -> None:
    people = PEOPLE.replace('"anna", "hook"', '"hook"')
    w = await world(config(more=people), POLICY)
    w.deaf["hook"] = NotifyError("410 gone", temporary=False)
    w.answers["pay"] = DOWN
    await w.until(lambda: w.fired("down"))
    await w.pass_time(SECOND)
    assert heard(w) == [("firing", "mail", "bert@shop.test")]
    assert w.audits("escalation")[0].message == "nobody of level 1 could be told: 410 gone"


async def test_a_level_with_nobody_is_passed_at_once_and_seen(world: Make) -> None:
    w = await firing(world, PEOPLE.replace('"anna", "hook"', '"carl"'))
    assert heard(w) == [("firing", "mail", "bert@shop.test")]
    [row] = w.changes().escalations
    assert (row.state.level, list(row.passed)) == (1, [0])


async def test_one_slow_channel_keeps_no_other_waiting(world: Make) -> None:
    w = await world(config(more=PEOPLE), POLICY)
    w.takes["mail"] = 30 * SECOND
    w.answers["pay"] = DOWN
    await w.until(lambda: w.fired("down"))
    await w.pass_time(SECOND)
    assert heard(w) == [("firing", "hook", "")]
    await w.pass_time(30 * SECOND)
    assert len(w.told) == 2


async def test_nothing_leaves_that_is_not_on_disk(world: Make) -> None:
    w = await world(config(more=PEOPLE), POLICY)
    w.answers["pay"] = DOWN
    w.store.fail = StoreError("full", "the disk is full")
    await w.until(lambda: w.fired("down"))
    await w.pass_time(MINUTE)
    assert not w.told
    w.store.fail = None
    await w.pass_time(10 * SECOND)
    assert len(w.told) == 2


@pytest.mark.parametrize("end", ["stop", "die"])
async def test_a_restart_goes_on_where_it_stopped(world: Make, end: str) -> None:
    w = await firing(world)
    await w.pass_time(MINUTE)
    await getattr(w, end)()
    await w.start()
    await w.pass_time(3 * MINUTE)
    assert len(w.told) == 2, "nobody is told twice"
    await w.pass_time(2 * MINUTE)
    assert heard(w)[2:] == [("firing", "mail", "bert@shop.test")]


async def test_what_was_being_sent_when_the_engine_died_is_sent_again_and_says_so(world: Make) -> None:
    w = await world(config(more=PEOPLE), POLICY)
    w.takes["mail"] = 30 * SECOND
    w.answers["pay"] = DOWN
    await w.until(lambda: w.fired("down"))
    await w.pass_time(SECOND)
    await w.die()
    w.takes.clear()
    await w.start()
    await w.pass_time(SECOND)
    [mail] = [row for row in rows(w) if row.channel == "mail"]
    assert (mail.state, mail.attempts) == (Fate.SENT, 2)
    assert "sent again, it may have arrived: the engine died" in mail.fate
    assert len([one for one in w.told if one.channel == "mail"]) == 1


async def test_messages_to_one_address_are_bundled(world: Make) -> None:
    people = PEOPLE.replace('id = "mail"\nkind = "stub"', 'id = "mail"\nkind = "stub"\nspacing = "10m"', 1)
    w = await firing(world, people.replace('"bert"]', '"anna"]', 1))
    w.answers["pay"] = UP
    await w.until(lambda: not w.live("down"))
    w.answers["pay"] = DOWN
    await w.until(lambda: w.fired("down"))
    await w.pass_time(MINUTE)
    assert len([one for one in w.told if one.channel == "mail"]) == 1
    await w.pass_time(10 * MINUTE)
    bundle = [one.message for one in w.told if one.channel == "mail"][1]
    assert bundle.subject.startswith("3 messages: ")
    assert [one["kind"] for one in bundle.data["alerts"]] == ["resolved", "firing", "firing"]


async def test_the_auditor_finds_a_forgotten_alert(world: Make) -> None:
    w = await firing(world)
    w.told.clear()
    escalations = w.engine._response._escalations
    for group in escalations.groups:
        escalations.groups.close(group)
    await w.pass_time(MINUTE)
    assert "forgotten escalations were begun anew: alert 1: it has no escalation" in w.engine._response.trouble
    assert "forgotten" in w.audits("escalation")[0].message
    *_, row = w.changes().escalations
    assert row.state.stage is Stage.ACTIVE
    await w.pass_time(MINUTE)
    assert w.engine._response.trouble == ""


async def test_while_our_own_network_is_gone_only_that_is_told(world: Make) -> None:
    w = await firing(world, settings=f'{POLICY}\nreference_targets = ["tcp://192.0.2.1:53"]')
    await w.pass_time(3 * MINUTE)
    w.network = False
    await w.until(lambda: w.engine._judge.blind)
    before = len(w.told)
    await w.pass_time(LONG + 7 * SECOND)
    assert {row.rule for row in w.open_alerts()} >= {"down", "blind"}
    later = {one.message.data["alerts"][0]["integration"] for one in w.told[before:]}
    assert later == {"standby"}
    w.network = True
    await w.until(lambda: not w.engine._judge.blind)
    seen = w.clock.now()
    await w.pass_time(MINUTE + 30 * SECOND)
    assert not told_of_payments(w, "bert@shop.test"), "Anna has the two minutes that she had left"
    await w.pass_time(MINUTE)
    [bert] = told_of_payments(w, "bert@shop.test")
    assert 100 * SECOND < bert.at - seen < 122 * SECOND


async def test_an_engine_that_begins_blind_puts_the_deadlines_off(world: Make) -> None:
    w = await firing(world, settings=f'{POLICY}\nreference_targets = ["tcp://192.0.2.1:53"]')
    w.network = False
    await w.until(lambda: w.engine._judge.blind)
    await w.pass_time(2 * MINUTE)
    await w.die()
    await w.start()
    await w.pass_time(LONG)
    assert not told_of_payments(w, "bert@shop.test")
    w.network = True
    await w.until(lambda: not w.engine._judge.blind)
    await w.pass_time(5 * MINUTE)
    assert told_of_payments(w, "bert@shop.test")


async def test_a_step_of_the_wall_clock_neither_hurries_nor_delays(world: Make) -> None:
    w = await firing(world)
    await w.pass_time(MINUTE)
    w.clock.step(HOUR)
    await w.pass_time(3 * MINUTE)
    assert len(w.told) == 2
    await w.pass_time(MINUTE)
    assert len(w.told) == 3
