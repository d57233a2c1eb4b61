"""How long what is kept, and how large the store may grow."""

from __future__ import annotations

from dataclasses import dataclass

from standby.domain.units import DAY, HOUR


@dataclass(frozen=True, slots=True)
class Retention:
    """Spans in nanoseconds, `max_size` in bytes (`None`: no bound but time). Audit rows are never expired."""

    raw: int = 48 * HOUR
    minutes: int = 30 * DAY
    hours: int = 2 * 366 * DAY  # also resolved alerts, receipts and gaps
    max_size: int | None = None
