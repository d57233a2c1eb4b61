"""The calls of one caller in the last ten minutes, by the monotonic clock: how many, how many refused, and why."""

from __future__ import annotations

from collections import deque

from standby.checks.base import Tally
from standby.domain.units import MINUTE

MOST_COUNTED = 50_000  # of one caller; more in ten minutes are not told apart
LATELY = 10 * MINUTE


class Counts:
    """Instants are ns of the monotonic clock."""

    def __init__(self) -> None:
        self.repeated = 0
        self._accepted: deque[int] = deque(maxlen=MOST_COUNTED)
        self._refused: deque[int] = deque(maxlen=MOST_COUNTED)
        self._why = ""

    def accept(self, at: int) -> None:
        """One more that was taken."""
        self._accepted.append(at)
        _forget(self._accepted, at - MINUTE)

    def refuse(self, at: int, why: str) -> None:
        """One more that was not."""
        self._refused.append(at)
        self._why = why
        _forget(self._refused, at - LATELY)

    def tally(self, now: int) -> Tally:
        """What came."""
        _forget(self._accepted, now - MINUTE)
        _forget(self._refused, now - LATELY)
        lately = sum(1 for at in self._refused if at > now - MINUTE)
        return Tally(len(self._accepted), len(self._refused), lately, self.repeated, self._why)


def _forget(instants: deque[int], before: int) -> None:
    while instants and instants[0] <= before:
        instants.popleft()
