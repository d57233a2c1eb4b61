"""How fast an error budget is spent: the burn rates of two windows, what is left, and the words for it (S63, S65).

A budget is what a target leaves: 0.1 % of the time for 99.9 %. A burn rate of 1 spends it exactly in its period. A
rule alerts when the rate over a long window and the rate over a short one are both above its factor: the long one says
that it matters, the short one that it goes on. Percents are 0 to 100, seconds are seconds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum

from standby.domain.units import DAY, HOUR, MINUTE

AT_RISK_SLACK = 5.0
EXHAUSTED_SLACK = 2.0


@dataclass(frozen=True, slots=True)
class BurnRule:
    """Spends `budget_percent` of the budget within `long_ns`; `page`: somebody is called, else it can wait for day."""

    long_ns: int
    short_ns: int
    budget_percent: float
    page: bool

    def factor(self, period_ns: int) -> float:
        """The burn rate at which so much is spent in the long window: 14.4 for 2 % in one hour of 30 days."""
        return self.budget_percent / 100 * period_ns / self.long_ns

    def judgeable(self, history_ns: int) -> bool:
        """Whether the data is as old as the long window: a short outage of a young check is no fast burn."""
        return history_ns >= self.long_ns

    def holds(self, long_rate: float | None, short_rate: float | None, period_ns: int) -> bool | None:
        """Whether both burn rates are above the factor; `None` when one of them cannot be told."""
        if long_rate is None or short_rate is None:
            return None
        return min(long_rate, short_rate) > self.factor(period_ns)


RULES = (
    BurnRule(HOUR, 5 * MINUTE, 2, page=True),
    BurnRule(6 * HOUR, 30 * MINUTE, 5, page=True),
    BurnRule(DAY, 2 * HOUR, 10, page=False),
    BurnRule(3 * DAY, 6 * HOUR, 10, page=False),
)
"""Google's, for a period of 30 days (SRE workbook)."""


def burn_rate(bad: float, total: float, target_percent: float) -> float:
    """How many times faster than allowed the budget is spent; 0 when nothing was seen. ValueError: no such target."""
    allowed = _allowed(target_percent)
    return min(max(bad / total, 0.0), 1.0) / allowed if total > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Budget:
    """Seconds of an error budget; `remaining` is below zero when more was spent than there was."""

    total: float
    consumed: float

    @property
    def remaining(self) -> float:
        """What is left, in seconds."""
        return self.total - self.consumed

    @property
    def remaining_percent(self) -> float:
        """What is left of the whole; 100 when there is nothing to spend it on yet."""
        return 100 * self.remaining / self.total if self.total > 0 else 100.0


def budget(bad: float, total: float, target_percent: float) -> Budget:
    """The budget of a period of `total` seconds of which `bad` were. Raises ValueError when there is no such target."""
    allowed = _allowed(target_percent)
    total = max(total, 0.0)
    return Budget(total * allowed, min(max(bad, 0.0), total))


class BudgetState(StrEnum):
    """The word for what is left."""

    HEALTHY = "healthy"
    AT_RISK = "at_risk"
    EXHAUSTED = "budget_exhausted"


def standing(before: BudgetState, remaining_percent: float, at_risk_percent: float) -> BudgetState:
    """The word now, after `before`: worse at once, better only with some room, so that it does not come and go."""
    spent = EXHAUSTED_SLACK if before is BudgetState.EXHAUSTED else 0.0
    if remaining_percent <= 0 or remaining_percent < spent:
        return BudgetState.EXHAUSTED
    if remaining_percent <= at_risk_percent:
        return BudgetState.AT_RISK
    slack = 0.0 if before is BudgetState.HEALTHY else AT_RISK_SLACK
    return BudgetState.AT_RISK if remaining_percent < at_risk_percent + slack else BudgetState.HEALTHY


def month_of(at: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """Begin and end of the calendar month of `zone` that holds the instant `at` (aware): 743 hours in some Marches."""
    local = at.astimezone(zone)
    begin = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0, fold=0)
    after = (begin.year + 1, 1) if begin.month == 12 else (begin.year, begin.month + 1)
    return begin, begin.replace(year=after[0], month=after[1])


def union(spans: Iterable[tuple[int, int]]) -> int:
    """How long at least one of the spans (begin, end) was going on: two checks that are down at once are one outage."""
    long, reached = 0, -(1 << 63)
    for begin, end in sorted(spans):
        long += max(0, end - max(begin, reached))
        reached = max(reached, end)
    return long


def _allowed(target_percent: float) -> float:
    if not (math.isfinite(target_percent) and 0 < target_percent < 100):
        raise ValueError(f"a target of {target_percent} % leaves no budget to reckon with; write one like 99.9")
    return 1 - target_percent / 100
