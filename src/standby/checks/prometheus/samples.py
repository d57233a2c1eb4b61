"""What a query gives: series of samples, whose values are texts, and what is no number among them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from standby.checks.answers import Document
from standby.checks.api import unreadable
from standby.checks.monitors import labels_of
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.net.trouble import Trouble

MOST_SERIES = 5_000
MOST_POINTS = 5_000
"""So many samples of a series are looked at, the newest: a condition may go through them all."""


@dataclass(frozen=True, slots=True)
class Series:
    """One series. `values` are its numbers, oldest first, infinite ones included; `at` is when the newest was (s)."""

    labels: Mapping[str, str]
    values: tuple[float, ...]
    at: float

    @property
    def value(self) -> float | None:
        """The newest; None when that is no number."""
        return self.values[-1] if self.values else None


@dataclass(frozen=True, slots=True)
class Samples:
    """An answer to a query; `histograms` counts the series that hold native histograms and no numbers."""

    series: tuple[Series, ...]
    histograms: int = 0


def samples(data: Document) -> Samples:
    """The series of a vector, matrix or scalar. Raises Trouble, `unknown`, for anything else."""
    kind = data.get("resultType") if isinstance(data, dict) else None
    if not isinstance(kind, str):
        raise unreadable("the answer holds no result of a query")
    result = data.get("result")
    if kind == "scalar":
        return Samples((_series({}, [result]),))
    if kind == "string":
        raise Trouble(Failure.REQUEST, "the query gives a text; ask for numbers", Outcome.UNKNOWN)
    if kind not in ("vector", "matrix") or not isinstance(result, list):
        raise unreadable("the result of the query is neither a vector nor a matrix nor a scalar")
    if len(result) > MOST_SERIES:
        why = f"the query gives {len(result)} series; at most {MOST_SERIES} are judged: sum() or narrow it"
        raise Trouble(Failure.REQUEST, why, Outcome.UNKNOWN)
    found = [_entry(entry, kind) for entry in result]
    known = tuple(one for one in found if one is not None)
    return Samples(known, len(found) - len(known))


def _entry(entry: Document, kind: str) -> Series | None:
    """One series of a vector or matrix; None when it has only histograms."""
    if not isinstance(entry, dict):
        raise unreadable("a series of the result is not an object")
    many, one = entry.get("values"), entry.get("value")
    if kind == "vector" and one is not None:
        return _series(entry.get("metric"), [one])
    if kind == "matrix" and isinstance(many, list) and many:
        return _series(entry.get("metric"), many)
    if isinstance(entry.get("histogram"), list) or isinstance(entry.get("histograms"), list):
        return None
    raise unreadable("a series of the result has no value")


def _series(metric: Document, points: list[Document]) -> Series:
    read = [_point(point) for point in points[-MOST_POINTS:]]
    newest_at, newest = read[-1]
    numbers = [value for _, value in read if not math.isnan(value)]
    return Series(labels_of(metric), () if math.isnan(newest) else tuple(numbers), newest_at)


def _point(point: Document) -> tuple[float, float]:
    """When (s) and how much: `[1795462964.221, "1"]`, also `"NaN"` and `"+Inf"`."""
    if isinstance(point, list) and len(point) == 2 and isinstance(point[1], str) and len(point[1]) < 40:
        at, text = point
        if isinstance(at, (int, float)) and not isinstance(at, bool) and "_" not in text:
            try:
                return float(at), float(text)
            except (ValueError, OverflowError):
                pass  # told below, like any other that is no sample
    raise unreadable("a sample of the result is not a time and a number")
