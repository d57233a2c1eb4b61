"""Whose fault it is stands in the log, once each time that it changes, with how long before their page we knew."""

from __future__ import annotations

from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.domain.units import MINUTE

from .conftest import Make
from .world import DOWN, UP, Answer, World, config

PAGE = '[[check]]\nid = "page"\nintegration = "payments"\nkind = "hearsay"\nevery = "10s"\nattempts = 1\n'


def said(w: World) -> list[str]:
    return [row.message for row in w.audits("judgement")]


async def test_it_is_written_down_who_knew_first(world: Make) -> None:
    w = await world(config(more=PAGE))
    w.answers["pay"] = DOWN
    await w.until(lambda: bool(said(w)))
    await w.pass_time(6 * MINUTE)
    w.answers["page"] = DOWN
    await w.until(lambda: len(said(w)) == 2)
    w.answers.update(pay=UP, page=UP)
    await w.until(lambda: bool(said(w)) and said(w)[-1] == "nothing is wrong any more")
    first, second, *rest = said(w)
    assert first == "them: we measure it: pay; page says all is well"
    assert second.startswith("them: page says down; we measure it too, and saw it 6m")
    assert second.endswith("before")
    assert len(rest) <= 2
    assert {row.subject for row in w.audits("judgement")} == {"integration:payments"}


async def test_a_monitor_that_does_not_answer_is_no_outage_of_the_vendor(world: Make) -> None:
    w = await world(config(more=PAGE))
    w.answers["page"] = Answer(Outcome.UNKNOWN, "status 503", Failure.SERVER, None)
    await w.until(lambda: w.fired("no-data"))
    [alert] = [one for one in w.open_alerts() if "page" in one.summary]
    assert "(the monitor itself)" in alert.summary
    assert said(w)[-1] == "not clear: page: the monitor itself"


async def test_an_end_that_an_engine_saw_after_another_is_written_down(world: Make) -> None:
    w = await world(config(more=PAGE))
    w.answers["pay"] = DOWN
    await w.until(lambda: bool(said(w)))
    await w.die()
    await w.start()
    await w.pass_time(MINUTE)
    assert len(said(w)) == 1, "what was said before is not said again"
    w.answers["pay"] = UP
    await w.until(lambda: len(said(w)) == 2)
    assert said(w)[-1] == "nothing is wrong any more"
