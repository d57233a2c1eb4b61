"""What keeps an alert quiet: before it fires, while somebody is being told, and when it is over."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from standby.domain.muting import Mute, MuteKind
from standby.domain.units import MINUTE, SECOND
from standby.engine.alerting.alerts import Live

from .conftest import Make
from .test_escalations import PEOPLE, POLICY, firing, heard
from .world import DOWN, UP, World, config


@dataclass
class Quiet:
    """A muter that a test turns on and off."""

    changed: Callable[[], None]
    until: int | None = None
    on: bool = False
    seen: list[int] = field(default_factory=list)

    def mutes(self, live: Live, now: int) -> Iterable[Mute]:
        self.seen.append(live.id)
        if self.on or (self.until is not None and now < self.until):
            yield Mute(MuteKind.SILENCE, "7", self.until, "alice: the bank is at work")

    def next_change(self, now: int) -> int | None:
        return self.until

    def follow(self, live: Live, *, fires: bool) -> bool:
        return False

    def turn(self, on: bool) -> None:
        self.on = on
        self.changed()


def listen(w: World) -> Quiet:
    mutes = w.engine._response.mutes
    muter = Quiet(mutes.changed)
    mutes.add(muter)
    return muter


async def quiet(world: Make) -> tuple[World, Quiet]:
    w = await world(config(more=PEOPLE), POLICY)
    return w, listen(w)


async def test_a_muted_alert_fires_and_says_why_nobody_is_told(world: Make) -> None:
    w, muter = await quiet(world)
    muter.turn(on=True)
    w.answers["pay"] = DOWN
    await w.until(lambda: w.fired("down"))
    await w.pass_time(10 * MINUTE)
    [alert] = w.changes().alerts
    assert [mute.why for mute in alert.mutes] == ["alice: the bank is at work"]
    assert heard(w) == []
    assert w.engine.trouble == ""


async def test_what_is_still_true_when_the_mute_ends_is_told_once(world: Make) -> None:
    w, muter = await quiet(world)
    muter.turn(on=True)
    w.answers["pay"] = DOWN
    await w.until(lambda: w.fired("down"))
    await w.pass_time(MINUTE)
    muter.turn(on=False)
    await w.pass_time(MINUTE)
    assert heard(w) == [("firing", "mail", "anna@shop.test"), ("firing", "hook", "")]
    assert w.changes().alerts[-1].mutes == ()


async def test_a_mute_ends_by_time_alone(world: Make) -> None:
    w, muter = await quiet(world)
    muter.until = w.clock.now() + 3 * MINUTE
    w.answers["pay"] = DOWN
    await w.until(lambda: w.fired("down"))
    await w.until(lambda: len(w.told) == 2)
    assert w.told[0].at - muter.until < SECOND


async def test_muting_ends_the_calls_and_whoever_was_told_hears_the_end(world: Make) -> None:
    w = await firing(world)
    muter = listen(w)
    muter.turn(on=True)
    await w.pass_time(20 * MINUTE)
    assert len(w.told) == 2, "the next level is not told while it is muted"
    w.answers["pay"] = UP
    await w.pass_time(MINUTE)
    assert [told[0] for told in heard(w)] == ["firing", "firing", "resolved", "resolved"]


async def test_an_alert_that_is_over_when_the_mute_ends_is_never_told(world: Make) -> None:
    w, muter = await quiet(world)
    muter.turn(on=True)
    w.answers["pay"] = DOWN
    await w.until(lambda: w.fired("down"))
    w.answers["pay"] = UP
    await w.pass_time(MINUTE)
    muter.turn(on=False)
    await w.pass_time(MINUTE)
    assert heard(w) == []


async def test_an_alert_is_not_asked_about_because_another_fires(world: Make) -> None:
    w = await world(
        config(more=PEOPLE)
        + '[[integration]]\nid = "mail"\nvendor = "acme"\ncriticality = "critical"\n'
        + '[[check]]\nid = "smtp"\nintegration = "mail"\nkind = "stub"\nevery = "10s"\nattempts = 1\n',
        POLICY,
    )
    muter = listen(w)
    w.answers["pay"] = DOWN
    await w.until(lambda: w.fired("down"))
    await w.pass_time(MINUTE)
    muter.seen.clear()
    w.answers["smtp"] = DOWN
    await w.until(lambda: len(w.open_alerts()) == 2)
    await w.pass_time(SECOND)
    assert set(muter.seen) == {2}
    muter.turn(on=True)
    await w.pass_time(SECOND)
    assert set(muter.seen) == {1, 2}
