"""Thirty days of 50 checks, three rules each, judged again by `standby rules backtest`: time and memory.

    .venv/bin/python -m benchmarks.backtest [--quick]

The store has what a real one has: single observations of two days, sums of minutes of 28 more.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figure import Figure, Target
from standby.domain.sketch import Sketch
from standby.domain.units import DAY, HOUR, MINUTE, SECOND, format_instant
from standby.store.rows import EngineRow
from standby.store.writer import Writer

NOW = 1_790_000_000 * SECOND // HOUR * HOUR
EVERY = 30 * SECOND
RAW = 2 * DAY
SHAPES = 100
RULES = (("error_rate > 0.05", "2m"), ("latency_p95_ms > 800", "5m"), ("outcome == 'down'", "1m"))

_MEASURE = """
import json, resource, subprocess, sys
with open(sys.argv[1], "wb") as told:
    subprocess.run(sys.argv[2:], stdout=told, check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]))
"""
"""Seconds and MB of what it starts. In a process of its own: to the kernel the memory of this one, and of benchmarks
that ran before, would be that of its children too."""


def run(quick: bool) -> list[Figure]:  # noqa: FBT001 - the contract of all benchmarks
    """For the table of figures."""
    checks, days = (5, 4) if quick else (50, 30)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        config, store = place / "config.toml", place / "state" / "standby.db"
        config.write_text(_toml(checks))
        asyncio.run(_make(store))
        _fill(store, checks, days)
        span = ["--from", format_instant(NOW - days * DAY), "--to", format_instant(NOW)]
        standby = [str(Path(sys.executable).with_name("standby")), "--config", str(config), "--store", str(store)]
        told = place / "told.json"
        measured = [sys.executable, "-c", _MEASURE, str(told), *standby, "rules", "backtest", "--json", *span]
        begun = time.perf_counter()
        done = subprocess.run(measured, stdout=subprocess.PIPE, check=True)
        took = time.perf_counter() - begun
        looks = json.loads(told.read_bytes())["looks"]
    spent, rss = json.loads(done.stdout)
    note = f"{checks} checks every 30 s, {days} days, {len(RULES)} rules each, {looks} looks"
    return [
        Figure("backtest of stored history, whole", [took], None, "s", None, note),
        Figure("backtest, processor time a look", [spent / looks * 1e6], None, "µs", Target(80), note),
        Figure("backtest, memory of one process", [rss], None, "MB", Target(200), note),
    ]


def _toml(checks: int) -> str:
    parts = ['[standby]\nname = "bench"\nenvironment = "development"\n[[vendor]]\nid = "acme"\n']
    for n in range(checks):
        parts.append(f'[[integration]]\nid = "i{n}"\nvendor = "acme"\ncriticality = "high"\n')
        parts.append(f'[[check]]\nid = "c{n}"\nintegration = "i{n}"\nkind = "tcp"\nhost = "192.0.2.1"\nport = 80\n')
        parts.append('every = "30s"\n')
        parts.extend(
            f'[[rule]]\nid = "r{n}-{k}"\nintegration = "i{n}"\nwhen = "{when}"\nwindow = "{window}"\nfor = "1m"\n'
            for k, (when, window) in enumerate(RULES)
        )
    return "".join(parts)


async def _make(path: Path) -> None:
    writer = await Writer.open(path, now=NOW)
    await writer.begin_term(EngineRow(0, "service", 1, "host", "user", "0", "digest", NOW, NOW))
    await writer.close()


def _fill(path: Path, checks: int, days: int) -> None:
    """Plain inserts; every hour or so a check fails for a few minutes."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("BEGIN")
    connection.executemany("INSERT INTO check_key (no, id) VALUES (?, ?)", ((n + 1, f"c{n}") for n in range(checks)))
    chance = random.Random(1)
    shapes = list(_shapes(chance))
    begin, single = NOW - days * DAY - HOUR, NOW - RAW
    for number in range(1, checks + 1):
        rows = (
            (number, at, 2, 2 * _fails(at, number), 0, 0, 0, *shapes[(at // MINUTE * 37 + number) % SHAPES])
            for at in range(begin, single, MINUTE)
        )
        connection.executemany(f"INSERT INTO rollup_minute VALUES ({', '.join('?' * 12)}, NULL)", rows)
        samples = (
            (number, at, at + 120_000_000, 2 * _fails(at, number), 120_000 + at // EVERY % 97 * 1_000)
            for at in range(single, NOW, EVERY)
        )
        connection.executemany(
            "INSERT INTO observation (check_no, slot, at, outcome, latency_us) VALUES (?, ?, ?, ?, ?)", samples
        )
    connection.execute("INSERT INTO watermark (name, at) VALUES ('raw', ?)", (single,))
    connection.execute("COMMIT")
    connection.close()


def _fails(at: int, number: int) -> bool:
    return (at // MINUTE + number * 13) % 71 < 4


def _shapes(chance: random.Random) -> Iterator[tuple[object, ...]]:
    for _ in range(SHAPES):
        sketch = Sketch()
        times = [chance.lognormvariate(4.6, 0.35) for _ in range(2)]
        for latency in times:
            sketch.add(latency)
        micros = [round(latency * 1000) for latency in times]
        yield 2, min(micros), sum(micros), max(micros), sketch.to_bytes()


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    for figure in run(parser.parse_args().quick):
        print(figure.name, *figure.ours, figure.unit, figure.note)


if __name__ == "__main__":
    main()
