"""Durations and instants: integer nanoseconds inside, `10s` and RFC 3339 outside."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

MICROSECOND = 1_000
MILLISECOND = 1_000_000
SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_UNITS = {"ms": MILLISECOND, "s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}
_DURATION = re.compile(r"(?:[0-9]+(?:ms|s|m|h|d))+")
_PART = re.compile(r"([0-9]+)(ms|s|m|h|d)")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST = 100 * 366 * DAY


def parse_duration(text: object) -> int:
    """Nanoseconds in `500ms`, `10s`, `1m30s`, `2h` or `30d`. Raises ValueError with the mend, also for no text."""
    if not isinstance(text, str) or len(text) > 40 or not _DURATION.fullmatch(text):
        raise ValueError(f'{_quoted(text)} is not a duration; write one like "500ms", "10s", "5m", "2h" or "30d"')
    total = sum(int(number) * _UNITS[unit] for number, unit in _PART.findall(text))
    if total > _LONGEST:
        raise ValueError(f"{_quoted(text)} is longer than a hundred years")
    return total


def format_duration(ns: int) -> str:
    """The shortest text that `parse_duration` reads back, exact to the millisecond: 90 s becomes `1m30s`."""
    if ns <= 0:
        return "0s"
    parts, rest = [], ns
    for unit in ("d", "h", "m", "s", "ms"):
        count, rest = divmod(rest, _UNITS[unit])
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def format_instant(ns: int) -> str:
    """RFC 3339 in UTC, milliseconds cut not rounded: `2026-11-23T03:10:00.250Z`; `?` outside the years 1 to 9999."""
    try:
        at = _EPOCH + timedelta(microseconds=ns // MICROSECOND)
    except OverflowError:
        return "?"  # a damaged row must not take a screen with it
    return at.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def parse_instant(text: str) -> int:
    """Nanoseconds of an RFC 3339 instant with an offset. Raises ValueError with the mend."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise ValueError(f'{_quoted(text)} is not an instant; write one like "2026-11-23T03:10:00+01:00"')
    return (at - _EPOCH) // timedelta(microseconds=1) * MICROSECOND


def _quoted(text: object) -> str:
    """What the user wrote, for one line of an error."""
    quoted = repr(text)
    return quoted if len(quoted) <= 60 else quoted[:59] + "…"
