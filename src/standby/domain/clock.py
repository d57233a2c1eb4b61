"""Time is a parameter: what a clock gives, without one."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """Two readings, both integer nanoseconds."""

    def now(self) -> int:
        """Wall time since 1970 UTC; may jump either way."""
        ...

    def monotonic(self) -> int:
        """Never goes back; says nothing about the date."""
        ...
