"""What is usual, what was learned and decided: as it was written, whatever the file holds by now."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from standby.domain.baseline import Decision, DecisionKind, Series
from standby.domain.outcome import Outcome
from standby.domain.units import DAY, HOUR, MINUTE, SECOND
from standby.store.baselines import BaselineRow, MemoryRow, Remembered, figure_rows
from standby.store.reader import Reader
from standby.store.retention import Retention
from standby.store.rows import Batch
from standby.store.writer import Writer

from .samples import T0, observed

LATENCY = Series("check:payments-api", "latency_ms")
QUEUE = Series("check:payments-api", "metrics.queue")
ROW = BaselineRow(
    LATENCY, "payments", T0, 1800.0, 410.0, 140.0, 680.0, 15.4, 5000, 42.5, T0 - MINUTE, "shift", "usual: 410 ms"
)
LEARNING = BaselineRow(QUEUE, "payments", T0, 3.0, None, None, None, None, 100, 0.5, None, "", "still learning")
WORD = Decision(2, DecisionKind.EXCLUDE, "check:payments-api", "", T0 - DAY, T0, "anna", "unix:anna", "their move")


async def test_it_is_read_back_as_it_was(writer: Writer, path: Path) -> None:
    memory = MemoryRow("latency_ms", T0, [LATENCY], b"\x00state")
    await writer.learn([ROW, LEARNING], memories=[memory])
    await writer.commit(Batch(decisions=[WORD]))
    reader = Reader(path)
    assert reader.baselines() == reader.baselines("payments") == [ROW, LEARNING]
    assert reader.baselines("shipping") == []
    assert reader.decisions() == [WORD]
    assert await writer.remembered() == Remembered([memory], [WORD], 2, {LATENCY: T0 - MINUTE})
    await writer.learn([replace(ROW, since=None)], gone=[QUEUE])
    assert reader.baselines() == [replace(ROW, since=None)]
    reader.close()


@pytest.mark.parametrize("list_", ["[1", "[[1,2]]", '[["check:a"]]', "7", "[" * 100_000])
async def test_a_damaged_list_is_an_empty_one(writer: Writer, path: Path, list_: str) -> None:
    other = sqlite3.connect(path)
    with other:
        other.execute("INSERT INTO baseline_memory VALUES ('latency_ms', 5, ?, 'text, no blob')", (list_,))
    other.close()
    assert (await writer.remembered()).memories == [MemoryRow("latency_ms", 5, (), b"")]


async def test_figures_are_those_of_every_so_many_minutes(writer: Writer, path: Path) -> None:
    looks = [observed(slot=T0 + number * 30 * SECOND, latency_ms=10.0 + number) for number in range(20)]
    looks.append(observed(slot=T0 + 10 * MINUTE, outcome=Outcome.DOWN, latency_ms=None))
    await writer.commit(Batch(observations=looks))
    await writer.roll_up(T0 + 2 * HOUR)
    reader = Reader(path)
    assert [row[0] * MINUTE for row in figure_rows(reader.figures("payments-api", "minute", T0, T0 + HOUR))] == [
        T0 + number * MINUTE for number in range(11)
    ]
    first, _, last = figure_rows(reader.figures("payments-api", "minute", T0, T0 + HOUR, every=5))
    assert first == (T0 // MINUTE, 2, 0, 2, 21_000, 11_000)
    assert last == (T0 // MINUTE + 10, 1, 1, 0, 0, 0)
    hours = reader.figures("payments-api", "hour", T0, T0 + HOUR)
    assert hours == tuple(map(str, (T0 // HOUR, 21, 1, 20, 390_000, 29_000)))
    assert reader.figures("unheard-of", "hour", T0, T0 + HOUR) == ()
    assert list(figure_rows(())) == []
    reader.close()


async def test_old_decisions_go_and_the_last_number_stays(writer: Writer, path: Path) -> None:
    old = [replace(WORD, id=number, to_at=T0 - 900 * DAY) for number in (1, 2)]
    await writer.commit(Batch(decisions=old))
    await writer.expire(T0, Retention())
    assert (await writer.remembered()).last_decision == 2
    reader = Reader(path)
    assert [one.id for one in reader.decisions()] == [2]
    reader.close()
