"""The closed sets of words: outcomes, criticality, severity, environments, alert states."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Outcome(StrEnum):
    """What one look at a third party found."""

    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"
    MAINTENANCE = "maintenance"
    UNKNOWN = "unknown"

    @property
    def decided(self) -> bool:
        """Whether it says something about the third party; `unknown` and `maintenance` do not."""
        return self in _DECIDED

    @property
    def badness(self) -> int:
        """0 (up) to 4 (down): which of several outcomes a person needs to see first."""
        return _BADNESS[self]


_DECIDED = frozenset({Outcome.UP, Outcome.DEGRADED, Outcome.DOWN})
_BADNESS = {
    Outcome.UP: 0,
    Outcome.MAINTENANCE: 1,
    Outcome.UNKNOWN: 2,
    Outcome.DEGRADED: 3,
    Outcome.DOWN: 4,
}


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """The outcome that a person needs to see first; `unknown` when there is none."""
    return max(outcomes, key=_BADNESS.__getitem__, default=Outcome.UNKNOWN)


class Criticality(StrEnum):
    """How much the platform depends on an integration, most first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Severity(StrEnum):
    """How loudly an alert speaks, loudest first."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"

    @property
    def loudness(self) -> int:
        """0 for the loudest: what a person needs to see first."""
        return _LOUDNESS[self]


_LOUDNESS = {severity: number for number, severity in enumerate(Severity)}


def loudest(severities: Iterable[Severity]) -> Severity:
    """The one that speaks loudest; there must be one."""
    return min(severities, key=lambda severity: severity.loudness)


class Environment(StrEnum):
    """Where the platform runs; shown in every header and confirmation."""

    PRODUCTION = "production"
    STAGING = "staging"
    DEVELOPMENT = "development"


class AlertState(StrEnum):
    """The life of an alert, as people and scripts see it."""

    PENDING = "pending"
    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
