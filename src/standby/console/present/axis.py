"""Axes of a chart: a scale of latencies with ticks that are round figures, and ticks of time that are round hours."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from statistics import median

from standby.console.present.figures import local
from standby.domain.sketch import SHORTEST_MS
from standby.domain.units import DAY, HOUR, MICROSECOND, MINUTE

_SPREAD = 20  # the highest against the usual: above it a linear scale would press the usual into the lowest line
_TICK_ROWS = 3  # lines between two ticks, at least
_TICK_CELLS = 8  # cells between two ticks of time, at least
_LEAST_TOP = 0.02  # milliseconds: below it the ticks would have no short names
_ROUND = (1.0, 2.0, 5.0, 10.0)
_INTERVALS = (
    *(number * MINUTE for number in (5, 10, 15, 30)),
    *(number * HOUR for number in (1, 2, 3, 4, 6, 12)),
    *(number * DAY for number in (1, 2, 5, 10)),
)
_EPOCH_DAY = datetime(1970, 1, 1).toordinal()  # noqa: DTZ001 - a date


@dataclass(frozen=True, slots=True)
class Scale:
    """From `low` to `high` milliseconds, linear or logarithmic; `ticks` are round figures between them."""

    low: float
    high: float
    logarithmic: bool
    ticks: Sequence[float]

    def place(self, ms: float) -> float:
        """0 at the bottom, 1 at the top; what lies outside is put at the end."""
        if self.logarithmic:
            if ms <= self.low:
                return 0.0
            return min(1.0, math.log(ms / self.low) / math.log(self.high / self.low))
        return min(1.0, max(0.0, (ms - self.low) / (self.high - self.low)))


def scale(usual: Sequence[float], highest: Sequence[float], rows: int) -> Scale:
    """For values whose usual (p50) and highest (p99) figures these are, on so many lines."""
    top = max((max(_LEAST_TOP, value) for value in highest if value > 0), default=1.0)
    known = [max(SHORTEST_MS, value) for value in usual if value > 0]
    most = max(1, rows // _TICK_ROWS)
    if known and top > _SPREAD * median(known):
        low = _round_down(min(known))
        high = _round_up(top)
        return Scale(low, high, logarithmic=True, ticks=_log_ticks(low, high, most))
    step = _round_up(top / most)
    high = step * math.ceil(top / step - 1e-9)
    return Scale(0.0, high, logarithmic=False, ticks=[step * number for number in range(round(high / step) + 1)])


def tick(ms: float) -> str:
    """At most six cells: `0`, `500 µs`, `20 ms`, `1.5 s`, `2.8 h`."""
    if ms <= 0:
        return "0"
    if ms < 1:
        return f"{ms * 1000:.3g} µs"
    if ms < 1_000_000:
        return f"{ms:.3g} ms" if ms < 1000 else f"{ms / 1000:.3g} s"
    return f"{ms / 3_600_000:.2g} h"


def times(start: int, end: int, cell_ns: float, zone: tzinfo | None) -> list[tuple[int, str]]:
    """Round hours or midnights of `zone` in `[start, end)`, far enough apart for a label, and what each is called.

    `cell_ns` is how much time one cell of the screen holds.
    """
    interval = next((one for one in _INTERVALS if one >= _TICK_CELLS * cell_ns), _INTERVALS[-1])
    found = _hours(start, end, interval // MINUTE, zone) if interval < DAY else _days(start, end, interval // DAY, zone)
    return [(at, _called(when, end - start)) for at, when in found]


def _hours(start: int, end: int, every: int, zone: tzinfo | None) -> Iterator[tuple[int, datetime]]:
    """Multiples of so many minutes since midnight."""
    for at in range(-(-start // _INTERVALS[0]) * _INTERVALS[0], end, _INTERVALS[0]):  # some zones are a quarter off
        when = local(at, zone)
        if when is not None and (60 * when.hour + when.minute) % every == 0:
            yield at, when


def _days(start: int, end: int, every: int, zone: tzinfo | None) -> Iterator[tuple[int, datetime]]:
    first, last = local(start, zone), local(end, zone)
    if first is None or last is None:
        return
    day = first.date()
    while day <= last.date():
        midnight = datetime(day.year, day.month, day.day, tzinfo=zone)  # without a zone: the machine's own
        at = round(midnight.timestamp() * 1e6) * MICROSECOND
        if start <= at < end and (day.toordinal() - _EPOCH_DAY) % every == 0:
            yield at, midnight
        day += timedelta(days=1)


def _called(when: datetime, span: int) -> str:
    if when.hour or when.minute:
        return when.strftime("%H:%M")
    return when.strftime("%a %d" if 2 * DAY < span <= 8 * DAY else "%d %b")


def _round_up(value: float) -> float:
    """The next 1, 2 or 5 times a power of ten."""
    power: float = 10.0 ** math.floor(math.log10(value))
    return next(one * power for one in _ROUND if one * power >= value * (1 - 1e-9))


def _round_down(value: float) -> float:
    power: float = 10.0 ** math.floor(math.log10(value))
    return next(one * power for one in reversed(_ROUND) if one * power <= value * (1 + 1e-9))


def _log_ticks(low: float, high: float, most: int) -> list[float]:
    """1, 2 and 5 of each power of ten when there is room, else the powers alone."""
    found, value = [low], low
    while value < high * (1 - 1e-9):
        value = _round_up(value * 1.5)
        found.append(value)
    if len(found) <= most + 1:
        return found
    powers = [value for value in found if math.isclose(math.log10(value), round(math.log10(value)), abs_tol=1e-6)]
    return powers[:: -(-len(powers) // (most + 1))] or [low, high]
