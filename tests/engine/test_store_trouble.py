"""The store is full, locked, gone or another engine's: polling goes on, what matters is kept, it is told."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standby.domain.observation import Observation
from standby.domain.outcome import AlertState, Outcome
from standby.domain.units import MILLISECOND, MINUTE, SECOND
from standby.engine.buffer import Buffer
from standby.store.errors import StoreError
from standby.store.rows import AuditRow, Batch

from .conftest import Make
from .world import DOWN, UP, config

FULL = StoreError("full", "store /x cannot grow: disk full; free space")


async def test_polling_goes_on_and_everything_is_there_afterwards(world: Make) -> None:
    w = await world(config())
    await w.pass_time(20 * SECOND)
    w.store.fail = FULL
    count = len(w.runs)
    w.answers["pay"] = DOWN
    await w.pass_time(5 * MINUTE)
    assert len(w.runs) - count >= 29
    assert "disk full" in w.engine.trouble
    assert "observations wait" in str(w.engine.welcome_extra()["trouble"])
    assert w.fired("down")
    w.store.fail = None
    await w.pass_time(10 * SECOND)
    assert w.engine.trouble == ""
    assert len(w.observations("pay")) == len(w.runs)
    [alert] = w.open_alerts()
    assert alert.state is AlertState.FIRING
    assert len(w.audits("fired")) == 1
    assert "nothing was lost" in w.audits("store")[0].message


async def test_the_buffer_is_bounded_keeps_the_newest_and_leaves_a_hole(world: Make) -> None:
    w = await world(config())
    await w.pass_time(20 * SECOND)
    w.engine._recorder.buffer.capacity = 10
    w.store.fail = FULL
    w.answers["pay"] = DOWN
    await w.pass_time(5 * MINUTE)
    assert "not kept" in w.engine.trouble
    w.store.fail = None
    await w.pass_time(10 * SECOND)
    kept = w.observations("pay")
    assert len(kept) < len(w.runs)
    assert {row.slot for row in kept[:10]} == {slot for _, slot, _ in w.runs[-10:]}
    [hole] = w.changes().gaps
    assert hole.reason == "store"
    assert "were not kept" in w.audits("store")[0].message
    assert w.open_alerts()[0].rule == "down", "transitions are never dropped"


async def test_an_alert_that_came_and_went_meanwhile_is_told_whole(world: Make) -> None:
    w = await world(config())
    await w.pass_time(20 * SECOND)
    w.store.fail = FULL
    w.answers["pay"] = DOWN
    await w.until(lambda: w.fired("down"))
    w.answers["pay"] = UP
    await w.until(lambda: not w.live("down"))
    w.store.fail = None
    await w.pass_time(10 * SECOND)
    [alert] = w.alerts()
    assert alert.state is AlertState.RESOLVED
    assert alert.fired_at is not None
    assert [len(w.audits(kind)) for kind in ("fired", "resolved")] == [1, 1]


async def test_a_transition_that_waited_still_waits_for_the_disk(world: Make) -> None:
    w = await world(config())
    await w.pass_time(20 * SECOND)
    commit, failed = w.store.writer.commit, []

    async def fail_once(batch: Batch) -> int:
        if batch.durable and not failed:
            failed.append(batch)
            raise FULL
        return await commit(batch)

    w.store.writer.commit = fail_once  # type: ignore[method-assign]
    w.answers["pay"] = DOWN
    await w.until(lambda: bool(failed))
    w.store.commits.clear()
    await w.pass_time(600 * MILLISECOND)
    assert w.store.commits[0].durable
    assert w.store.commits[0].audits[0].kind == "settled"


async def test_another_engine_took_the_store(world: Make) -> None:
    w = await world(config())
    await w.pass_time(20 * SECOND)
    commits = len(w.store.commits)
    w.store.fail = StoreError("fenced", "store belongs to a newer engine")
    running = asyncio.ensure_future(w.engine.run_until(asyncio.Event()))
    await w.pass_time(2 * SECOND)
    with pytest.raises(StoreError, match="newer engine"):
        await running
    w.store.fail = None
    await w.engine.stop()
    assert len(w.store.commits) == commits, "not a word is written any more"
    assert w.engine.last_words() == ["store belongs to a newer engine"]


async def test_what_could_not_be_stored_is_said_at_the_end(world: Make) -> None:
    w = await world(config())
    await w.pass_time(20 * SECOND)
    w.store.fail = FULL
    w.answers["pay"] = DOWN
    await w.pass_time(MINUTE)
    await w.engine.stop()
    [words] = w.engine.last_words()
    assert "not stored" in words
    assert "disk full" in words


async def test_a_row_that_no_store_takes_does_not_block_the_transitions(world: Make) -> None:
    w = await world(config())
    await w.pass_time(20 * SECOND)
    w.engine._recorder.buffer.observation(Observation("pay", w.clock.now(), 2**70, Outcome.UP))
    w.answers["pay"] = DOWN
    await w.pass_time(30 * SECOND)
    assert w.open_alerts()[0].rule == "down"
    assert w.engine.trouble == ""
    assert "were not kept" in w.audits("store")[0].message


async def test_a_fired_alert_is_on_disk_at_once_and_samples_within_250_ms(world: Make) -> None:
    w = await world(config())
    await w.pass_time(15 * SECOND)
    w.answers["pay"] = DOWN
    await w.until(lambda: w.fired("down"))
    batch = next(batch for batch in w.store.commits if any(alert.fired_at for alert in batch.alerts))
    assert batch.durable
    assert batch.audits
    w.store.commits.clear()
    await w.pass_time(5 * SECOND)
    assert w.store.commits
    assert not any(batch.durable for batch in w.store.commits)
    assert len(w.store.commits) <= 11, "a heartbeat a second and a batch a sample"


slots = st.lists(st.integers(1, 10_000), unique=True, max_size=60).map(sorted)


@given(slots, st.integers(0, 60), st.integers(1, 30))
def test_the_buffer_keeps_the_newest_in_order_whatever_fails(times: list[int], cut: int, capacity: int) -> None:
    """Taken, failed, put back below what came meanwhile: as if it had only waited."""
    buffer = Buffer(capacity)
    for slot in times[:cut]:
        buffer.observation(Observation("c", slot, slot, Outcome.UP))
    buffer.audits.append(AuditRow(1, "engine", "", "x", "engine", "first"))
    batch = buffer.take()
    assert not buffer
    for slot in times[cut:]:
        buffer.observation(Observation("c", slot, slot, Outcome.UP))
    buffer.audits.append(AuditRow(2, "engine", "", "x", "engine", "second"))
    buffer.put_back(batch)
    assert [row.slot for row in buffer.observations] == times[-capacity:]
    assert buffer.dropped == max(0, len(times) - capacity)
    assert [row.message for row in buffer.audits] == ["first", "second"]
