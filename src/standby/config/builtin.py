"""The built-in rules: their names, how loud they are, and when one of the user's takes the place of `down`."""

from __future__ import annotations

import re
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

_WORD = re.compile(r"\w+")
BURNS = frozenset({"burn_page", "burn_ticket"})
COUNTED = frozenset({"error_rate", "failures", "availability"}) | BURNS
BELIEVED = frozenset({"outcome", "measured"})
_SAID = frozenset({"down", "up"})


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


def tells_of_down(rule: Rule) -> bool:
    """Whether a rule of the user's speaks when its integration is down: it counts what failed, or asks for the outcome
    itself. One about latency, a quota or a certificate does not, and an outage would pass in silence beside it."""
    words = words_of(rule)
    return bool(words & COUNTED) or bool(words & BELIEVED and words & _SAID)


def words_of(rule: Rule) -> frozenset[str]:
    """The names in its condition, and the words that they are compared with."""
    return frozenset(_WORD.findall(rule.when))
