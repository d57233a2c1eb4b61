"""Both sides at the same time on the same targets: what an observation costs, what memory, how soon an alert."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.figure import Figure, Target
from benchmarks.peers.load import CHECKS, Targets
from benchmarks.peers.prometheus import Prometheus
from benchmarks.peers.standby import Standby
from benchmarks.processes import Unavailable, cpu_seconds, memory_mb

_SETTLE_S = 1.0  # until what was seen last has been stored and scraped
_PATIENCE_S = 60.0
_POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class Lengths:
    """How long to look, in seconds. Both sides' windows are one minute: a warm-up fills them."""

    warm_up: int = 75
    window: int = 30
    windows: int = 5
    outages: int = 3

    @classmethod
    def of(cls, *, quick: bool) -> Lengths:
        """A quick run shows only that everything works."""
        return cls(warm_up=12, window=8, windows=1, outages=1) if quick else cls()


@dataclass(slots=True)
class Costs:
    """Each window's milliseconds of processor an observation, and the memory at its end."""

    engine: list[float] = field(default_factory=list)
    with_console: list[float] = field(default_factory=list)
    theirs: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    their_memory: list[float] = field(default_factory=list)


@contextlib.contextmanager
def _sides(*, tls: bool) -> Iterator[tuple[Targets, Standby, Prometheus]]:
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as running:
        folder = Path(name)
        targets = Targets(folder, tls=tls)
        running.callback(targets.end)
        targets.start()
        theirs = Prometheus(folder / "theirs", targets)
        running.callback(theirs.end)
        ours = Standby(folder / "ours", targets)
        running.callback(ours.end)
        until(ours.started, "our engine has not started")
        ours.open_console()
        yield targets, ours, theirs


def _window(seconds: int, ours: Standby, theirs: Prometheus, costs: Costs) -> None:
    """One stretch of both at the same time. Raises Unavailable when one of them did not do its work."""
    began = time.time_ns()
    before = cpu_seconds(ours.pids), cpu_seconds(ours.all_pids), cpu_seconds(theirs.pids)
    time.sleep(seconds)
    after = cpu_seconds(ours.pids), cpu_seconds(ours.all_pids), cpu_seconds(theirs.pids)
    ended = time.time_ns()
    time.sleep(_SETTLE_S)
    engine, both, peer = (1000 * (new - old) for new, old in zip(after, before, strict=True))
    looks, their_looks = ours.ups(began, ended), theirs.ups(seconds)
    due = CHECKS * seconds / 5
    for side, count in (("ours", looks), ("theirs", their_looks)):
        if count < 0.97 * due:
            raise Unavailable(f"only {count} of {due:g} observations were up ({side}): the machine is too busy")
    costs.engine.append(engine / looks)
    costs.with_console.append(both / looks)
    costs.theirs.append(peer / their_looks)
    costs.memory.append(memory_mb(ours.all_pids))
    costs.their_memory.append(memory_mb(theirs.pids))


def measure(lengths: Lengths, *, tls: bool) -> tuple[Costs, list[_Outage]]:
    """All windows, then (on plain HTTP) all outages."""
    found = Costs()
    with _sides(tls=tls) as (targets, ours, theirs):
        time.sleep(lengths.warm_up)
        for _ in range(lengths.windows):
            _window(lengths.window, ours, theirs, found)
        outages = [] if tls else [_outage(number, targets, ours, theirs) for number in range(lengths.outages)]
    return found, outages


@dataclass(frozen=True, slots=True)
class _Outage:
    """Seconds from the stop of all targets until every alert fires: with us, in Prometheus, in Alertmanager."""

    ours: float
    theirs: float
    received: float


def _outage(number: int, targets: Targets, ours: Standby, theirs: Prometheus) -> _Outage:
    """All targets stop at once, and come back when both sides have told so."""
    time.sleep(1.7 * number)  # not always at the same moment of their evaluations
    targets.kill()
    began = time.monotonic()
    asked: dict[str, Callable[[], bool]] = {
        "ours": lambda: ours.firing("down") >= CHECKS,
        "theirs": lambda: theirs.firing("down") >= CHECKS,
        "received": lambda: theirs.received("down") >= CHECKS,
    }
    took: dict[str, float] = {}
    while len(took) < len(asked):
        for name, all_fire in asked.items():
            if name not in took and all_fire():
                took[name] = time.monotonic() - began
        if time.monotonic() - began > _PATIENCE_S:
            raise Unavailable(f"after {_PATIENCE_S:g} s not all alerts fire, only {', '.join(took) or 'none'}")
        time.sleep(_POLL_S)
    targets.start()
    until(lambda: not (ours.firing("down") or theirs.firing("down")), "the alerts of an outage have not ended")
    return _Outage(**took)


def until(holds: Callable[[], bool], otherwise: str) -> None:
    """Wait for a condition. Raises Unavailable."""
    deadline = time.monotonic() + _PATIENCE_S
    while not holds():
        if time.monotonic() > deadline:
            raise Unavailable(f"{otherwise} after {_PATIENCE_S:g} s")
        time.sleep(_POLL_S)


_SETUP = f"{CHECKS} checks every 5 s, two expectations and three rules each"
_HTTP = f"CPU an observation, HTTP, engine ({_SETUP})"
_HTTP_CONSOLE = "the same, engine and an open console"
_HTTPS = "CPU an observation, HTTPS, engine"
_HTTPS_CONSOLE = "the same, engine and an open console, HTTPS"
_MEMORY = "memory (PSS) of engine and console"
_ALERT = f"failure to the last of {CHECKS} alerts in the store (for = 10s, attempts = 1)"
_PEER = "blackbox_exporter + Prometheus + Alertmanager, both sides at the same time"
_CHEAP = Target(0.4, of_theirs=True)
_SMALL = Target(0.75, of_theirs=True)
_SOON = Target(17, always=True)


def run(quick: bool) -> list[Figure]:  # noqa: FBT001 - the contract of all benchmarks
    """Processor and memory on HTTP and HTTPS, and the time to the alert."""
    lengths = Lengths.of(quick=quick)
    return [*_plain(lengths), *_encrypted(lengths)]


def _plain(lengths: Lengths) -> list[Figure]:
    try:
        found, outages = measure(lengths, tls=False)
    except Unavailable as why:
        names = ((_HTTP, "ms", _CHEAP), (_HTTP_CONSOLE, "ms", None), (_MEMORY, "MB", _SMALL), (_ALERT, "s", _SOON))
        return [Figure.unmeasured(name, unit, target, str(why)) for name, unit, target in names]
    received = ", ".join(f"{outage.received:.1f}" for outage in outages)
    ours, theirs = [outage.ours for outage in outages], [outage.theirs for outage in outages]
    return [
        Figure(_HTTP, found.engine, found.theirs, "ms", _CHEAP, _PEER),
        Figure(_HTTP_CONSOLE, found.with_console, found.theirs, "ms", None, "they have no console running"),
        Figure(_MEMORY, found.memory, found.their_memory, "MB", _SMALL, _PEER),
        Figure(_ALERT, ours, theirs, "s", _SOON, f"firing in Prometheus; received by Alertmanager: {received} s"),
    ]


def _encrypted(lengths: Lengths) -> list[Figure]:
    try:
        found, _ = measure(lengths, tls=True)
    except Unavailable as why:
        return [Figure.unmeasured(name, "ms", None, str(why)) for name in (_HTTPS, _HTTPS_CONSOLE)]
    return [
        Figure(_HTTPS, found.engine, found.theirs, "ms", None, "a fresh TLS connection each time, on both sides"),
        Figure(_HTTPS_CONSOLE, found.with_console, found.theirs, "ms", None),
    ]
