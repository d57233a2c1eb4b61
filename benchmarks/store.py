"""What the store costs: a batch of 500 checks, how soon a reader notices, one roll-up, one expiry, the first read.

python benchmarks/store.py [FOLDER]        prints one figure a line; FOLDER should be on the disk that matters
"""

from __future__ import annotations

import asyncio
import resource
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

from standby.domain.observation import Observation, Phases
from standby.domain.outcome import Outcome
from standby.domain.units import HOUR, MINUTE, SECOND
from standby.store.reader import Reader
from standby.store.retention import Retention
from standby.store.rows import AuditRow, Batch, CheckStateRow, EngineRow
from standby.store.writer import Writer

CHECKS = 500
ROUNDS = 240  # of 5 s: twenty minutes of history
T0 = 1_795_000_000 * SECOND // HOUR * HOUR


def batch(number: int, *, durable: bool) -> Batch:
    at = T0 + number * 5 * SECOND
    phases = Phases(0.5, 1.0, 3.0, 7.0, 1.0)
    metrics = {"status": 200.0, "body_bytes": 512.0, "certificate_days": 88.4}
    up = Outcome.UP
    return Batch(
        durable=durable,
        observations=[
            Observation(f"c{n}", at + n * MINUTE // 100_000, at, up, "status 200", None, 12.5 + n, phases, metrics)
            for n in range(CHECKS)
        ],
        check_states=[
            CheckStateRow(
                f"c{n}", f"i{n}", up, up, 0, 3, T0, at, at, 12.5, None, "status 200", 0.0, 0, 0, {"a": number}
            )
            for n in range(CHECKS)
        ],
    )


def told(name: str, seconds: list[float]) -> None:
    ordered = sorted(seconds)
    worst = ordered[int(len(ordered) * 0.99)]
    print(f"{name:<58} median {statistics.median(ordered) * 1e3:8.2f} ms   p99 {worst * 1e3:8.2f} ms")


class Watch(threading.Thread):
    """A console's read loop: asks each 10 ms whether anything changed, then reads what."""

    def __init__(self, path: Path) -> None:
        super().__init__(daemon=True)
        self.path = path
        self.noticed: list[float] = []
        self.read: list[float] = []
        self.ready = threading.Event()
        self.stop = threading.Event()

    def run(self) -> None:
        reader = Reader(self.path)
        seen, seq = reader.data_version(), reader.changes().seq
        self.ready.set()
        while not self.stop.wait(0.01):
            if (version := reader.data_version()) != seen:
                self.noticed.append(time.perf_counter())
                changes = reader.changes(seq)
                self.read.append(time.perf_counter() - self.noticed[-1])
                seen, seq = version, changes.seq
        reader.close()


async def measure(path: Path) -> None:
    writer = await Writer.open(path, now=T0)
    await writer.begin_term(EngineRow(0, "service", 1, "h", "u", "0", "d", T0, T0))
    await commits(writer)
    watch = Watch(path)
    watch.start()
    await asyncio.to_thread(watch.ready.wait)
    begun = []
    for number in range(20):
        rows = batch(ROUNDS + number, durable=False)
        begun.append(time.perf_counter())
        await writer.commit(rows)
        await asyncio.sleep(0.25)
    watch.stop.set()
    watch.join()
    lags = [min(noticed for noticed in watch.noticed if noticed > start) - start for start in begun]
    told("a reader that asks every 10 ms notices after commit began", lags)
    told("and has read the 500 changed rows after another", watch.read)
    await upkeep(writer)
    reads(path)
    await writer.close()


async def commits(writer: Writer) -> None:
    for durable in (False, True):
        took = []
        cpu = time.process_time()
        for number in range(ROUNDS // 2):
            rows = batch(number + ROUNDS // 2 * durable, durable=durable)
            start = time.perf_counter()
            await writer.commit(rows)
            took.append(time.perf_counter() - start)
        kind = "durable" if durable else "not durable"
        told(f"commit of 500 states + 500 observations, {kind}", took)
        print(
            f"{'   CPU a batch, making the rows included':<58} {(time.process_time() - cpu) / len(took) * 1e3:8.2f} ms"
        )
    took = []
    for number in range(200):
        start = time.perf_counter()
        await writer.commit(Batch(durable=True, audits=[AuditRow(T0, "alice", "", "ack", "alert:1", str(number))]))
        took.append(time.perf_counter() - start)
    told("commit of one audit row, durable", took)


async def upkeep(writer: Writer) -> None:
    start = time.perf_counter()
    await writer.roll_up(T0 + (ROUNDS + 20) * 5 * SECOND)
    minutes = (ROUNDS + 20) * 5 / 60
    print(
        f"{'roll-up of one minute of 500 checks every 5 s':<58} {(time.perf_counter() - start) / minutes * 1e3:8.2f} ms"
    )
    took = []
    while True:
        start = time.perf_counter()
        if not await writer.expire(T0 + HOUR, Retention(raw=50 * MINUTE)):
            break
        took.append(time.perf_counter() - start)
    told("expiry of 2000 rows", took)


def reads(path: Path) -> None:
    start = time.perf_counter()
    reader = Reader(path)
    reader.changes()
    print(f"{'open and read the present of 500 checks':<58} {(time.perf_counter() - start) * 1e3:8.2f} ms")
    start = time.perf_counter()
    for _ in range(10_000):
        reader.data_version()
    print(f"{'data_version':<58} {(time.perf_counter() - start) * 100:8.2f} us")
    start = time.perf_counter()
    reader.latency_series(T0, T0 + HOUR)
    print(f"{'latency series of 500 checks over 20 minutes':<58} {(time.perf_counter() - start) * 1e3:8.2f} ms")
    reader.close()


def main() -> None:
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as folder:
        path = Path(folder) / "store" / "standby.db"
        asyncio.run(measure(path))
        print(f"{'bytes an observation, its sums included':<58} {path.stat().st_size / (CHECKS * (ROUNDS + 20)):8.0f}")
    print(f"{'largest memory':<58} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:8.1f} MB")


if __name__ == "__main__":
    main()
