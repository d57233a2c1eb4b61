"""The signals of heartbeats: what batch jobs told us, and from when on their silence counts."""

from __future__ import annotations

from dataclasses import dataclass, replace

from standby.checks.base import HeartbeatSignals
from standby.store.rows import PingRow


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often a job calls and how late it may be, nanoseconds."""

    period: int
    grace: int


class Signals:
    """The newest of each signal of each heartbeat check. Instants are ns since 1970."""

    def __init__(self) -> None:
        self._rhythms: dict[str, Rhythm] = {}
        self._signals: dict[str, HeartbeatSignals] = {}
        self._excused: dict[str, int] = {}

    def expect(self, check_id: str, rhythm: Rhythm, created: int) -> None:
        """A job that will call; `created` is when its check was first known."""
        self._rhythms[check_id] = rhythm
        self._signals.setdefault(check_id, HeartbeatSignals(created))

    def forget(self, check_id: str) -> None:
        """Its check is gone."""
        for table in (self._rhythms, self._signals, self._excused):
            table.pop(check_id, None)

    def take(self, row: PingRow) -> None:
        """One signal that is on disk."""
        known = self._signals.get(row.check_id)
        if known is None:
            return
        name = {"start": "last_start", "success": "last_success", "fail": "last_fail"}.get(row.signal)
        if name is not None and row.at >= (getattr(known, name) or 0):
            self._signals[row.check_id] = replace(known, **{name: row.at})
            self._excused.pop(row.check_id, None)

    def of(self, check_id: str) -> HeartbeatSignals:
        """What is known of one check. Raises KeyError for one that is no heartbeat."""
        return self._signals[check_id]

    def excused_until(self, check_id: str) -> int | None:
        """The end of the last time in which no signal could reach us, when it counts as a signal for this check."""
        return self._excused.get(check_id)

    def deaf(self, start: int, end: int) -> None:
        """Nobody could reach us in between: a job whose signal was due then has not missed it. It has until
        `end + period + grace`. One that was overdue before stays so."""
        for check_id, known in self._signals.items():
            rhythm = self._rhythms[check_id]
            patience = rhythm.period + rhythm.grace
            called = known.last_success if known.last_success is not None else known.created
            excused = known
            if called + rhythm.period <= end and called + patience > start:
                name = "created" if known.last_success is None else "last_success"
                excused = replace(excused, **{name: end})
            ended = max(known.last_success or 0, known.last_fail or 0)
            if known.last_start is not None and known.last_start > ended and known.last_start + rhythm.grace > start:
                excused = replace(excused, last_start=end)
            if excused != known:
                self._signals[check_id] = excused
                self._excused[check_id] = end

    def shift(self, by: int) -> None:
        """The clock was stepped by `by` ns: silence lasted as long as before."""

        def moved(at: int | None) -> int | None:
            return None if at is None else at + by

        for check_id, known in self._signals.items():
            self._signals[check_id] = HeartbeatSignals(
                known.created + by, moved(known.last_success), moved(known.last_start), moved(known.last_fail)
            )
        self._excused = {check_id: at + by for check_id, at in self._excused.items()}
