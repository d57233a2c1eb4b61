"""A plan that is looked at, a word that is typed, a run that is carried out: and whatever goes wrong in between."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from standby.directors.base import DirectorError
from standby.domain.failover import RunKind, RunState, StepState
from standby.domain.outcome import AlertState, Outcome
from standby.domain.prechecks import Verdict
from standby.domain.units import MINUTE, SECOND
from standby.link.protocol import Command, CommandKind, Peer, Receipt, Status
from standby.store.errors import StoreError
from standby.store.failovers import FailoverRow

from .conftest import Make
from .world import ALICE, BOB, DOWN, UP, Answer, World, config

ROUTE = """
[[check]]
id = "spare"
integration = "payments"
kind = "stub"
every = "10s"

[[check]]
id = "path"
integration = "payments"
kind = "stub"
every = "10s"

[[rule]]
id = "pay-down"
integration = "payments"
check = "pay"
when = "outcome == 'down'"
window = "30s"
severity = "critical"

[[route]]
id = "pay-route"
integration = "payments"
primary = "acme"
cool_down = "2m"
soak = "1m"
director = { kind = "stub" }
VERIFY
[[route.target]]
id = "acme"
place = "acme"
check = "pay"

[[route.target]]
id = "spare"
place = "spare"
check = "spare"
"""
WORD = "payments -> spare"


async def shop(world: Make, *, verify: bool = True, down: bool = True) -> World:
    more = ROUTE.replace("VERIFY", 'verify = "path"\nverify_within = "5s"' if verify else "")
    w = await world(config(rules=more))
    await w.pass_time(30 * SECOND)
    if down:
        w.answers["pay"] = DOWN
        await w.until(lambda: w.fired("pay-down"))
    return w


async def asked(w: World, kind: CommandKind, peer: Peer = ALICE, **args: object) -> Receipt:
    """Send, and let time pass until it is answered: a plan may wait for a director."""
    task = asyncio.create_task(w.ask(kind, peer, **args))
    await w.until(task.done)
    return await task


async def planned(w: World, **args: object) -> FailoverRow:
    await asked(w, CommandKind.FAILOVER_PLAN, route="pay-route", **args)
    return runs(w)[-1]


async def confirmed(w: World, run: FailoverRow, word: str = WORD) -> Receipt:
    return await asked(w, CommandKind.FAILOVER_RUN, run=run.id, confirm=word)


def runs(w: World) -> list[FailoverRow]:
    return list(w.changes().failovers)


async def ended(w: World, number: int = 1) -> FailoverRow:
    await w.until(lambda: w.engine._response.failovers.runs[number].state.ended)
    await w.pass_time(SECOND)
    return next(run for run in runs(w) if run.id == number)


def kinds(w: World) -> list[str]:
    return [row.kind for row in w.changes().audits if row.kind.startswith("failover")]


async def test_a_plan_shows_what_would_be_done_and_does_nothing(world: Make) -> None:
    w = await shop(world)
    receipt = await asked(w, CommandKind.FAILOVER_PLAN, route="pay-route")
    assert (receipt.status, receipt.reason) == (Status.DONE, "run 1")
    [run] = runs(w)
    assert (run.state, run.kind, run.source, run.target) == (RunState.ARMED, RunKind.FAILOVER, "acme", "spare")
    assert [row.step.name for row in run.steps] == ["raise spare", "map -> spare", "file -> spare", "lower acme"]
    assert {one.verdict for one in run.prechecks} == {Verdict.PASS}
    assert run.expires_at - run.armed_at == 2 * MINUTE
    assert run.clocks.outage is not None
    assert run.clocks.detected is not None
    assert run.clocks.outage <= run.clocks.detected <= run.armed_at
    assert run.clocks.uncertainty == 10 * SECOND
    assert not w.traffic.acts


async def test_the_word_moves_traffic_step_by_step_and_proves_it(world: Make) -> None:
    w = await shop(world)
    run = await planned(w)
    receipt = await confirmed(w, run)
    assert receipt.status is Status.DONE
    run = await ended(w)
    assert (run.state, run.started_by) == (RunState.SUCCEEDED, "alice")
    assert run.result == "traffic goes to spare: 3 good answers in a row through path"
    assert w.traffic.state == {"spare": "on", "map": "spare", "file": "spare", "acme": "off"}
    assert [subject for subject, _ in w.traffic.acts] == ["spare", "map", "file", "acme"]
    assert {row.state for row in run.steps} == {StepState.DONE}
    clocks = run.clocks
    assert clocks.started is not None
    assert clocks.moved is not None
    assert clocks.verified is not None
    assert clocks.started <= clocks.moved <= clocks.verified
    assert clocks.attained is not None
    assert kinds(w) == ["failover-armed", "failover-started", "failover-moved", "failover-done"]
    assert [state.serving for state in w.changes().route_states] == ["spare"]


async def test_who_moves_the_traffic_has_the_trouble(world: Make) -> None:
    w = await shop(world)
    await confirmed(w, await planned(w))
    [alert] = [row for row in w.open_alerts() if row.rule == "pay-down"]
    assert (alert.state, alert.acked_by) == (AlertState.ACKNOWLEDGED, "alice")
    assert w.audits("ack")[0].message == "taken with failover run 1"
    assert (await ended(w)).clocks.acknowledged == alert.acked_at


@pytest.mark.parametrize("word", ["", "yes", "payments", "payments -> acme"])
async def test_without_the_word_nothing_happens_and_it_is_written_down(world: Make, word: str) -> None:
    w = await shop(world)
    run = await planned(w)
    receipt = await confirmed(w, run, word)
    assert receipt.status is Status.REFUSED
    assert "write 'payments -> spare'" in receipt.reason
    assert runs(w)[0].state is RunState.ARMED
    assert "failover-refused" in kinds(w)
    assert not w.traffic.acts


async def test_what_is_armed_expires(world: Make) -> None:
    w = await shop(world)
    run = await planned(w)
    await w.pass_time(2 * MINUTE)
    assert runs(w)[0].state is RunState.EXPIRED
    receipt = await confirmed(w, run)
    assert receipt.reason == "run 1 is expired: nobody typed the word in time; plan again"
    assert not w.traffic.acts


async def test_a_standby_that_went_down_after_the_plan_stops_it(world: Make) -> None:
    w = await shop(world)
    run = await planned(w)
    w.answers["spare"] = DOWN
    await w.until(lambda: w.outcome("spare") is Outcome.DOWN or bool(w.engine._judge.checks["spare"].settled.attempt))  # type: ignore[union-attr]
    receipt = await confirmed(w, run)
    assert receipt.status is Status.REFUSED
    assert receipt.reason.startswith("it is not what you saw any more: never-zero: spare is down")
    assert runs(w)[0].state is RunState.BLOCKED
    assert not w.traffic.acts


async def test_traffic_that_somebody_else_moved_stops_it(world: Make) -> None:
    w = await shop(world)
    run = await planned(w)
    w.traffic.state["file"] = "elsewhere"
    receipt = await confirmed(w, run)
    assert "not what you saw" in receipt.reason
    assert runs(w)[0].state is RunState.BLOCKED


@pytest.mark.parametrize(
    ("spoil", "rule"),
    [
        (lambda w: w.answers.update(spare=DOWN), "never-zero"),
        (lambda w: w.answers.update(spare=Answer(Outcome.UNKNOWN, "?")), "healthy"),
        (lambda w: setattr(w.traffic, "unplanned", "be_spare has no server"), "reachable"),
    ],
)
async def test_a_rule_that_speaks_against_it_blocks_the_plan(
    world: Make, spoil: Callable[[World], None], rule: str
) -> None:
    w = await shop(world)
    spoil(w)
    await w.pass_time(MINUTE)
    receipt = await asked(w, CommandKind.FAILOVER_PLAN, route="pay-route")
    assert receipt.status is Status.REFUSED
    assert f"{rule}: " in receipt.reason
    [run] = runs(w)
    assert (run.state, run.ended_at is not None) == (RunState.BLOCKED, True)
    assert kinds(w) == ["failover-blocked"]
    assert (await confirmed(w, run)).status is Status.REFUSED


async def test_a_cool_down_is_kept_and_can_be_overridden_with_a_reason(world: Make) -> None:
    w = await shop(world, down=False)
    await confirmed(w, await planned(w))
    await ended(w)
    await w.pass_time(MINUTE)
    assert "cool-down: the last run ended 1m" in (await asked(w, CommandKind.FAILOVER_PLAN, route="pay-route")).reason
    receipt = await asked(w, CommandKind.FAILOVER_PLAN, route="pay-route", to="acme", force="cool-down=drill")
    assert receipt.status is Status.DONE, receipt.reason
    run = runs(w)[-1]
    assert run.forced == {"cool-down": "drill"}
    assert [one.overridden for one in run.prechecks if one.rule == "cool-down"] == ["drill"]
    refused = await asked(w, CommandKind.FAILOVER_PLAN, route="pay-route", to="acme", force="never-zero=please")
    assert "cannot be overridden by anybody" in refused.reason


async def test_the_way_back_closes_the_clocks(world: Make) -> None:
    w = await shop(world)
    await confirmed(w, await planned(w))
    await ended(w)
    w.answers["pay"] = UP
    early = await asked(w, CommandKind.FAILOVER_PLAN, route="pay-route")
    assert "soaked" in early.reason
    await w.pass_time(3 * MINUTE)
    run = await planned(w)
    assert (run.kind, run.previous, run.target, run.state) == (RunKind.FAILBACK, 1, "acme", RunState.ARMED)
    await confirmed(w, run, "payments->acme")
    back = await ended(w, run.id)
    assert back.state is RunState.SUCCEEDED
    assert w.traffic.state["map"] == "acme"
    assert runs(w)[0].clocks.failed_back == back.clocks.verified


async def test_two_people_at_once(world: Make) -> None:
    w = await shop(world)
    await planned(w)
    receipt = await asked(w, CommandKind.FAILOVER_PLAN, BOB, route="pay-route")
    assert "nobody-else: alice armed run 1" in receipt.reason
    again = await asked(w, CommandKind.FAILOVER_PLAN, ALICE, route="pay-route")
    assert (again.status, again.reason) == (Status.DONE, "run 3")
    assert [run.state for run in runs(w)] == [RunState.CANCELLED, RunState.BLOCKED, RunState.ARMED]
    first = asyncio.create_task(w.ask(CommandKind.FAILOVER_RUN, ALICE, run=3, confirm=WORD))
    second = asyncio.create_task(w.ask(CommandKind.FAILOVER_RUN, BOB, run=3, confirm=WORD))
    await w.until(lambda: first.done() and second.done())
    assert sorted([(await first).status, (await second).status]) == [Status.DONE, Status.REFUSED]
    await ended(w, 3)
    assert [subject for subject, _ in w.traffic.acts] == ["spare", "map", "file", "acme"]


async def test_the_same_command_twice_is_one_run(world: Make) -> None:
    w = await shop(world)
    await planned(w)
    command = Command("same-run", CommandKind.FAILOVER_RUN, {"run": 1, "confirm": WORD}, w.clock.now())
    both = asyncio.gather(w.send(command), w.send(command))
    await w.until(both.done)
    assert {receipt.status for receipt in await both} == {Status.DONE}
    await ended(w)
    assert len(w.traffic.acts) == 4


async def test_a_dropped_plan(world: Make) -> None:
    w = await shop(world)
    run = await planned(w)
    assert (await w.ask(CommandKind.FAILOVER_CANCEL, run=run.id)).status is Status.DONE
    assert "is cancelled" in (await confirmed(w, run)).reason
    assert not w.traffic.acts


@pytest.mark.parametrize(
    ("subject", "state"),
    [("spare", RunState.ROLLED_BACK), ("map", RunState.ROLLED_BACK), ("file", RunState.PARTIALLY_FAILED)],
)
async def test_a_step_that_fails_takes_it_back_before_the_pivot_and_not_after(
    world: Make, subject: str, state: RunState
) -> None:
    w = await shop(world)

    def refuse(what: str, desired: str) -> None:
        if (what, desired) in ((subject, "on"), (subject, "spare")):
            raise DirectorError("No such server.")

    run = await planned(w)
    w.traffic.before_apply = refuse
    await confirmed(w, run)
    run = await ended(w)
    assert run.state is state
    assert "No such server." in run.result
    moved = state is RunState.PARTIALLY_FAILED
    assert w.traffic.state["map"] == ("spare" if moved else "acme")
    assert w.traffic.state["spare"] == ("on" if moved else "off")
    assert not w.traffic.zero
    assert (run.clocks.verified is not None) is moved


async def test_an_answer_that_never_came_is_read_back_not_called_failed(world: Make) -> None:
    w = await shop(world)

    def cut(what: str, desired: str) -> None:
        if what == "map":
            raise DirectorError("no answer within 5s", known=False)

    run = await planned(w)
    w.traffic.after_apply = cut
    await confirmed(w, run)
    assert (await ended(w)).state is RunState.SUCCEEDED


async def test_a_pivot_that_cannot_be_read_back_is_unknown(world: Make) -> None:
    w = await shop(world)
    run = await planned(w)

    def mute(what: str, desired: str) -> None:
        if what == "map":
            w.traffic.before_read = silence
            raise DirectorError("connection cut", known=False)

    def silence(what: str) -> None:
        raise DirectorError("connection refused")

    w.traffic.after_apply = mute
    await confirmed(w, run)
    run = await ended(w)
    assert run.state is RunState.PARTIALLY_FAILED
    assert run.result.startswith("it is not known whether traffic moved: connection cut; connection refused")
    assert run.steps[1].state is StepState.UNKNOWN


async def test_what_is_not_proven_is_taken_back_while_the_old_place_still_works(world: Make) -> None:
    w = await shop(world, down=False)
    w.answers["path"] = DOWN
    await confirmed(w, await planned(w, to="spare"))
    run = await ended(w)
    assert run.state is RunState.ROLLED_BACK
    assert "path was not good 3 times in a row" in run.result
    assert w.traffic.state == {"spare": "off", "map": "acme", "file": "acme", "acme": "on"}


async def test_what_is_not_proven_stays_when_the_old_place_is_down(world: Make) -> None:
    w = await shop(world)
    w.answers["path"] = DOWN
    await confirmed(w, await planned(w))
    run = await ended(w)
    assert run.state is RunState.PARTIALLY_FAILED
    assert run.result.endswith("it was not taken back: acme is down")
    assert w.traffic.state["map"] == "spare"


async def test_without_a_check_through_the_path_the_result_says_so(world: Make) -> None:
    w = await shop(world, verify=False)
    await confirmed(w, await planned(w))
    run = await ended(w)
    assert run.state is RunState.SUCCEEDED
    assert "the director's word alone" in run.result


async def test_nothing_is_done_that_is_not_on_disk(world: Make) -> None:
    w = await shop(world)
    run = await planned(w)

    def full(what: str, desired: str) -> None:
        w.store.fail = StoreError("full", "the disk is full")

    w.traffic.after_apply = full  # after the first step the store takes nothing any more
    await confirmed(w, run)
    await w.pass_time(20 * SECOND)
    assert [subject for subject, _ in w.traffic.acts] == ["spare"]
    assert "run 1 stands still" in w.engine.trouble
    w.store.fail = None
    w.traffic.after_apply = lambda what, desired: None
    assert (await ended(w)).state is RunState.SUCCEEDED


@pytest.mark.parametrize("subject", ["spare", "map", "file", "acme"])
@pytest.mark.parametrize("applied", [False, True])
async def test_the_next_engine_goes_forward_from_the_pivot_and_back_before_it(
    world: Make, subject: str, applied: bool
) -> None:
    w = await shop(world)
    run = await planned(w)

    def die(what: str, desired: str) -> None:
        if what == subject:
            w.store.fail = StoreError("missing", "dead")

    if applied:
        w.traffic.after_apply = die
    else:
        w.traffic.before_apply = lambda what, desired: (die(what, desired), _cut(what == subject))[0]
    await confirmed(w, run)
    await w.pass_time(SECOND)
    await w.die()
    w.traffic.before_apply = w.traffic.after_apply = lambda what, desired: None
    await w.start()
    run = await ended(w)
    forward = subject in ("file", "acme") or (subject == "map" and applied)
    assert run.state is (RunState.SUCCEEDED if forward else RunState.ROLLED_BACK)
    good = {"spare": "on", "map": "spare", "file": "spare", "acme": "off"}
    before = {"spare": "off", "map": "acme", "file": "acme", "acme": "on"}
    assert w.traffic.state == (good if forward else before)
    [line] = w.audits("failover-resumed")
    assert ("forward" if forward else "back") in line.message


def _cut(here: bool) -> None:
    if here:
        raise DirectorError("cut", known=False)


async def test_an_armed_run_survives_a_restart_with_the_time_it_has_left(world: Make) -> None:
    w = await shop(world)
    run = await planned(w)
    await w.pass_time(MINUTE)
    await w.stop()
    await w.start()
    await w.pass_time(30 * SECOND)
    assert runs(w)[0].state is RunState.ARMED
    await w.pass_time(31 * SECOND)
    assert runs(w)[0].state is RunState.EXPIRED
    assert (await confirmed(w, run)).status is Status.REFUSED


async def test_a_route_that_was_changed_disarms_its_plan(world: Make) -> None:
    w = await shop(world)
    await planned(w)
    w.write(config(rules=ROUTE.replace("VERIFY", "").replace('cool_down = "2m"', 'cool_down = "3m"')))
    await w.engine.reload()
    await w.pass_time(SECOND)
    assert (runs(w)[0].state, runs(w)[0].result) == (RunState.BLOCKED, "the route was changed in the configuration")


async def test_where_traffic_goes_is_shown_all_the_time(world: Make) -> None:
    w = await shop(world, down=False)
    [state] = w.changes().route_states
    assert (state.serving, state.drift, state.trouble) == ("acme", [], "")
    w.traffic.state["map"] = "spare"
    w.traffic.drifted = ("the file says acme",)
    await w.pass_time(31 * SECOND)
    [state] = w.changes().route_states
    assert (state.serving, state.drift) == ("spare", ["the file says acme"])


async def test_every_screen_sees_where_traffic_goes_while_it_is_proven_and_after_it_was_taken_back(world: Make) -> None:
    w = await shop(world, down=False)
    w.answers["path"] = DOWN
    run = await planned(w, to="spare")
    await confirmed(w, run)
    await w.until(lambda: runs(w)[0].state is RunState.VERIFYING)
    assert [state.serving for state in w.changes().route_states] == ["spare"]
    await w.until(lambda: runs(w)[0].state.ended)
    assert [state.serving for state in w.changes().route_states] == ["acme"]
