"""The rows of what is usual that screens read: a series' row is written when its alert changes, else now and then."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from standby.baselines import words
from standby.baselines.reading import Band
from standby.domain.baseline import Series
from standby.domain.units import MINUTE
from standby.engine.learning.deviations import UNITS, sentence, zone_at
from standby.engine.learning.step import Seen
from standby.store.baselines import BaselineRow

EVERY = 5 * MINUTE
_WEEK = 7.0


class Shown:
    """`integration_of` says whose a series is, `since` when it became unusual."""

    def __init__(self, integration_of: Callable[[Series], str], since: Callable[[Series], int | None]) -> None:
        self._integration_of = integration_of
        self._since = since
        self._written: dict[Series, tuple[int, int | None]] = {}  # when, and its `since`
        self._gone: set[Series] = set()

    def rows(self, seen: Iterable[Seen]) -> list[BaselineRow]:
        """Those of a minute that are due."""
        found = []
        for one in seen:
            since = self._since(one.series)
            before = self._written.get(one.series)
            if before is None or before[1] != since or since is not None or one.at - before[0] >= EVERY:
                self._written[one.series] = (one.at, since)
                self._gone.discard(one.series)
                found.append(self._row(one, since))
        return found

    def forget(self, series: Iterable[Series]) -> None:
        """These are learned no more."""
        for one in series:
            self._written.pop(one, None)
            self._gone.add(one)

    @property
    def stale(self) -> bool:
        """Whether there are rows that are to go."""
        return bool(self._gone)

    def gone(self) -> Sequence[Series]:
        """Whose rows are to go; asked for once."""
        found, self._gone = sorted(self._gone), set()
        return found

    def again(self, rows: Iterable[BaselineRow], gone: Iterable[Series]) -> None:
        """They were not written."""
        for row in rows:
            self._written.pop(row.series, None)
        self._gone.update(one for one in gone if one not in self._written)

    def _row(self, seen: Seen, since: int | None) -> BaselineRow:
        cause = seen.cause.value if seen.cause is not None and since is not None else ""
        return BaselineRow(
            seen.series, self._integration_of(seen.series), seen.at, seen.value, seen.usual, seen.low, seen.high,
            seen.deviation, seen.samples, seen.days, since, cause, told(seen, since),
        )  # fmt: skip


def told(seen: Seen, since: int | None) -> str:
    """`usual for Tue 14:00: 410 ms ± 90, from 6 weeks`; `still learning, 3 of 7 days`; all of it while unusual."""
    if since is not None:
        return sentence(seen, since)
    band = Band(seen.usual, seen.low, seen.high)
    said = words.usual(band, seen.at, UNITS.get(seen.series.kind, ""), zone_at(seen.at))
    if seen.days < _WEEK:
        return "; ".join(part for part in (said, words.learning(seen.days)) if part)
    weeks = int(seen.days / _WEEK)
    return f"{said}, from {weeks} week{'s' if weeks > 1 else ''}" if said else ""
