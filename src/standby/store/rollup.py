"""Raw samples summed to minutes, minutes to hours. Each sum is made whole from what is below it, so doing it twice
gives the same row."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from standby.domain.outcome import Outcome
from standby.domain.phases import PhaseSketches
from standby.domain.sketch import Sketch
from standby.domain.units import HOUR, MINUTE
from standby.store.cells import Cell
from standby.store.sqlfile import statements
from standby.store.transaction import Transactions
from standby.store.values import OUTCOME_NUMBER, OUTCOMES, Cells, maybe_whole, whole

_SQL = statements("rollup")
_LATE_A_STEP = 500
_UNKNOWN = OUTCOME_NUMBER[Outcome.UNKNOWN]
_DECIDED = frozenset(number for number, outcome in enumerate(OUTCOMES) if outcome.decided)


@dataclass(slots=True)
class Sums:
    """One check over one minute or hour, while it is being summed. `counts` are by stored outcome number."""

    counts: list[int] = field(default_factory=lambda: [0] * len(OUTCOMES))
    latency_count: int = 0
    latency_min_us: int | None = None
    latency_sum_us: int = 0
    latency_max_us: int | None = None
    sketch: Sketch = field(default_factory=Sketch)
    phases: PhaseSketches = field(default_factory=PhaseSketches)

    def add(self, samples: Iterable[Cells]) -> None:
        """Take observations in, as they are stored: outcome, latency and phases (µs). Only what was decided has times
        that count: the rest says nothing of them."""
        timed = []
        for cells in samples:
            outcome, latency_us = cells[0], cells[1]
            number = outcome if isinstance(outcome, int) and 0 <= outcome < len(OUTCOMES) else _UNKNOWN
            self.counts[number] += 1
            if number in _DECIDED and maybe_whole(latency_us) is not None:
                timed.append(cells)
        if not timed:
            return
        _, latencies_us, *phases_us = zip(*timed, strict=True)
        self._latency(len(timed), min(latencies_us), sum(latencies_us), max(latencies_us))
        self.sketch.add_all([us / 1000.0 for us in latencies_us])
        self.phases.add_all([list(map(maybe_whole, column)) for column in phases_us])

    def merge(self, cells: Cells) -> None:
        """Take one shorter sum in: the cells of `rollup.minutes` after `check_no`."""
        count, failures, degraded, unknown, maintenance = (whole(cell) for cell in cells[:5])
        up = max(0, count - failures - degraded)
        for number, more in enumerate((up, degraded, failures, maintenance, unknown)):  # as in `values.OUTCOMES`
            self.counts[number] += more
        low, high = maybe_whole(cells[6]), maybe_whole(cells[8])
        if low is not None and high is not None:
            self._latency(whole(cells[5]), low, whole(cells[7]), high)
        for take, stored in zip((self.sketch.merge_bytes, self.phases.merge_bytes), cells[9:11], strict=False):
            with contextlib.suppress(ValueError):  # damaged: the counts hold still
                if isinstance(stored, bytes):
                    take(stored)

    def sketched(self, cells: Iterable[object]) -> None:
        """Take stored sketches in; of a damaged one the counts hold still."""
        self.sketch.merge_stored(cell for cell in cells if isinstance(cell, bytes))

    def phased(self, cells: Iterable[object]) -> None:
        """Take stored phases in; damaged ones are left out."""
        self.phases.merge_stored(cell for cell in cells if isinstance(cell, bytes))

    def take(self, other: Sums) -> None:
        """Take another sum in."""
        for number, more in enumerate(other.counts):
            self.counts[number] += more
        if other.latency_min_us is not None and other.latency_max_us is not None:
            self._latency(other.latency_count, other.latency_min_us, other.latency_sum_us, other.latency_max_us)
        self.sketch.merge(other.sketch)
        self.phases.merge(other.phases)

    def _latency(self, count: int, low: int, total: int, high: int) -> None:
        self.latency_count += count
        self.latency_sum_us += total
        self.latency_min_us = low if self.latency_min_us is None else min(self.latency_min_us, low)
        self.latency_max_us = high if self.latency_max_us is None else max(self.latency_max_us, high)

    def cells(self, check_no: int, bucket: int) -> tuple[Cell, ...]:
        """For `rollup.put_minute` and `rollup.put_hour`."""
        up, degraded, down, maintenance, unknown = self.counts
        return (
            check_no,
            bucket,
            up + degraded + down,
            down,
            degraded,
            unknown,
            maintenance,
            self.latency_count,
            self.latency_min_us,
            self.latency_sum_us,
            self.latency_max_us,
            self.sketch.to_bytes() if self.latency_count else None,
            self.phases.to_bytes() or None,
        )


class RollUp:
    """What is left to sum, one short transaction at a time."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def step(self, now: int) -> bool:
        """Sum the next minute, or an hour, or minutes that changed since; `False` when nothing is left to do."""
        with self._transactions.fenced():
            return self._next_minute(now // MINUTE * MINUTE) or self._late() or self._next_hour()

    def _next_minute(self, until: int) -> bool:
        done = self._transactions.watermark("minute")
        bucket = self._oldest("next_raw", done, MINUTE)
        if bucket is None or bucket + MINUTE > until:
            if done < until:
                self._set("minute", until)  # what comes for an empty minute later is late as well
            return False
        self._sum_minutes(bucket)
        self._set("minute", bucket + MINUTE)
        return True

    def _oldest(self, name: str, start: int, span: int) -> int | None:
        found = self._transactions.connection.execute(_SQL[name], {"from": start}).fetchone()[0]
        return found // span * span if isinstance(found, int) else None

    def _sum_minutes(self, bucket: int) -> None:
        names = {"from": bucket, "to": bucket + MINUTE}
        sums = _of_samples(self._transactions.connection.execute(_SQL["raw"], names))
        self._put("put_minute", bucket, sums)

    def _late(self) -> bool:
        """Minutes to sum again, unless some of their samples have expired: half a minute would replace a whole one."""
        connection = self._transactions.connection
        late = connection.execute(_SQL["late_minutes"], {"limit": _LATE_A_STEP}).fetchall()
        expired, in_hours = self._transactions.watermark("raw"), self._transactions.watermark("hour")
        hours: set[tuple[int, int]] = set()
        for check_no, bucket in late:
            if bucket >= expired:
                names = {"check_no": check_no, "from": bucket, "to": bucket + MINUTE}
                self._put("put_minute", bucket, _of_samples(connection.execute(_SQL["raw_of"], names)))
                if bucket < in_hours:
                    hours.add((check_no, bucket // HOUR * HOUR))
        for check_no, hour in hours:
            names = {"check_no": check_no, "from": hour, "to": hour + HOUR}
            self._put("put_hour", hour, _of_minutes(connection.execute(_SQL["minutes_of"], names)))
        connection.executemany(_SQL["forget_late_minute"], late)
        return bool(late)

    def _next_hour(self) -> bool:
        done, minutes = self._transactions.watermark("hour"), self._transactions.watermark("minute")
        bucket = self._oldest("next_minute", done, HOUR)
        if bucket is None or bucket + HOUR > minutes:
            return False
        names = {"from": bucket, "to": bucket + HOUR}
        self._put("put_hour", bucket, _of_minutes(self._transactions.connection.execute(_SQL["minutes"], names)))
        self._set("hour", bucket + HOUR)
        return True

    def _put(self, name: str, bucket: int, sums: dict[int, Sums]) -> None:
        rows = [found.cells(check_no, bucket) for check_no, found in sums.items()]
        if rows:
            self._transactions.connection.executemany(_SQL[name], rows)

    def _set(self, name: str, at: int) -> None:
        self._transactions.connection.execute(_SQL["set_watermark"], {"name": name, "at": at})


def _of_samples(rows: Iterable[Cells]) -> dict[int, Sums]:
    samples: dict[int, list[Cells]] = {}
    for row in rows:
        samples.setdefault(row[0], []).append(row[1:])
    found: dict[int, Sums] = {}
    for check_no, mine in samples.items():
        found[check_no] = Sums()
        found[check_no].add(mine)
    return found


def _of_minutes(rows: Iterable[Cells]) -> dict[int, Sums]:
    found: dict[int, Sums] = {}
    for row in rows:
        found.setdefault(row[0], Sums()).merge(row[1:])
    return found
