"""What fires together is told together, once, to whom the routes say; nothing is lost or doubled over a restart."""

from __future__ import annotations

import pytest

from standby.config.problems import ConfigError
from standby.domain.units import HOUR, MINUTE, SECOND
from standby.link.protocol import CommandKind

from .conftest import Make
from .world import DOWN, UP, World

SHOP = """
[[vendor]]
id = "acme"

[[integration]]
id = "payments"
vendor = "acme"
criticality = "critical"

[[integration]]
id = "payouts"
vendor = "acme"
criticality = "medium"

[[check]]
id = "pay"
integration = "payments"
kind = "stub"
every = "10s"
attempts = 1

[[check]]
id = "out"
integration = "payouts"
kind = "stub"
every = "10s"
attempts = 1

[[channel]]
id = "anna"
kind = "stub"

[[channel]]
id = "bert"
kind = "stub"

[[channel]]
id = "boss"
kind = "stub"

[[policy]]
id = "shop"
repeat = 0

[[policy.level]]
targets = ["anna"]
respond_within = "20m"

[[policy.level]]
targets = ["bert"]
respond_within = "20m"

[[policy]]
id = "loud"
repeat = 0

[[policy.level]]
targets = ["boss"]
respond_within = "20m"

[alerting]
group_by = ["vendor"]
group_wait = "30s"
group_interval = "5m"
"""
POLICY = 'policy = "shop"'
LEASE = 'ack_lease = "12m"\nack_reminder = "3m"\n'  # more of [alerting], the last table of SHOP


def heard(w: World) -> list[tuple[str, str, list[int]]]:
    return [(one.channel, one.message.kind, [alert["id"] for alert in one.message.data["alerts"]]) for one in w.told]


async def both_down(world: Make, more: str = "") -> World:
    w = await world(SHOP + more, POLICY)
    w.answers["pay"] = w.answers["out"] = DOWN
    await w.until(lambda: len([row for row in w.open_alerts() if row.fired_at]) == 2)
    return w


async def test_what_fires_together_is_told_in_one_message(world: Make) -> None:
    w = await both_down(world)
    await w.pass_time(10 * SECOND)
    assert heard(w) == [], "a new group waits for company"
    await w.pass_time(MINUTE)
    assert heard(w) == [("anna", "firing", [1, 2])]
    message = w.told[0].message
    assert message.subject.startswith(
        "[test development] FIRING critical: 2 integrations (payments, payouts): 2 alerts"
    )
    assert "take it: standby ack 1 2" in message.text.splitlines()


async def test_what_is_new_in_a_group_is_told_at_the_next_interval_to_the_level_whose_turn_it_is(world: Make) -> None:
    w = await world(SHOP, POLICY)
    w.answers["pay"] = DOWN
    await w.until(lambda: len(w.told) == 1)
    w.answers["out"] = DOWN
    await w.pass_time(4 * MINUTE)
    assert len(w.told) == 1
    await w.pass_time(2 * MINUTE)
    assert heard(w) == [("anna", "firing", [1]), ("anna", "firing", [1, 2])]
    await w.pass_time(20 * MINUTE)
    assert heard(w)[2] == ("bert", "firing", [1, 2]), "the time of the first level ran on"
    assert len(w.told) == 3


async def test_the_end_of_one_is_told_at_the_interval_and_that_of_the_last_at_once(world: Make) -> None:
    w = await both_down(world)
    await w.until(lambda: len(w.told) == 1)
    w.answers["out"] = UP
    await w.pass_time(6 * MINUTE)
    assert len(w.told) == 2
    assert "over: 1" in w.told[1].message.text
    w.answers["pay"] = UP
    await w.pass_time(15 * SECOND)
    assert heard(w)[2:] == [("anna", "resolved", [2])]
    assert w.changes().escalations == []


async def test_taking_one_of_two_does_not_stop_the_calls_for_the_other(world: Make) -> None:
    w = await both_down(world)
    await w.until(lambda: len(w.told) == 1)
    await w.ask(CommandKind.ACK, alert=1)
    await w.pass_time(21 * MINUTE)
    assert heard(w)[1:] == [("bert", "firing", [2])]
    await w.ask(CommandKind.ACK, alert=2)
    await w.pass_time(30 * MINUTE)
    assert len(w.told) == 2


async def test_what_fires_while_somebody_has_the_rest_begins_anew(world: Make) -> None:
    w = await world(SHOP, POLICY)
    w.answers["pay"] = DOWN
    await w.until(lambda: len(w.told) == 1)
    await w.ask(CommandKind.ACK, alert=1)
    w.answers["out"] = DOWN
    await w.pass_time(6 * MINUTE)
    assert heard(w)[1:] == [("anna", "firing", [2])]


async def test_what_somebody_takes_before_it_is_told_is_never_told(world: Make) -> None:
    w = await both_down(world)
    await w.ask(CommandKind.ACK, alert=1)
    await w.ask(CommandKind.ACK, alert=2)
    w.answers["pay"] = w.answers["out"] = UP
    await w.pass_time(10 * MINUTE)
    assert heard(w) == []


async def test_given_back_before_it_was_told_it_is_told_now(world: Make) -> None:
    w = await both_down(world)
    await w.ask(CommandKind.ACK, alert=1)
    await w.ask(CommandKind.ACK, alert=2)
    await w.pass_time(MINUTE)
    await w.ask(CommandKind.UNACK, alert=2)
    await w.pass_time(SECOND)
    assert heard(w) == [("anna", "firing", [2])]


async def test_a_policy_that_ran_through_begins_anew_at_the_repeat_interval(world: Make) -> None:
    w = await world(SHOP + 'repeat_interval = "1h"\n', POLICY)
    w.answers["pay"] = DOWN
    await w.pass_time(HOUR)
    assert [who for who, _, _ in heard(w)] == ["anna", "bert"]
    await w.pass_time(40 * MINUTE)
    assert [who for who, _, _ in heard(w)] == ["anna", "bert", "anna", "bert"]


ROUTES = """
[[alerting.route]]
match = ["severity=critical"]
policy = "loud"
group_by = ["..."]
group_wait = "0s"
continue = true

[[alerting.route]]
match = ["vendor=~ac.*"]
"""


async def test_each_route_tells_its_own_people(world: Make) -> None:
    w = await both_down(world, ROUTES)
    await w.pass_time(MINUTE)
    assert sorted(heard(w)) == [("anna", "firing", [1, 2]), ("boss", "firing", [2])]
    w.answers["pay"] = w.answers["out"] = UP
    await w.pass_time(MINUTE)
    assert sorted((who, kind) for who, kind, _ in heard(w)[2:]) == [("anna", "resolved"), ("boss", "resolved")]


@pytest.mark.parametrize("end", ["stop", "die"])
@pytest.mark.parametrize("told", [True, False])
async def test_a_restart_neither_forgets_nor_repeats_a_group(world: Make, end: str, told: bool) -> None:
    w = await both_down(world)
    if told:
        await w.until(lambda: len(w.told) == 1)
    await getattr(w, end)()
    await w.start()
    await w.pass_time(MINUTE)
    assert heard(w) == [("anna", "firing", [1, 2])]
    w.answers["pay"] = w.answers["out"] = UP
    await w.pass_time(MINUTE)
    assert [(who, kind) for who, kind, _ in heard(w)[1:]] == [("anna", "resolved")]


async def test_a_reload_leaves_groups_as_they_are(world: Make) -> None:
    w = await both_down(world)
    await w.until(lambda: len(w.told) == 1)
    w.write(SHOP.replace('group_interval = "5m"', 'group_interval = "1m"'), POLICY)
    await w.engine.reload()
    await w.pass_time(10 * MINUTE)
    assert len(w.told) == 1


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('[[alerting.route]]\npolicy = "nobody"', 'alerting.route[0].policy: there is no policy "nobody"'),
        ('[[alerting.route]]\nmatch = ["severity critical"]', "is not a matcher"),
        ('[[alerting.route]]\ngroup = ["vendor"]', "group"),
    ],
)
async def test_a_route_that_cannot_be_is_told_with_its_line(world: Make, line: str, said: str) -> None:
    w = await world(SHOP, POLICY)
    w.write(f"{SHOP}\n{line}\n", POLICY)
    with pytest.raises(ConfigError) as caught:
        await w.engine.reload()
    assert said in str(caught.value)


PEOPLE = """
[[person]]
id = "alice"
reach = [{ channel = "anna", to = "alice@shop.test" }]
"""


async def test_an_acknowledgement_is_a_lease(world: Make) -> None:
    w = await world(SHOP + LEASE + PEOPLE, POLICY)
    w.answers["pay"] = DOWN
    await w.until(lambda: len(w.told) == 1)
    await w.ask(CommandKind.ACK, alert=1)
    await w.pass_time(8 * MINUTE)
    assert len(w.told) == 1
    await w.pass_time(2 * MINUTE)
    assert heard(w)[1:] == [("anna", "reminder", [1])]
    assert w.told[1].to == "alice@shop.test"
    assert "unless you keep it: standby ack 1" in w.told[1].message.text
    await w.pass_time(3 * MINUTE)
    assert heard(w)[2:] == [("anna", "firing", [1])], "given back, the level where it stopped is told again"
    assert "alice had it for 12m" in w.audits("unack")[0].message


async def test_whoever_says_so_again_keeps_it(world: Make) -> None:
    w = await world(SHOP + LEASE, POLICY)
    w.answers["pay"] = DOWN
    await w.until(lambda: len(w.told) == 1)
    await w.ask(CommandKind.ACK, alert=1)
    await w.pass_time(10 * MINUTE)
    await w.ask(CommandKind.ACK, alert=1)
    await w.pass_time(10 * MINUTE)
    assert len(w.told) == 1
    await w.ask(CommandKind.ACK, alert=1, **{"for": 36 * MINUTE})
    await w.pass_time(24 * MINUTE)
    assert len(w.told) == 1


@pytest.mark.parametrize("end", ["stop", "die"])
async def test_a_lease_outlives_the_engine(world: Make, end: str) -> None:
    w = await world(SHOP + LEASE, POLICY)
    w.answers["pay"] = DOWN
    await w.until(lambda: len(w.told) == 1)
    await w.ask(CommandKind.ACK, alert=1)
    await w.pass_time(10 * MINUTE)
    await getattr(w, end)()
    await w.start()
    await w.pass_time(MINUTE)
    assert len(w.told) == 1
    await w.pass_time(2 * MINUTE)
    assert heard(w)[1:] == [("anna", "firing", [1])]


@pytest.mark.parametrize("span", [-1, "1h", 8 * 24 * HOUR, True])
async def test_a_lease_of_no_length_is_refused(world: Make, span: object) -> None:
    w = await world(SHOP, POLICY)
    w.answers["pay"] = DOWN
    await w.until(lambda: len(w.told) == 1)
    receipt = await w.ask(CommandKind.ACK, alert=1, **{"for": span})
    assert "no time that somebody can have an alert for" in receipt.reason


async def test_a_warning_is_held_until_it_is_over(world: Make) -> None:
    w = await world(SHOP + LEASE, POLICY)
    w.answers["out"] = DOWN
    await w.until(lambda: len(w.told) == 1)
    await w.ask(CommandKind.ACK, alert=1)
    await w.pass_time(HOUR)
    assert len(w.told) == 1
