"""What keeps alerts quiet by itself: a parent that is down, another alert, a check that comes and goes."""

from __future__ import annotations

from dataclasses import replace

from standby.domain.muting import MuteKind
from standby.domain.units import MILLISECOND, MINUTE, SECOND
from standby.store.rows import AlertRow

from .conftest import Make
from .test_escalations import PEOPLE, POLICY
from .world import DOWN, UNKNOWN, UP, World, slowly


def estate(*, needs: str = '["bank"]', every: str = "10s", bank: str = "critical", more: str = "") -> str:
    """`payments` needs the bank; `attempts` are one so that a look counts at once."""
    parts = ['[[vendor]]\nid = "acme"\n', PEOPLE, more]
    for name, check, written, importance in (
        ("payments", "pay", needs, "critical"),
        ("bank", "bank", "[]", bank),
        ("mirror", "mirror", "[]", "critical"),
    ):
        parts.append(
            f'[[integration]]\nid = "{name}"\nvendor = "acme"\ncriticality = "{importance}"\ndepends_on = {written}\n'
            f'[[check]]\nid = "{check}"\nintegration = "{name}"\nkind = "stub"\nevery = "{every}"\nattempts = 1\n'
            'retry_every = "1s"\ntimeout = "500ms"\n'
        )
    return "\n".join(parts)


def alert(w: World, integration: str) -> AlertRow:
    """Its open alert `down`."""
    [row] = [row for row in w.open_alerts() if row.integration == integration and row.rule == "down"]
    return row


def told(w: World) -> list[tuple[str, str]]:
    """What the first person was told, and of which integration."""
    mine = [one.message for one in w.told if one.to == "anna@shop.test"]
    return [(message.kind, str(part["integration"])) for message in mine for part in message.data["alerts"]]


def runs(w: World, check: str) -> int:
    return sum(1 for name, *_ in w.runs if name == check)


# -- dependencies ---------------------------------------------------------------------------------------------------


async def test_a_parent_that_is_down_mutes_its_child_and_says_why(world: Make) -> None:
    w = await world(estate(), POLICY)
    w.answers |= {"bank": DOWN, "pay": DOWN}
    await w.pass_time(2 * MINUTE)
    [mute] = alert(w, "payments").mutes
    assert (mute.kind, mute.by, mute.why) == (MuteKind.DEPENDENCY, "bank", "because bank is down")
    assert alert(w, "bank").mutes == ()
    assert {integration for _, integration in told(w)} == {"bank"}


async def test_a_child_that_fails_has_its_parent_asked_at_once(world: Make) -> None:
    w = await world(estate(every="10m"), POLICY)
    await w.pass_time(20 * SECOND)
    w.answers |= {"bank": DOWN, "pay": DOWN}
    before = runs(w, "bank")
    await w.until(lambda: w.fired("down"), within=11 * 60 * SECOND)
    await w.until(lambda: runs(w, "bank") > before, within=SECOND)
    await w.pass_time(SECOND)
    assert alert(w, "bank").fired_at is not None
    assert [mute.by for mute in alert(w, "payments").mutes] == ["bank"]


async def test_a_parent_is_not_asked_more_often_than_it_retries(world: Make) -> None:
    w = await world(estate(every="10m"), POLICY)
    await w.pass_time(20 * SECOND)
    before, soon = runs(w, "bank"), w.engine._polling.scheduler.soon
    for _ in range(4):
        soon("bank")
        await w.pass_time(300 * MILLISECOND)
    assert runs(w, "bank") - before == 1
    soon("bank")
    await w.pass_time(SECOND)
    assert runs(w, "bank") - before == 2
    soon("gone")


async def test_a_parent_that_asked_for_patience_is_left_alone(world: Make) -> None:
    w = await world(estate(every="10m"), POLICY)
    w.answers["bank"] = replace(UP, retry_after_s=1200)
    await w.pass_time(20 * SECOND)
    before = runs(w, "bank")
    w.engine._polling.scheduler.soon("bank")
    await w.pass_time(5 * SECOND)
    assert runs(w, "bank") == before


async def test_what_is_still_true_when_the_parent_is_back_is_told(world: Make) -> None:
    w = await world(estate(), POLICY)
    w.answers |= {"bank": DOWN, "pay": DOWN}
    await w.pass_time(2 * MINUTE)
    w.answers["bank"] = UP
    await w.pass_time(2 * MINUTE)
    assert alert(w, "payments").mutes == ()
    assert ("firing", "payments") in told(w)


async def test_a_child_that_only_has_not_noticed_yet_is_never_told(world: Make) -> None:
    w = await world(estate(every="10m"), POLICY)
    w.answers |= {"bank": DOWN, "pay": DOWN}
    await w.until(lambda: len(w.open_alerts()) == 2, within=11 * 60 * SECOND)
    await w.pass_time(2 * MINUTE)
    w.answers |= {"bank": UP, "pay": slowly(UP, 400 * MILLISECOND)}
    await w.until(lambda: not w.open_alerts(), within=11 * 60 * SECOND)
    await w.pass_time(MINUTE)
    assert {integration for _, integration in told(w)} == {"bank"}
    back = next(row.resolved_at for row in w.alerts("down") if row.integration == "payments")
    parent = next(row.resolved_at for row in w.alerts("down") if row.integration == "bank")
    assert back is not None
    assert parent is not None
    assert back - parent < 5 * SECOND, "it was asked as soon as the parent was back"


async def test_an_alert_that_began_long_before_the_parent_failed_stays_loud(world: Make) -> None:
    w = await world(estate(), POLICY)
    w.answers["pay"] = DOWN
    await w.pass_time(3 * MINUTE)
    assert ("firing", "payments") in told(w)
    w.answers["bank"] = DOWN
    await w.pass_time(MINUTE)
    assert alert(w, "bank").fired_at is not None
    assert alert(w, "payments").mutes == ()


async def test_what_nothing_is_known_of_mutes_nothing(world: Make) -> None:
    w = await world(estate(), POLICY)
    w.answers |= {"bank": UNKNOWN, "pay": DOWN}
    await w.pass_time(2 * MINUTE)
    assert alert(w, "payments").mutes == ()
    assert ("firing", "payments") in told(w)


async def test_a_parent_that_nobody_is_told_of_mutes_nothing(world: Make) -> None:
    w = await world(estate(bank="low"), POLICY)
    w.answers |= {"bank": DOWN, "pay": DOWN}
    await w.pass_time(2 * MINUTE)
    assert ("firing", "payments") in told(w)


async def test_one_of_redundant_parents_is_enough(world: Make) -> None:
    w = await world(estate(needs='[["bank", "mirror"]]'), POLICY)
    w.answers |= {"bank": DOWN, "pay": DOWN}
    await w.pass_time(MINUTE)
    assert alert(w, "payments").mutes == ()
    w.answers |= {"mirror": DOWN, "pay": UP}
    await w.pass_time(MINUTE)
    w.answers["pay"] = DOWN
    await w.pass_time(MINUTE)
    assert [mute.by for mute in alert(w, "payments").mutes] == ["bank", "mirror"]


async def test_a_restart_keeps_the_child_quiet(world: Make) -> None:
    w = await world(estate(), POLICY)
    w.answers |= {"bank": DOWN, "pay": DOWN}
    await w.pass_time(2 * MINUTE)
    before = told(w)
    await w.die()
    await w.start()
    await w.pass_time(2 * MINUTE)
    assert told(w) == before
    assert [mute.by for mute in alert(w, "payments").mutes] == ["bank"]


# -- inhibition -----------------------------------------------------------------------------------------------------

INHIBIT = """
[[inhibit]]
id = "one-vendor"
source = ["integration=bank"]
target = ["integration!=bank"]
equal = ["vendor"]
"""


async def test_a_source_that_fires_inhibits_its_targets(world: Make) -> None:
    w = await world(estate(needs="[]", more=INHIBIT), POLICY)
    w.answers["bank"] = DOWN
    await w.pass_time(MINUTE)
    source = alert(w, "bank")
    w.answers["mirror"] = DOWN
    await w.pass_time(MINUTE)
    [mute] = alert(w, "mirror").mutes
    assert (mute.kind, mute.by) == (MuteKind.INHIBITED, str(source.id))
    assert mute.why == f"alert {source.id}, bank/down, says it already (one-vendor)"
    assert {integration for _, integration in told(w)} == {"bank"}
    w.answers["bank"] = UP
    await w.pass_time(MINUTE)
    assert alert(w, "mirror").mutes == ()
    assert ("firing", "mirror") in told(w)


async def test_a_reload_brings_and_takes_inhibitions(world: Make) -> None:
    w = await world(estate(needs="[]"), POLICY)
    w.answers |= {"bank": DOWN, "mirror": DOWN}
    await w.pass_time(MINUTE)
    assert alert(w, "mirror").mutes == ()
    w.write(estate(needs="[]", more=INHIBIT), POLICY)
    assert await w.engine.reload() == ["inhibit one-vendor added"]
    await w.pass_time(SECOND)
    assert [mute.kind for mute in alert(w, "mirror").mutes] == [MuteKind.INHIBITED]
    w.write(estate(needs="[]"), POLICY)
    await w.engine.reload()
    await w.pass_time(SECOND)
    assert alert(w, "mirror").mutes == ()


# -- flapping -------------------------------------------------------------------------------------------------------


async def come_and_go(w: World, times: int) -> None:
    for turn in range(times):
        w.answers["pay"] = DOWN if turn % 2 else UP
        await w.pass_time(10 * SECOND)


async def test_a_check_that_comes_and_goes_is_told_once(world: Make) -> None:
    w = await world(estate(needs="[]"), POLICY)
    await come_and_go(w, 30)
    [flapping] = w.alerts("flapping")
    assert flapping.integration == "payments"
    assert flapping.summary.startswith("pay comes and goes, ")
    at = flapping.fired_at or 0
    late = [one for one in w.told if one.to == "anna@shop.test" and one.at > at + SECOND]
    assert late == [], "while it flaps nobody is told anything more"


async def test_what_is_down_when_the_flapping_ends_is_told(world: Make) -> None:
    w = await world(estate(needs="[]"), POLICY)
    await come_and_go(w, 12)
    w.answers["pay"] = DOWN
    await w.pass_time(30 * SECOND)
    assert [mute.kind for mute in alert(w, "payments").mutes] == [MuteKind.FLAPPING]
    before = len(told(w))
    await w.pass_time(5 * MINUTE)
    assert alert(w, "payments").mutes == ()
    assert ("firing", "payments") in told(w)[before:]


async def test_flapping_survives_a_restart(world: Make) -> None:
    w = await world(estate(needs="[]"), POLICY)
    await come_and_go(w, 12)
    await w.die()
    await w.start()
    [memory] = [memory for memory in w.engine._judge.checks.values() if memory.id == "pay"]
    assert memory.flapping.flaps
    await come_and_go(w, 4)
    assert len(w.alerts("flapping")) == 1


async def test_another_check_that_is_down_is_not_muted_by_one_that_flaps(world: Make) -> None:
    second = estate(needs="[]") + (
        '[[check]]\nid = "pay-2"\nintegration = "payments"\nkind = "stub"\nevery = "10s"\nattempts = 1\n'
    )
    w = await world(second, POLICY)
    await come_and_go(w, 12)
    w.answers["pay-2"] = replace(DOWN, message="gone for good")
    await w.pass_time(30 * SECOND)
    assert alert(w, "payments").mutes == ()
