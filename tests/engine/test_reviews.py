"""Every rule has its date: reminded once a day, ticked off by a person, kept over restarts and reloads."""

from __future__ import annotations

import pytest

from standby.domain.review import Review
from standby.domain.units import DAY, HOUR, MINUTE, SECOND
from standby.link.protocol import CommandKind, NotNowError, Status
from standby.store.errors import StoreError

from .conftest import Make
from .world import World, config

ERRORS = """
[[rule]]
id = "errors"
integration = "payments"
when = "error_rate > 0.5"
window = "1h"
owner = "anna"
review_every = "2m"
"""
SLOW = """
[[rule]]
id = "slow"
integration = "payments"
when = "latency_ms > 900.0"
window = "1h"
"""


def reviews(w: World) -> dict[str, Review]:
    return {row.rule: row for row in w.changes().reviews}


def reminders(w: World) -> list[str]:
    return [row.message for row in w.audits("review")]


async def begun(world: Make) -> World:
    w = await world(config(every="1h", rules=ERRORS + SLOW))
    await w.pass_time(SECOND)
    return w


async def test_each_rule_has_its_owner_and_its_date(world: Make) -> None:
    w = await begun(world)
    found = reviews(w)
    one, other = found["payments/errors"], found["payments/slow"]
    assert (one.owner, other.owner) == ("anna", "")
    assert one.due_at == one.since + 2 * MINUTE
    assert other.due_at == other.since + 90 * DAY
    assert reminders(w) == []


async def test_what_is_due_is_reminded_of_once_a_day_over_restarts(world: Make) -> None:
    w = await begun(world)
    await w.pass_time(2 * MINUTE + SECOND)
    said = "1 rule is due for a review: payments/errors (anna); `standby rules review` shows what they did"
    assert reminders(w) == [said]
    await w.die()
    await w.start()
    await w.pass_time(2 * MINUTE)
    assert reminders(w) == [said]


async def test_an_owner_that_is_a_channel_is_told_there_and_nobody_else(world: Make) -> None:
    people = """
[[channel]]
id = "anna"
kind = "stub"
[[person]]
id = "bob"
reach = [{ channel = "anna", to = "+49 30 1" }]
"""
    others = ERRORS.replace('"errors"', '"late"').replace('"anna"', '"bob"')
    w = await world(config(every="1h", rules=ERRORS + others, more=people))
    await w.pass_time(2 * MINUTE + 2 * SECOND)
    [told] = [one for one in w.told if one.message.kind == "review"]
    assert (told.channel, told.to, told.message.subject) == (
        "anna", "", "[test development] 1 rule is due for a review",
    )  # fmt: skip
    assert "payments/errors (anna)" in told.message.text
    await w.die()
    await w.start()
    await w.pass_time(MINUTE)
    assert len([one for one in w.told if one.message.kind == "review"]) == 1


async def test_it_is_reminded_of_each_day_until_somebody_looks(world: Make) -> None:
    w = await begun(world)
    await w.pass_time(2 * MINUTE + SECOND)
    w.clock.block(23 * HOUR)
    await w.pass_time(SECOND)
    assert len(reminders(w)) == 1
    w.clock.block(2 * HOUR)
    await w.pass_time(SECOND)
    assert len(reminders(w)) == 2


async def test_who_has_looked_says_so_and_it_is_due_again_later(world: Make) -> None:
    w = await begun(world)
    await w.pass_time(2 * MINUTE + SECOND)
    now = w.clock.now()
    receipt = await w.ask(CommandKind.RULE_REVIEWED, rule="errors", note="fits")
    assert receipt.status is Status.DONE
    assert receipt.reason.startswith("payments/errors is reviewed, again on ")
    found = reviews(w)["payments/errors"]
    assert (found.reviewed_at, found.by, found.note, found.due_at) == (now, "alice", "fits", now + 2 * MINUTE)
    [line] = w.audits("reviewed")
    assert (line.actor, line.subject) == ("alice", "rule:payments/errors")
    assert line.message.endswith(": fits")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nothing", "there is no rule nothing; `standby rules review` has them"),
        ("payments/nothing", "there is no rule payments/nothing; `standby rules review` has them"),
    ],
)
async def test_a_rule_that_is_not_there_is_refused(world: Make, name: str, reason: str) -> None:
    w = await begun(world)
    receipt = await w.ask(CommandKind.RULE_REVIEWED, rule=name)
    assert (receipt.status, receipt.reason) == (Status.REFUSED, reason)


async def test_what_cannot_be_written_down_was_not_done(world: Make) -> None:
    w = await begun(world)
    before = reviews(w)
    w.store.fail = StoreError("full", "the disk is full")
    with pytest.raises(NotNowError):
        await w.ask(CommandKind.RULE_REVIEWED, rule="errors")
    w.store.fail = None
    await w.pass_time(MINUTE)
    assert reviews(w) == before


async def test_a_reload_gives_new_dates_and_a_rule_that_left_has_none(world: Make) -> None:
    w = await begun(world)
    since = reviews(w)["payments/slow"].since
    w.write(config(every="1h", rules=SLOW, more='[alerting]\nreview_every = "7d"'))
    await w.engine.reload()
    await w.pass_time(SECOND)
    found = reviews(w)
    assert found["payments/errors"].due_at is None
    assert found["payments/slow"].due_at == since + 7 * DAY
