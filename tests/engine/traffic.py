"""Traffic that a test can look at, and a director whose every act and answer a test can spoil."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from standby.directors.base import DirectorError
from standby.domain.route import Step, StepKind


@dataclass
class Traffic:
    """What outlives an engine: the state of four things. `acts` is everything that was asked, in order."""

    state: dict[str, str] = field(default_factory=lambda: {"spare": "off", "map": "acme", "file": "acme", "acme": "on"})
    acts: list[tuple[str, str]] = field(default_factory=list)
    before_apply: Callable[[str, str], None] = lambda subject, desired: None
    after_apply: Callable[[str, str], None] = lambda subject, desired: None
    before_read: Callable[[str], None] = lambda subject: None
    unplanned: str = ""
    drifted: tuple[str, ...] = ()

    @property
    def zero(self) -> bool:
        """Whether traffic goes to a place that takes none."""
        return self.state[self.state["map"]] != "on"


class TrafficDirector:
    """Four steps: the standby is put on, the map is set (the pivot), the file is written, the old one is put off."""

    def __init__(self, traffic: Traffic) -> None:
        self._traffic = traffic

    async def where(self) -> str:
        self._traffic.before_read("map")
        return self._traffic.state["map"]

    async def plan(self, to: str) -> tuple[Step, ...]:
        state = self._traffic.state
        if self._traffic.unplanned:
            raise DirectorError(self._traffic.unplanned)
        old = "acme" if to == "spare" else "spare"
        return (
            Step(f"raise {to}", StepKind.REVERSIBLE, to, "on", state[to]),
            Step(f"map -> {to}", StepKind.PIVOT, "map", to, state["map"]),
            Step(f"file -> {to}", StepKind.REVERSIBLE, "file", to, state["file"]),
            Step(f"lower {old}", StepKind.REVERSIBLE, old, "off", state[old]),
        )

    async def read(self, subject: str) -> str:
        self._traffic.before_read(subject)
        return self._traffic.state[subject]

    async def apply(self, subject: str, desired: str) -> None:
        self._traffic.acts.append((subject, desired))
        self._traffic.before_apply(subject, desired)
        self._traffic.state[subject] = desired
        self._traffic.after_apply(subject, desired)

    async def drift(self) -> tuple[str, ...]:
        return self._traffic.drifted

    async def close(self) -> None:
        return None
