"""Numbers and instants as few calm characters: what changes seldom is repainted seldom."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo

from standby.console.present.glyphs import BARS, DASH
from standby.domain.units import DAY, HOUR, MICROSECOND, MINUTE, SECOND

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_USUAL_SHARE = 0.34  # how high in a sparkline the usual latency stands: low enough that trouble towers over it


def age(ns: int) -> str:
    """At most six cells: `now`, `40s` (by tens), `12m`, `3h05m`, `4d03h`, `120d`."""
    if ns < 10 * SECOND:
        return "now"
    if ns < MINUTE:
        return f"{ns // SECOND // 10 * 10}s"
    if ns < HOUR:
        return f"{ns // MINUTE}m"
    if ns < DAY:
        return f"{ns // HOUR}h{ns % HOUR // MINUTE:02d}m"
    if ns < 100 * DAY:
        return f"{ns // DAY}d{ns % DAY // HOUR:02d}h"
    return f"{min(99_999, ns // DAY)}d"


def exact_age(ns: int) -> str:
    """To the second below a minute, then as `age`: `40 s`, `12 min`. For the one place that watches the engine."""
    return f"{max(0, ns) // SECOND} s" if ns < MINUTE else age(ns)


def latency(ms: float | None) -> str:
    """Two digits that matter: `0.4 ms`, `34 ms`, `120 ms`, `1.2 s`, `34 s`."""
    if ms is None or ms != ms or ms < 0:
        return DASH
    if ms < 9.95:
        return f"{ms:.1f} ms"
    if ms < 99.5:
        return f"{ms:.0f} ms"
    if ms < 995:
        return f"{round(ms, -1):.0f} ms"
    return f"{ms / 1000:.1f} s" if ms < 9_950 else f"{min(ms / 1000, 99_999):.0f} s"


def exact(ms: float | None) -> str:
    """A single measurement: `0.42`, `34.1`, `1203` (milliseconds)."""
    if ms is None or ms != ms:
        return DASH
    return f"{ms:.2f}" if ms < 10 else f"{ms:.1f}" if ms < 1_000 else f"{ms:.0f}"


def share(rate: float | None) -> str:
    """A rate from 0 to 1 as at most four cells: `0%`, `<1%`, `43%`."""
    if rate is None or rate != rate:
        return DASH
    if 0 < rate < 0.01:
        return "<1%"
    return f"{min(1.0, max(0.0, rate)):.0%}"


def percent(share: float | None, digits: int = 3) -> str:
    """A share from 0 to 1, cut and never rounded up: `99.999%`; `100%` is all of it."""
    if share is None or share != share:
        return DASH
    if share >= 1:
        return "100%"
    scale = 10**digits
    return f"{math.floor(max(0.0, share) * 100 * scale + 1e-6) / scale:.{digits}f}%"


def rate(share: float | None) -> str:
    """A share of failures, two digits that matter: `0%`, `0.04%`, `1.2%`, `43%`."""
    if share is None or share != share:
        return DASH
    hundredths = min(1.0, max(0.0, share)) * 100
    if hundredths == 0 or hundredths >= 9.95:
        return f"{hundredths:.0f}%"
    return f"{hundredths:.1f}%" if hundredths >= 0.95 else f"{max(0.01, hundredths):.2f}%"


def local(ns: int, zone: tzinfo | None) -> datetime | None:
    """An instant in `zone` (`None`: the machine's); `None` outside the years that exist."""
    try:
        return (_EPOCH + timedelta(microseconds=ns // MICROSECOND)).astimezone(zone)
    except (OverflowError, ValueError):
        return None


def clock(ns: int, zone: tzinfo | None, *, seconds: bool = False) -> str:
    """`03:10` or `03:10:24`."""
    at = local(ns, zone)
    return "?" if at is None else at.strftime("%H:%M:%S" if seconds else "%H:%M")


def stamp(ns: int, now: int, zone: tzinfo | None) -> str:
    """The time today, else the day and the time: `03:10:24`, `23 Nov 03:10`."""
    at, today = local(ns, zone), local(now, zone)
    if at is None or today is None:
        return "?"
    if at.date() == today.date():
        return at.strftime("%H:%M:%S")
    return at.strftime("%d %b %H:%M" if at.year == today.year else "%Y-%m-%d")


def sparkline(series: Sequence[tuple[int, float | None]], end: int, width: int) -> str:
    """The last `width` minutes before `end`, one cell each: a bar, a dot when observed without a latency, or a space.

    The usual (median) latency stands at a third of the height, so that a steady vendor is a low line and trouble is a
    tower, whatever the vendor's own speed.
    """
    by_minute = {at // MINUTE: value for at, value in series}
    last = end // MINUTE - 1
    minutes = [by_minute.get(last - back, "") for back in range(width - 1, -1, -1)]
    known = sorted(value for value in minutes if isinstance(value, float | int))
    usual = known[len(known) // 2] if known else 0.0
    return "".join(_bar(value, usual) for value in minutes)


def _bar(value: float | str | None, usual: float) -> str:
    if value is None:
        return "·"
    if isinstance(value, str):
        return " "
    if usual <= 0 or value != value:
        return BARS[0]
    return BARS[max(0, min(len(BARS) - 1, int(value / usual * _USUAL_SHARE * len(BARS) - 0.5)))]
