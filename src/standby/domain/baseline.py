"""What is learned about: a metric of a check, or of all checks of an integration together."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

LATENCY = "latency_ms"
ERRORS = "error_rate"
THROUGHPUT = "throughput"
METRICS = "metrics"
"""The kind of every metric that a check reports itself: `metrics.queue`."""

KINDS = (LATENCY, ERRORS, THROUGHPUT, METRICS)
LEARNING_DAYS = 1.0
"""Nothing is called usual before so much was seen."""
CHECK, INTEGRATION = "check:", "integration:"


class DecisionKind(StrEnum):
    """What a person may decide about what was learned."""

    ACCEPT = "accept"  # the present is the new normal
    EXCLUDE = "exclude"  # a period teaches nothing


@dataclass(frozen=True, slots=True, order=True)
class Series:
    """`subject` is `check:ID` or `integration:ID`, `metric` one of `KINDS`, or `metrics.NAME`."""

    subject: str
    metric: str

    @property
    def kind(self) -> str:
        """Which bank it is in."""
        return self.metric.partition(".")[0]

    @property
    def name(self) -> str:
        """The id of what it is about."""
        return self.subject.partition(":")[2]

    def __str__(self) -> str:
        return f"{self.name} {self.metric.removeprefix('metrics.')}"


@dataclass(frozen=True, slots=True)
class Band:
    """What is usual, in the metric's unit; `sd` is the robust standard deviation around it."""

    usual: float
    low: float
    high: float
    sd: float

    def deviation(self, value: float) -> float | None:
        """How many standard deviations above (+) or below (-) it is; None when nothing ever varied."""
        return (value - self.usual) / self.sd if self.sd > 0 else None


@dataclass(frozen=True, slots=True)
class Decision:
    """A person's word about what was learned. `metric` is empty when it is about all of the subject's.

    `from_at` to `to_at` is the period of an exclusion; both are the instant of an acceptance.
    """

    id: int
    kind: DecisionKind
    subject: str
    metric: str
    from_at: int
    to_at: int
    by: str
    origin: str
    why: str = ""

    def about(self, series: Series) -> bool:
        """Whether it speaks of this series."""
        return self.subject == series.subject and self.metric in ("", series.metric)
