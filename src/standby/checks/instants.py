"""Points in time as vendors write them, whichever way that is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from standby.checks.documents import number
from standby.domain.units import MICROSECOND, MILLISECOND, SECOND

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_YEAR = 1971  # Go's zero time and the like mean "not yet"
_LONGEST = 60  # characters
_MILLISECONDS_FROM = 1e11  # seconds of the year 5138: a larger number counts milliseconds
_LAST = 1e14


def instant(found: object) -> int | None:
    """ns since 1970 of RFC 3339 or RFC 2822, or of seconds or milliseconds since 1970; no zone is UTC.

    None for what is no such thing: a date that cannot be read is no reason to disbelieve the rest of a document.
    """
    figure = number(found)
    if figure is not None:
        return _of_number(figure)
    if not isinstance(found, str) or not found.strip() or len(found) > _LONGEST:
        return None
    at = _of_text(found.strip())
    if at is None or at.year < _FIRST_YEAR:
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    try:
        return (at - _EPOCH) // timedelta(microseconds=1) * MICROSECOND
    except OverflowError:
        return None


def _of_number(figure: float) -> int | None:
    if not 0 < figure < _LAST:
        return None
    return round(figure * MILLISECOND) if figure >= _MILLISECONDS_FROM else round(figure * SECOND)


def _of_text(written: str) -> datetime | None:
    try:
        return datetime.fromisoformat(written)
    except ValueError:
        pass  # not RFC 3339; perhaps a mail's date
    try:
        return parsedate_to_datetime(written)  # knows the American names of zones: PDT
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
