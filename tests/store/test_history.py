"""One integration over a while: the same figures as from all samples, whatever is rolled up and whatever is not yet."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from standby.domain import settled
from standby.domain.availability import Tally
from standby.domain.history import Column, Outage
from standby.domain.observation import Observation, Phases
from standby.domain.outcome import AlertState, Outcome
from standby.domain.sketch import ACCURACY
from standby.domain.units import DAY, HOUR, MINUTE, SECOND
from standby.store.history import Asked
from standby.store.reader import Reader
from standby.store.rows import AuditRow, Batch, GapRow
from standby.store.sqlfile import statements
from standby.store.writer import Writer

from .samples import T0, alert, observed, state

EVERY = {"a": 7 * SECOND, "b": 90 * SECOND}


def read(**changed: object) -> Asked:
    """What is asked for: six hours in columns of twenty minutes."""
    asked: dict[str, Any] = {
        "integration": "payments",
        "every_ns": EVERY,
        "start": T0,
        "end": T0 + 6 * HOUR,
        "step": 20 * MINUTE,
    }
    asked |= changed
    return Asked(**({"unit": HOUR if asked["step"] % HOUR == 0 else MINUTE} | asked))


def history(path: Path, **changed: object):  # noqa: ANN201 - what the reader gives
    reader = Reader(path)
    try:
        return reader.history(read(**changed))
    finally:
        reader.close()


def some_hours(seed: int) -> list[Observation]:
    """Two checks over six hours, with a hole, every outcome and some samples without a latency."""
    chance = random.Random(seed)
    found = []
    for check, every in EVERY.items():
        for slot in range(T0, T0 + 6 * HOUR, every):
            if chance.random() < 0.9 and not T0 + 2 * HOUR < slot < T0 + 3 * HOUR:
                latency = None if chance.random() < 0.1 else chance.lognormvariate(4, 0.8)
                found.append(observed(check, slot, chance.choice(list(Outcome)), latency))
    return found


def the_slow_way(samples: list[Observation], column: Column) -> tuple[Tally, list[float]]:
    """Straight from the samples: the tally and every latency that counts."""
    group = [one for one in samples if column.start <= one.slot < column.end]
    number = {outcome: sum(one.outcome is outcome for one in group) for outcome in Outcome}
    decided = number[Outcome.UP] + number[Outcome.DEGRADED] + number[Outcome.DOWN]
    tally = Tally(
        decided, number[Outcome.DOWN], number[Outcome.DEGRADED], number[Outcome.UNKNOWN], number[Outcome.MAINTENANCE]
    )
    return tally, sorted(one.latency_ms for one in group if one.latency_ms is not None and one.outcome.decided)


def rank(latencies: list[float], q: float) -> float:
    """By nearest rank, exactly."""
    return latencies[max(1, math.ceil(q * len(latencies))) - 1]


@pytest.mark.parametrize("rolled", [0, 90 * MINUTE, 5 * HOUR + 20 * MINUTE, 6 * HOUR, 30 * HOUR])
@pytest.mark.parametrize("step", [MINUTE, 20 * MINUTE, HOUR, 3 * HOUR])
async def test_columns_say_what_all_samples_say(writer: Writer, path: Path, rolled: int, step: int) -> None:
    samples = some_hours(rolled)
    await writer.commit(Batch(observations=samples))
    await writer.roll_up(T0 + rolled)
    await writer.roll_up(T0 + rolled)  # one call does at most so many steps
    found = history(path, step=step)
    for column in (*found.columns, found.whole):
        tally, latencies = the_slow_way(samples, column)
        assert column.tally == tally
        latency = column.latency
        if not latencies:
            assert latency is None
            continue
        assert latency is not None
        assert latency.count == len(latencies)
        assert latency.mean == pytest.approx(sum(latencies) / len(latencies), abs=0.001)
        assert (latency.least, latency.most) == pytest.approx((latencies[0], latencies[-1]), abs=0.001)
        for q, told in ((0.5, latency.p50), (0.95, latency.p95), (0.99, latency.p99)):
            assert told == pytest.approx(rank(latencies, q), rel=ACCURACY * 1.001)
    assert found.whole.tally == the_slow_way(samples, found.whole)[0]


@pytest.mark.parametrize("rolled", [0, 90 * MINUTE, 5 * HOUR + 20 * MINUTE, 30 * HOUR])
@pytest.mark.parametrize(
    ("start", "end", "step"),
    [
        (0, 6 * HOUR, 20 * MINUTE),
        (0, 6 * HOUR, HOUR),
        (25 * MINUTE, 5 * HOUR + 11 * MINUTE, MINUTE),
        (65 * MINUTE, 100 * MINUTE, MINUTE),
        (4 * HOUR, 5 * HOUR, MINUTE),
    ],
)
async def test_phases_say_what_all_samples_say(
    writer: Writer, path: Path, rolled: int, start: int, end: int, step: int
) -> None:
    samples = [
        replace(one, phases=Phases(connect=(one.latency_ms or 1) / 3, tls=2.0 if one.check_id == "a" else None))
        for one in some_hours(7)
    ]
    await writer.commit(Batch(observations=samples))
    for _ in range(2):
        await writer.roll_up(T0 + rolled)
    found = history(path, start=T0 + start, end=T0 + end, step=step)
    _, times = the_slow_way(samples, found.whole)
    assert list(found.phases) == ["connect", "tls"]
    connect, tls = found.phases["connect"], found.phases["tls"]
    assert connect.count == len(times)
    assert (tls.p50, tls.p99) == pytest.approx((2.0, 2.0), rel=0.041)
    for q, told in ((0.5, connect.p50), (0.95, connect.p95), (0.99, connect.p99)):
        assert told == pytest.approx(rank(times, q) / 3, rel=0.042)


async def test_the_hour_at_the_end_is_whole_when_its_minutes_have_expired(writer: Writer, path: Path) -> None:
    samples = [replace(one, phases=Phases(tls=1.0)) for one in some_hours(7)]
    await writer.commit(Batch(observations=samples))
    for _ in range(2):
        await writer.roll_up(T0 + 30 * HOUR)
    writer._transactions.connection.execute("DELETE FROM rollup_minute")
    found = history(path, end=T0 + 90 * MINUTE, step=HOUR)
    assert found.whole.latency is not None
    assert found.phases["tls"].count == found.whole.latency.count


async def test_damaged_phases_are_left_out(writer: Writer, path: Path) -> None:
    await writer.commit(Batch(observations=[replace(one, phases=Phases(tls=1.0)) for one in some_hours(7)]))
    await writer.roll_up(T0 + HOUR)
    writer._transactions.connection.execute("UPDATE rollup_minute SET phases = x'ffff'")
    writer._transactions.connection.execute("UPDATE rollup_hour SET phases = 'text'")
    found = history(path, end=T0 + HOUR)
    assert found.phases == {}
    assert found.whole.latency is not None


async def test_percentiles_are_merged_and_never_averaged(writer: Writer, path: Path) -> None:
    """A fast minute with many looks and a slow one with few: the mean of two medians would be 500."""
    fast = [observed("a", T0 + n * SECOND, latency_ms=1.0) for n in range(50)]
    slow = [observed("a", T0 + MINUTE + n * SECOND, latency_ms=1000.0) for n in range(10)]
    await writer.commit(Batch(observations=[*fast, *slow]))
    await writer.roll_up(T0 + HOUR)
    (column,) = history(path, every_ns={"a": SECOND}, end=T0 + 2 * MINUTE).columns
    assert column.latency is not None
    assert column.latency.p50 == pytest.approx(1.0, rel=0.02)
    assert column.latency.p95 == pytest.approx(1000.0, rel=0.02)


@pytest.mark.parametrize("rolled", [0, 6 * HOUR])
@pytest.mark.parametrize("step", [20 * MINUTE, HOUR])
async def test_coverage_is_of_the_slots_that_should_have_been_seen(
    writer: Writer, path: Path, rolled: int, step: int
) -> None:
    seen = [observed("a", T0 + n * 7 * MINUTE) for n in range(30)]  # every 7 minutes for 3.5 of 6 hours
    again = [observed("a", T0 + n * 7 * MINUTE + 2 * SECOND, Outcome.DOWN) for n in range(10)]  # retries
    await writer.commit(Batch(observations=[*seen, *again]))
    await writer.roll_up(T0 + rolled)
    whole = history(path, every_ns={"a": 7 * MINUTE}, step=step).whole
    assert whole.tally.decided == 40
    assert whole.expected == pytest.approx(360 / 7)
    assert whole.standing.coverage == pytest.approx(30 / (360 / 7), abs=0.1), "a second look at a slot covers no other"


async def test_unknown_is_not_seen_and_maintenance_is(writer: Writer, path: Path) -> None:
    outcomes = [Outcome.UP] * 6 + [Outcome.UNKNOWN] * 2 + [Outcome.MAINTENANCE] * 2
    await writer.commit(Batch(observations=[observed("a", T0 + n * MINUTE, one) for n, one in enumerate(outcomes)]))
    for rolled in (0, HOUR):
        await writer.roll_up(T0 + rolled)
        whole = history(path, every_ns={"a": MINUTE}, end=T0 + 10 * MINUTE).whole
        assert whole.standing.coverage == pytest.approx(0.8)
        assert whole.standing.share == 1.0
        assert whole.standing.low == pytest.approx(0.75)


async def test_a_window_begins_on_a_whole_minute_or_hour(writer: Writer, path: Path) -> None:
    await writer.commit(Batch(observations=[observed("a", T0 + n * MINUTE) for n in range(120)]))
    await writer.roll_up(T0 + 3 * HOUR)
    by_minutes = history(path, start=T0 + 7 * MINUTE + 30 * SECOND, step=20 * MINUTE)
    by_hours = history(path, start=T0 + 67 * MINUTE, step=HOUR)
    assert (by_minutes.start, by_minutes.whole.tally.decided) == (T0 + 7 * MINUTE, 113)
    assert (by_hours.start, by_hours.whole.tally.decided) == (T0 + HOUR, 60)
    assert by_minutes.columns[0].end == T0 + 20 * MINUTE


async def test_a_check_that_was_never_seen_is_all_silence(writer: Writer, path: Path) -> None:
    found = history(path)
    assert all(column.silent for column in found.columns)
    assert found.whole.standing.share is None
    assert found.outages == []


async def test_cells_of_a_wrong_kind_are_no_fault(writer: Writer, path: Path) -> None:
    await writer.commit(Batch(observations=[observed("a", T0 + n * MINUTE) for n in range(20)]))
    await writer.roll_up(T0 + 10 * MINUTE)
    connection = writer._transactions.connection
    connection.execute("UPDATE rollup_minute SET count = 'many', latency_min_us = -5, failures = x'00'")
    connection.execute(
        "UPDATE observation SET outcome = 'gone', latency_us = 'long' WHERE slot >= ?", (T0 + 900 * SECOND,)
    )
    connection.execute("UPDATE watermark SET at = 'never' WHERE name = 'hour'")
    assert history(path, step=HOUR).whole.tally.decided >= 5


async def test_a_damaged_sketch_costs_the_percentiles_only(writer: Writer, path: Path) -> None:
    await writer.commit(Batch(observations=[observed("a", T0 + n * MINUTE) for n in range(20)]))
    await writer.roll_up(T0 + HOUR)
    connection = writer._transactions.connection
    connection.execute("UPDATE rollup_minute SET sketch = x'ffff' WHERE bucket >= ?", (T0 + 10 * MINUTE,))
    connection.execute("UPDATE rollup_minute SET sketch = 'text' WHERE bucket >= ?", (T0 + 15 * MINUTE,))
    column = history(path).columns[0]
    assert column.tally.decided == 20
    assert column.latency is not None
    assert column.latency.p50 == pytest.approx(12.5, rel=0.02)


def turn(at: int, before: Outcome, after: Outcome, check: str = "a") -> AuditRow:
    return AuditRow(at, "engine", "", settled.KIND, f"check:{check}", settled.told(check, before, after, "why"))


async def test_outages_come_from_what_was_settled(writer: Writer, path: Path) -> None:
    up, down = Outcome.UP, Outcome.DOWN
    audits = [
        turn(T0 - 2 * HOUR, up, down),
        turn(T0 - HOUR, down, up),  # the last before the window: how it began
        turn(T0 + HOUR, up, down),
        turn(T0 + HOUR + 5 * MINUTE, up, down, "b"),
        turn(T0 + HOUR + 10 * MINUTE, down, up),
        turn(T0 + HOUR + 20 * MINUTE, down, up, "b"),
        turn(T0 + 2 * HOUR, up, down, "another"),
        turn(T0 + 5 * HOUR, up, down),
        turn(T0 + 7 * HOUR, down, up),  # after the window
    ]
    gap = GapRow(T0 + HOUR + 18 * MINUTE, T0 + HOUR + 30 * MINUTE, "blind")
    await writer.commit(Batch(audits=audits, gaps=[gap], check_states=[state("a", up), state("b", up)]))
    found = history(path)
    assert found.outages == [
        Outage(T0 + HOUR, T0 + HOUR + 20 * MINUTE, 2 * MINUTE),
        Outage(T0 + 5 * HOUR, T0 + 7 * HOUR),
    ]
    assert found.down_ns == 80 * MINUTE
    assert [(hole.start, hole.reason) for hole in found.holes] == [(gap.from_at, "blind")]


async def test_a_check_that_is_down_and_never_changed_is_an_outage(writer: Writer, path: Path) -> None:
    await writer.commit(Batch(check_states=[state("a", Outcome.DOWN)]))
    assert history(path).outages == [Outage(T0, None)]


async def test_marks_are_what_people_and_alerts_did_here(writer: Writer, path: Path) -> None:
    def line(at: int, kind: str, subject: str, who: str = "engine") -> AuditRow:
        return AuditRow(at, who, "", kind, subject, f"{kind} {subject}")

    alerts = [
        alert(1, AlertState.RESOLVED, since=T0 - DAY, resolved_at=T0 - HOUR),  # over before
        alert(2, AlertState.RESOLVED, since=T0 - HOUR, resolved_at=T0 + HOUR),
        alert(3, AlertState.FIRING, since=T0 + 2 * HOUR),
        alert(4, AlertState.FIRING, since=T0 + 2 * HOUR, integration="shipping"),
    ]
    audits = [
        line(T0 - 50 * MINUTE, "fired", "alert:2"),
        line(T0 + MINUTE, "ack", "alert:2", "ana"),
        line(T0 + HOUR, "resolved", "alert:2"),
        line(T0 + HOUR, "note", "alert:1", "ana"),
        line(T0 + 2 * HOUR, "fired", "alert:3"),
        line(T0 + 2 * HOUR, "fired", "alert:4"),
        line(T0 + 3 * HOUR, "failover-moved", "integration:payments"),
        line(T0 + 3 * HOUR, "failover-moved", "integration:shipping"),
        line(T0 + 7 * HOUR, "resolved", "alert:3"),
    ]
    await writer.commit(Batch(alerts=alerts, audits=audits))
    found = [(mark.at - T0, mark.kind, mark.who) for mark in history(path).marks]
    assert found == [
        (MINUTE, "ack", "ana"),
        (HOUR, "resolved", "engine"),
        (2 * HOUR, "fired", "engine"),
        (3 * HOUR, "failover-moved", "engine"),
    ]


async def test_no_statement_reads_a_whole_table(writer: Writer) -> None:
    """A year of 500 checks must cost what one check costs. Holes are few, and of all together."""
    connection = writer._transactions.connection
    for name, statement in statements("history").items():
        names = dict.fromkeys(
            ("check_no", "start", "end", "step", "most", "limit", "subject", "check_id", "integration"), 1
        )
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", names)]
        scans = [
            line
            for line in plan
            if line.startswith("SCAN ") and not line.startswith(("SCAN a", "SCAN (subquery", "SCAN CONSTANT"))
        ]
        assert not scans or name == "holes", (name, plan)


async def test_minutes_that_have_expired_are_read_by_hours(writer: Writer, path: Path) -> None:
    await writer.commit(Batch(observations=[observed("a", T0 + n * 10 * MINUTE) for n in range(18)]))
    await writer.commit(Batch(observations=[observed("young", T0 + 2 * HOUR + 30 * MINUTE)]))
    await writer.roll_up(T0 + 4 * HOUR)
    writer._transactions.connection.execute("DELETE FROM rollup_minute WHERE bucket < ?", (T0 + 2 * HOUR,))
    reader = Reader(path)
    assert reader.finest(["a", "never seen"], T0) == HOUR
    assert reader.finest(["a"], T0 + 2 * HOUR) == MINUTE
    assert reader.finest(["young"], T0) == MINUTE, "it has no older minutes than these"
    assert reader.history(read(every_ns={"a": 10 * MINUTE}, step=HOUR, unit=HOUR)).whole.tally.decided == 18
    reader.close()
