"""One line of the table of figures: what was measured, ours beside the peer's, and what it had to reach.

A benchmark is a module of this folder with `run(quick: bool) -> list[Figure]`. `quick` shortens it to seconds, to see
that it works; only a full run goes into docs/benchmarks.md. `python -m benchmarks` runs them all.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """A bound on the median of the repetitions.

    `of_theirs`: a multiple of the peer's median in the same run, not a value in the unit. `always`: the worst
    repetition must hold it too (nothing lost, all on time).
    """

    limit: float
    of_theirs: bool = False
    at_least: bool = False
    always: bool = False

    def told(self, unit: str) -> str:
        """As the table prints it: `≤ 0.4 × theirs`, `≥ 300 of 300`."""
        sign = "≥" if self.at_least else "≤"
        return f"{sign} {self.limit:g} × theirs" if self.of_theirs else f"{sign} {self.limit:g} {unit}".rstrip()

    def holds(self, ours: Sequence[float], theirs: float | None) -> bool | None:
        """Whether our repetitions keep it; None when the bound is a multiple of something that was not measured."""
        if self.of_theirs and theirs is None:
            return None
        limit = self.limit * theirs if self.of_theirs and theirs is not None else self.limit
        if self.at_least:
            return (min(ours) if self.always else statistics.median(ours)) >= limit
        return (max(ours) if self.always else statistics.median(ours)) <= limit


@dataclass(frozen=True, slots=True)
class Figure:
    """Each repetition's value of one thing, in `unit`. `ours` is empty when it could not be measured: `note` says why.

    `theirs` is None when there is no peer, `target` None when the figure is only reported.
    """

    name: str
    ours: Sequence[float]
    theirs: Sequence[float] | None
    unit: str
    target: Target | None
    note: str = ""

    @classmethod
    def unmeasured(cls, name: str, unit: str, target: Target | None, why: str) -> Figure:
        """A line that admits the gap."""
        return cls(name, (), None, unit, target, f"not measured: {why}")

    @property
    def ratio(self) -> float | None:
        """Our median over theirs."""
        return statistics.median(self.ours) / theirs if self.ours and (theirs := self.peer) else None

    @property
    def peer(self) -> float | None:
        """Their median."""
        return statistics.median(self.theirs) if self.theirs else None

    @property
    def met(self) -> bool | None:
        """Whether we reached the target; None when the figure is only reported or was not measured."""
        if self.target is None or not self.ours:
            return None
        return self.target.holds(self.ours, self.peer)
