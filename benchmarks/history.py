"""24 hours and 30 days of one integration out of a store with a year of 500 checks: query, merge, percentiles.

    .venv/bin/python -m benchmarks.history [--quick] [FOLDER]

The store is made with plain inserts (a year of hours, 30 days of minutes, 500 checks: 26 million rows) in
FOLDER or a temporary one, then read warm.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figure import Figure, Target
from standby.domain import settled
from standby.domain.history import WINDOWS, step_for, unit_for
from standby.domain.outcome import Outcome
from standby.domain.phases import PHASES, PhaseSketches
from standby.domain.sketch import Sketch
from standby.domain.units import DAY, HOUR, MINUTE, SECOND
from standby.store.history import Asked
from standby.store.reader import Reader
from standby.store.rows import EngineRow
from standby.store.writer import Writer

NOW = 1_795_000_000 * SECOND // HOUR * HOUR + 37 * MINUTE + 12 * SECOND
EVERY = 5 * SECOND
COLUMNS = 113  # of a terminal 120 wide
SHAPES = 200  # different sketches of each length, drawn from again and again: making them is the slow part

SHARES = (0.01, 0.2, 0.25, 0.5, 0.04)  # of a latency that the phases have, about


def run(quick: bool) -> list[Figure]:  # noqa: FBT001 - the contract of all benchmarks
    """For the table of figures."""
    with tempfile.TemporaryDirectory() as folder:
        return measure(Path(folder), quick=quick)


def measure(folder: Path, *, quick: bool) -> list[Figure]:
    """Build the store in `folder`, read it, and say how long reading took."""
    checks, days = (10, 40) if quick else (500, 365)
    path = folder / "store" / "standby.db"
    asyncio.run(made(path))
    begun = time.perf_counter()
    fill(path, checks, days)
    size = path.stat().st_size / 2**20
    print(f"made {size:.0f} MB in {time.perf_counter() - begun:.0f} s", file=sys.stderr)
    note = f"{checks} checks, {days} days, {size:.0f} MB"
    reader = Reader(path)
    try:
        return [
            _figure(reader, "24 h of one integration, query, warm", "24h", 20, checks, note),
            _figure(reader, "7 d of one integration, query, warm", "7d", None, checks, note),
            _figure(reader, "30 d of one integration, query, warm", "30d", 50, checks, note),
        ]
    finally:
        reader.close()


def _figure(reader: Reader, name: str, window: str, limit: float | None, checks: int, note: str) -> Figure:
    span = WINDOWS[window]
    took: list[float] = []
    for turn in range(2):  # the first reading of each warms it
        took = []
        for number in range(0, checks, max(1, checks // 50)):
            asked = Asked(f"i{number}", {f"c{number}": EVERY}, NOW - span, NOW, step_for(span, COLUMNS), unit_for(span))
            begun = time.perf_counter()
            found = reader.history(asked)
            took.append((time.perf_counter() - begun) * 1e3)
            if found.whole.latency is None or len(found.phases) < len(PHASES) or len(found.columns) < COLUMNS // 3:
                raise AssertionError("the store that was made holds no history")
        if turn == 0:
            note += f"; the first reading {statistics.median(took):.1f} ms"
    took.sort()
    return Figure(
        name, took, None, "ms", Target(limit) if limit else None, f"{note}; p95 {took[len(took) * 95 // 100]:.1f} ms"
    )


async def made(path: Path) -> None:
    """An empty store, which had an engine."""
    writer = await Writer.open(path, now=NOW)
    await writer.begin_term(EngineRow(0, "service", 1, "h", "u", "0", "d", NOW, NOW))
    await writer.close()


def fill(path: Path, checks: int, days: int) -> None:
    """Roll-ups of `checks` checks up to the hour and the minute, the samples since, and what the log says of it."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA journal_mode = MEMORY")
    connection.execute("PRAGMA cache_size = -200000")
    connection.execute("BEGIN")
    connection.executemany("INSERT INTO check_key (no, id) VALUES (?, ?)", ((n + 1, f"c{n}") for n in range(checks)))
    hour, minute = NOW // HOUR * HOUR, NOW // MINUTE * MINUTE
    chance = random.Random(1)
    _roll(connection, "rollup_hour", (hour - days * DAY, hour, HOUR), checks, chance)
    _roll(connection, "rollup_minute", (minute - 30 * DAY, minute, MINUTE), checks, chance)
    connection.executemany("INSERT INTO watermark (name, at) VALUES (?, ?)", (("hour", hour), ("minute", minute)))
    samples = ((n + 1, at, at, 0, 100_000 + n) for n in range(checks) for at in range(minute, NOW, EVERY))
    connection.executemany(
        "INSERT INTO observation (check_no, slot, at, outcome, latency_us) VALUES (?, ?, ?, ?, ?)", samples
    )
    _log(connection, checks, days, chance)
    connection.execute("COMMIT")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()


def _roll(
    connection: sqlite3.Connection, table: str, span: tuple[int, int, int], checks: int, chance: random.Random
) -> None:
    """Rows of `[begin, end)` each `unit`, put together by SQLite out of a few hundred different ones."""
    begin, end, unit = span
    columns = "id INTEGER PRIMARY KEY, failures, timed, least, total, most, sketch, phases"
    connection.execute(f"CREATE TEMP TABLE shape ({columns})")
    connection.executemany("INSERT INTO shape VALUES (?, ?, ?, ?, ?, ?, ?, ?)", _shapes(unit // EVERY, chance))
    for number in range(checks):
        connection.execute(
            f"""
            WITH RECURSIVE place (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM place WHERE n + 1 < :rows)
            INSERT INTO {table}
            SELECT :no, :begin + n * :unit, timed, failures, 0, 0, 0, timed, least, total, most, sketch, phases
            FROM place CROSS JOIN shape ON shape.id = (n * 37 + :no) % :shapes
            """,
            {"no": number + 1, "begin": begin, "unit": unit, "rows": (end - begin) // unit, "shapes": SHAPES},
        )
    connection.execute("DROP TABLE shape")


def _shapes(count: int, chance: random.Random) -> Iterator[tuple[object, ...]]:
    for number in range(SHAPES):
        sketch = Sketch()
        times = [chance.lognormvariate(4.6, 0.35) for _ in range(count)]
        for latency in times:
            sketch.add(latency)
        phases = PhaseSketches()
        for latency in times:
            phases.add([round(latency * share * chance.uniform(500, 1500)) for share in SHARES])
        micros = [round(latency * 1000) for latency in times]
        stored = sketch.to_bytes(), phases.to_bytes()
        yield number, int(number % 20 == 0), count, min(micros), sum(micros), max(micros), *stored


def _log(connection: sqlite3.Connection, checks: int, days: int, chance: random.Random) -> None:
    """Each check is down once a day for some minutes: two turns, one alert, fired, acknowledged, resolved."""
    audits, alerts = [], []
    for at in sorted(chance.randrange(NOW - days * DAY, NOW - HOUR) for _ in range(checks * days)):
        check = chance.randrange(checks)
        over, number = at + chance.randrange(MINUTE, 30 * MINUTE), len(alerts) + 1
        for when, before, after in ((at, Outcome.UP, Outcome.DOWN), (over, Outcome.DOWN, Outcome.UP)):
            line = settled.told(f"c{check}", before, after, "status == 200: status is 503")
            audits.append((when, "engine", settled.KIND, f"check:c{check}", line))
        for when, kind in ((at + MINUTE // 2, "fired"), (at + MINUTE, "ack"), (over, "resolved")):
            audits.append(
                (when, "ana" if kind == "ack" else "engine", kind, f"alert:{number}", f"i{check}/down: c{check}")
            )
        alerts.append((number, f"i{check}", at, at, over, over))
    audits.sort()
    connection.executemany(
        "INSERT INTO audit (seq, at, actor, origin, kind, subject, message, hash) VALUES (1, ?, ?, '', ?, ?, ?, x'00')",
        audits,
    )
    connection.executemany(
        "INSERT INTO alert (id, seq, rule, integration, severity, state, since, fired_at, resolved_at, acked_at,"
        " summary, machine) VALUES (?, 1, 'down', ?, 'critical', 'resolved', ?, ?, ?, ?, 'c is down', '{}')",
        alerts,
    )


def main() -> int:
    """Parse, run, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a small store, to see that it works")
    parser.add_argument("folder", nargs="?", help="where the store is made; it should be on the disk that matters")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        for figure in measure(Path(folder), quick=args.quick):
            print(f"{figure.name:<42} median {statistics.median(figure.ours):6.1f} {figure.unit}   {figure.note}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
