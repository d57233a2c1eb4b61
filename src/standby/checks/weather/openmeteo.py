"""Open-Meteo: local times without a zone, whose offset stands beside them; errors that name their limit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from standby.checks.answers import Document, Reply
from standby.checks.api import refusal, unreadable
from standby.checks.documents import Table, number, table, text
from standby.checks.instants import instant
from standby.checks.weather.reading import Reading, figures
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.domain.quota import next_midnight
from standby.domain.units import HOUR, SECOND
from standby.net.trouble import Trouble

ADDRESS, CUSTOMERS = "https://api.open-meteo.com", "https://customer-api.open-meteo.com"
DEFAULTS = ("temperature_2m", "precipitation", "wind_speed_10m")
_LATER_S = 60.0
_OFFSETS = 18 * 3600  # seconds; no zone is further from UTC
_NO_VALUES = frozenset({"time", "interval"})


def reading(found: Document, now: int) -> Reading:
    """The current values; without such the newest hour that has begun. Raises Trouble for another form."""
    said = table(found)
    current = next((table(said[key]) for key in ("current", "current_weather") if table(said.get(key))), None)
    if current is not None:
        values = {name: value for name, value in figures(current).items() if name not in _NO_VALUES}
        return Reading(_instant(current.get("time"), said), values)
    if not isinstance(table(said.get("hourly")).get("time"), list):
        raise unreadable("the answer has no current values")
    return _hour(said, now)


def _hour(said: Table, now: int) -> Reading:
    hourly = table(said.get("hourly"))
    times = [_instant(time, said) for time in hourly["time"]]
    begun = [(at, index) for index, at in enumerate(times) if at is not None and at <= now]
    if not begun:
        return Reading(None)
    at, index = max(begun)
    listed: Mapping[str, list[object]] = {name: row for name, row in hourly.items() if isinstance(row, list)}
    values = {name: number(row[index]) for name, row in listed.items() if name != "time" and index < len(row)}
    return Reading(at, {name: value for name, value in values.items() if value is not None})


def _instant(time: object, said: Table) -> int | None:
    """UTC of a local time; None where neither it nor the document says how far from UTC it is."""
    at = instant(time)
    if at is None or not isinstance(time, str) or _has_zone(time):
        return at
    offset = number(said.get("utc_offset_seconds"))
    if offset is None or abs(offset) > _OFFSETS:
        return at if text(said.get("timezone")).upper() in ("GMT", "UTC") else None
    return at - round(offset) * SECOND


def _has_zone(time: str) -> bool:
    try:
        return datetime.fromisoformat(time.strip()).tzinfo is not None
    except ValueError:
        return True  # a form that `instant` knew by its zone


def refused(reply: Reply) -> Trouble | None:
    """What an error means, whatever its status; None for an answer. None of them has a Retry-After."""
    reason = _reason(reply)
    if reason is None:
        return refusal(reply)
    low = reason.lower()
    if reply.status == 429 or "limit exceeded" in low:
        return _too_often(reason, low, reply.at)
    failure = Failure.CREDENTIALS if "api key" in low or "apikey" in low else Failure.REQUEST
    if reply.status >= 500:
        failure = Failure.SERVER
    return Trouble(failure, f"Open-Meteo says: {reason}", Outcome.UNKNOWN)


def _reason(reply: Reply) -> str | None:
    try:
        found = table(reply.document)
    except Trouble:
        return None
    return text(found.get("reason")) or "no reason given" if found.get("error") is True else None


def _too_often(reason: str, low: str, now: int) -> Trouble:
    failure, wait = Failure.RATE_LIMITED, _LATER_S
    if "daily" in low:
        failure, wait = Failure.QUOTA, (next_midnight(now, UTC) - now) / SECOND
    elif "monthly" in low:
        failure, wait = Failure.QUOTA, 86_400.0
    elif "hourly" in low:
        wait = (HOUR - now % HOUR) / SECOND
    return Trouble(failure, f"we ask too often: {reason}", Outcome.UNKNOWN, retry_after_s=wait)
