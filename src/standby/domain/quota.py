"""How long a quota lasts at the present pace. Instants are ns since 1970."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from standby.domain.units import DAY, MICROSECOND

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Quota:
    """So many of so many, counted at `at`, until it starts anew at `resets`; `window` ns is from reset to reset."""

    used: float
    limit: float
    at: int
    resets: int
    window: int = DAY

    @property
    def share(self) -> float:
        """How much of it is used: 0 to 1 and above; 1 for a quota of nothing."""
        return self.used / self.limit if self.limit > 0 else 1.0


def ends(quota: Quota) -> int | None:
    """When it is used up at the pace since its last reset; None when it lasts until the next.

    A quota that is used up ends when it was counted. Before the first use, and outside of its window, nothing can be
    told: None.
    """
    if quota.share >= 1:
        return quota.at
    since = quota.resets - quota.window
    passed = quota.at - since
    if quota.used <= 0 or not 0 < passed <= quota.window:
        return None
    whole = passed * (quota.limit / quota.used)  # as floats: a first use may say that it lasts for ever
    return since + round(whole) if whole < quota.window else None


def forecast(quota: Quota, what: str, zone: tzinfo = UTC) -> str:
    """`daily calls end at 17:40 at this pace`, in the zone's wall time; empty when they last."""
    end = ends(quota)
    if end is None:
        return ""
    if quota.share >= 1:
        return f"{what} are used up until {wall_time(quota.resets, zone)}"
    return f"{what} end at {wall_time(end, zone)} at this pace"


def wall_time(instant: int, zone: tzinfo) -> str:
    """`17:40` in the zone, with its name where that is short: `17:40 EDT`."""
    at = (_EPOCH + timedelta(microseconds=instant // MICROSECOND)).astimezone(zone)
    return f"{at:%H:%M} {at.tzname() or ''}".rstrip()


def next_midnight(instant: int, zone: tzinfo) -> int:
    """The first midnight of the zone after `instant`; where clocks skip it, the first instant of that day."""
    local = (_EPOCH + timedelta(microseconds=instant // MICROSECOND)).astimezone(zone)
    tomorrow = datetime.combine(local.date() + timedelta(days=1), datetime.min.time(), zone)
    return (tomorrow.astimezone(UTC) - _EPOCH) // timedelta(microseconds=1) * MICROSECOND


def later_reset(resets: int, at: int, window: int = DAY) -> int:
    """The reset that comes after `at`, counting whole windows from one that may be over."""
    behind = at - resets
    return resets if behind < 0 else resets + (behind // window + 1) * window
