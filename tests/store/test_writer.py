"""One transaction a batch: whole, in order, of the engine that holds the store."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from standby.domain.observation import Phases
from standby.domain.outcome import AlertState, Outcome
from standby.domain.review import Review
from standby.domain.units import DAY, HOUR, MINUTE, SECOND
from standby.store import writer as writer_module
from standby.store.errors import StoreError
from standby.store.reader import Reader
from standby.store.rows import Batch, ConfigRow, GapRow, PingRow
from standby.store.writer import Writer

from .samples import T0, alert, audit, engine, integration, observed, receipt, state


async def test_everything_written_is_read_back_as_it_was(writer: Writer, path: Path) -> None:
    config = ConfigRow(T0, "abc", {"name": "shop", "checks": [{"id": "payments-api"}], "rules": [{"id": "down"}]})
    down = observed(slot=T0 + SECOND, outcome=Outcome.DOWN, latency_ms=None)
    gap = GapRow(T0, None, "blind")
    review = Review("payments/down", "anna", T0, T0 + DAY, T0, "bob", "fits", T0 + HOUR)
    seq = await writer.commit(
        Batch(
            durable=True,
            observations=[observed(), down],
            check_states=[state()],
            integration_states=[integration()],
            alerts=[alert()],
            audits=[audit()],
            receipts=[receipt()],
            pings=[PingRow("nightly", T0, "start")],
            gaps=[gap],
            reviews=[review],
            engine=engine(lag_ms=3.5, trouble="slow"),
            config=config,
        )
    )
    reader = Reader(path)
    changes = reader.changes()
    assert changes.seq == seq
    assert changes.engine == engine(fence=1, lag_ms=3.5, trouble="slow")
    loaded = await writer.load()
    assert (loaded.config, loaded.check_states) == (config, [state()])
    assert changes.config == replace(config, doc={"name": "shop", "checks": [{"id": "payments-api"}]}), "no rules"
    assert changes.check_states == [state()]
    assert changes.integration_states == [integration()]
    assert changes.alerts == [alert()]
    assert [replace(row, hash=b"") for row in changes.audits] == [replace(audit(), no=1)]
    assert changes.gaps == [gap]
    assert changes.reviews == loaded.reviews == [review]
    assert reader.observations("payments-api") == [down, observed()]
    assert reader.receipt("c-1") == await writer.receipt("c-1") == receipt()
    reader.close()


async def test_times_are_kept_in_microseconds(writer: Writer, path: Path) -> None:
    exact = replace(observed(), latency_ms=12.3456789, phases=Phases(connect=float("nan")))
    await writer.commit(Batch(observations=[exact]))
    reader = Reader(path)
    (found,) = reader.observations("payments-api")
    assert found.latency_ms == 12.346
    assert found.phases == Phases()
    reader.close()


async def test_a_slot_seen_twice_is_one_observation_and_the_later_word_counts(writer: Writer, path: Path) -> None:
    await writer.commit(Batch(observations=[observed(message="first")]))
    await writer.commit(Batch(observations=[observed(message="second")]))
    reader = Reader(path)
    assert [row.message for row in reader.observations("payments-api")] == ["second"]
    reader.close()


async def test_each_transaction_has_the_next_number(writer: Writer, path: Path) -> None:
    first = await writer.commit(Batch(check_states=[state("a"), state("b")]))
    second = await writer.commit(Batch(check_states=[state("b", Outcome.DOWN)]))
    assert second == first + 1
    reader = Reader(path)
    assert [row.check_id for row in reader.changes(first).check_states] == ["b"]
    assert reader.changes(second).check_states == []
    assert [row.check_id for row in reader.changes(second + 100).check_states] == ["a", "b"]
    reader.close()


async def test_a_batch_that_fails_leaves_nothing_and_may_be_tried_again(writer: Writer, path: Path) -> None:
    connection = writer._transactions.connection
    connection.execute("ALTER TABLE ping RENAME TO ping_away")
    batch = Batch(
        observations=[observed("new-check")],
        alerts=[alert()],
        audits=[audit()],
        receipts=[receipt()],
        pings=[PingRow("nightly", T0, "start")],
    )
    with pytest.raises(StoreError):
        await writer.commit(batch)
    reader = Reader(path)
    before = reader.changes()
    assert (before.alerts, before.audits, reader.observations("new-check")) == ([], [], [])
    connection.execute("ALTER TABLE ping_away RENAME TO ping")
    assert await writer.commit(batch) == before.seq + 1
    after = reader.changes()
    assert (len(after.alerts), len(after.audits), len(reader.observations("new-check"))) == (1, 1, 1)
    assert reader.verify_audit().ok
    reader.close()


async def test_a_command_is_recorded_once_however_often_it_comes(writer: Writer, path: Path) -> None:
    batch = Batch(durable=True, audits=[audit(command="c-1"), audit("unrelated")], receipts=[receipt("c-1")])
    await writer.commit(batch)
    await writer.commit(replace(batch, audits=[audit("again", command="c-1")], receipts=[receipt("c-1", "refused")]))
    reader = Reader(path)
    assert [row.message for row in reader.audits(10)] == ["unrelated", "alice acknowledged"]
    found = await writer.receipt("c-1")
    assert found is not None
    assert found.status == "done"
    assert await writer.receipt("c-2") is None
    reader.close()


async def test_an_older_engine_is_refused_in_every_write(path: Path) -> None:
    old = await Writer.open(path, now=T0)
    assert await old.begin_term(engine()) == 1
    new = await Writer.open(path, now=T0)
    assert await new.begin_term(engine(pid=4712)) == 2
    attempts = [
        old.commit(Batch(alerts=[alert()])),
        old.roll_up(T0 + MINUTE),
        old.expire(T0, writer_module.Retention()),
    ]
    for attempt in attempts:
        with pytest.raises(StoreError, match="newer engine") as caught:
            await attempt
        assert caught.value.kind == "fenced"
    await new.commit(Batch(check_states=[state()]))
    loaded = await new.load()
    assert loaded.alerts == []
    assert loaded.engine == engine(pid=4712, fence=2)
    await old.close()
    await new.close()


async def test_a_writer_without_a_term_writes_nothing(path: Path) -> None:
    writer = await Writer.open(path, now=T0)
    with pytest.raises(StoreError, match="begin_term") as caught:
        await writer.commit(Batch(alerts=[alert()]))
    assert caught.value.kind == "fenced"
    await writer.close()


async def test_an_engines_row_always_has_its_own_fence(writer: Writer) -> None:
    await writer.commit(Batch(engine=engine(fence=99)))
    loaded = await writer.load()
    assert loaded.engine is not None
    assert loaded.engine.fence == 1


async def test_load_gives_what_an_engine_goes_on_with(path: Path) -> None:
    first = await Writer.open(path, now=T0)
    await first.begin_term(engine())
    resolved = {"alert_state": AlertState.RESOLVED}
    await first.commit(
        Batch(
            check_states=[state()],
            integration_states=[integration()],
            alerts=[
                alert(1, **resolved, resolved_at=T0 - 16 * MINUTE),
                alert(2, **resolved, resolved_at=T0 - 14 * MINUTE),
                alert(3, AlertState.ACKNOWLEDGED, acked_by="alice", acked_at=T0, acked_from="web-1"),
                alert(9, **resolved, resolved_at=T0 - 60 * MINUTE),
            ],
            pings=[
                PingRow("nightly", T0, "start"),
                PingRow("nightly", T0 + 1, "success"),
                PingRow("nightly", T0 + 2, "start"),
                PingRow("hourly", T0, "fail"),
            ],
            gaps=[GapRow(T0 - MINUTE, T0, "engine away"), GapRow(T0, None, "blind")],
        )
    )
    await first.close()
    second = await Writer.open(path, now=T0)
    loaded = await second.load()
    assert [row.id for row in loaded.alerts] == [2, 3]
    assert loaded.alerts[1].machine == {"state": "firing"}
    assert loaded.last_alert_id == 9
    assert loaded.check_states == [state()]
    assert loaded.integration_states == [integration()]
    assert {(row.check_id, row.signal, row.at - T0) for row in loaded.pings} == {
        ("hourly", "fail", 0),
        ("nightly", "success", 1),
        ("nightly", "start", 2),
    }
    assert loaded.open_gap == GapRow(T0, None, "blind")
    assert loaded.seq == 2
    await second.close()


async def test_what_left_the_configuration_leaves_the_present_and_keeps_its_history(writer: Writer, path: Path) -> None:
    await writer.commit(
        Batch(observations=[observed("old")], check_states=[state("old")], integration_states=[integration()])
    )
    await writer.commit(Batch(forget_checks=["old"], forget_integrations=["payments"]))
    reader = Reader(path)
    changes = reader.changes()
    assert (changes.check_states, changes.integration_states) == ([], [])
    assert len(reader.observations("old")) == 1
    reader.close()


async def test_a_cancelled_commit_is_whole(writer: Writer, path: Path) -> None:
    commit = asyncio.create_task(writer.commit(Batch(alerts=[alert()], audits=[audit()])))
    await asyncio.sleep(0)  # it has begun
    commit.cancel()
    with pytest.raises(asyncio.CancelledError):
        await commit
    await writer.commit(Batch(check_states=[state()]))
    reader = Reader(path)
    changes = reader.changes()
    assert len(changes.alerts) == len(changes.audits)
    assert len(changes.check_states) == 1
    reader.close()


async def test_text_that_no_database_takes_does_not_stop_a_batch(writer: Writer, path: Path) -> None:
    odd = "a\ud800b\x00c\x1b]52;c;aGk=\x07"
    await writer.commit(
        Batch(
            observations=[observed(message=odd)],
            check_states=[replace(state(message=odd), error_rate=float("nan"), doc={"odd": odd, "set": {1}})],
            audits=[audit(odd, command=odd)],
            receipts=[receipt(odd)],
        )
    )
    assert await writer.receipt(odd) is not None
    reader = Reader(path)
    assert reader.observations("payments-api")[0].message == "a b c"
    assert reader.changes().check_states[0].error_rate is None
    assert reader.verify_audit().ok
    reader.close()


async def test_durable_batches_wait_for_the_disk_and_others_do_not(writer: Writer) -> None:
    def mode() -> int:
        found: int = writer._transactions.connection.execute("PRAGMA synchronous").fetchone()[0]
        return found

    await writer.commit(Batch(durable=True, alerts=[alert()]))
    assert mode() == 2
    await writer.commit(Batch(check_states=[state()]))
    assert mode() == 1


async def test_a_new_store_is_ours_alone_whatever_the_umask(path: Path) -> None:
    before = os.umask(0)
    try:
        writer = await Writer.open(path, now=T0)
    finally:
        os.umask(before)
    await writer.begin_term(engine())
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o750
    names = sorted(entry.name for entry in path.parent.iterdir())
    assert names == ["standby.db", "standby.db-shm", "standby.db-wal"]
    assert {stat.S_IMODE(entry.stat().st_mode) for entry in path.parent.iterdir()} == {0o640}
    await writer.close()
    await writer.close()
    assert [entry.name for entry in path.parent.iterdir()] == ["standby.db"]


async def test_an_older_umasks_gift_to_strangers_is_taken_back(path: Path) -> None:
    await (await Writer.open(path, now=T0)).close()
    path.chmod(0o664)
    await (await Writer.open(path, now=T0)).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o660


async def test_a_store_moved_away_under_a_running_engine_takes_no_more_rows(writer: Writer, path: Path) -> None:
    away = path.rename(path.with_name("away.db"))
    with pytest.raises(StoreError, match="moved or replaced") as caught:
        await writer.commit(Batch(alerts=[alert()]))
    assert caught.value.kind == "missing"
    away.rename(path)
    await writer.commit(Batch(alerts=[alert()]))


async def test_another_programs_lock_is_told_and_then_over(path: Path) -> None:
    writer = await Writer.open(path, now=T0, busy_ms=50)
    await writer.begin_term(engine())
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="another program") as caught:
        await writer.commit(Batch(alerts=[alert()]))
    assert caught.value.kind == "locked"
    other.execute("ROLLBACK")
    other.close()
    await writer.commit(Batch(alerts=[alert()]))
    await writer.close()
