"""What the engine remembers of each check and integration between two observations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from standby.domain import announced, flapping, threshold
from standby.domain.attempts import Settled
from standby.domain.cause import Cause, cause
from standby.domain.flapping import STEADY, Flapping
from standby.domain.observation import Failure, Observation
from standby.domain.outcome import Outcome
from standby.domain.threshold import Counted
from standby.domain.units import SECOND
from standby.store.rows import CheckStateRow, IntegrationStateRow

_OLDEST_S = 1e9  # thirty years: more is a damaged figure


@dataclass(slots=True)
class CheckMemory:
    """The present of one check. `known_since`, `slot`, `at` and `not_before` are ns since 1970."""

    id: str
    integration: str
    attempts: int
    known_since: int
    stated: bool = False  # it hears what somebody says about the third party
    settled: Settled | None = None
    decided: Outcome | None = None  # the last settled outcome that said something
    slot: int = 0
    at: int = 0
    latency_ms: float | None = None
    failure: Failure | None = None
    message: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    metrics_at: int = 0  # the end of the look that told them; later ones may have told none
    error_rate: float | None = None
    silent: int = 0  # runs in a row that told nothing: unknown, or not run at all
    missed: int = 0
    not_before: int = 0
    flapping: Flapping = STEADY
    heard: int = 0  # when something decided was seen, moved on by every while in which we could hear nothing
    succeeded: int = 0  # how old the last success is, or what it brought; 0: there was none
    counted: dict[str, Counted] = field(default_factory=dict)  # by rule: those that want so many of its looks
    announced: announced.Plans = ()  # what its vendor announces
    met: bool = False  # it had its turn since this engine began

    def __post_init__(self) -> None:
        self.heard = self.known_since

    @property
    def outcome(self) -> Outcome:
        """What is believed; unknown before the first observation."""
        return self.settled.outcome if self.settled is not None else Outcome.UNKNOWN

    @property
    def cause(self) -> Cause | None:
        """Whose trouble it is, when there is one."""
        return cause(self.outcome, self.failure, stated=self.stated)

    def take(self, observation: Observation) -> None:
        """Its last observation."""
        self.slot, self.at = observation.slot, observation.at
        self.latency_ms, self.failure = observation.latency_ms, observation.failure
        self.message = observation.message
        if observation.metrics:
            self.metrics, self.metrics_at = observation.metrics, observation.at
        if observation.announced is not None:
            self.announced = announced.renewed(self.announced, observation.announced, observation.at)
        self.met = True
        if observation.outcome.decided:
            self.heard = observation.slot
            if observation.outcome is not Outcome.DOWN:
                self.succeeded = observation.slot - _age_ns(observation)

    def deaf(self, for_ns: int) -> None:
        """We could hear nothing for so long: that is no silence of theirs."""
        self.heard += for_ns

    def follow(self, by: int) -> None:
        """The wall clock was stepped by `by` ns: as much time has passed as before."""
        self.heard += by
        if self.succeeded:
            self.succeeded += by

    def row(self) -> CheckStateRow:
        """As it is stored. A check that was never looked at has no row."""
        settled = self.settled or Settled(Outcome.UNKNOWN, self.known_since, Outcome.UNKNOWN)
        doc: dict[str, Any] = {"known_since": self.known_since}
        if self.metrics:
            doc["metrics"] = dict(self.metrics)
            if self.metrics_at != self.at:
                doc["metrics_at"] = self.metrics_at
        if self.decided is not None:
            doc["decided"] = self.decided.value
        if self.not_before:
            doc["not_before"] = self.not_before
        if self.counted:
            doc["counted"] = {rule: threshold.to_json(counted) for rule, counted in self.counted.items()}
        if self.heard != self.slot:
            doc["heard"] = self.heard
        if self.succeeded != self.slot:
            doc["succeeded"] = self.succeeded
        if self.announced:
            doc["announced"] = announced.to_json(self.announced)
        if self.flapping.changes:
            doc[flapping.KEY] = flapping.to_json(self.flapping)
        return CheckStateRow(
            check_id=self.id,
            integration=self.integration,
            outcome=settled.outcome,
            raw=settled.raw,
            attempt=settled.attempt,
            attempts=self.attempts,
            since=settled.since,
            slot=self.slot,
            at=self.at,
            latency_ms=self.latency_ms,
            failure=self.failure,
            message=self.message,
            error_rate=self.error_rate,
            unknowns=self.silent,
            missed=self.missed,
            doc=doc,
        )

    def restore(self, row: CheckStateRow) -> None:
        """Go on from what the last engine stored. Whatever in `doc` is not ours is left out."""
        self.settled = Settled(row.outcome, row.since, row.raw, row.attempt, row.unknowns)
        self.slot, self.at, self.message = row.slot, row.at, row.message
        self.latency_ms, self.failure, self.error_rate = row.latency_ms, row.failure, row.error_rate
        self.silent, self.missed = row.unknowns, row.missed
        doc = row.doc
        self.known_since = _instant(doc.get("known_since")) or self.known_since
        self.not_before = _instant(doc.get("not_before"))
        self.flapping = flapping.from_json(doc.get(flapping.KEY))
        self.announced = announced.from_json(doc.get("announced"))
        counted = doc.get("counted")
        if isinstance(counted, Mapping):
            self.counted = {str(rule): threshold.from_json(cells) for rule, cells in counted.items()}
        self.heard = _instant(doc.get("heard")) or self.slot
        self.succeeded = _instant(doc["succeeded"]) if "succeeded" in doc else self.slot
        decided = doc.get("decided")
        self.decided = Outcome(decided) if decided in {outcome.value for outcome in Outcome} else None
        metrics = doc.get("metrics")
        if isinstance(metrics, Mapping):
            self.metrics = {str(k): float(v) for k, v in metrics.items() if isinstance(v, int | float)}
            self.metrics_at = _instant(doc.get("metrics_at")) or self.at

    def shift(self, now: int) -> None:
        """The wall clock was stepped: nothing that people read lies ahead of it."""
        if self.settled is not None and self.settled.since > now:
            self.settled = Settled(
                self.settled.outcome, now, self.settled.raw, self.settled.attempt, self.settled.unknowns
            )
        self.slot, self.at, self.metrics_at = min(self.slot, now), min(self.at, now), min(self.metrics_at, now)
        self.known_since, self.heard = min(self.known_since, now), min(self.heard, now)
        self.succeeded = min(self.succeeded, now)


@dataclass(slots=True)
class IntegrationMemory:
    """The present of one integration: the worst of its checks."""

    id: str
    checks: tuple[str, ...]
    outcome: Outcome = Outcome.UNKNOWN
    since: int = 0
    error_rate: float | None = None
    latency_ms: float | None = None
    message: str = ""

    def row(self) -> IntegrationStateRow:
        """As it is stored."""
        return IntegrationStateRow(self.id, self.outcome, self.since, self.error_rate, self.latency_ms, self.message)


def _age_ns(observation: Observation) -> int:
    """How old what a success brought is, where its check says that."""
    age = observation.metrics.get("age_s", 0.0)
    return round(age * SECOND) if 0 < age < _OLDEST_S else 0


def _instant(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
