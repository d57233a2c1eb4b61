"""The built-in rule `deviation`: what is unusual of an integration's checks, told once and in one alert."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from standby.baselines import words
from standby.baselines.reading import Reading
from standby.domain.baseline import ERRORS, LATENCY, METRICS, Series
from standby.domain.units import SECOND
from standby.engine.learning.step import Seen

UNITS = {LATENCY: "ms", ERRORS: "ratio"}
_LATENCY_SHARE, _LATENCY_MS = 1.25, 10.0
_FAR_SD, _OUT_SD = 8.0, 4.0
_FAR_OF, _LAST = 3, 0b11111
"""So far outside of its band in three of five minutes is unusual however often it was seen before; it is over when
none of five was outside."""
_FAILURES = 2  # looks within two minutes: one that failed is an attempt, not a deviation
_CALENDAR = ("_days", "_in_h", "_at", "age_s", "left_s", "ends_s", "status", "http_version")
"""Ends of the names of metrics that go by the calendar, or are codes: they are learned, and not alerted on."""


@dataclass(slots=True)
class _Open:
    since: int
    seen: Seen
    told: bool = False  # it was worth telling at least once: it is told until it is over
    fresh: bool = True  # it was seen in the last minute that was judged


class Deviations:
    """What is unusual now, by series."""

    def __init__(self) -> None:
        self._open: dict[Series, _Open] = {}
        self._far: dict[Series, tuple[int, int]] = {}  # of the last minutes those that were far, and out; a bit each
        self._failed: Mapping[str, int] = {}  # looks that failed in the minute before, by check
        self._before: dict[Series, int] = {}  # unusual when the last engine ended, not judged again yet: since when

    def take(self, seen: Iterable[Seen], failed: Mapping[str, int]) -> None:
        """One minute of the series that had one. Those that had none stay as they were: nothing is known of them."""
        for one in self._open.values():
            one.fresh = False
        for minute in seen:
            self._one(minute, failed)
        self._failed = failed

    def _one(self, minute: Seen, failed: Mapping[str, int]) -> None:
        before = self._before.pop(minute.series, None)
        one = self._open.get(minute.series)
        if not self._is_unusual(minute, on=one is not None or before is not None):
            self._open.pop(minute.series, None)
            return
        if one is None:
            since = minute.at if before is None else before
            one = self._open[minute.series] = _Open(since, minute, told=before is not None)
        one.seen, one.fresh = minute, True
        name = minute.series.name
        one.told = one.told or worth_telling(minute, failed.get(name, 0) + self._failed.get(name, 0))

    def _is_unusual(self, minute: Seen, *, on: bool) -> bool:
        """What its detector says, or minutes far outside of the band."""
        size = abs(minute.deviation) if minute.deviation is not None else 0.0
        far, out = self._far.get(minute.series, (0, 0))
        far, out = (far << 1 | (size >= _FAR_SD)) & _LAST, (out << 1 | (size >= _OUT_SD)) & _LAST
        if out:
            self._far[minute.series] = (far, out)
        else:
            self._far.pop(minute.series, None)
        return minute.alert or far.bit_count() >= _FAR_OF or (on and bool(out))

    def forget(self, series: Iterable[Series]) -> None:
        """Nothing is known of these any more, or their present is normal now."""
        for one in series:
            self._open.pop(one, None)
            self._far.pop(one, None)
            self._before.pop(one, None)

    def since(self, series: Series) -> int | None:
        """When it became unusual; None while it is not, or not worth telling."""
        one = self._open.get(series)
        return one.since if one is not None and one.told else None

    def remember(self, since: Mapping[Series, int]) -> None:
        """What was unusual when the last engine ended: told before, told on, if it still is when it is seen again."""
        self._before = dict(since)

    def verdict(self, subjects: frozenset[str]) -> bool | None:
        """Whether something of these subjects is unusual; None when nothing new was seen of what is."""
        mine = [one for series, one in self._open.items() if one.told and series.subject in subjects]
        if not mine:
            return None if any(series.subject in subjects for series in self._before) else False
        return True if any(one.fresh for one in mine) else None

    def say(self, subjects: frozenset[str]) -> str:
        """The strongest of it with its band, and how many more."""
        mine = [one for series, one in self._open.items() if one.told and series.subject in subjects]
        if not mine:
            return ""
        first, *more = sorted(mine, key=lambda one: -one.seen.strength)
        said = sentence(first.seen, first.since)
        if more:
            names = ", ".join(str(one.seen.series) for one in more[:3]) + (", …" if len(more) > 3 else "")
            said += f"; also {names}"
        return said


def worth_telling(minute: Seen, failures: int) -> bool:
    """Whether people are to hear of it: slower, failing more, or a metric of the check's own that is no countdown.

    A fifth more of a few milliseconds is nobody's trouble, and neither is a vendor that got faster.
    """
    kind, usual, deviation = minute.series.kind, minute.usual, minute.deviation
    if kind == METRICS:
        return not minute.series.metric.endswith(_CALENDAR)
    if usual is None or deviation is None or deviation <= 0:
        return False
    if kind == LATENCY:
        return minute.value >= _LATENCY_SHARE * usual and minute.value - usual >= _LATENCY_MS
    return kind == ERRORS and failures >= _FAILURES


def sentence(seen: Seen, since: int) -> str:
    """Value, what is usual, how unusual, why, since when."""
    reading = Reading(
        0.0, seen.strength, seen.usual, seen.low, seen.high, seen.deviation, seen.alert, seen.news, seen.cause,
        seen.samples, seen.days,
    )  # fmt: skip
    unit = UNITS.get(seen.series.kind, "")
    said = words.sentence(str(seen.series), seen.value, unit, reading, seen.at, zone=zone_at(seen.at), since=since)
    if seen.deviation is None:
        return said
    first, *rest = said.split("; ")
    return "; ".join([f"{first} ({_times(seen.deviation)})", *rest])


def _times(deviation: float) -> str:
    """`15 sd above`, `over 999 sd below`."""
    size = abs(deviation)
    told = f"{size:.1f}" if size < 10 else f"{size:.0f}" if size < 1000 else "over 999"
    return f"{told} sd {'above' if deviation >= 0 else 'below'}"


def zone_at(at: int) -> tzinfo:
    """This machine's zone at an instant: people say "Tuesday at 14:00" by their own clock."""
    return datetime.fromtimestamp(max(0, at) // SECOND).astimezone().tzinfo or UTC
