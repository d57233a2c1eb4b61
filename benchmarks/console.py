"""The console from outside: first paint, bytes while nobody presses a key, key to paint, a terminal that nobody reads.

    .venv/bin/python -m benchmarks console [--quick]

500 checks every 10 s of a server on loopback, polled by the companion that the console itself started.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figure import Figure, Target
from benchmarks.screen import Screen
from benchmarks.target import answering, write_config

CHECKS = 500
EVERY_S = 10
UNREAD_S = 10.0
_TABLE = Path(__file__).with_name("table_app.py")
_MARKER = "Local"  # the vendor's name: both apps show it in every line
_CURSOR = "▌"


@dataclass(frozen=True, slots=True)
class Lengths:
    """How often and how long."""

    starts: int = 15
    windows: int = 3
    window_s: float = 20.0
    keys: int = 60
    stalls: int = 3

    @classmethod
    def of(cls, *, quick: bool) -> Lengths:
        """A quick run shows only that everything works."""
        return cls(starts=3, windows=1, window_s=5.0, keys=10, stalls=1) if quick else cls()


@dataclass(frozen=True, slots=True)
class Place:
    """A configuration and its store."""

    folder: Path
    config: Path

    def command(self, *options: str) -> list[str]:
        """The console's command line."""
        return [sys.executable, "-m", "standby", "--config", str(self.config), *options]

    @property
    def environ(self) -> dict[str, str]:
        """No state and no theme of whoever runs this."""
        home = str(self.folder / "home")
        return {"HOME": home, "XDG_STATE_HOME": home, "XDG_CONFIG_HOME": home}

    def ask(self, sql: str, *names: object) -> tuple[object, ...]:
        """One row of the store."""
        with closing(sqlite3.connect(f"file:{self.folder / 'standby.db'}?mode=ro", uri=True, timeout=5)) as store:
            return tuple(store.execute(sql, names).fetchone())


def run(quick: bool) -> list[Figure]:  # noqa: FBT001 - the contract of all benchmarks
    """For the table of figures."""
    lengths = Lengths.of(quick=quick)
    with answering() as port, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "home").mkdir()
        place = Place(folder, write_config(folder, port, CHECKS, EVERY_S))
        with _console(place) as console:
            console.watch(EVERY_S * 1.5 if quick else EVERY_S * 3.0)  # every check has been seen, windows have filled
            ours = [console.watch(lengths.window_s) / lengths.window_s for _ in range(lengths.windows)]
            keys = _keys(console, lengths.keys)
            late = [_unread(console, place) for _ in range(lengths.stalls)]
        end_engine(place)
        return [_first_paint(place, lengths.starts), *_bytes(ours, folder, lengths), keys, _lateness(late)]


@contextlib.contextmanager
def _console(place: Place) -> Iterator[Screen]:
    screen = Screen(place.command(), place.environ)
    try:
        screen.until(lambda: "companion 0 s" in screen.text and "● up" in screen.text)
        yield screen
    finally:
        screen.end()


def end_engine(place: Place) -> None:
    """The companion ends with its last console; wait for it, so that the next part has the machine to itself."""
    (pid,) = place.ask("SELECT pid FROM engine")
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline and isinstance(pid, int):
        try:
            os.kill(pid, signal.SIGTERM)
        except ProcessLookupError:
            return
        time.sleep(0.1)


def _first_paint(place: Place, starts: int) -> Figure:
    """In turns: whatever else the machine does then hits both. The store holds what the engine left."""
    ours, theirs = [], []
    for _ in range(starts + 1):
        ours.append(_start(place.command("--read-only"), place))
        theirs.append(_start([sys.executable, str(_TABLE)], place))
    name = f"first paint, {CHECKS} integrations in the store; theirs a bare Textual DataTable"
    note = f"from the start of the process to the first line of the table; {starts} starts in turns, after one of each"
    return Figure(name, ours[1:], theirs[1:], "ms", Target(1.25, of_theirs=True), note)


def _start(argv: Sequence[str], place: Place) -> float:
    screen = Screen(argv, place.environ, emulate=False)
    try:
        return screen.until(lambda: _MARKER.encode() in screen.raw) * 1e3
    finally:
        screen.end()


def _bytes(ours: list[float], folder: Path, lengths: Lengths) -> list[Figure]:
    name = f"bytes to the terminal, {CHECKS} checks every {EVERY_S} s, no key pressed"
    target = Target(1000.0)
    figures = []
    for peer in ("htop", "btop"):
        theirs = None
        note = f"120 x 40; {lengths.windows} windows of {lengths.window_s:g} s"
        if shutil.which(peer):
            theirs = _peer_bytes(peer, folder, lengths)
        else:
            note += f"; {peer} is not installed (Debian: apt install {peer})"
        figures.append(Figure(f"{name}; theirs {peer}", ours, theirs, "B/s", target, note))
    return figures


def _peer_bytes(peer: str, folder: Path, lengths: Lengths) -> list[float]:
    home = str(folder / "home")
    screen = Screen([peer], {"HOME": home, "XDG_CONFIG_HOME": home}, emulate=False)
    try:
        screen.watch(5.0)
        return [screen.watch(lengths.window_s) / lengths.window_s for _ in range(lengths.windows)]
    finally:
        screen.end()


def _keys(console: Screen, presses: int) -> Figure:
    """From a key to the cursor on another line, while the checks go on."""
    took = []
    for number in range(presses):
        seconds = console.answered("j" if number // 10 % 2 == 0 else "k", lambda: cursor_of(console))
        if seconds is not None:
            took.append(seconds * 1e3)
        console.watch(0.13)
    lost = presses - len(took)
    note = f"j and k, {presses} presses, {lost} without an answer; worst {max(took, default=0):.1f} ms"
    return Figure(
        "key to paint, median of the presses", [statistics.median(took)] if took else (), None, "ms", Target(25.0), note
    )


def cursor_of(console: Screen) -> int:
    """The line of the cursor."""
    return next((number for number, line in enumerate(console.shown.display) if _CURSOR in line), -1)


def _unread(console: Screen, place: Place) -> float:
    """Nobody reads the terminal while it has much to say; the worst lateness of a look meanwhile, in seconds."""
    console.watch(1.0)
    since = time.time_ns()
    console.press("21" * 100 + "1")
    time.sleep(UNREAD_S)
    until = time.time_ns()
    console.watch(3.0)
    found, worst = place.ask(
        "SELECT count(*), max(at - slot - coalesce(latency_us, 0) * 1000) FROM observation"
        " WHERE slot > ? AND slot <= ?",
        since,
        until,
    )
    if not isinstance(found, int) or not isinstance(worst, int) or found < CHECKS * (UNREAD_S / EVERY_S) * 0.98:
        raise TimeoutError(f"{found} observations while the terminal was not read, of {CHECKS * UNREAD_S / EVERY_S:g}")
    return worst / 1e9


def _lateness(late: list[float]) -> Figure:
    name = f"terminal unread for {UNREAD_S:g} s: how late the latest observation is"
    return Figure(name, late, None, "s", Target(0.5, always=True), "of the engine that this console started")
