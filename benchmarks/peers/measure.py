"""One side after the other, in turns, on the same targets: what a look costs, what memory, how soon an alert."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from benchmarks.figure import Figure, Target
from benchmarks.peers.load import CHECKS, EVERY_S, Targets
from benchmarks.peers.prometheus import Prometheus
from benchmarks.peers.standby import Standby
from benchmarks.processes import Unavailable, cpu_seconds, memory_mb

_SETTLE_S = 1.0  # until what was seen last has been stored and scraped
_PATIENCE_S = 60.0
_POLL_S = 0.1


class Side(Protocol):
    """One of the two."""

    @property
    def groups(self) -> Sequence[Sequence[int]]:
        """Processes whose cost is told apart, each group with those of the one before it."""
        ...

    def ups(self, since: int, until: int) -> int:
        """How many looks saw the whole answer between two instants, ns: only these did the whole work."""
        ...

    def told(self) -> Sequence[int]:
        """How many targets are told to be down: where it is decided first, where it arrives last."""
        ...

    def end(self) -> None:
        """Stop."""
        ...


@dataclass(frozen=True, slots=True)
class Lengths:
    """How long to look, in seconds. Both sides' windows are one minute: a warm-up fills them."""

    turns: int = 2
    warm_up: int = 70
    window: int = 30
    windows: int = 3
    outages: int = 2

    @classmethod
    def of(cls, *, quick: bool) -> Lengths:
        """A quick run shows only that everything works."""
        return cls(turns=1, warm_up=12, window=8, windows=1, outages=1) if quick else cls()


@dataclass(slots=True)
class Costs:
    """Of each window, for each group: milliseconds of processor a look, megabytes. Of each outage: seconds."""

    cpu: list[list[float]] = field(default_factory=list)
    memory: list[list[float]] = field(default_factory=list)
    outages: list[list[float]] = field(default_factory=list)

    def of(self, kind: Sequence[Sequence[float]], group: int) -> list[float]:
        """One group's values."""
        return [values[group] for values in kind]


def _window(seconds: int, side: Side, costs: Costs) -> None:
    """One stretch. Raises Unavailable when the side did not do its work."""
    began, before = time.time_ns(), [cpu_seconds(group) for group in side.groups]
    time.sleep(seconds)
    ended, after = time.time_ns(), [cpu_seconds(group) for group in side.groups]
    time.sleep(_SETTLE_S)
    looks, due = side.ups(began, ended), CHECKS * seconds / EVERY_S
    if looks < 0.97 * due:
        raise Unavailable(f"only {looks} of {due:g} looks saw the answer: the machine is too busy")
    costs.cpu.append([1000 * (new - old) / looks for new, old in zip(after, before, strict=True)])
    costs.memory.append([memory_mb(group) for group in side.groups])


def _outage(number: int, targets: Targets, side: Side, costs: Costs) -> None:
    """All targets stop at once, and come back when all of them are told to be down."""
    time.sleep(1.7 * number)  # not always at the same moment of an evaluation
    targets.kill()
    began = time.monotonic()
    took: list[float] = []
    while len(took) < len(counts := side.told()):
        elapsed = time.monotonic() - began
        took += [elapsed for count in counts[len(took) :] if count >= CHECKS]
        if elapsed > _PATIENCE_S:
            raise Unavailable(f"after {_PATIENCE_S:g} s only {counts} of {CHECKS} alerts fire")
        time.sleep(_POLL_S)
    costs.outages.append(took)
    targets.start()
    until(lambda: not any(side.told()), "the alerts of an outage have not ended")


def _turn(start: Callable[[Path, Targets], Side], lengths: Lengths, costs: Costs, *, tls: bool) -> None:
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as running:
        targets = Targets(Path(name), tls=tls)
        running.callback(targets.end)
        targets.start()
        side = start(Path(name), targets)
        running.callback(side.end)
        time.sleep(lengths.warm_up)
        for _ in range(lengths.windows):
            _window(lengths.window, side, costs)
        for number in range(0 if tls else lengths.outages):
            _outage(number, targets, side, costs)


def measure(lengths: Lengths, *, tls: bool) -> tuple[Costs, Costs]:
    """Ours and theirs."""
    ours, theirs = Costs(), Costs()
    for _ in range(1 if tls else lengths.turns):
        _turn(_ours, lengths, ours, tls=tls)
        _turn(_theirs, lengths, theirs, tls=tls)
    return ours, theirs


def _ours(folder: Path, targets: Targets) -> Side:
    side = Standby(folder / "ours", targets)
    try:
        until(side.started, "our engine has not started")
        side.open_console()
    except BaseException:
        side.end()
        raise
    return side


def _theirs(folder: Path, targets: Targets) -> Side:
    return Prometheus(folder / "theirs", targets)


def until(holds: Callable[[], bool], otherwise: str) -> None:
    """Wait for a condition. Raises Unavailable."""
    deadline = time.monotonic() + _PATIENCE_S
    while not holds():
        if time.monotonic() > deadline:
            raise Unavailable(f"{otherwise} after {_PATIENCE_S:g} s")
        time.sleep(_POLL_S)


_SETUP = f"{CHECKS} checks every {EVERY_S} s, two expectations and three rules each"
_HTTP = f"CPU an observation, HTTP, engine ({_SETUP})"
_HTTP_CONSOLE = "the same, engine and an open console"
_HTTPS = "CPU an observation, HTTPS, engine"
_HTTPS_CONSOLE = "the same, engine and an open console, HTTPS"
_MEMORY = "memory (PSS) of engine and console"
_ALERT = f"failure to the last of {CHECKS} alerts in the store (for = 10s, attempts = 1)"
_PEER = "blackbox_exporter + Prometheus + Alertmanager"
_CHEAP = Target(0.4, of_theirs=True)
_SMALL = Target(0.75, of_theirs=True)
_SOON = Target(17, always=True)


def run(quick: bool) -> list[Figure]:  # noqa: FBT001 - the contract of all benchmarks
    """Processor and memory on HTTP and HTTPS, and the time to the alert."""
    lengths = Lengths.of(quick=quick)
    return [*_plain(lengths), *_encrypted(lengths)]


def _plain(lengths: Lengths) -> list[Figure]:
    try:
        ours, theirs = measure(lengths, tls=False)
    except Unavailable as why:
        names = ((_HTTP, "ms", _CHEAP), (_HTTP_CONSOLE, "ms", None), (_MEMORY, "MB", _SMALL), (_ALERT, "s", _SOON))
        return [Figure.unmeasured(name, unit, target, str(why)) for name, unit, target in names]
    engine, both = ours.of(ours.cpu, 0), ours.of(ours.cpu, 1)
    their_cpu, their_memory = theirs.of(theirs.cpu, 0), theirs.of(theirs.memory, 0)
    received = ", ".join(f"{seconds:.1f}" for seconds in theirs.of(theirs.outages, 1))
    told = f"firing in Prometheus; received by Alertmanager after {received} s"
    return [
        Figure(_HTTP, engine, their_cpu, "ms", _CHEAP, f"{_PEER}, in turns"),
        Figure(_HTTP_CONSOLE, both, their_cpu, "ms", None, "they have no console running"),
        Figure(_MEMORY, ours.of(ours.memory, 1), their_memory, "MB", _SMALL, _PEER),
        Figure(_ALERT, ours.of(ours.outages, 0), theirs.of(theirs.outages, 0), "s", _SOON, told),
    ]


def _encrypted(lengths: Lengths) -> list[Figure]:
    try:
        ours, theirs = measure(lengths, tls=True)
    except Unavailable as why:
        return [Figure.unmeasured(name, "ms", None, str(why)) for name in (_HTTPS, _HTTPS_CONSOLE)]
    cpu = theirs.of(theirs.cpu, 0)
    return [
        Figure(_HTTPS, ours.of(ours.cpu, 0), cpu, "ms", None, "a fresh TLS connection each time, on both sides"),
        Figure(_HTTPS_CONSOLE, ours.of(ours.cpu, 1), cpu, "ms", None),
    ]
