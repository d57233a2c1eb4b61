"""A reading in the words of an alert: value, what is usual, why it was told, since when."""

from __future__ import annotations

import math
from datetime import UTC, datetime, tzinfo

from standby.baselines import constants as c
from standby.baselines.reading import Band, Cause, Reading

_SAID = {
    Cause.SPIKE: "a sudden spike",
    Cause.SHIFT: "away from its level for a while",
    Cause.DROP: "fell to zero",
    Cause.FLAT: "frozen: the same value for far longer than ever",
    Cause.SPREAD: "varies otherwise than before",
    Cause.SEASON: "unusual for the hour",
    Cause.VALUE: "rare among all that were seen",
}


def sentence(
    name: str,
    value: float,
    unit: str,
    reading: Reading,
    at: int,
    *,
    zone: tzinfo = UTC,
    since: int | None = None,
    highest_days: float | None = None,
) -> str:
    """`p95 1.8 s, usual for Tue 14:00: 0.41 s ± 0.09; a sudden spike; highest of the last 12 days; since 14:02`.

    `unit` is `ms`, `ratio` or whatever stands behind the number; `at` and `since` are ns, told in `zone`;
    `highest_days` is for how long nothing was as high, if the caller knows it.
    """
    parts = [f"{name} {amount(value, unit)}"]
    if said := usual(Band(reading.usual, reading.low, reading.high), at, unit, zone):
        parts[0] += f", {said}"
    if reading.cause is not None:
        parts.append(_SAID[reading.cause])
    if highest_days is not None and highest_days >= 1.0:
        parts.append(f"highest of the last {highest_days:.0f} days")
    if since is not None:
        parts.append(f"since {_when(since, '%H:%M' if at - since < c.DAY_S * c.NS else '%a %d %b %H:%M', zone)}")
    if still := learning(reading.days):
        parts.append(still)
    return "; ".join(parts)


def usual(band: Band, at: int, unit: str, zone: tzinfo = UTC) -> str:
    """`usual for Tue 14:00: 0.41 s ± 0.09`; nothing while learning."""
    if band.usual is None or band.high is None:
        return ""
    middle, wide = amount(band.usual, unit), band.high - band.usual
    return f"usual for {_when(at, '%a %H:%M', zone)}: {middle} ± {_number(wide / _scale(band.usual, unit)[0])}"


def learning(days: float) -> str:
    """`still learning, 3 of 7 days`, until a week was seen."""
    if days >= c.WEEK_DAYS:
        return ""
    return f"still learning, {max(int(days), 0)} of {c.WEEK_DAYS:.0f} days"


def amount(value: float, unit: str) -> str:
    """A number as people say it: 1834 ms is `1.83 s`, a ratio of 0.051 `5.1 %`."""
    factor, shown = _scale(value, unit)
    return f"{_number(value / factor)} {shown}".rstrip()


def _scale(value: float, unit: str) -> tuple[float, str]:
    if unit == "ratio":
        return 0.01, "%"
    if unit == "ms" and abs(value) >= 1_000.0:
        return 1_000.0, "s"
    return 1.0, unit


def _number(value: float) -> str:
    """Three significant digits, without an exponent up to a billion."""
    if not math.isfinite(value):
        return "?"
    if value == 0.0 or 0.001 <= abs(value) < 999.5:
        return f"{value:.3g}"
    return f"{value:,.0f}" if 999.5 <= abs(value) < 1e9 else f"{value:.2e}"


def _when(at: int, form: str, zone: tzinfo) -> str:
    try:
        return datetime.fromtimestamp(at / c.NS, zone).strftime(form)
    except (OverflowError, OSError, ValueError):
        return "?"  # no instant of any calendar
