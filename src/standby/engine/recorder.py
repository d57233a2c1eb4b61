"""Everything that is written goes through here: samples in batches, transitions and commands at once.

While the store cannot be written polling goes on: rows wait in a bounded buffer and the write is tried again. What a
person asked for is never left waiting: it is on disk when `submit` returns, or refused with the reason.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from standby.domain.text import clean
from standby.domain.units import MILLISECOND, SECOND, format_duration
from standby.engine.buffer import CAPACITY, Buffer
from standby.engine.clock import EngineClock, Timer
from standby.engine.timeline import Timeline
from standby.store.errors import StoreError
from standby.store.escalations import NotificationRow
from standby.store.failovers import FailoverRow
from standby.store.rows import AuditRow, Batch, PingRow, ReceiptRow

DELAY_NS = 200 * MILLISECOND  # with the commit itself, nothing waits longer than 250 ms
_BACKOFF_NS = (SECOND // 2, SECOND, 2 * SECOND, 5 * SECOND)


_ENDING = StoreError("locked", "the engine is ending; ask the next one")


class Store(Protocol):
    """What the recorder needs of `store.writer.Writer`."""

    async def commit(self, batch: Batch) -> int:
        """Write all of it or none; the sequence number of the transaction. Raises StoreError."""
        ...


@dataclass(slots=True)
class _Unit:
    """Rows of one command or ping: written with the next transaction, or not at all."""

    audits: Sequence[AuditRow]
    receipts: Sequence[ReceiptRow]
    pings: Sequence[PingRow]
    failovers: Sequence[FailoverRow]
    notifications: Sequence[NotificationRow]
    done: asyncio.Future[int]


class Recorder:
    """The only caller of `commit`. `on_fenced` is called once, when a newer engine holds the store."""

    def __init__(
        self,
        store: Store,
        clock: EngineClock,
        timeline: Timeline,
        *,
        on_fenced: Callable[[StoreError], None],
        capacity: int = CAPACITY,
    ) -> None:
        self.buffer = Buffer(capacity)
        self.trouble = ""
        self.committed_at = clock.monotonic()  # the last success
        self.seq = 0
        self._store = store
        self._clock = clock
        self._timeline = timeline
        self._on_fenced = on_fenced
        self._units: list[_Unit] = []
        self._wake = asyncio.Event()
        self._urgent = False
        self._fenced: StoreError | None = None
        self._failing_since: int | None = None  # monotonic
        self._failures = 0
        self._timer: Timer | None = None
        self._task: asyncio.Task[None] | None = None
        self._writing = False
        self._closing = False

    def start(self) -> None:
        """Begin to write."""
        self._task = asyncio.create_task(self._run(), name="recorder")
        if self.buffer:
            self.soon()

    def soon(self) -> None:
        """What is in the buffer is written within 250 ms."""
        if self._timer is None and not self._wake.is_set():
            self._timer = self._clock.call_at(self._clock.monotonic() + DELAY_NS, self._ring)

    def urgent(self) -> None:
        """What is in the buffer is written now and waits for the disk: a transition."""
        self._urgent = True
        if self._failing_since is None:
            self._ring()

    def say(self, kind: str, subject: str, text: str, at: int | None = None) -> None:
        """One line of the log in the engine's own name, of now or of `at` (ns since 1970); on disk soon."""
        when = self._timeline.now() if at is None else at
        self.buffer.audits.append(AuditRow(when, "engine", "", kind, subject, clean(text)))
        self.urgent()

    async def submit(
        self,
        audits: Sequence[AuditRow] = (),
        receipts: Sequence[ReceiptRow] = (),
        pings: Sequence[PingRow] = (),
        failovers: Sequence[FailoverRow] = (),
        notifications: Sequence[NotificationRow] = (),
    ) -> int:
        """Return the sequence number once these rows, and all that is in the buffer, are on disk.

        Raises StoreError when the store cannot take them: then none of them is written, now or later.
        """
        if self._fenced is not None:
            raise self._fenced
        if self._closing:
            raise _ENDING
        if self._failing_since is not None:
            raise StoreError("locked", self.trouble)
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        unit = _Unit(audits, receipts, pings, failovers, notifications, done)
        self._units.append(unit)
        self._ring()
        return await unit.done

    @property
    def idle(self) -> bool:
        """Nothing waits and nothing is being written."""
        return not (self.buffer or self._units or self._writing or self._wake.is_set())

    async def close(self) -> list[str]:
        """Write what is left, once; lines about what could not be."""
        self._closing = self._urgent = True
        failures = self._failures
        self._ring()
        if self._task is not None:
            await asyncio.wait([self._task])  # what is being written is written: it is not ours to cancel
        if self._timer is not None:
            self._timer.cancel()
        if self._fenced is None and self.buffer and self._failures == failures:
            self._urgent = True
            await self._flush()
        if self._fenced is not None:
            return [str(self._fenced)]
        if not self.buffer:
            return []
        lost = len(self.buffer.observations) + self.buffer.dropped
        owed = len(self.buffer.alerts) + len(self.buffer.audits)
        return [f"not stored: {lost} observations and {owed} alert changes and log lines; {self.trouble}"]

    def _ring(self) -> None:
        self._wake.set()

    async def _run(self) -> None:
        while self._fenced is None and not self._closing:
            await self._wake.wait()
            self._wake.clear()
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            if self.buffer or self._units:
                await self._flush()
        for unit in self._units:
            unit.done.set_exception(self._fenced or _ENDING)
        self._units = []

    async def _flush(self) -> None:
        units, self._units = self._units, []
        durable, self._urgent = self._urgent or bool(units), False
        rows = self.buffer.take()
        batch = replace(
            rows,
            durable=durable,
            audits=[*rows.audits, *(audit for unit in units for audit in unit.audits)],
            receipts=[receipt for unit in units for receipt in unit.receipts],
            pings=[ping for unit in units for ping in unit.pings],
            failovers=[*rows.failovers, *(run for unit in units for run in unit.failovers)],
            notifications=[*rows.notifications, *(row for unit in units for row in unit.notifications)],
        )
        self._writing = True
        try:
            seq = await self._store.commit(batch)
        except asyncio.CancelledError:
            # Only whoever ends the process in a hurry; the store finishes what it began (see Writer.commit).
            for unit in units:
                unit.done.cancel()
            raise
        except (StoreError, sqlite3.Error, OSError, ValueError, OverflowError) as error:
            self._failed(error, rows, units, durable=durable)
        else:
            self._succeeded(seq, units)
        finally:
            self._writing = False

    def _succeeded(self, seq: int, units: list[_Unit]) -> None:
        self.seq = seq
        self.committed_at = self._clock.monotonic()
        for unit in units:
            if not unit.done.done():
                unit.done.set_result(seq)
        if self._failing_since is not None:
            self._recovered()

    def _recovered(self) -> None:
        away = self._clock.monotonic() - (self._failing_since or 0)
        self._failing_since, self._failures, self.trouble = None, 0, ""
        dropped, gap = self.buffer.forgive()
        if gap is not None:
            self.buffer.gaps[gap.from_at] = gap
        kept = f"{dropped} observations were not kept" if dropped else "nothing was lost"
        text = f"the store takes writes again after {format_duration(away // SECOND * SECOND)}; {kept}"
        self.say("store", "engine", text)

    def _failed(self, error: Exception, rows: Batch, units: list[_Unit], *, durable: bool) -> None:
        told = error if isinstance(error, StoreError) else StoreError("corrupt", f"the store refused rows: {error}")
        for unit in units:
            if not unit.done.done():
                unit.done.set_exception(told)
        if told.kind == "fenced":
            self._fenced = told
            self._on_fenced(told)
            return
        if told is not error:  # a row that the store cannot take, a fault of ours: samples may not block transitions
            rows = self.buffer.without_samples(rows)
        self.buffer.put_back(rows)
        self._urgent = self._urgent or durable
        if self._failing_since is None:
            self._failing_since = self._clock.monotonic()
        pause = _BACKOFF_NS[min(self._failures, len(_BACKOFF_NS) - 1)]
        self._failures += 1
        waiting, dropped = len(self.buffer.observations), self.buffer.dropped
        lost = f", {dropped} not kept" if dropped else ""
        self.trouble = clean(f"{told}; {waiting} observations wait{lost}")
        self._wake.clear()
        self._timer = self._clock.call_at(self._clock.monotonic() + pause, self._ring)
