"""How many runs may look at one vendor at the same time: the others wait their turn, each for one interval at most."""

from __future__ import annotations

from collections import deque
from typing import Protocol


class Runner(Protocol):
    """Something that waits for its turn."""

    def go(self) -> None:
        """Its turn has come; it calls `Lane.leave` when it is through."""
        ...


class Lane:
    """The turns at one vendor, first come first served."""

    __slots__ = ("_inside", "_limit", "_waiting")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._inside = 0
        self._waiting: deque[Runner] = deque()

    def __contains__(self, runner: Runner) -> bool:
        return runner in self._waiting

    def enter(self, runner: Runner) -> None:
        """Let it go now, or when those before it have left."""
        if self._inside < self._limit:
            self._inside += 1
            runner.go()
        else:
            self._waiting.append(runner)

    def leave(self) -> None:
        """One run is through: the next may go."""
        self._inside -= 1
        self._admit()

    def forget(self, runner: Runner) -> None:
        """It waits no longer."""
        if runner in self._waiting:
            self._waiting.remove(runner)

    def resize(self, limit: int) -> None:
        """Another limit from now on; runs inside stay."""
        self._limit = limit
        self._admit()

    def _admit(self) -> None:
        while self._waiting and self._inside < self._limit:
            self._inside += 1
            self._waiting.popleft().go()
