"""Our side: an engine as a service, and a console on a terminal of its own."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from benchmarks.peers.load import BODY_PATTERN, CHECKS, EVERY_S, TIMEOUT_S, Targets
from benchmarks.processes import OnTerminal, end, start

_HEAD = """
[standby]
name = "peers"
environment = "development"
store = "standby.db"
reference_targets = ["tcp://127.0.0.1:1"]  # refused at once: the way there exists

[[vendor]]
id = "local"
name = "Local"
concurrency = {checks}
"""
_CHECK = """
[[integration]]
id = "i{number}"
vendor = "local"
criticality = "high"
owner = "me"
[[check]]
id = "c{number}"
integration = "i{number}"
kind = "http"
url = "{url}"
every = "{every}s"
timeout = "{timeout}s"
attempts = 1
expect = ["status == 200", "text.matches('{pattern}')"]
{verify}
"""
_RULE = """
[[rule]]
id = "{name}-{number}"
integration = "i{number}"
when = "{when}"
window = "1m"
for = "10s"
severity = "warning"
"""
RULES = (("down", "outcome == 'down'"), ("errors", "error_rate > 0.5"), ("slow", "latency_ms > 3000.0"))


def config(targets: Targets) -> str:
    """The configuration as text."""
    verify = f'verify = "{targets.authority}"' if targets.tls else ""
    parts = [_HEAD.format(checks=CHECKS)]
    for number, url in enumerate(targets.urls):
        pattern = BODY_PATTERN.replace('"', '\\"')
        parts.append(
            _CHECK.format(number=number, url=url, every=EVERY_S, timeout=TIMEOUT_S, pattern=pattern, verify=verify)
        )
        parts.extend(_RULE.format(name=name, number=number, when=when) for name, when in RULES)
    return "".join(parts)


class Standby:
    """Engine and console, which are told apart."""

    def __init__(self, folder: Path, targets: Targets) -> None:
        folder.mkdir(mode=0o750)
        self._store = folder / "standby.db"
        path = folder / "config.toml"
        path.write_text(config(targets))
        command = [sys.executable, "-m", "standby", "--config", str(path)]
        self._engine = start([*command, "engine"], folder / "engine.log")
        self._command = command
        self._console: OnTerminal | None = None

    def started(self) -> bool:
        """Whether the engine polls."""
        return self._store.exists() and self._count("SELECT count(*) FROM engine WHERE state = 'running'") == 1

    def open_console(self) -> None:
        """Somebody looks. The engine must be up: else the console would start one of its own."""
        self._console = OnTerminal(self._command)

    @property
    def groups(self) -> Sequence[Sequence[int]]:
        """The engine; engine and console."""
        engine = [self._engine.pid]
        return [engine] if self._console is None else [engine, [*engine, self._console.pid]]

    def ups(self, since: int, until: int) -> int:
        """How many observations ended between two instants (ns) and were up."""
        return self._count("SELECT count(*) FROM observation WHERE at > ? AND at <= ? AND outcome = 0", since, until)

    def told(self) -> Sequence[int]:
        """How many alerts that a target is down fire, as the store has it."""
        return [self._count("SELECT count(*) FROM alert WHERE state = 'firing' AND rule LIKE 'down-%'")]

    def _count(self, sql: str, *values: object) -> int:
        with closing(sqlite3.connect(f"file:{self._store}?mode=ro", uri=True, timeout=5)) as store:
            try:
                return int(store.execute(sql, values).fetchone()[0])
            except sqlite3.OperationalError:  # the tables are being made
                return 0

    def end(self) -> None:
        """Stop both."""
        if self._console is not None:
            self._console.end()
        end(self._engine)
