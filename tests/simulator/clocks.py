"""A clock that stands still until a test moves it."""

from __future__ import annotations

from dataclasses import dataclass

from standby.domain.units import HOUR


@dataclass
class StillClock:
    """Wall time is 2026-11-23T03:10:00Z; `advance` moves both readings."""

    wall: int = 1_795_403_400_000_000_000
    mono: int = HOUR

    def now(self) -> int:
        return self.wall

    def monotonic(self) -> int:
        return self.mono

    def advance(self, ns: int) -> None:
        self.wall += ns
        self.mono += ns
