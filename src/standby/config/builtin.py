"""The built-in rules: their names, how loud they are and what `down` is."""

from __future__ import annotations

from collections.abc import Collection
from types import MappingProxyType

from standby.config.models import CheckModel, Integration, Rule
from standby.domain.outcome import Criticality, Severity
from standby.domain.units import MINUTE

DOWN = "down"
NO_DATA = "no-data"
BLIND = "blind"
FLAPPING = "flapping"
DEVIATION = "deviation"
BUILT_IN_RULES = frozenset({DOWN, NO_DATA, BLIND, FLAPPING, DEVIATION})

DOWN_SEVERITY = MappingProxyType(
    {
        Criticality.CRITICAL: Severity.CRITICAL,
        Criticality.HIGH: Severity.CRITICAL,
        Criticality.MEDIUM: Severity.WARNING,
        Criticality.LOW: Severity.INFO,
    }
)
"""How loudly it is told that an integration is down, by how much depends on it."""


def built_in_down(integration: Integration, checks: Collection[CheckModel]) -> Rule:
    """The rule `down` of an integration: an alert as soon as it is down. Its id is each integration's own."""
    slowest = max((check.every for check in checks), default=MINUTE)
    return Rule(
        id=DOWN,
        integration=integration.id,
        when="outcome == 'down'",
        window=max(MINUTE, 3 * slowest),
        severity=DOWN_SEVERITY[integration.criticality],
    )
