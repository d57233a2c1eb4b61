"""One steady line of instants that reads like the wall clock but takes no step of it by surprise.

Everything the engine judges with (slots, alert clocks, ages) is read from here. The line runs with the monotonic clock;
when the wall clock was stepped away from it, `stepped` says by how much and `follow` moves the line, once everything
that remembers instants has been told to move along.
"""

from __future__ import annotations

from standby.domain.clock import Clock
from standby.domain.units import SECOND

STEP_NS = SECOND
"""A difference below this is no step: time daemons slew both clocks together, leap seconds are smeared."""


class Timeline:
    """Wall nanoseconds at an anchor plus monotonic nanoseconds since then."""

    __slots__ = ("_anchor", "_clock")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._anchor = clock.now() - clock.monotonic()

    def now(self) -> int:
        """The instant, integer nanoseconds since 1970 UTC."""
        return self._anchor + self._clock.monotonic()

    def monotonic(self) -> int:
        """The monotonic reading underneath."""
        return self._clock.monotonic()

    def monotonic_at(self, instant: int) -> int:
        """The monotonic reading at which `now` is `instant`."""
        return instant - self._anchor

    def instant_at(self, monotonic: int) -> int:
        """What `now` is at a monotonic reading."""
        return monotonic + self._anchor

    def stepped(self) -> int:
        """How far the wall clock was stepped away from the line, in nanoseconds; 0 when it was not."""
        by = self._clock.now() - self.now()
        return by if abs(by) >= STEP_NS else 0

    def follow(self, by: int) -> None:
        """Move the line by `by` nanoseconds."""
        self._anchor += by
