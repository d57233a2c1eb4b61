"""What the engine itself costs an observation: 500 stub checks every 5 s, three rules each, a real store, a fake clock.

    PYTHONPATH=src:.:tests python benchmarks/engine_core.py [MINUTES]

`loop` is the processor time of the event loop's thread (scheduling, judging, batching), `all` that of the process with
the store's thread. The stub answers at once: what a real check costs comes on top.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path

from tests.engine.world import Answer, World

from standby.domain.units import MINUTE
from standby.engine.figures import max_rss_mb

CHECKS = 500
RULES = (("error_rate > 0.05", "2m"), ("latency_p95_ms > 800", "5m"), ("outcome == 'down'", "1m"))


def toml() -> str:
    """The configuration."""
    parts = ['[[vendor]]\nid = "acme"\nconcurrency = 100\n']
    for n in range(CHECKS):
        parts.append(f'[[integration]]\nid = "i{n}"\nvendor = "acme"\ncriticality = "high"\n')
        parts.append(f'[[check]]\nid = "c{n}"\nintegration = "i{n}"\nkind = "stub"\nevery = "5s"\n')
        parts.extend(
            f'[[rule]]\nid = "r{n}-{k}"\nintegration = "i{n}"\nwhen = "{when}"\nwindow = "{window}"\nfor = "30s"\n'
            for k, (when, window) in enumerate(RULES)
        )
    return "".join(parts)


async def measure(folder: Path, minutes: int) -> dict[str, float]:
    """Figures of so many minutes of engine time."""
    world = World(folder, toml())
    for n in range(CHECKS):
        world.answers[f"c{n}"] = Answer(latency_ms=20.0 + n % 50, takes=0)
    began = time.process_time()
    await world.start()
    started = time.process_time() - began
    await world.pass_time(MINUTE)  # windows fill, caches warm
    world.runs.clear()
    before, all_before, loop_before = world.engine.report(), time.process_time(), time.thread_time()
    await world.pass_time(minutes * MINUTE)
    everything, loop = time.process_time() - all_before, time.thread_time() - loop_before
    after = world.engine.report()
    count = after["observations"] - before["observations"]
    commits = len(world.store.commits)
    await world.stop()
    return {
        "checks": CHECKS,
        "observations": count,
        "missed": after["missed"],
        "commits": commits,
        "start_s": round(started, 2),
        "loop_ms_an_observation": round(loop / count * 1000, 4),
        "all_ms_an_observation": round(everything / count * 1000, 4),
        "max_rss_mb": max_rss_mb(),
    }


def main() -> None:
    """Print one JSON object."""
    minutes = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(asyncio.run(measure(Path(folder), minutes))))


if __name__ == "__main__":
    main()
