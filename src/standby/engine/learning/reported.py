"""What checks reported themselves, out of the single observations that a store still has: roll-ups do not know it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from standby.domain.units import DAY, MINUTE
from standby.engine.learning.minutes import MOST_METRICS, Minute
from standby.store.errors import StoreError
from standby.store.reader import Reader

_EVERY = 5  # one minute in so many is read of more than a day: some hundred samples of each are enough


@dataclass(frozen=True, slots=True)
class Reported:
    """A column a metric of a check, a line an instant (ns since 1970); NaN: nothing was reported then."""

    columns: tuple[tuple[str, str], ...]  # check, `metrics.NAME`
    at: NDArray[np.int64]
    values: NDArray[np.float64]


def reported(path: Path, starts: Mapping[str, int], begin: int, now: int) -> Reported:
    """The medians of minutes of each check from its start on, none before `begin`. What cannot be read is nothing."""
    found: dict[tuple[str, str], list[tuple[int, float]]] = {}
    try:
        reader = Reader(path)
    except StoreError:
        return _in_columns(found)
    try:
        for check, start in starts.items():
            first = max(start // MINUTE + 1, begin // MINUTE) * MINUTE
            every = 1 if now - first <= DAY else _EVERY
            for instant, minute in reader.reported(check, first, now, every):
                for name, value in Minute(metrics=minute).reported():
                    found.setdefault((check, name), []).append((instant, value))
    except StoreError:
        return _in_columns({})
    finally:
        reader.close()
    return _in_columns(_few(found))


def _few(found: Mapping[tuple[str, str], list[tuple[int, float]]]) -> dict[tuple[str, str], list[tuple[int, float]]]:
    """As many of a check as are learned; the names may have changed over time."""
    of: dict[str, int] = {}
    kept = {}
    for check, name in sorted(found):
        of[check] = of.get(check, 0) + 1
        if of[check] <= MOST_METRICS:
            kept[check, name] = found[check, name]
    return kept


def _in_columns(found: Mapping[tuple[str, str], list[tuple[int, float]]]) -> Reported:
    at = np.array(sorted({instant for samples in found.values() for instant, _ in samples}), dtype=np.int64)
    values = np.full((len(at), len(found)), np.nan)
    for column, samples in enumerate(found.values()):
        instants, figures = zip(*samples, strict=True)
        values[np.searchsorted(at, instants), column] = figures
    return Reported(tuple(found), at, values)
