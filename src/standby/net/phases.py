"""Where the time of one observation goes: each kind says which phase begins, the rest follows."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Literal

from standby.domain.clock import Clock
from standby.domain.observation import NO_PHASES, Phases
from standby.domain.units import MILLISECOND

Phase = Literal["resolve", "connect", "tls", "first_byte", "transfer"]

_DOING: dict[Phase | None, str] = {
    None: "before anything was sent",
    "resolve": "while resolving the name",
    "connect": "while connecting",
    "tls": "in the TLS handshake",
    "first_byte": "while waiting for the first byte",
    "transfer": "while reading the answer",
}


class Trace:
    """The phases of one observation and what was seen on the way; times in nanoseconds of the monotonic clock.

    Phases add up over the exchanges of one observation (redirects, several addresses).
    """

    __slots__ = ("_clock", "_since", "_spent", "certificate", "current", "started")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._spent: dict[Phase, int] = {}
        self.started = self._since = clock.monotonic()
        self.current: Phase | None = None
        self.certificate: bytes | None = None  # the peer's own, DER, verified or not

    def enter(self, phase: Phase | None) -> None:
        """End the present phase and begin the next; None ends the last one."""
        now = self._clock.monotonic()
        if self.current is not None:
            self._spent[self.current] = self._spent.get(self.current, 0) + now - self._since
        self.current, self._since = phase, now

    def excuse(self, waited: int) -> None:
        """So many ns just before now do not count: it was our own waiting."""
        self.started += waited
        self._since = self._clock.monotonic()

    @property
    def elapsed_ms(self) -> float:
        """Milliseconds since the observation began."""
        return (self._clock.monotonic() - self.started) / MILLISECOND

    @property
    def doing(self) -> str:
        """What was going on, in words that end a sentence: `while connecting`."""
        return _DOING[self.current]

    def phases(self) -> Phases:
        """The finished phases in milliseconds."""
        if not self._spent:
            return NO_PHASES
        return Phases(**{phase: spent / MILLISECOND for phase, spent in self._spent.items()})


TRACE: ContextVar[Trace | None] = ContextVar("standby_trace", default=None)


def enter(phase: Phase | None) -> None:
    """Begin a phase of the observation that is running here; nothing when none is."""
    trace = TRACE.get()
    if trace is not None:
        trace.enter(phase)


def doing() -> str:
    """What the observation that is running here was at, in words that end a sentence: `while connecting`."""
    trace = TRACE.get()
    return trace.doing if trace is not None else "on the way"
