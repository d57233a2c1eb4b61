"""When runs begin: the grid, overlaps, lanes, retries, Retry-After, a loop that stood still."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise

from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.domain.schedule import offset
from standby.domain.units import MILLISECOND, MINUTE, SECOND

from .conftest import Make
from .world import DOWN, TIMED_OUT, UP, Answer, config, slowly


def many(count: int, every: str = "10s", concurrency: int = 8) -> str:
    head = (
        f'[[vendor]]\nid = "acme"\nconcurrency = {concurrency}\n'
        '[[integration]]\nid = "payments"\nvendor = "acme"\ncriticality = "low"\n'
    )
    checks = (
        f'[[check]]\nid = "c{n}"\nintegration = "payments"\nkind = "stub"\nevery = "{every}"\n' for n in range(count)
    )
    return head + "".join(checks)


async def test_first_runs_come_within_five_seconds_and_are_spread(world: Make) -> None:
    w = await world(many(40, every="1h"))
    began = w.clock.mono
    await w.pass_time(5 * SECOND)
    assert len({name for name, _, _ in w.runs}) == 40
    assert len({(at - began) // (500 * MILLISECOND) for _, _, at in w.runs}) > 6


async def test_slots_lie_on_a_grid_that_the_name_decides(world: Make) -> None:
    w = await world(config(every="30s"))
    await w.pass_time(5 * MINUTE)
    slots = [slot for _, slot, _ in w.runs]
    assert all(slot % (30 * SECOND) == offset("pay", 30 * SECOND) for slot in slots[1:])
    assert {b - a for a, b in pairwise(slots[1:])} == {30 * SECOND}


async def test_a_run_longer_than_the_interval_costs_slots_and_never_overlaps(world: Make) -> None:
    w = await world(config(every="10s"))
    w.answers["pay"] = slowly(UP, 25 * SECOND)
    await w.pass_time(90 * SECOND)
    assert w.most_inside == 1
    report = w.engine.report()
    assert report["missed"] == w.changes().check_states[0].missed
    assert 4 <= report["missed"] <= 6


async def test_a_vendor_is_looked_at_by_so_many_at_once(world: Make) -> None:
    w = await world(many(20, concurrency=3))
    for n in range(20):
        w.answers[f"c{n}"] = slowly(UP, SECOND)
    await w.pass_time(MINUTE)
    assert w.most_inside == 3
    runs = Counter(name for name, _, _ in w.runs)
    assert min(runs[f"c{n}"] for n in range(20)) >= 5


async def test_what_cannot_begin_within_its_interval_is_dropped_and_is_not_down(world: Make) -> None:
    w = await world(many(6, concurrency=1))
    for n in range(6):
        w.answers[f"c{n}"] = slowly(UP, 4 * SECOND)
    await w.pass_time(3 * MINUTE)
    assert w.engine.report()["missed"] > 10
    runs = Counter(name for name, _, _ in w.runs)
    turns = [runs[f"c{n}"] for n in range(6)]
    assert max(turns) - min(turns) <= 2, "everybody gets a turn"
    states = w.changes().check_states
    assert {state.outcome for state in states} == {Outcome.UP}
    assert not w.alerts("down")


async def test_a_soft_failure_is_looked_at_again_and_the_grid_stays(world: Make) -> None:
    w = await world(config(every="1m", attempts=3, more='retry_every = "7s"'))
    await w.pass_time(2 * MINUTE)
    w.answers["pay"] = DOWN
    await w.until(lambda: w.engine._judge.checks["pay"].outcome is Outcome.DOWN)
    await w.pass_time(3 * MINUTE)
    grid = offset("pay", MINUTE)
    on, off = [], []
    for _, slot, _ in w.runs[1:]:
        (on if slot % MINUTE == grid else off).append(slot)
    assert len(off) == 2
    assert {b - a for a, b in pairwise(on)} == {MINUTE}


async def test_patience_that_was_asked_for_is_given_and_told(world: Make) -> None:
    w = await world(config())
    await w.pass_time(15 * SECOND)
    w.answers["pay"] = Answer(Outcome.DEGRADED, "rate limited", Failure.RATE_LIMITED, retry_after_s=60.0)
    count = len(w.runs)
    await w.until(lambda: len(w.runs) > count)
    asked = w.clock.mono
    w.answers["pay"] = UP
    await w.pass_time(SECOND)
    assert w.changes().check_states[0].message == "rate limited; asked us to wait, next run after 1m"
    await w.until(lambda: len(w.runs) > count + 1)
    assert 60 * SECOND <= w.clock.mono - asked <= 71 * SECOND
    assert w.engine.report()["missed"] == 0


async def test_nobody_asks_for_more_than_an_hour(world: Make) -> None:
    w = await world(config(every="1m"))
    w.answers["pay"] = Answer(Outcome.DEGRADED, "later", Failure.RATE_LIMITED, retry_after_s=1e12)
    await w.until(lambda: bool(w.runs))
    w.answers["pay"] = UP
    count = len(w.runs)
    took = await w.until(lambda: len(w.runs) > count, 62 * MINUTE)
    assert took >= 60 * MINUTE - SECOND


async def test_patience_outlives_a_restart(world: Make) -> None:
    w = await world(config())
    w.answers["pay"] = Answer(Outcome.DEGRADED, "later", Failure.RATE_LIMITED, retry_after_s=600.0)
    await w.until(lambda: bool(w.runs))
    await w.pass_time(SECOND)
    await w.stop()
    w.answers["pay"] = UP
    await w.start()
    count = len(w.runs)
    await w.pass_time(9 * MINUTE)
    assert len(w.runs) == count
    await w.until(lambda: len(w.runs) > count, 2 * MINUTE)


async def test_a_time_out_while_the_loop_stood_still_is_our_own_delay(world: Make) -> None:
    w = await world(config(every="10s", more='timeout = "4s"'))
    await w.until(lambda: len(w.runs) == 2)
    w.answers["pay"] = TIMED_OUT
    await w.until(lambda: len(w.runs) == 3)
    w.clock.block(2 * SECOND)
    await w.pass_time(5 * SECOND)
    last = w.observations("pay", 1)[0]
    assert last.outcome is Outcome.UNKNOWN
    assert last.failure is Failure.OWN_DELAY
    assert "stood still for" in last.message
    assert not w.live("down")
    assert w.engine.report()["own_delays"] == 1
    assert (w.changes().engine or None) is not None
    assert w.changes().engine.lag_ms > 1000  # type: ignore[union-attr]
    await w.until(lambda: w.fired("down"), 20 * SECOND)


async def test_a_refused_connection_is_no_delay_of_ours(world: Make) -> None:
    w = await world(config())
    await w.until(lambda: len(w.runs) == 2)
    w.answers["pay"] = replace(DOWN, failure=Failure.REFUSED, takes=SECOND)
    await w.until(lambda: len(w.runs) == 3)
    w.clock.block(2 * SECOND)
    await w.pass_time(2 * SECOND)
    assert w.observations("pay", 1)[0].failure is Failure.REFUSED


async def test_slots_that_a_stalled_process_slept_through_are_counted_not_caught_up(world: Make) -> None:
    w = await world(config(every="5s"))
    await w.pass_time(20 * SECOND)
    count = len(w.runs)
    w.clock.block(60 * SECOND)
    await w.pass_time(SECOND)
    assert len(w.runs) - count <= 2
    assert 10 <= w.engine.report()["missed"] <= 12


async def test_missed_slots_in_a_row_are_no_data(world: Make) -> None:
    w = await world(config(every="10s"))
    await w.pass_time(15 * SECOND)
    w.answers["pay"] = slowly(UP, 10_000 * SECOND)
    took = await w.until(lambda: w.live("no-data"), 2 * MINUTE)
    assert took >= 20 * SECOND  # three slots, and not before


async def test_health_is_a_loop_that_turns(world: Make) -> None:
    w = await world(config())
    await w.pass_time(10 * SECOND)
    assert w.engine.healthy(w.clock.mono)
    w.clock.block(4 * SECOND)
    assert not w.engine.healthy(w.clock.mono)
    await w.pass_time(2 * SECOND)
    assert w.engine.healthy(w.clock.mono)
