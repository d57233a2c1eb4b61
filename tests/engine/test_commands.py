"""Acknowledge, give back, note, rehearse, replace: once each, recorded, refused with the reason."""

from __future__ import annotations

import asyncio

import pytest

from standby.domain.outcome import AlertState
from standby.domain.units import MINUTE, SECOND
from standby.link.protocol import Command, CommandKind, NotNowError, Peer, Status
from standby.store.errors import StoreError
from standby.store.reader import Reader

from .conftest import Make
from .world import ALICE, BOB, DOWN, UP, World, config, rule


async def firing(world: Make, settings: str = "") -> World:
    w = await world(config(), settings)
    w.answers["pay"] = DOWN
    await w.until(lambda: w.fired("down"))
    return w


async def test_an_acknowledgement_has_who_when_and_where_from(world: Make) -> None:
    w = await firing(world)
    receipt = await w.ask(CommandKind.ACK, ALICE, alert=1, note="looking")
    assert (receipt.status, receipt.reason) == (Status.DONE, "yours, until 2026-09-21T15:13:23.400Z")
    assert receipt.seq == w.changes().seq
    [alert] = w.open_alerts()
    assert (alert.state, alert.acked_by, alert.acked_at) == (AlertState.ACKNOWLEDGED, "alice", w.clock.now())
    assert alert.acked_from == "unix:alice pid 4711, cli, host pts/1"
    [line] = w.audits("ack")
    assert (line.actor, line.origin, line.subject) == ("alice", alert.acked_from, "alert:1")
    assert (line.message, line.command) == ("looking", "c1")


async def test_who_somebody_says_they_are_stands_beside_who_the_kernel_says(world: Make) -> None:
    w = await firing(world)
    await w.send(Command("x", CommandKind.ACK, {"alert": 1}, w.clock.now(), user="carol", origin="console, tty2"))
    [alert] = w.open_alerts()
    assert alert.acked_by == "carol"
    assert alert.acked_from == "unix:alice pid 4711, console, tty2"


async def test_the_same_command_twice_is_done_once(world: Make) -> None:
    w = await firing(world)
    command = Command("same", CommandKind.ACK, {"alert": 1}, w.clock.now())
    first, second = await asyncio.gather(w.send(command), w.send(command))
    third = await w.send(command)
    assert first == second
    assert (third.status, third.reason) == (first.status, first.reason)
    assert len(w.audits("ack")) == 1


async def test_the_same_command_after_a_restart_is_answered_the_same(world: Make) -> None:
    w = await firing(world)
    command = Command("same", CommandKind.ACK, {"alert": 1}, w.clock.now())
    await w.send(command)
    await w.die()
    await w.start()
    await w.send(Command("other", CommandKind.UNACK, {"alert": 1}, w.clock.now()))
    assert (await w.send(command)).status is Status.DONE
    assert w.open_alerts()[0].state is AlertState.FIRING, "it was not done again"


async def test_a_resolved_alert_needs_nobody(world: Make) -> None:
    w = await firing(world)
    w.answers["pay"] = UP
    await w.until(lambda: not w.live("down"))
    await w.pass_time(MINUTE)
    receipt = await w.ask(CommandKind.ACK, alert=1)
    assert receipt.status is Status.REFUSED
    assert receipt.reason == "alert 1 is resolved since 1m; it needs nobody any more"


async def test_the_next_instance_is_not_acknowledged_by_the_number_of_the_last(world: Make) -> None:
    w = await firing(world)
    w.answers["pay"] = UP
    await w.until(lambda: not w.live("down"))
    w.answers["pay"] = DOWN
    await w.until(lambda: w.fired("down"))
    assert (await w.ask(CommandKind.ACK, alert=1)).status is Status.REFUSED
    assert w.open_alerts()[0].state is AlertState.FIRING


@pytest.mark.parametrize(
    ("kind", "args", "reason"),
    [
        (CommandKind.ACK, {"alert": 7}, "there is no alert 7"),
        (CommandKind.ACK, {"alert": 0}, "there is no alert 0"),
        (CommandKind.ACK, {"alert": "1; drop"}, "'1; drop' is no alert's number"),
        (CommandKind.ACK, {"alert": True}, "'True' is no alert's number"),
        (CommandKind.ACK, {}, "'None' is no alert's number"),
        (CommandKind.UNACK, {"alert": 1}, "alert 1 is not acknowledged"),
        (CommandKind.NOTE, {"alert": 1, "text": " \x1b[31m "}, "the note is empty"),
        (CommandKind.NOTE, {"alert": 9, "text": "x"}, "there is no alert 9"),
        (CommandKind.NOTE, {"integration": "nope", "text": "x"}, "there is no integration 'nope'"),
        (CommandKind.REHEARSE, {"scenario": "unknown"}, "there is no scenario 'unknown'"),
    ],
)
async def test_what_cannot_be_done_is_refused_in_words(
    world: Make, kind: CommandKind, args: dict[str, object], reason: str
) -> None:
    w = await firing(world)
    receipt = await w.ask(kind, ALICE, **args)
    assert (receipt.status, receipt.reason) == (Status.REFUSED, reason)
    reader = Reader(w.store.path)
    stored = reader.receipt("c1")
    reader.close()
    assert stored is not None
    assert (stored.status, stored.reason) == ("refused", reason)


async def test_somebody_else_has_it(world: Make) -> None:
    w = await firing(world)
    await w.ask(CommandKind.ACK, BOB, alert=1)
    await w.pass_time(2 * MINUTE)
    receipt = await w.ask(CommandKind.ACK, ALICE, alert=1)
    assert receipt.reason == "alert 1 is acknowledged by bob since 2m; unacknowledge it first"
    again = await w.ask(CommandKind.ACK, BOB, alert=1)
    assert (again.status, again.reason) == (Status.DONE, "yours since 2m, until 2026-09-21T15:15:23.400Z")
    assert w.open_alerts()[0].acked_by == "bob"


async def test_giving_it_back(world: Make) -> None:
    w = await firing(world)
    await w.ask(CommandKind.ACK, BOB, alert=1)
    assert (await w.ask(CommandKind.UNACK, ALICE, alert=1)).status is Status.DONE
    [alert] = w.open_alerts()
    assert (alert.state, alert.acked_by) == (AlertState.FIRING, None)
    assert w.audits("unack")[0].message == "unacknowledged; bob had it"


async def test_pending_is_not_acknowledged(world: Make) -> None:
    w = await world(config(rules=rule("outcome == 'down'", for_="5m")))
    w.answers["pay"] = DOWN
    await w.until(lambda: w.live("r"))
    assert "still pending" in (await w.ask(CommandKind.ACK, alert=1)).reason


async def test_a_note_on_a_resolved_alert_and_on_an_integration(world: Make) -> None:
    w = await firing(world)
    w.answers["pay"] = UP
    await w.until(lambda: not w.live("down"))
    await w.ask(CommandKind.NOTE, ALICE, alert=1, text="it was \x1b]52;c;ZXZpbA==\x07their deploy")
    await w.ask(CommandKind.NOTE, ALICE, integration="payments", text="called them")
    assert [(row.subject, row.message) for row in w.audits("note")] == [
        ("alert:1", "it was their deploy"),
        ("integration:payments", "called them"),
    ]


async def test_too_late_is_refused(world: Make) -> None:
    w = await firing(world)
    command = Command("late", CommandKind.ACK, {"alert": 1}, w.clock.now(), not_after=w.clock.now() + 30 * SECOND)
    await w.pass_time(90 * SECOND)
    receipt = await w.send(command)
    assert receipt.status is Status.REFUSED
    assert "1m too late" in receipt.reason
    assert w.open_alerts()[0].state is AlertState.FIRING


async def test_only_operators_act_when_there_are_some(world: Make) -> None:
    w = await firing(world, 'operators = ["alice"]')
    assert w.engine.refusal(ALICE) == ""
    assert "bob is not among the operators" in w.engine.refusal(BOB)
    receipt = await w.send(Command("b", CommandKind.ACK, {"alert": 1}, w.clock.now(), user="alice"), BOB)
    assert receipt.status is Status.REFUSED, "saying that one is alice is not enough"
    assert (await w.ask(CommandKind.ACK, ALICE, alert=1)).status is Status.DONE


async def test_a_rehearsal_goes_to_the_simulated_third_parties(world: Make) -> None:
    w = await firing(world)
    receipt = await w.ask(CommandKind.REHEARSE, scenario="bad-minute")
    assert (receipt.status, receipt.reason) == (Status.DONE, "the bad minute begins")
    assert w.rehearsals == [{"scenario": "bad-minute"}]
    assert w.audits("rehearse")[0].actor == "alice"


async def test_a_replacement_ends_the_engine_after_the_receipt(world: Make) -> None:
    w = await firing(world)
    receipt = await w.ask(CommandKind.REPLACE)
    assert receipt.status is Status.DONE
    async with asyncio.timeout(5):
        await w.engine.run_until(asyncio.Event())
    assert w.engine.ending == "alice asked for a replacement"


async def test_nothing_is_done_that_cannot_be_recorded(world: Make) -> None:
    w = await firing(world)
    w.store.fail = StoreError("full", "the store is full")
    with pytest.raises(NotNowError, match="cannot be recorded, so it was not done: the store is full"):
        await w.ask(CommandKind.ACK, alert=1)
    assert w.engine._alerts.by_id(1).ack is None  # type: ignore[union-attr]
    w.store.fail = None
    await w.pass_time(10 * SECOND)
    assert w.open_alerts()[0].state is AlertState.FIRING
    assert not w.audits("ack")


async def test_a_commit_that_fails_takes_the_acknowledgement_back(world: Make) -> None:
    """The receipt could be looked up, then the disk fills."""
    w = await firing(world)
    commit = w.store.writer.commit

    async def full(batch: object) -> int:
        raise StoreError("full", "disk full")

    w.store.writer.commit = full  # type: ignore[method-assign,assignment]
    with pytest.raises(NotNowError, match="disk full"):
        await w.ask(CommandKind.ACK, alert=1)
    w.store.writer.commit = commit  # type: ignore[method-assign]
    await w.pass_time(10 * SECOND)
    [alert] = w.open_alerts()
    assert (alert.state, alert.acked_by) == (AlertState.FIRING, None)
    assert not w.audits("ack")
    assert (await w.ask(CommandKind.ACK, alert=1)).status is Status.DONE


async def test_an_id_that_is_none_is_refused(world: Make) -> None:
    w = await firing(world)
    for bad in ("", "x" * 101, "a\x1b[31m"):
        assert (await w.send(Command(bad, CommandKind.ACK, {"alert": 1}, 0))).status is Status.REFUSED


async def test_a_peer_without_a_pid_is_told_apart_all_the_same(world: Make) -> None:
    w = await firing(world)
    await w.ask(CommandKind.ACK, Peer(7, 7, None, "uid 7"), alert=1)
    assert w.open_alerts()[0].acked_from == "unix:uid 7, cli, host pts/1"
