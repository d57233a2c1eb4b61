"""Times of day, of week, month and year, as Alertmanager writes them (S26): when it is quiet, when somebody works.

Every field of an interval has to hold, of the entries of one field any; an empty field always holds. Times are read on
the wall clock of the interval's zone at the instant that is asked about: an hour that comes twice in autumn is inside
both times, one that is left out in spring is never there. A weekday may say which of the month it is, `tuesday#2` or
`friday#-1`, which Alertmanager does not know.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import TypeVar

from standby.domain.units import HOUR, MINUTE

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_CLOCK = re.compile(r"((?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00)")
_DAY_MINUTES = 24 * 60
_EASTERNMOST_NS = 16 * HOUR  # no zone is farther ahead of UTC
_FARTHEST_DAYS = 5 * 366  # a 29th of February comes within that

Range = tuple[int, int]
FIELDS = ("times", "weekdays", "days_of_month", "months", "years")
_Read = TypeVar("_Read")


@dataclass(frozen=True, slots=True)
class Weekdays:
    """From one day of the week to another (0 is Sunday), both included; of a single day perhaps only the `nth` of its
    month, counted from the end when below zero."""

    first: int
    last: int
    nth: int | None = None


@dataclass(frozen=True, slots=True)
class TimeInterval:
    """`times` are minutes of the day from the first to before the second; the other ranges include both ends, negative
    days of the month count from its end."""

    times: Sequence[Range] = ()
    weekdays: Sequence[Weekdays] = ()
    days_of_month: Sequence[Range] = ()
    months: Sequence[Range] = ()
    years: Sequence[Range] = ()
    zone: tzinfo = UTC

    def on(self, day: date) -> bool:
        """Whether it holds at any time of this day."""
        return (
            _any(self.years, day.year)
            and _any(self.months, day.month)
            and _of_month(self.days_of_month, day)
            and (not self.weekdays or any(_is_weekday(one, day) for one in self.weekdays))
        )

    def contains(self, at: int) -> bool:
        """Whether it holds at an instant, ns since 1970."""
        local = _local(at, self.zone)
        minute = local.hour * 60 + local.minute
        return self.on(local.date()) and (not self.times or any(a <= minute < b for a, b in self.times))


def read(written: Mapping[str, Sequence[str]], zone: tzinfo) -> TimeInterval:
    """An interval as it is written, by the names of its fields. Raises ValueError with the mend."""

    def field(name: str, parse: Callable[[str], _Read]) -> tuple[_Read, ...]:
        return tuple(map(parse, written.get(name, ())))

    return TimeInterval(
        field("times", parse_times),
        field("weekdays", parse_weekdays),
        field("days_of_month", parse_days_of_month),
        field("months", parse_months),
        field("years", parse_years),
        zone,
    )


def inside(intervals: Sequence[TimeInterval], at: int) -> bool:
    """Whether any of them holds at `at` (ns since 1970)."""
    return any(one.contains(at) for one in intervals)


def next_change(intervals: Sequence[TimeInterval], at: int) -> int | None:
    """The first instant after `at` at which `inside` is another; `None` when that is more than five years away."""
    now = inside(intervals, at)
    for mark in _marks(intervals, at):
        if inside(intervals, mark) is not now:
            return mark
    return None


def spans(intervals: Sequence[TimeInterval], at: int, count: int) -> list[tuple[int, int | None]]:
    """The stretches in which they hold: the one around `at` when there is one, and the next, `count` in all.

    The first begins at `at` when that is inside; an end that is too far away to be found is `None`.
    """
    found: list[tuple[int, int | None]] = []
    begin = at if inside(intervals, at) else next_change(intervals, at)
    while begin is not None and len(found) < count:
        end = next_change(intervals, begin)
        found.append((begin, end))
        begin = next_change(intervals, end) if end is not None else None
    return found


def parse_times(text: str) -> Range:
    """`09:00-17:00` as minutes. Raises ValueError with the mend."""
    first, dash, last = text.replace(" ", "").partition("-")
    for part in (first, last):
        if not dash or _CLOCK.fullmatch(part) is None:
            raise ValueError(f'"{text[:40]}" is not a time of day; write one like "09:00-17:00"')
    begin, end = _minute(first), _minute(last)
    if begin >= end:
        raise ValueError(
            f'"{text[:40]}" ends before it begins; write two, up to "24:00" and from "00:00" of the next day'
        )
    return begin, end


def parse_weekdays(text: str) -> Weekdays:
    """`monday`, `monday:friday`, `tuesday#2`. Raises ValueError with the mend."""
    day, sign, nth = text.partition("#")
    if sign:
        if re.fullmatch(r"-?[1-5]", nth) is None:
            raise ValueError(f'"{text[:40]}": {nth[:10]} is not the how-manieth; write one from 1 to 5 or -5 to -1')
        number = _word(day, _DAYS, "weekday")
        return Weekdays(number, number, int(nth))
    first, last = _pair(text, lambda word: _word(word, _DAYS, "weekday"))
    if first > last:
        raise ValueError(f'"{text[:40]}" begins after it ends, a week begins with sunday; write two entries')
    return Weekdays(first, last)


def parse_days_of_month(text: str) -> Range:
    """`1`, `1:7`, `-7:-1`. Raises ValueError with the mend."""
    first, last = _pair(text, _day_of_month)
    if first < 0 < last:
        raise ValueError(f'"{text[:40]}": the end has to be negative when the beginning is; write one like "-7:-1"')
    # A month has 31 days at most: an end that is earlier in the longest one is so in each.
    if (first > 0 > last and 31 + last + 1 < first) or (first * last > 0 and first > last):
        raise ValueError(f'"{text[:40]}" ends before it begins; write the earlier day first')
    return first, last


def parse_months(text: str) -> Range:
    """`january:march`, `1:3`. Raises ValueError with the mend."""
    first, last = _pair(text, _month)
    if first > last:
        raise ValueError(f'"{text[:40]}" ends before it begins; write two entries')
    return first, last


def parse_years(text: str) -> Range:
    """`2026`, `2026:2028`. Raises ValueError with the mend."""
    first, last = _pair(text, lambda word: _number(word, "year", 1970, 9999))
    if first > last:
        raise ValueError(f'"{text[:40]}" ends before it begins; write the earlier year first')
    return first, last


def instant(day: date, minute: float, zone: tzinfo) -> int:
    """The instant of a time of day, ns since 1970; minutes beyond 24 hours are of the days after.

    A time that comes twice is the first of the two; one that is left out is the first instant after the gap (S47).
    """
    moment = datetime(day.year, day.month, day.day) + timedelta(minutes=minute)  # noqa: DTZ001 - a wall clock
    first, second = (_ns(moment.replace(tzinfo=zone, fold=fold)) for fold in (0, 1))
    return first if second >= first else _set_at(second, first, zone)


def local_date(at: int, zone: tzinfo) -> date:
    """The date that it is there at an instant."""
    return _local(at, zone).date()


def _marks(intervals: Sequence[TimeInterval], at: int) -> Iterator[int]:
    """Instants after `at`, ascending, among which is every change; nothing but whole minutes changes anything."""
    zones = {one.zone for one in intervals}
    minutes = sorted({0, *(minute for one in intervals for span in one.times for minute in span)})
    day = min((_local(at, zone).date() for zone in zones), default=None)
    waiting: set[int] = set()
    for _ in range(_FARTHEST_DAYS):
        if day is None:
            return
        if any(one.on(day + timedelta(days=off)) for one in intervals for off in (-1, 0, 1)):
            waiting |= {mark for zone in zones for mark in _of_day(day, minutes, zone) if mark > at}
        day += timedelta(days=1)
        # In another zone tomorrow may begin long before today has ended here.
        safe = _ns(datetime(day.year, day.month, day.day, tzinfo=UTC)) - _EASTERNMOST_NS
        yield from sorted(mark for mark in waiting if mark < safe)
        waiting = {mark for mark in waiting if mark >= safe}
    yield from sorted(waiting)


def _of_day(day: date, minutes: Sequence[int], zone: tzinfo) -> Iterator[int]:
    for minute in minutes:
        wall = datetime(day.year, day.month, day.day) + timedelta(minutes=minute)  # noqa: DTZ001 - a wall clock
        first, second = (_ns(wall.replace(tzinfo=zone, fold=fold)) for fold in (0, 1))
        yield first
        yield second
    begin, end = instant(day, 0, zone), instant(day, _DAY_MINUTES, zone)
    if end - begin != _DAY_MINUTES * MINUTE:  # the clock is set on this day: at that instant everything may change
        yield _set_at(begin, end, zone)


def _set_at(begin: int, end: int, zone: tzinfo) -> int:
    """The instant between two at which the clock there is set."""
    offset = _local(end, zone).utcoffset()
    low, high = begin // MINUTE, -(-end // MINUTE)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _local(middle * MINUTE, zone).utcoffset() == offset else (middle, high)
    return high * MINUTE


def _any(ranges: Sequence[Range], value: int) -> bool:
    return not ranges or any(first <= value <= last for first, last in ranges)


def _of_month(ranges: Sequence[Range], day: date) -> bool:
    if not ranges:
        return True
    length = monthrange(day.year, day.month)[1]

    def counted(number: int) -> int:
        return number if number > 0 else length + number + 1

    return any(max(1, counted(first)) <= day.day <= min(length, counted(last)) for first, last in ranges)


def _is_weekday(one: Weekdays, day: date) -> bool:
    if not one.first <= day.isoweekday() % 7 <= one.last:
        return False
    if one.nth is None:
        return True
    if one.nth > 0:
        return (day.day - 1) // 7 + 1 == one.nth
    return (monthrange(day.year, day.month)[1] - day.day) // 7 + 1 == -one.nth


def _pair(text: str, read: Callable[[str], int]) -> Range:
    first, colon, last = text.partition(":")
    begin = read(first.strip())
    return begin, read(last.strip()) if colon else begin


def _word(word: str, known: Sequence[str], what: str) -> int:
    if word.lower() not in known:
        raise ValueError(f'"{word[:40]}" is not a valid {what}; write one like "{known[1]}"')
    return known.index(word.lower())


def _month(word: str) -> int:
    return _number(word, "month", 1, 12) if word.isdigit() else _word(word, _MONTHS, "month") + 1


def _day_of_month(word: str) -> int:
    number = _number(word, "day of the month", -31, 31)
    if number == 0:
        raise ValueError('"0" is not a valid day of the month; write one from 1 to 31 or -31 to -1')
    return number


def _number(word: str, what: str, low: int, high: int) -> int:
    if re.fullmatch(r"-?[0-9]{1,4}", word) is None or not low <= int(word) <= high:
        raise ValueError(f'"{word[:40]}" is not a valid {what}; write one from {low} to {high}')
    return int(word)


def _minute(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


def _local(at: int, zone: tzinfo) -> datetime:
    return (_EPOCH + timedelta(microseconds=at // 1000)).astimezone(zone)


def _ns(moment: datetime) -> int:
    return (moment.astimezone(UTC) - _EPOCH) // timedelta(microseconds=1) * 1000
