"""Work that a vendor announced: what it keeps quiet, for how long, and what is told afterwards."""

from __future__ import annotations

from dataclasses import replace

import pytest

from standby.domain.announced import Announced
from standby.domain.muting import MuteKind
from standby.domain.units import MINUTE, SECOND

from .conftest import Make
from .test_escalations import PEOPLE, POLICY
from .world import DOWN, UNKNOWN, UP, World


def estate(*, vendor: str = "", check: str = "", criticality: str = "medium") -> str:
    """The check `status` tells what acme announces; `pay` is another thing of acme, `other` is not."""
    parts = [f'[[vendor]]\nid = "acme"\nname = "Acme"\n{vendor}\n[[vendor]]\nid = "bank"\n', PEOPLE]
    for name, whose, more in (("status", "acme", check), ("pay", "acme", ""), ("other", "bank", "")):
        parts.append(
            f'[[integration]]\nid = "{name}"\nvendor = "{whose}"\ncriticality = "{criticality}"\n'
            f'[[check]]\nid = "{name}"\nintegration = "{name}"\nkind = "stub"\nevery = "10s"\nattempts = 1\n{more}\n'
        )
    return "\n".join(parts)


async def announced(world: Make, toml: str, *, whole: bool = True, starts: int = 2 * MINUTE) -> tuple[World, Announced]:
    """It is announced from the beginning, and both things of acme are down within it."""
    w = await world(toml, POLICY)
    now = w.clock.now()
    plan = Announced("database work", now + starts, now + starts + 10 * MINUTE, whole)
    w.answers["status"] = replace(UP, announced=(plan,))
    await w.pass_time(max(0, starts) + MINUTE)
    w.answers |= {"pay": DOWN, "other": DOWN}
    await w.pass_time(30 * SECOND)
    return w, plan


def muted(w: World) -> dict[str, list[str]]:
    return {row.integration: [mute.why for mute in row.mutes] for row in w.open_alerts()}


WHY = "announced by Acme: database work"


async def test_what_it_is_about_is_quiet_until_its_planned_end_and_then_told(world: Make) -> None:
    w, plan = await announced(world, estate())
    assert muted(w) == {"pay": [WHY], "other": []}
    [mute] = next(row.mutes for row in w.open_alerts() if row.integration == "pay")
    assert (mute.kind, mute.by, mute.until) == (MuteKind.MAINTENANCE, "vendor:acme", plan.ends)
    before = len(w.told)
    await w.pass_time(plan.ends - w.clock.now() + 5 * SECOND)
    assert muted(w)["pay"] == []
    told = [
        one
        for one in w.told[before:]
        if one.message.kind == "firing" and one.message.data["alerts"][0]["integration"] == "pay"
    ]
    assert len(told) == 2, "one person, by both ways of hers"


async def test_what_is_only_of_some_parts_is_about_the_integration_of_the_check(world: Make) -> None:
    w, _ = await announced(world, estate(), whole=False)
    assert muted(w) == {"pay": [], "other": []}
    w.answers["status"] = replace(DOWN, announced=w.answers["status"].announced)
    await w.pass_time(30 * SECOND)
    assert muted(w)["status"] == [WHY]


@pytest.mark.parametrize(
    ("vendor", "check", "criticality", "quiet"),
    [
        ("", "", "critical", False),
        ('announced = "all"', "", "critical", True),
        ('announced = "none"', "", "medium", False),
        ('announced = "none"', 'announced = "warnings"', "medium", True),
        ('announced = "all"', 'announced = "none"', "medium", False),
    ],
)
async def test_how_far_a_vendor_is_believed(
    world: Make, vendor: str, check: str, criticality: str, quiet: bool
) -> None:
    w, _ = await announced(world, estate(vendor=vendor, check=check, criticality=criticality))
    assert muted(w)["pay"] == ([WHY] if quiet else [])


async def test_what_was_announced_after_it_had_begun_mutes_nothing(world: Make) -> None:
    w, _ = await announced(world, estate(), starts=-MINUTE)
    assert muted(w)["pay"] == []


@pytest.mark.parametrize("end", ["stop", "die"])
async def test_it_outlives_the_engine_and_a_page_that_does_not_answer(world: Make, end: str) -> None:
    w, plan = await announced(world, estate())
    w.answers["status"] = UNKNOWN
    await w.pass_time(MINUTE)
    await getattr(w, end)()
    await w.start()
    await w.pass_time(MINUTE)
    assert muted(w)["pay"] == [WHY]
    await w.pass_time(plan.ends - w.clock.now() + SECOND)
    assert muted(w)["pay"] == []


async def test_what_is_taken_back_or_not_believed_any_more_is_told_at_once(world: Make) -> None:
    w, plan = await announced(world, estate())
    w.answers["status"] = replace(UP, announced=())
    await w.pass_time(20 * SECOND)
    assert muted(w)["pay"] == []
    w.answers["status"] = replace(UP, announced=(plan,))
    await w.pass_time(20 * SECOND)
    assert muted(w)["pay"] == [], "now it is told after it has begun"


async def test_a_reload_changes_how_far_a_vendor_is_believed(world: Make) -> None:
    w, _ = await announced(world, estate())
    assert muted(w)["pay"] == [WHY]
    w.write(estate(vendor='announced = "none"'), POLICY)
    await w.engine.reload()
    await w.pass_time(SECOND)
    assert muted(w)["pay"] == []
