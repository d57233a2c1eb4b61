"""500 checks every 5 s with the screen open: are slots missed, does memory grow, what does one observation cost?

    .venv/bin/python -m benchmarks.soak [--checks 500] [--every 5] [--minutes 10]

Starts a target server, an engine and a console on a pseudo-terminal, all on loopback; prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import pty
import select
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from benchmarks.target import answering, write_config


def _console(config: Path) -> tuple[int, int]:
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm-256color", LINES="40", COLUMNS="120")
        os.execv(sys.executable, [sys.executable, "-m", "standby", "--config", str(config)])
    return pid, fd


def _drain(fd: int, seconds: float) -> int:
    total, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        if select.select([fd], [], [], 0.2)[0]:
            try:
                total += len(os.read(fd, 65536))
            except OSError:
                return total
    return total


def _rss_mb(pid: int) -> float:
    try:
        return psutil.Process(pid).memory_info().rss / 2**20
    except psutil.Error:
        return float("nan")


def run(checks: int, every: int, minutes: float) -> dict[str, object]:
    """The measured figures."""
    with answering() as port, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = write_config(folder, port, checks, every)
        argv = [sys.executable, "-m", "standby", "--config", str(config), "engine"]
        engine = subprocess.Popen([*argv, "--for", f"{int(minutes * 60)}s", "--report", str(folder / "report.json")])
        time.sleep(2)
        console_pid, fd = _console(config)
        sent = _drain(fd, 10)
        engine_rss, console_rss, start = [], [], time.monotonic()
        screen_bytes = 0
        console = psutil.Process(console_pid)
        cpu0 = sum(console.cpu_times()[:2])
        while engine.poll() is None and time.monotonic() - start < minutes * 60 - 15:
            engine_rss.append(_rss_mb(engine.pid))
            console_rss.append(_rss_mb(console_pid))
            screen_bytes += _drain(fd, 5)
        seconds = time.monotonic() - start
        console_cpu = sum(console.cpu_times()[:2]) - cpu0
        code = engine.wait(timeout=60)
        console.terminate()
        _drain(fd, 1)
        report = json.loads((folder / "report.json").read_text())
    return {
        "checks": checks,
        "every_s": every,
        "engine_exit": code,
        "report": report,
        "cpu_ms_per_observation": round(1000 * report["cpu_seconds"] / max(1, report["observations"]), 3),
        "engine_rss_mb": _spread(engine_rss),
        "console_rss_mb": _spread(console_rss),
        "console_first_paint_bytes": sent,
        "console_bytes_per_s": round(screen_bytes / seconds, 1),
        "console_cpu_percent": round(100 * console_cpu / seconds, 2),
    }


def _spread(values: list[float]) -> dict[str, float]:
    """Start, middle, end: flat memory shows as three like numbers."""
    if not values:
        return {}
    return {"start": round(values[0], 1), "middle": round(values[len(values) // 2], 1), "end": round(values[-1], 1)}


def main() -> int:
    """Parse, run, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checks", type=int, default=500)
    parser.add_argument("--every", type=int, default=5)
    parser.add_argument("--minutes", type=float, default=10)
    args = parser.parse_args()
    print(json.dumps(run(args.checks, args.every, args.minutes), indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
