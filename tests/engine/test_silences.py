"""Silences in an Alertmanager: written down first, asked for once, refused with the reason, the answer kept."""

from __future__ import annotations

import pytest

from standby.checks.alertmanager.silencing import Wanted
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.domain.units import DAY, HOUR, MINUTE
from standby.link.protocol import Command, CommandKind, NotNowError, Status
from standby.net.trouble import Trouble
from standby.store.errors import StoreError

from .conftest import Make
from .world import ALICE, BOB, World, config

CHECK = """
[[check]]
id = "am"
integration = "payments"
kind = "alertmanager"
url = "http://am.test"
"""
KIND = CommandKind.SILENCE_THERE
ARGS = {"check": "am", "matchers": 'job="crm", severity=~"a|b"', "comment": "maintenance"}
LINE = 'job="crm", severity=~"a|b" until 2026-11-23T'


async def started(world: Make, settings: str = "") -> World:
    return await world(config(more=CHECK), settings)


async def test_it_is_written_down_before_it_is_asked_for_and_after(world: Make) -> None:
    w = await started(world)
    seen: list[list[str]] = []

    async def hush(wanted: Wanted) -> str:
        seen.append([line.message for line in w.audits("alertmanager-silence")])
        return "26ca833e"

    w.hushes = hush
    receipt = await w.ask(KIND, **ARGS, ends=w.clock.now() + HOUR)
    assert receipt.status is Status.DONE
    assert receipt.reason.startswith("silence 26ca833e: " + 'job="crm"')
    [before] = seen
    assert [line.startswith("asks Alertmanager to silence job=") for line in before] == [True]
    asked, made = sorted(w.audits("alertmanager-silence"), key=lambda line: line.no)
    assert (asked.actor, asked.subject, asked.command) == ("alice", "check:am", "c1")
    assert made.message.startswith("silence 26ca833e: ")
    [wanted] = w.silences
    assert (wanted.by, wanted.comment, wanted.mark) == ("alice", "maintenance", "standby c1")
    assert made.message.endswith(wanted.line())


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"check": "pay"}, "'pay' is no check of kind alertmanager; there are am"),
        ({"check": "nope"}, "'nope' is no check of kind alertmanager"),
        ({"ends": 1}, "would be over already"),
        ({"ends": 2**62}, "lasts 30d at most"),
        ({"comment": " "}, "say why"),
        ({"matchers": ""}, "would silence everything"),
        ({"matchers": 'job=~".*"'}, "would silence everything"),
        ({"matchers": "job"}, "is not a matcher"),
    ],
)
async def test_what_makes_no_sense_is_refused_and_never_asked_for(
    world: Make, changed: dict[str, object], says: str
) -> None:
    w = await started(world)
    receipt = await w.ask(KIND, **{**ARGS, "ends": w.clock.now() + DAY, **changed})
    assert receipt.status is Status.REFUSED
    assert says in receipt.reason
    assert not w.silences
    assert not w.audits("alertmanager-silence")


async def test_who_may_not_act_may_not_silence(world: Make) -> None:
    w = await started(world, 'operators = ["alice"]')
    receipt = await w.ask(KIND, BOB, **ARGS, ends=w.clock.now() + HOUR)
    assert (receipt.status, w.silences) == (Status.REFUSED, [])
    assert (await w.ask(KIND, ALICE, **ARGS, ends=w.clock.now() + HOUR)).status is Status.DONE


async def test_what_alertmanager_refuses_is_recorded_with_its_reason(world: Make) -> None:
    w = await started(world)

    async def hush(wanted: Wanted) -> str:
        raise Trouble(Failure.REQUEST, "what we ask is refused: status 400: no", Outcome.UNKNOWN)

    w.hushes = hush
    receipt = await w.ask(KIND, **ARGS, ends=w.clock.now() + HOUR)
    assert (receipt.status, receipt.reason) == (Status.REFUSED, "what we ask is refused: status 400: no")
    last = max(w.audits("alertmanager-silence"), key=lambda line: line.no)
    assert last.message.startswith("Alertmanager did not silence job=")


async def test_nothing_is_asked_for_that_cannot_be_written_down(world: Make) -> None:
    w = await started(world)
    ends = w.clock.now() + HOUR
    w.store.fail = StoreError("full", "no space")
    with pytest.raises(NotNowError):
        await w.ask(KIND, **ARGS, ends=ends)
    assert not w.silences
    w.store.fail = None


async def test_one_that_was_made_but_not_recorded_is_found_again_by_its_mark(world: Make) -> None:
    w = await started(world)

    async def hush(wanted: Wanted) -> str:
        w.store.fail = StoreError("full", "no space")
        return "s7"

    w.hushes = hush
    command = Command("once-only", KIND, {**ARGS, "ends": w.clock.now() + HOUR}, w.clock.now())
    with pytest.raises(NotNowError):
        await w.send(command)
    w.store.fail, w.hushes = None, None
    await w.pass_time(HOUR // 60)
    assert (await w.send(command)).status is Status.DONE
    assert len({wanted.mark for wanted in w.silences}) == 1
    assert (await w.send(command)).status is Status.DONE
    assert len(w.silences) == 2


async def torn(world: Make, toml: str = config(more=CHECK)) -> World:
    """The engine died after it had asked, before it wrote down what came."""
    w = await started(world)

    async def hush(wanted: Wanted) -> str:
        w.store.fail = StoreError("missing", "dead")
        return "s7"

    w.hushes = hush
    with pytest.raises(NotNowError):
        await w.ask(KIND, **ARGS, ends=w.clock.now() + HOUR)
    await w.die()
    w.write(toml)
    return w


def told(w: World) -> str:
    return max(w.audits("alertmanager-silence"), key=lambda line: line.no).message


@pytest.mark.parametrize(
    ("found", "says"), [("s7", "it was made: silence s7"), ("", "it is not there: not made, or over already")]
)
async def test_the_next_engine_tells_what_became_of_one_that_was_asked_for(world: Make, found: str, says: str) -> None:
    w = await torn(world)

    async def finds(mark: str) -> str:
        if len(w.looked_for) == 1:
            raise Trouble(Failure.REFUSED, "nothing listens", Outcome.UNKNOWN)
        return found

    w.finds = finds
    await w.start()
    assert told(w).startswith("asks Alertmanager")
    await w.pass_time(2 * MINUTE)
    assert told(w).startswith(f"the engine ended before the answer, {says} (asks Alertmanager to silence job=")
    await w.stop()
    await w.start()
    await w.pass_time(2 * MINUTE)
    assert w.looked_for == ["standby c1"] * 2  # settled: nobody asks again
    await w.stop()


async def test_nobody_is_asked_about_a_silence_of_a_check_that_is_gone(world: Make) -> None:
    w = await torn(world, config())
    await w.start()
    await w.pass_time(MINUTE)
    assert "the check was removed" in told(w)
    assert not w.looked_for
    await w.stop()
