"""When the simulator ends by itself: nobody came, or the last one left a while ago."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Presence:
    """Counts the attached programs. `now` is monotonic nanoseconds."""

    first_ns: int
    linger_ns: int
    attached: int = 0
    _empty_since: int = 0
    _ever: bool = False

    def start(self, now: int) -> None:
        """The clock of an empty room starts."""
        self._empty_since = now

    def came(self) -> None:
        """One more program is attached."""
        self.attached += 1
        self._ever = True

    def left(self, now: int) -> None:
        """One of them is gone."""
        self.attached -= 1
        self._empty_since = now

    def over(self, now: int) -> bool:
        """Whether it is time to end."""
        patience = self.linger_ns if self._ever else self.first_ns
        return self.attached == 0 and now - self._empty_since >= patience
