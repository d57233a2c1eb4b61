"""The only writer of a store: transactions run one after the other on a thread of their own."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite

from standby.domain.baseline import Series
from standby.store import snapshot
from standby.store.baselines import BaselineRow, MemoryRow, Remembered
from standby.store.errors import SQLITE_ERRORS, from_os, from_sqlite
from standby.store.expiry import Expiry
from standby.store.retention import Retention
from standby.store.rollup import RollUp
from standby.store.rows import Batch, EngineRow, Loaded, ReceiptRow
from standby.store.transaction import Transactions, connect

_Result = TypeVar("_Result")

BUSY_MS = 5_000
_STEPS_A_CALL = 240  # minutes rolled up by one call; more is left for the next


class _Connection(aiosqlite.Connection):
    """An aiosqlite connection that runs a whole transaction in one hop to its thread, instead of one a statement.

    So a cancelled caller leaves no transaction half done: the thread finishes what it began.
    """

    async def run(self, work: Callable[[], _Result]) -> _Result:
        """What `work` returns or raises on the connection's thread, even when the caller is cancelled meanwhile."""
        return await _finish(self._execute(work))  # type: ignore[no-untyped-call]


async def _finish(work: Coroutine[Any, Any, _Result], discard: Callable[[_Result], object] = lambda _: None) -> _Result:
    """The result of `work`, which runs to its end even when the caller is cancelled; then its result is discarded."""
    running = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        if not running.cancelled() and running.exception() is None:
            discard(running.result())
        raise


class Writer:
    """Every method raises StoreError; after one the writer stays usable and the same batch may be tried again."""

    def __init__(self, path: Path, connection: _Connection, raw: sqlite3.Connection, now: int) -> None:
        self.path = path
        self._connection = connection
        self._transactions = Transactions(raw, path)
        self._opened_at = now
        self._roll_up = RollUp(self._transactions)
        self._expiry = Expiry(self._transactions)

    @classmethod
    async def open(cls, path: Path, *, now: int, busy_ms: int = BUSY_MS) -> Writer:
        """Open the store at `path`, make it when missing, bring it to the newest schema.

        `now` is wall nanoseconds; `busy_ms` how long to wait for another program's lock.
        """
        try:
            raw = await _finish(asyncio.to_thread(connect, path, now, busy_ms), lambda late: late.close())
        except SQLITE_ERRORS as cause:
            raise from_sqlite(cause, path) from None
        except OSError as cause:
            raise from_os(cause, path) from None
        connection = _Connection(lambda: raw, iter_chunk_size=64)  # its thread would outlive a connector that fails
        connection._thread.daemon = True  # noqa: SLF001 - a program that dies without close() must not hang on it
        await connection
        return cls(path, connection, raw, now)

    async def begin_term(self, row: EngineRow) -> int:
        """Take the next fencing number, record the engine with it, return it. Older writers are refused from now on."""
        return await self._run(partial(self._transactions.begin_term, row))

    async def commit(self, batch: Batch) -> int:
        """Write all of `batch` or none; returns the sequence number its rows carry.

        Returns after the disk has it when `batch.durable`. Audit numbers and hashes are given here. What belongs to a
        command that already has a receipt (its audit rows, the receipt) is not written again. When the caller is
        cancelled, the batch is written nevertheless or fails as a whole.
        """
        return await self._run(partial(self._transactions.apply, batch))

    async def receipt(self, command_id: str) -> ReceiptRow | None:
        """What became of a command; `None` when it never came."""
        return await self._run(partial(self._transactions.receipt, command_id))

    async def load(self) -> Loaded:
        """What an engine needs to go on where the last one stopped."""
        return await self._run(partial(snapshot.load, self._transactions.connection, self._opened_at))

    async def remembered(self) -> Remembered:
        """What earlier engines learned, and what people decided about it."""
        return await self._run(partial(snapshot.remembered, self._transactions.connection))

    async def learn(
        self, rows: Sequence[BaselineRow], gone: Sequence[Series] = (), memories: Sequence[MemoryRow] = ()
    ) -> None:
        """Write what is usual now, and now and then what the detectors remember. It needs no sequence number: screens
        ask for it when they show it."""
        await self._run(partial(self._transactions.learn, rows, gone, memories))

    async def roll_up(self, now: int) -> None:
        """Sum the minutes and hours that ended before `now`, and again those that late observations changed.

        One short transaction a minute of data, so that commits fit between.
        """
        for _ in range(_STEPS_A_CALL):
            if not await self._run(partial(self._roll_up.step, now)):
                return

    async def expire(self, now: int, retention: Retention, limit: int = 2000) -> int:
        """Delete at most about `limit` rows that are too old or too many; returns how many. 0: nothing left to do.

        Gives freed pages back to the disk and empties the write-ahead log when no reader is in the way.
        """
        deleted = await self._run(partial(self._expiry.step, now, retention, limit))
        await self._run(partial(self._expiry.shrink, retention.max_size))
        await self._run(self._expiry.empty_log)
        return deleted

    async def close(self) -> None:
        """Write the log into the file and let go of it. May be called twice."""
        try:
            await self._connection.close()
        except sqlite3.Error as cause:
            raise from_sqlite(cause, self.path) from None
        except ValueError:  # closed already
            return

    async def _run(self, work: Callable[[], _Result]) -> _Result:
        try:
            return await self._connection.run(work)
        except SQLITE_ERRORS as cause:
            told = from_sqlite(cause, self.path)
        if told.kind != "full" or not await self._connection.run(self._transactions.make_room):
            raise told
        try:
            return await self._connection.run(work)
        except SQLITE_ERRORS as cause:
            raise from_sqlite(cause, self.path) from None
