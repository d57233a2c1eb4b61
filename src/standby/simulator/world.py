"""What is wrong with whom right now: faults switched on by hand, and the scenario that runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random

from standby.domain.units import SECOND
from standby.simulator.faults import Fault, FaultError, FaultKind
from standby.simulator.scenario import SCENARIOS, Scenario

_ORDER = {kind: index for index, kind in enumerate(FaultKind)}


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a scenario is; `step` counts from 1 and is 0 once it has ended."""

    scenario: str
    step: int
    of: int
    says: str
    elapsed_ns: int


class World:
    """The state of the simulated third parties. `now` is monotonic nanoseconds and always a parameter."""

    def __init__(self, parties: Iterable[str], seed: int) -> None:
        self._faults: dict[str, dict[FaultKind, tuple[Fault, int | None]]] = {name: {} for name in parties}
        self._scenario: tuple[Scenario, int] | None = None
        self._seed = seed

    def dice(self, subject: str) -> Random:
        """A source of chance of its own for one endpoint: what happens elsewhere does not change its sequence."""
        return Random(f"{self._seed}/{subject}")  # noqa: S311 - repeatable on purpose, protects nothing

    def active(self, party: str, now: int) -> Sequence[Fault]:
        """The faults in force, in order of precedence; by hand wins over the scenario for the same kind."""
        by_hand = self._faults[party]
        for kind in [kind for kind, (_, until) in by_hand.items() if until is not None and until <= now]:
            del by_hand[kind]
        found: dict[FaultKind, Fault] = {}
        if self._scenario is not None:
            scenario, started = self._scenario
            found |= {fault.kind: fault for fault in scenario.faults_at(party, now - started)}
        found |= {kind: fault for kind, (fault, _) in by_hand.items()}
        return sorted(found.values(), key=lambda fault: _ORDER[fault.kind])

    def words(self, party: str, now: int) -> Sequence[str]:
        """The faults in force as a person writes them, with the seconds that they still last."""
        words = []
        for fault in self.active(party, now):
            _, until = self._faults[party].get(fault.kind, (None, None))
            left = f" for {max(1, (until - now) // SECOND)}s" if until is not None else ""
            words.append(f"{fault}{left}")
        return words

    def switch_on(self, party: str, fault: Fault, until: int | None) -> None:
        """Switch a fault on until then, or until cleared; it replaces one of the same kind. Raises FaultError."""
        self._known(party)[fault.kind] = (fault, until)

    def clear(self, party: str | None) -> None:
        """End the faults of one third party, or with `None` every fault and the scenario. Raises FaultError."""
        if party is not None:
            self._known(party).clear()
            return
        self._scenario = None
        for faults in self._faults.values():
            faults.clear()

    def rehearse(self, name: str, now: int) -> Progress:
        """Start a scenario, from its beginning even when it runs; where it is then. Raises FaultError."""
        if name not in SCENARIOS:
            raise FaultError(f"no scenario {name!r}; there are: {', '.join(SCENARIOS)}")
        scenario = SCENARIOS[name]
        self._scenario = (scenario, now)
        return Progress(name, 1, len(scenario.stages), scenario.stages[0].says, 0)

    def progress(self, now: int) -> Progress | None:
        """Where the scenario is; once with step 0 when it has just ended; `None` when none runs."""
        if self._scenario is None:
            return None
        scenario, started = self._scenario
        elapsed, of = now - started, len(scenario.stages)
        index = scenario.stage_at(elapsed)
        if index is None:
            self._scenario = None
            return Progress(scenario.name, 0, of, scenario.ends, elapsed)
        return Progress(scenario.name, index + 1, of, scenario.stages[index].says, elapsed)

    def _known(self, party: str) -> dict[FaultKind, tuple[Fault, int | None]]:
        if party not in self._faults:
            raise FaultError(f"no third party {party!r}; there are: {', '.join(self._faults)}")
        return self._faults[party]
