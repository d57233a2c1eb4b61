"""What ends or begins when, out of the figures that a check counted from its last look."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from standby.domain.units import DAY, HOUR, SECOND

DIGITS = 6
"""Of a figure in days: a tenth of a second. With fewer, what ends at midnight would end on the day before."""
_FARTHEST = 100_000  # units from the look; more is no date but noise
_BEGINS = "maintenance_in_h"
_WHAT = {
    "certificate_days": (DAY, "certificate ends"),
    "domain_days": (DAY, "domain registration ends"),
    "sunset_days": (DAY, "API version ends (Sunset)"),
    "deprecated_days": (DAY, "API version is deprecated"),
    "token_days": (DAY, "our token ends"),
    _BEGINS: (HOUR, "maintenance begins"),
}


@dataclass(frozen=True, slots=True)
class Due:
    """One date, ns since 1970: `what` for a person, `figure` is the metric that told it."""

    at: int
    figure: str
    what: str

    @property
    def begins(self) -> bool:
        """It is announced work, nothing that stops to be good."""
        return self.figure == _BEGINS


def dues(metrics: object, looked: int, now: int) -> Iterator[Due]:
    """The dates in the figures of a look (`looked`, `now`: ns since 1970). Work that has begun is no date any more."""
    if not isinstance(metrics, Mapping):
        return
    for figure, (unit, what) in _WHAT.items():
        left = metrics.get(figure)
        if isinstance(left, bool) or not isinstance(left, int | float) or not abs(left) < _FARTHEST:
            continue
        due = Due(max(0, round((looked + left * unit) / SECOND) * SECOND), figure, what)
        if not due.begins or due.at >= now:
            yield due
