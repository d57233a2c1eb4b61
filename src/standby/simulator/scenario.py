"""Scenarios: scripted trouble as data. Which faults are in force follows from the time since the start alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from standby.domain.units import SECOND
from standby.simulator.faults import Fault, fault


@dataclass(frozen=True, slots=True)
class Stage:
    """From `at_ns` after the start until the next stage: these faults, by third party, and a line that says so."""

    at_ns: int
    says: str
    faults: Mapping[str, Sequence[Fault]]


@dataclass(frozen=True, slots=True)
class Scenario:
    """Stages in order; over `ends_ns` after the start."""

    name: str
    text: str
    stages: Sequence[Stage]
    ends_ns: int
    ends: str

    def stage_at(self, elapsed_ns: int) -> int | None:
        """The index of the stage in force, or `None` before the start and after the end."""
        if not 0 <= elapsed_ns < self.ends_ns:
            return None
        return max(index for index, stage in enumerate(self.stages) if stage.at_ns <= elapsed_ns)

    def faults_at(self, party: str, elapsed_ns: int) -> Sequence[Fault]:
        """The faults of one third party at that time; none when the scenario is not running."""
        index = self.stage_at(elapsed_ns)
        return () if index is None else self.stages[index].faults.get(party, ())


def _stage(seconds: int, says: str, **faults: Sequence[Fault]) -> Stage:
    return Stage(seconds * SECOND, says, MappingProxyType(faults))


# Errors come slowly as well: a gateway that fails waits for something first. A second of failure a check is what lets
# the sample's critical rule fire 10 to 15 s after the start; more than two minutes of it let a newcomer acknowledge,
# read the plan and type the word, and see that the shop is answered while the gateway is still down.
_FAILING = (fault("latency", {"ms": 600, "jitter": 0.6}), fault("timeouts", {"rate": 0.3}), fault("errors"))
BAD_MINUTE = Scenario(
    name="bad-minute",
    text="the payment gateway slows down and fails for two minutes; SMS suffers a little later; both recover",
    stages=(
        _stage(0, "payments slow down", payments=(fault("latency", {"ms": 450}),)),
        _stage(
            3,
            "payments begin to fail",
            payments=(fault("latency", {"ms": 700}), fault("errors", {"status": 503, "rate": 0.6})),
        ),
        _stage(7, "payments fail: errors and time-outs", payments=_FAILING),
        _stage(
            20,
            "payments fail; SMS slows down",
            payments=_FAILING,
            sms=(fault("latency", {"ms": 950, "jitter": 0.3}), fault("rate-limit", {"seconds": 2, "rate": 0.2})),
        ),
        _stage(
            82, "payments fail; SMS recovers", payments=_FAILING, sms=(fault("latency", {"ms": 500, "jitter": 0.3}),)
        ),
        _stage(96, "payments still fail", payments=_FAILING),
        _stage(150, "payments recover, still slow", payments=(fault("latency", {"ms": 250, "jitter": 0.5}),)),
        _stage(164, "nearly well again", payments=(fault("latency", {"ms": 80, "jitter": 0.5}),)),
    ),
    ends_ns=178 * SECOND,
    ends="the bad minute is over",
)

SCENARIOS: Mapping[str, Scenario] = MappingProxyType({BAD_MINUTE.name: BAD_MINUTE})
