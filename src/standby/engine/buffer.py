"""What waits to be written: the newest of each present, every transition, and as many observations as fit."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

from standby.domain.baseline import Decision
from standby.domain.observation import Observation
from standby.domain.review import Review
from standby.domain.silence import Silence
from standby.domain.units import MINUTE
from standby.store.escalations import EscalationRow, NotificationRow
from standby.store.failovers import FailoverRow, RouteStateRow
from standby.store.rows import (
    AlertRow,
    AuditRow,
    Batch,
    CheckStateRow,
    ConfigRow,
    EngineRow,
    GapRow,
    IntegrationStateRow,
)

CAPACITY = 50_000
"""Observations kept while the store cannot be written: 8 minutes of 500 checks every 5 s, about 40 MB."""


class Buffer:
    """Rows by kind. Only observations can be too many: the oldest go, counted, and their span becomes a gap."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self.capacity = capacity
        self.dropped = 0  # observations, since the last `forgive`
        self._lost: tuple[int, int] | None = None  # first and last slot of what was dropped
        self.observations: deque[Observation] = deque()
        self.check_states: dict[str, CheckStateRow] = {}
        self.integration_states: dict[str, IntegrationStateRow] = {}
        self.alerts: dict[int, AlertRow] = {}
        self.audits: list[AuditRow] = []
        self.gaps: dict[int, GapRow] = {}
        self.failovers: dict[int, FailoverRow] = {}
        self.route_states: dict[str, RouteStateRow] = {}
        self.forget_routes: set[str] = set()
        self.escalations: dict[int, EscalationRow] = {}
        self.notifications: dict[int, NotificationRow] = {}
        self.silences: dict[int, Silence] = {}
        self.decisions: dict[int, Decision] = {}
        self.reviews: dict[str, Review] = {}
        self.engine: EngineRow | None = None
        self.config: ConfigRow | None = None
        self.forget_checks: set[str] = set()
        self.forget_integrations: set[str] = set()

    def __bool__(self) -> bool:
        return bool(
            self.observations
            or self.check_states
            or self.integration_states
            or self.alerts
            or self.audits
            or self.gaps
            or self.failovers
            or self.route_states
            or self.forget_routes
            or self.escalations
            or self.notifications
            or self.silences
            or self.decisions
            or self.reviews
            or self.engine
            or self.config
            or self.forget_checks
            or self.forget_integrations
        )

    def observation(self, observation: Observation) -> None:
        """One more; the oldest makes room when there is none."""
        if len(self.observations) >= self.capacity:
            self._drop(self.observations.popleft())
        self.observations.append(observation)

    def forget(self, checks: set[str], integrations: set[str]) -> None:
        """The present of these goes from the store."""
        for name in checks:
            self.check_states.pop(name, None)
        for name in integrations:
            self.integration_states.pop(name, None)
        self.forget_checks |= checks
        self.forget_integrations |= integrations

    def take(self) -> Batch:
        """Everything, as one transaction; the buffer is empty afterwards."""
        batch = Batch(
            observations=list(self.observations),
            check_states=list(self.check_states.values()),
            integration_states=list(self.integration_states.values()),
            alerts=list(self.alerts.values()),
            audits=self.audits,
            gaps=list(self.gaps.values()),
            failovers=list(self.failovers.values()),
            route_states=list(self.route_states.values()),
            forget_routes=sorted(self.forget_routes),
            escalations=list(self.escalations.values()),
            notifications=list(self.notifications.values()),
            silences=list(self.silences.values()),
            decisions=list(self.decisions.values()),
            reviews=list(self.reviews.values()),
            engine=self.engine,
            config=self.config,
            forget_checks=sorted(self.forget_checks),
            forget_integrations=sorted(self.forget_integrations),
        )
        self.observations.clear()
        self.check_states, self.integration_states, self.alerts, self.gaps = {}, {}, {}, {}
        self.audits = []
        self.failovers, self.route_states, self.forget_routes = {}, {}, set()
        self.escalations, self.notifications, self.silences = {}, {}, {}
        self.decisions, self.reviews = {}, {}
        self.engine, self.config = None, None
        self.forget_checks, self.forget_integrations = set(), set()
        return batch

    def put_back(self, batch: Batch) -> None:
        """What could not be written waits again, before and below what came meanwhile."""
        for observation in reversed(batch.observations):
            if len(self.observations) >= self.capacity:
                self._drop(observation)
            else:
                self.observations.appendleft(observation)
        for check in batch.check_states:
            if check.check_id not in self.forget_checks:
                self.check_states.setdefault(check.check_id, check)
        for integration in batch.integration_states:
            if integration.integration not in self.forget_integrations:
                self.integration_states.setdefault(integration.integration, integration)
        self.alerts = {**{alert.id: alert for alert in batch.alerts}, **self.alerts}
        self.gaps = {**{gap.from_at: gap for gap in batch.gaps}, **self.gaps}
        self.failovers = {**{run.id: run for run in batch.failovers}, **self.failovers}
        self.route_states = {**{route.route: route for route in batch.route_states}, **self.route_states}
        self.escalations = {**{row.id: row for row in batch.escalations}, **self.escalations}
        self.notifications = {**{row.id: row for row in batch.notifications}, **self.notifications}
        self.silences = {**{row.id: row for row in batch.silences}, **self.silences}
        self.decisions = {**{row.id: row for row in batch.decisions}, **self.decisions}
        self.reviews = {**{row.rule: row for row in batch.reviews}, **self.reviews}
        self.forget_routes |= set(batch.forget_routes)
        self.audits = [*batch.audits, *self.audits]
        self.engine = self.engine or batch.engine
        self.config = self.config or batch.config
        self.forget_checks |= set(batch.forget_checks)
        self.forget_integrations |= set(batch.forget_integrations)

    def without_samples(self, batch: Batch) -> Batch:
        """The batch less its samples, which count as dropped, and less the presents that the next samples make anew."""
        for observation in batch.observations:
            self._drop(observation)
        return replace(batch, observations=(), check_states=(), integration_states=())

    def forgive(self) -> tuple[int, GapRow | None]:
        """How many observations were dropped, and the hole that they left in history; counted afresh afterwards."""
        dropped, lost = self.dropped, self._lost
        self.dropped, self._lost = 0, None
        return dropped, None if lost is None else GapRow(lost[0], max(lost[1], lost[0] + MINUTE), "store")

    def _drop(self, observation: Observation) -> None:
        self.dropped += 1
        first, last = self._lost or (observation.slot, observation.slot)
        self._lost = (min(first, observation.slot), max(last, observation.slot))
