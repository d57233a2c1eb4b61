"""The engine's judge where nobody looks on: what only the store and screens would have of a look is not made."""

from __future__ import annotations

from standby.domain.observation import Observation
from standby.domain.outcome import Outcome, worst
from standby.engine.judge import Judge
from standby.engine.memory import CheckMemory, IntegrationMemory
from standby.engine.rules.windows import Scope


class TrialJudge(Judge):
    """Judges as a `Judge` does. Of an integration it knows the outcome alone: what depends on it asks for that."""

    def _shown_scopes(self) -> set[Scope]:
        return set()

    def _show(self, memory: CheckMemory, observation: Observation, monotonic: int) -> None:
        pass

    def _settled(self, memory: CheckMemory, before: Outcome) -> None:
        pass

    def _store(self, memory: CheckMemory) -> None:
        pass

    def _refresh(self, integration: IntegrationMemory, now: int, monotonic: int) -> None:  # noqa: ARG002
        checks = self.checks
        known = [one.outcome for name in integration.checks if (one := checks[name].settled) is not None]
        integration.outcome = known[0] if len(known) == 1 else worst(known)
