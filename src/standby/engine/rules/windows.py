"""The sliding windows of all rules, one for each scope and span however many rules speak about it.

They live on the monotonic clock: no step of the wall clock moves a sample into or out of a window.
"""

from __future__ import annotations

from collections.abc import Iterable

from standby.domain.outcome import Outcome
from standby.domain.window import Window

Scope = tuple[tuple[str, ...], int]
"""The checks whose observations are pooled, and the span in nanoseconds."""


class Windows:
    """Windows by scope; `keep` says which are needed."""

    def __init__(self) -> None:
        self._windows: dict[Scope, Window] = {}
        self._of_check: dict[str, list[Window]] = {}

    def keep(self, scopes: Iterable[Scope]) -> set[Scope]:
        """Have exactly these from now on; what the others held is gone. Returns the new, empty ones."""
        wanted = set(scopes)
        fresh = wanted - self._windows.keys()
        self._windows = {scope: self._windows.get(scope) or Window(scope[1]) for scope in wanted}
        self._of_check = {}
        for (checks, _), window in self._windows.items():
            for check in checks:
                self._of_check.setdefault(check, []).append(window)
        return fresh

    def add(self, check_id: str, due: int, outcome: Outcome, latency_ms: float | None) -> None:
        """One observation, for every window that pools this check; `due` is its slot's monotonic reading."""
        for window in self._of_check.get(check_id, ()):
            window.add(due, outcome, latency_ms)

    def fill(self, scope: Scope, check_id: str, samples: Iterable[tuple[int, Outcome, float | None]]) -> None:
        """Samples from before the start, oldest first, for one new window."""
        if check_id in scope[0]:
            for due, outcome, latency_ms in samples:
                self._windows[scope].add(due, outcome, latency_ms)

    def at(self, scope: Scope, monotonic: int) -> Window:
        """One window as it is now."""
        window = self._windows[scope]
        window.evict(monotonic)
        return window
