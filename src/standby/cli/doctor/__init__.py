"""`standby doctor`: what could keep Standby from working here, each finding one line with its mend."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from standby.cli.main import UsageError, globals_of
from standby.domain.clock import Clock
from standby.domain.text import clean
from standby.engine.clock import SystemClock

if TYPE_CHECKING:
    from standby.config.whole import Config

Level = Literal["ok", "warn", "FAIL"]
MOST_PROBLEMS = 20
_SMALLEST = (80, 24)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `FAIL`: something does not work; `warn`: it works, but worse than it could."""

    level: Level
    what: str
    detail: str
    mend: str = ""

    def __str__(self) -> str:
        """`FAIL secret: env:TOKEN is not set. Make it known here and where the engine starts`."""
        mend = f" {self.mend}" if self.mend else ""
        return f"{self.level:<4} {self.what}: {self.detail.rstrip('.')}.{mend}"


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--json", action="store_true", help="as JSON on standard output")


def run(args: argparse.Namespace) -> int:
    """Print every finding; 1 when one of them is FAIL."""
    found = []
    for finding in examine(args, os.environ, SystemClock()):
        found.append(finding)
        if not args.json:
            print(finding, flush=True)
    if args.json:
        counts = {level.lower(): sum(one.level == level for one in found) for level in ("ok", "warn", "FAIL")}
        print(json.dumps({"findings": [asdict(one) for one in found], "summary": counts}, ensure_ascii=False, indent=2))
    return 1 if any(one.level == "FAIL" for one in found) else 0


def examine(args: argparse.Namespace, environ: Mapping[str, str], clock: Clock) -> Iterator[Finding]:
    """Look at everything, quickest first. Never raises for what it finds."""
    from standby.cli.doctor import network, people, store

    yield from terminal(environ, _size())
    yield from clocks(environ, clock)
    config = None
    for found in configuration(globals_of(args).config, environ):
        if isinstance(found, Finding):
            yield found
        else:
            config = found
    path = _store(args, config)
    if path is not None:
        yield from store.store(path, config, clock)
        yield from store.engine(path, config, clock)
    if config is not None:
        yield from people.policies(config)
        yield from unsafe(config)
        yield from network.secrets(config)
        yield from network.reference_targets(config)
        yield from network.resolver(config)


def terminal(environ: Mapping[str, str], size: tuple[int, int] | None) -> Iterator[Finding]:
    """What the console is painted on; `size` is columns and rows, `None` when this is no terminal."""
    name = environ.get("TERM", "")
    if size is None:
        yield Finding("warn", "terminal", "this is not one", "Run doctor where the console will run")
    elif name in ("", "dumb"):
        yield Finding("FAIL", "terminal", f"TERM is {name or 'not set'}", "Try: export TERM=xterm-256color")
    else:
        yield Finding("ok", "terminal", clean(name, 60))
    if size is not None:
        small = size[0] < _SMALLEST[0] or size[1] < _SMALLEST[1]
        mend = "80x24 and more shows everything" if small else ""
        yield Finding("warn" if small else "ok", "size", f"{size[0]}x{size[1]}", mend)
        yield _colours(environ, name)
    yield _locale(environ)
    if "TMUX" in environ and not name.startswith(("tmux", "screen")):
        mend = "Write in ~/.tmux.conf: set -g default-terminal tmux-256color"
        yield Finding("warn", "tmux", f"TERM is {clean(name, 60)} inside tmux", mend)


def _colours(environ: Mapping[str, str], name: str) -> Finding:
    if environ.get("NO_COLOR"):
        return Finding("ok", "colours", "none, as NO_COLOR asks; states are told by glyph and word")
    if environ.get("COLORTERM", "").lower() in ("truecolor", "24bit") or name.endswith(("-direct", "-kitty")):
        return Finding("ok", "colours", "16 million")
    if "256color" in name:
        return Finding("ok", "colours", "256")
    return Finding("warn", "colours", "16 or fewer", "Try: export COLORTERM=truecolor when the terminal has them")


def _locale(environ: Mapping[str, str]) -> Finding:
    chosen = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or ""
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    if encoding != "utf8":
        return Finding(
            "FAIL", "locale", f"text is written as {encoding or 'nothing known'}", "Try: export LANG=C.UTF-8"
        )
    if "utf8" not in chosen.lower().replace("-", "") and sys.platform != "darwin":
        named = clean(chosen, 60) or "not set"
        return Finding("warn", "locale", f"{named}, so the terminal may not be in UTF-8", "Try: export LANG=C.UTF-8")
    return Finding("ok", "locale", clean(chosen, 60) or "UTF-8")


def _size() -> tuple[int, int] | None:
    """Columns and rows of standard output, or `None`."""
    try:
        found = os.get_terminal_size(sys.stdout.fileno())
    except (OSError, ValueError):  # a pipe, a closed or a replaced stdout
        return None
    return found.columns, found.lines


def clocks(environ: Mapping[str, str], clock: Clock) -> Iterator[Finding]:
    """Whether wall and monotonic time agree over a moment, whether the year is believable, and the zone."""
    import threading
    import time

    wall, steady = clock.now(), clock.monotonic()
    threading.Event().wait(0.05)
    drift = (clock.now() - wall) - (clock.monotonic() - steady)
    local = time.localtime(wall / 1e9)
    year = local.tm_year
    if abs(drift) > 10_000_000:
        detail = f"the wall clock moved {drift / 1e6:+.0f} ms against the monotonic one within 50 ms"
        yield Finding("warn", "clock", detail, "Let one program set it: chrony or systemd-timesyncd")
    elif not 2025 <= year <= 2100:
        yield Finding("FAIL", "clock", f"it says {year}", "Set it, and let chrony or systemd-timesyncd keep it")
    else:
        yield Finding("ok", "clock", time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(wall / 1e9)))
    zone = environ.get("TZ", "").lstrip(":")
    if zone and not _zone_exists(zone):
        yield Finding(
            "warn", "timezone", f"TZ={clean(zone, 60)} is not known, so UTC is meant", "Write TZ=Europe/Berlin"
        )
    else:
        hours, minutes = divmod(abs(local.tm_gmtoff) // 60, 60)
        sign = "-" if local.tm_gmtoff < 0 else "+"
        yield Finding("ok", "timezone", f"{local.tm_zone}, UTC{sign}{hours:02d}:{minutes:02d}")


def _zone_exists(zone: str) -> bool:
    import zoneinfo

    if zone[0] in "<+-" or any(letter.isdigit() for letter in zone) or zone.startswith("/"):
        return True  # a rule like CET-1CEST or a file: the C library's own business
    try:
        zoneinfo.ZoneInfo(zone)
    except (OSError, ValueError, KeyError):
        return False
    return True


def configuration(named: Path | None, environ: Mapping[str, str]) -> Iterator[Finding | Config]:
    """Every problem of the configuration as a finding; last the configuration itself when it loads."""
    from standby.config.discover import find
    from standby.config.load import load
    from standby.config.problems import ConfigError
    from standby.engine.kinds import kinds

    try:
        path = find(named, Path.cwd(), environ)
        config = load(path, kinds())
    except ConfigError as error:
        for problem in error.problems[:MOST_PROBLEMS]:
            yield Finding("FAIL", "config", str(problem))
        if len(error.problems) > MOST_PROBLEMS:
            yield Finding("FAIL", "config", f"{len(error.problems)} problems in all", "standby config check lists them")
        return
    counts = f"{len(config.checks)} checks of {len(config.integrations)} integrations"
    yield Finding("ok", "config", f"{path}: {counts}")
    yield config


def unsafe(config: Config) -> Iterator[Finding]:
    """What checks do on purpose that somebody on the way could use."""
    from standby.config.risks import risks

    found = risks(config)
    if not found:
        yield Finding("ok", "outbound", "every check asks over verified TLS, or stays on this machine")
    for risk in found[:MOST_PROBLEMS]:
        yield Finding("warn", "outbound", f"check {risk.check}: {risk.what}", risk.mend)
    if len(found) > MOST_PROBLEMS:
        yield Finding("warn", "outbound", f"{len(found)} in all", "Search the configuration for http:// and verify")


def _store(args: argparse.Namespace, config: Config | None) -> Path | None:
    """The store that is meant: named, the configuration's, or of a configuration that is not whole."""
    if config is not None and globals_of(args).store is None:
        return config.store
    from standby.cli.place import store_path

    try:
        return store_path(args)
    except UsageError:  # told as a finding of the configuration
        return None
