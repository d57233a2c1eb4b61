"""Reads the store for the screen: what is new each time it changed, and bigger things in a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from standby.console.snapshot import Book, Pane, Past, Series, Snapshot, Wanted, merge
from standby.domain.clock import Clock
from standby.domain.observation import Observation
from standby.domain.units import DAY, HOUR, MINUTE, SECOND
from standby.store.baselines import latency_of
from standby.store.errors import StoreError
from standby.store.reader import Reader
from standby.store.rows import AlertPlace

if TYPE_CHECKING:
    from standby.domain.history import History
    from standby.store.history import Asked

SERIES_SPAN = HOUR  # as many minutes as a sparkline may be wide; each is held for every check
BOOK_DAYS = 90
_OBSERVATIONS = 60
_OWN_HISTORY = ("alert:", "silence:")
ALERTS_AT_ONCE = 300  # that have changed: 10 ms
_AGAIN_NS = SECOND  # between two attempts to open a store that could not be read


class Feed:
    """One reader on the event loop for what is small, readers of their own in threads for the rest."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self.path = path
        self._clock = clock
        self._reader: Reader | None = None
        self._version: int | None = None
        self._left: AlertPlace | None = None  # where the alerts go on that were too many for one look
        self._tried_at: int | None = None

    def first(self, snapshot: Snapshot) -> Snapshot:
        """What the first frame shows. A store that does not exist yet is no trouble; sparklines come after it."""
        return self.poll(snapshot)

    def poll(self, snapshot: Snapshot) -> Snapshot:
        """`snapshot` itself when nothing was written; else brought up to date. 3 us when nothing was.

        Of a storm of alerts a part comes at each call, so that keys are answered between.
        """
        try:
            if self._reader is None:
                return self._open(snapshot)
            version = self._reader.data_version()
            if version == self._version and self._left is None:
                return snapshot
            self._version = version
            return self._newer(self._reader, snapshot)
        except StoreError as error:
            return self._troubled(snapshot, error)

    async def series(self, now: int) -> Mapping[str, Series] | None:
        """The latencies of the hours before `now`, minute by minute; `None` when they cannot be read."""

        def read() -> Mapping[str, Series] | None:
            try:
                reader = Reader(self.path)
                try:
                    return reader.latency_series(now - SERIES_SPAN, now)
                finally:
                    reader.close()
            except StoreError:
                return None

        return await asyncio.to_thread(read)

    async def pane(self, snapshot: Snapshot, integration: str) -> Pane:
        """The detail of one integration, or the history of one alert or silence (`alert:12`)."""
        checks = [check.id for check in snapshot.estate.checks_of.get(integration, ())]
        return await asyncio.to_thread(self._pane, integration, checks)

    async def past(self, snapshot: Snapshot, wanted: Wanted) -> Past:
        """The history that is wanted, up to now; when it cannot be read, the one before with the reason."""
        old = snapshot.past
        kept = old.history if old.wanted is not None and old.wanted.integration == wanted.integration else None
        now = self._clock.now()
        try:
            return await asyncio.to_thread(self._past, snapshot, wanted, now)
        except StoreError as error:
            return Past(wanted, kept, old.at, failed=str(error), usual=old.usual if kept is not None else None)

    async def book(self) -> Book:
        """What the rules did in the last 90 days."""
        return await asyncio.to_thread(self._book, self._clock.now())

    def history(self, snapshot: Snapshot, wanted: Wanted, now: int) -> History:
        """The history alone, blocking. Raises StoreError."""
        reader = Reader(self.path)
        try:
            return reader.history(_asked(snapshot, wanted, now))
        finally:
            reader.close()

    def close(self) -> None:
        """Let go of the store."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _open(self, snapshot: Snapshot) -> Snapshot:
        now = self._clock.monotonic()
        if self._tried_at is not None and now - self._tried_at < _AGAIN_NS:
            return snapshot
        self._tried_at = now
        self._reader, self._left = Reader(self.path), None
        self._version = self._reader.data_version()
        return merge(snapshot, self._reader.changes(0), whole=True)

    def _newer(self, reader: Reader, snapshot: Snapshot) -> Snapshot:
        changes = reader.changes(snapshot.seq, most=ALERTS_AT_ONCE, place=self._left)
        self._left = changes.more
        if changes.config is not None or changes.seq < snapshot.seq:
            # Another configuration (checks may be gone) or another store in its place: everything anew.
            self._left = None
            return merge(snapshot, reader.changes(0), whole=True)
        return merge(snapshot, changes, whole=False)

    def _troubled(self, snapshot: Snapshot, error: StoreError) -> Snapshot:
        self.close()
        if error.kind == "missing" and snapshot.seq == 0:
            return snapshot  # the first engine makes it
        return replace(snapshot, store_trouble=str(error))

    def _past(self, snapshot: Snapshot, wanted: Wanted, now: int) -> Past:
        reader = Reader(self.path)
        try:
            usual = latency_of(reader.baselines(wanted.integration))
            return Past(wanted, reader.history(_asked(snapshot, wanted, now)), now, usual=usual)
        finally:
            reader.close()

    def _book(self, now: int) -> Book:
        from standby.domain.review import figures
        from standby.store.reviews import key_of

        start = now - BOOK_DAYS * DAY
        try:
            reader = Reader(self.path)
            try:
                found = reader.tuning(start)
            finally:
                reader.close()
        except StoreError as error:
            return Book(failed=str(error), loaded=True)
        rules = {key_of(rule): rule for rule in found.rules}
        judged = figures(rules, found.firings, found.new(start))
        return Book(judged, rules, BOOK_DAYS, found.silent, loaded=True)

    def _pane(self, integration: str, checks: list[str]) -> Pane:
        try:
            reader = Reader(self.path)
            try:
                if integration.startswith(_OWN_HISTORY):
                    return _history_of(reader, integration)
                observations: list[Observation] = []
                for check in checks:
                    observations += reader.observations(check, limit=_OBSERVATIONS)
                observations.sort(key=lambda one: (one.at, one.check_id), reverse=True)
                alerts = reader.alerts(50, integration=integration)
                usual = reader.baselines(integration)
                audits = list(reader.audits(100, subject=f"integration:{integration}"))
                for subject in [f"check:{check}" for check in checks] + [f"alert:{alert.id}" for alert in alerts[:20]]:
                    audits += reader.audits(20, subject=subject)
            finally:
                reader.close()
        except StoreError as error:
            return Pane(integration, failed=str(error), loaded=True)
        audits.sort(key=lambda entry: entry.no)
        return Pane(integration, observations[:_OBSERVATIONS], alerts, audits, usual=usual, loaded=True)


def _asked(snapshot: Snapshot, wanted: Wanted, now: int) -> Asked:
    from standby.domain.history import WINDOWS, unit_for
    from standby.store import history

    checks = snapshot.estate.checks_of.get(wanted.integration, ())
    every_ns = {check.id: check.every_ns for check in checks}
    span = WINDOWS[wanted.window]
    return history.Asked(wanted.integration, every_ns, now - span, now, wanted.step, unit_for(span))


def _history_of(reader: Reader, key: str) -> Pane:
    """One alert or silence with everything that was written down about it. Raises StoreError."""
    kind, _, number = key.partition(":")
    known = kind == "alert" and number.isascii() and number.isdigit() and len(number) < 19
    alert = reader.alert(int(number)) if known else None
    audits = reader.audits(_OBSERVATIONS, subject=key)
    return Pane(key, (), [] if alert is None else [alert], audits[::-1], loaded=True)


def minute_of(now: int) -> int:
    """Which minute the sparklines belong to: it turns 3 s late, when its observations are written."""
    return (now - 3 * SECOND) // MINUTE
