"""What is too old goes in small batches, what is too much goes oldest first, and never what is not summed up."""

from __future__ import annotations

from pathlib import Path

from standby.domain.outcome import AlertState
from standby.domain.units import DAY, HOUR, MINUTE, SECOND
from standby.store.place import companions
from standby.store.reader import Reader
from standby.store.retention import Retention
from standby.store.rows import Batch, GapRow, PingRow
from standby.store.writer import Writer

from .samples import T0, alert, audit, observed, receipt

CHECKS = 5


async def fill(writer: Writer, minutes: int, every: int = 15 * SECOND) -> None:
    for minute in range(minutes):
        start = T0 + minute * MINUTE
        slots = range(start, start + MINUTE, every)
        await writer.commit(Batch(observations=[observed(f"c{n}", slot) for slot in slots for n in range(CHECKS)]))


def count(writer: Writer, table: str, check: str = "1 = 1") -> int:
    found: int = writer._transactions.connection.execute(f"SELECT count(*) FROM {table} WHERE {check}").fetchone()[0]
    return found


async def drain(writer: Writer, now: int, retention: Retention, limit: int) -> list[int]:
    rounds = []
    while deleted := await writer.expire(now, retention, limit):
        rounds.append(deleted)
    return rounds


async def test_old_samples_go_a_few_at_a_time(writer: Writer, path: Path) -> None:
    await fill(writer, 60)
    await writer.roll_up(T0 + HOUR)
    now = T0 + HOUR
    rounds = await drain(writer, now, Retention(raw=10 * MINUTE), limit=170)
    assert sum(rounds) == 50 * 4 * CHECKS
    assert max(rounds) <= 170
    assert count(writer, "observation") == count(writer, "observation", f"slot >= {T0 + 50 * MINUTE}") == 200
    reader = Reader(path)
    assert len(reader.rollups(None, "minute", 0, 2**62)) == 60 * CHECKS
    assert [row.count for row in reader.rollups(None, "hour", 0, 2**62)] == [240] * CHECKS
    reader.close()


async def test_minutes_and_hours_go_when_their_time_comes(writer: Writer) -> None:
    await fill(writer, 180)
    await writer.roll_up(T0 + 3 * HOUR)
    await drain(writer, T0 + 3 * HOUR, Retention(raw=MINUTE, minutes=HOUR), limit=1000)
    assert count(writer, "rollup_minute") == 60 * CHECKS
    assert count(writer, "rollup_hour") == 3 * CHECKS
    await drain(writer, T0 + 9 * DAY, Retention(raw=MINUTE, minutes=HOUR, hours=DAY), limit=1000)
    assert count(writer, "rollup_hour") == count(writer, "rollup_minute") == count(writer, "observation") == 0


async def test_samples_that_are_not_summed_up_stay(writer: Writer) -> None:
    await fill(writer, 3)
    assert await drain(writer, T0 + 99 * DAY, Retention(), limit=1000) == []
    assert count(writer, "observation") == 3 * 4 * CHECKS


async def test_a_minute_that_is_half_gone_is_not_summed_again(writer: Writer, path: Path) -> None:
    await fill(writer, 3)
    await writer.roll_up(T0 + 3 * MINUTE)
    await drain(writer, T0 + 3 * MINUTE, Retention(raw=2 * MINUTE), limit=1000)
    await writer.commit(Batch(observations=[observed("c0", T0 + SECOND), observed("c0", T0 + MINUTE + SECOND)]))
    await writer.roll_up(T0 + 3 * MINUTE)
    reader = Reader(path)
    assert [row.count for row in reader.rollups("c0", "minute", 0, 2**62)] == [4, 5, 4]
    reader.close()


async def test_what_people_made_goes_late_and_open_things_never(writer: Writer) -> None:
    old = T0 - 10 * DAY
    await writer.commit(
        Batch(
            alerts=[
                alert(1, AlertState.RESOLVED, resolved_at=old),
                alert(2, AlertState.ACKNOWLEDGED, since=old, fired_at=old),
                alert(3, AlertState.RESOLVED, resolved_at=old),
            ],
            audits=[audit()],
            receipts=[receipt()],
            pings=[
                PingRow("job", old, "success"),
                PingRow("job", old + 1, "success"),
                PingRow("job", old + 2, "start"),
                PingRow("other", old, "fail"),
            ],
            gaps=[GapRow(old, old + 1, "blind"), GapRow(old + 5, None, "store")],
        )
    )
    await writer.expire(T0 + DAY, Retention(raw=DAY, hours=5 * DAY))
    assert count(writer, "alert") == 2  # the open one, and the newest number: it is never given twice
    assert count(writer, "audit") == 1
    assert count(writer, "receipt") == 1
    assert count(writer, "ping") == 3
    assert count(writer, "gap", "to_at IS NULL") == count(writer, "gap") == 1


async def test_a_store_that_is_too_large_loses_its_oldest_samples_first(writer: Writer, path: Path) -> None:
    await fill(writer, 240, every=2 * SECOND)
    await writer.roll_up(T0 + 4 * HOUR)
    connection = writer._transactions.connection
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = path.stat().st_size
    bound = before // 2
    minutes = count(writer, "rollup_minute")
    rounds = await drain(writer, T0 + 4 * HOUR, Retention(max_size=bound), limit=2000)
    assert max(rounds) <= 2000
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert bound * 0.8 < path.stat().st_size <= bound
    assert count(writer, "rollup_minute") == minutes
    kept = connection.execute("SELECT min(slot), max(slot), count(*) FROM observation GROUP BY check_no").fetchall()
    assert len(set(kept)) == 1  # the same span of every check, and without holes
    oldest, newest, rows = kept[0]
    assert newest == T0 + 4 * HOUR - 2 * SECOND
    assert rows == (newest - oldest) // (2 * SECOND) + 1


async def test_when_samples_do_not_suffice_minutes_go_and_then_hours(writer: Writer) -> None:
    await fill(writer, 180)
    await writer.roll_up(T0 + 3 * HOUR)
    await drain(writer, T0 + 3 * HOUR, Retention(max_size=1), limit=500)
    assert count(writer, "observation") == count(writer, "rollup_minute") == 0
    assert count(writer, "rollup_hour") == 0
    assert await writer.expire(T0 + 3 * HOUR, Retention(max_size=1)) == 0


async def test_the_log_shrinks_again_after_a_reader_held_it(writer: Writer, path: Path) -> None:
    reader = Reader(path)
    reader._connection.execute("BEGIN")
    reader._connection.execute("SELECT * FROM counter").fetchall()
    connection = writer._transactions.connection
    await fill(writer, 200, every=2 * SECOND)
    log = companions(path)[0]
    held = log.stat().st_size
    assert held > 5_000_000
    await writer.expire(T0, Retention())
    assert log.stat().st_size == held  # it neither waits for the reader nor fails
    reader._connection.execute("COMMIT")
    await writer.expire(T0, Retention())
    assert log.stat().st_size == 0
    assert connection.execute("PRAGMA busy_timeout").fetchone() == (5000,)
    reader.close()
