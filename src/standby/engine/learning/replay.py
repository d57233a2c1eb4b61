"""A metric's history through the detector, at its own times: what the engine would have said of it.

Histories are CSV, `timestamp,value` in this order or by a header; further columns are not looked at.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from standby.baselines.detector import Detector
from standby.baselines.reading import Reading
from standby.domain.text import clean

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = 2**63 - 1  # ns since the epoch as the engine counts them: the year 2262
_MISSING = ("", "nan", "null", "none", "na")
_DIGITS = frozenset("0123456789+-.eE")


class HistoryError(ValueError):
    """A line that is no sample: `line` counts from 1."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(f"line {line}: {what}")
        self.line = line


@dataclass(frozen=True, slots=True)
class Sample:
    """One row: as it is written, when (ns since the epoch), and the value, NaN when there is none."""

    timestamp: str
    written: str
    at: int
    value: float


def samples_of(lines: Iterable[str]) -> Iterator[Sample]:
    """The rows of a history in their order. Raises HistoryError at the first that is none."""
    reader = csv.reader(lines)
    first, second = 0, 1
    try:
        for row in reader:
            if not any(row):
                continue
            if reader.line_num == 1 and (columns := _columns(row)):
                first, second = columns
                continue
            if len(row) <= max(first, second):
                raise HistoryError(reader.line_num, f"{_shown(','.join(row))} has no value; write timestamp,value")
            yield _sample(reader.line_num, row[first], row[second])
    except csv.Error as error:
        raise HistoryError(reader.line_num, f"this is no CSV: {error}") from error


def replayed(samples: Iterable[Sample]) -> Iterator[tuple[Sample, Reading]]:
    """Each sample with what a fresh detector says of it."""
    detector = Detector()
    for sample in samples:
        yield sample, detector.take(sample.at, sample.value)


def _columns(row: list[str]) -> tuple[int, int] | None:
    """Where a header has the two; None when the row is a sample."""
    names = [name.strip().lower() for name in row]
    if "timestamp" in names and "value" in names:
        return names.index("timestamp"), names.index("value")
    try:
        instant_of(row[0])
    except ValueError:
        return (0, 1) if len(row) > 1 and _is_word(row[1]) else None
    return None


def _is_word(cell: str) -> bool:
    try:
        value_of(cell)
    except ValueError:
        return True
    return False


def _sample(line: int, timestamp: str, written: str) -> Sample:
    try:
        return Sample(timestamp, written, instant_of(timestamp), value_of(written))
    except ValueError as error:
        raise HistoryError(line, str(error)) from error


def instant_of(written: str) -> int:
    """ns of `2014-04-01 00:00:00` (UTC unless it says an offset) or of seconds since 1970. Raises ValueError."""
    text = written.strip()
    if text and _DIGITS.issuperset(text) and "-" not in text[1:]:
        return _seconds(text)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(_no_instant(written)) from None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    ns = (at - _EPOCH) // timedelta(microseconds=1) * 1_000
    if abs(ns) > _LATEST:
        raise ValueError(f"{_shown(written)} is too far from now")
    return ns


def _seconds(text: str) -> int:
    try:
        seconds = float(text)
    except ValueError:
        raise ValueError(_no_instant(text)) from None
    if not 0 <= seconds < _LATEST / 1e9:
        raise ValueError(f"{_shown(text)} is no time in seconds since 1970; are these milliseconds?")
    whole = math.floor(seconds)
    return whole * 1_000_000_000 + round((seconds - whole) * 1_000_000) * 1_000


def value_of(written: str) -> float:
    """A number; NaN for an empty cell and the words for nothing. Raises ValueError."""
    text = written.strip()
    if text.lower() in _MISSING:
        return math.nan
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{_shown(written)} is not a value; write a number, or nothing when there is none") from None


def _no_instant(written: str) -> str:
    return f'{_shown(written)} is not a time; write one like "2014-04-01 00:00:00", or seconds since 1970'


def _shown(text: str) -> str:
    return f'"{clean(text, 60)}"'
