"""kill -9 of the writer at seeded instants: what it acknowledged is there once, and the audit chain holds."""

from __future__ import annotations

import os
import random
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from standby.store.reader import Reader
from standby.store.writer import Writer

from .samples import T0

ROUNDS = int(os.environ.get("STANDBY_KILL_ROUNDS", "20"))
ROOT = Path(__file__).parents[2]

WRITE = """
import asyncio, sys
from pathlib import Path
sys.path[:0] = sys.argv[3:]
from standby.store.retention import Retention
from standby.store.rows import Batch
from standby.store.writer import Writer
from standby.domain.units import MINUTE, SECOND
from tests.store.samples import T0, alert, audit, engine, observed, receipt, state
async def main():
    writer = await Writer.open(Path(sys.argv[1]), now=T0)
    await writer.begin_term(engine())
    number = int(sys.argv[2])
    while True:
        number += 1
        at = T0 + number * 20 * SECOND
        await writer.commit(Batch(observations=[observed(f"c{n}", at) for n in range(20)], check_states=[state()]))
        command = f"c-{number}"
        await writer.commit(Batch(durable=True, alerts=[alert(number)], audits=[audit(str(number), command=command)],
            receipts=[receipt(command)]))
        print(number, flush=True)
        if number % 5 == 0:
            await writer.roll_up(at)
            await writer.expire(at, Retention(raw=10 * MINUTE), limit=100)
asyncio.run(main())
"""


def write_and_be_killed(path: Path, start: int, chance: random.Random) -> int:
    """Let a writer acknowledge a few batches, kill it a random moment later; the last number it acknowledged."""
    words = [sys.executable, "-c", WRITE, path, str(start), ROOT / "src", ROOT]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        for _ in range(chance.randint(1, 25)):
            assert process.stdout.readline(), process.stderr.read().decode()
        select.select([], [], [], chance.random() * 0.01)  # the instant of the blow, not a wait for something
    finally:
        process.send_signal(signal.SIGKILL)
        rest = process.communicate(timeout=30)[0].split()
    last = start
    reader = Reader(path)
    last = max(row.id for row in reader.changes().alerts)
    reader.close()
    if rest:
        assert last >= int(rest[-1])
    return last


@pytest.mark.kill
async def test_nothing_acknowledged_is_lost_or_doubled(path: Path) -> None:
    chance = random.Random(20_261_123)
    last = 0
    for _ in range(ROUNDS):
        start = last
        last = write_and_be_killed(path, start, chance)
        assert last > start
        writer = await Writer.open(path, now=T0)
        loaded = await writer.load()
        assert [row.id for row in loaded.alerts] == list(range(1, last + 1))
        assert loaded.last_alert_id == last
        await writer.close()
        reader = Reader(path)
        audits = reader.audits(100_000)
        assert [row.message for row in audits] == [str(number) for number in range(last, 0, -1)]
        assert reader.receipt(f"c-{last}") is not None
        assert reader.receipt(f"c-{last + 1}") is None
        assert reader.verify_audit().ok
        reader.close()


@pytest.mark.kill
async def test_sums_hold_over_kills(path: Path) -> None:
    chance = random.Random(7)
    last = write_and_be_killed(path, 0, chance)
    for _ in range(4):
        last = write_and_be_killed(path, last, chance)
    reader = Reader(path)
    minutes = reader.rollups("c1", "minute", 0, 2**62)
    assert minutes
    assert all(row.count == 3 for row in minutes[1:])  # one in 20 s; the first minute has two
    reader.close()
