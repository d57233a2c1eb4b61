"""The one writing connection, and what happens inside its transactions. Blocking; `writer` runs it off the loop."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from standby.domain.audit import GENESIS, chain
from standby.domain.baseline import Series
from standby.domain.observation import Observation
from standby.domain.units import MINUTE
from standby.store import baselines, cells, escalations, failovers, reviews, silences, values
from standby.store.baselines import BaselineRow, MemoryRow
from standby.store.errors import error
from standby.store.migrate import SMALL_TABLES, create, upgrade, version
from standby.store.place import prepare
from standby.store.rows import AuditRow, Batch, EngineRow, ReceiptRow
from standby.store.sqlfile import statements

_SQL = statements("write")
_CHECK_WHOLE_BELOW = 32 * 2**20  # bytes: about 0.1 s; above it only the small tables are looked at
_SETTINGS = (
    "synchronous = NORMAL",
    "fullfsync = ON",  # macOS: an fsync that means it; nothing elsewhere
    "foreign_keys = ON",
    "trusted_schema = OFF",
    "cell_size_check = ON",
    "wal_autocheckpoint = 1000",
    "journal_size_limit = 16777216",
    "cache_size = -4000",
    "temp_store = MEMORY",
)


def connect(path: Path, now: int, busy_ms: int) -> sqlite3.Connection:
    """The store, made when missing, brought up to date and looked through. Raises StoreError and sqlite3.Error."""
    if not prepare(path):
        create(path, now)
    connection = sqlite3.connect(path, timeout=busy_ms / 1000, isolation_level=None, check_same_thread=False)
    try:
        version(connection, path)  # before anything is set: another program's file stays as it is
        _keep_log(connection, path)
        for setting in _SETTINGS:
            connection.execute(f"PRAGMA {setting}")
        upgrade(connection, path, now)
        _look_through(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _keep_log(connection: sqlite3.Connection, path: Path) -> None:
    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":  # its index needs memory shared between processes, which a local disk gives
        raise error("network", path, f"no write-ahead log is possible here, only {mode}")


def _look_through(connection: sqlite3.Connection, path: Path) -> None:
    whole = path.stat().st_size < _CHECK_WHOLE_BELOW
    for pragma in ["quick_check(1)"] if whole else [f"quick_check({table})" for table in SMALL_TABLES]:
        verdict = connection.execute(f"PRAGMA {pragma}").fetchone()[0]
        if verdict != "ok":
            raise error("corrupt", path, str(verdict).splitlines()[-1][:120])


class Transactions:
    """Everything that changes the store. Each method is one transaction: whole, or not at all.

    All raise StoreError and sqlite3.Error; after either, the next call starts afresh.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.connection = connection
        self.path = path
        self.fence: int | None = None
        self._keys: dict[str, int] = {}
        self._durable = False
        self._file = self._identity()

    def begin_term(self, row: EngineRow) -> int:
        """Take the next fencing number: from now on every older writer is refused."""
        with self._transaction(durable=True) as (seq, held):
            fence = held + 1
            self.connection.execute(_SQL["set_fence"], {"fence": fence})
            self._execute_one("upsert_engine", cells.engine(replace(row, fence=fence), seq))
            self.connection.execute(_SQL["set_seq"], {"seq": seq})
        self.fence = fence
        return fence

    def apply(self, batch: Batch) -> int:
        """Write all of `batch`; returns the sequence number that its rows carry."""
        keys: dict[str, int] = {}
        with self.fenced(durable=batch.durable) as seq:
            self._observations(batch, keys)
            self._present(batch, seq)
            self._record(batch, seq)
            self.connection.execute(_SQL["set_seq"], {"seq": seq})
        self._keys.update(keys)  # only now: a number given in a transaction that failed is none
        return seq

    def learn(self, rows: Sequence[BaselineRow], gone: Sequence[Series], memories: Sequence[MemoryRow] = ()) -> None:
        """Write what is usual now; the series `gone` have no row any more."""
        with self.fenced():
            self._execute_many("forget_baseline", [(cells.name(one.subject), cells.name(one.metric)) for one in gone])
            self._execute_many("upsert_baseline", [baselines.baseline_cells(row) for row in rows])
            self._execute_many("upsert_memory", [baselines.memory_cells(row) for row in memories])

    def make_room(self) -> bool:
        """Move the write-ahead log into the file, so that the log's own bytes can be used again.

        For a full disk: the log holds many versions of a page, the file needs room for one. `False`: it did not help.
        """
        try:
            busy, pages, moved = self.connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        except sqlite3.Error:
            return False
        return not busy and pages > 0 and pages == moved

    @contextmanager
    def fenced(self, *, durable: bool = False) -> Iterator[int]:
        """A write transaction of the engine that holds the store; gives the next sequence number."""
        if self.fence is None:
            raise error("fenced", self.path, "this writer has no term", "call begin_term first")
        with self._transaction(durable=durable) as (seq, held):
            if held != self.fence:
                raise error("fenced", self.path, f"number {held}, ours is {self.fence}")
            yield seq

    @contextmanager
    def _transaction(self, *, durable: bool) -> Iterator[tuple[int, int]]:
        """Gives the next sequence number and the fencing number that the store holds."""
        if self._identity() != self._file:
            raise error(
                "missing", self.path, "it was moved or replaced while in use", "put it back, or restart the engine"
            )
        self._be_durable(durable=durable)
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            seq, fence = self._counter()
            yield seq + 1, fence
            self.connection.execute("COMMIT")
        except BaseException:
            if self.connection.in_transaction:  # a full disk rolls back by itself
                self.connection.execute("ROLLBACK")
            raise

    def _counter(self) -> tuple[int, int]:
        found = self.connection.execute(_SQL["counter"]).fetchone()
        if found is None or not all(isinstance(cell, int) for cell in found):
            raise error("corrupt", self.path, "its counter is gone")
        return found[0], found[1]

    def _identity(self) -> tuple[int, int] | None:
        try:
            found = os.stat(self.path)  # noqa: PTH116 - each commit asks
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def _be_durable(self, *, durable: bool) -> None:
        """Wait for the disk at the end of the next transaction, or not; SQLite takes it only between two."""
        if durable != self._durable:
            self.connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            self._durable = durable

    def _observations(self, batch: Batch, keys: dict[str, int]) -> None:
        if not batch.observations:
            return
        rolled = self.watermark("minute")
        rows, late = [], []
        for observation in batch.observations:
            no = self._key(observation, keys)
            rows.append(cells.observation(no, observation))
            if observation.slot < rolled:
                late.append((no, observation.slot // MINUTE * MINUTE))
        self.connection.executemany(_SQL["upsert_observation"], rows)
        if late:
            self.connection.executemany(_SQL["add_late_minute"], late)

    def watermark(self, name: str) -> int:
        """How far `minute` or `hour` roll-ups, or the expiry of `raw` samples, have come; 0 before the first time."""
        found = self.connection.execute(_SQL["watermark"], {"name": name}).fetchone()
        return 0 if found is None else values.whole(found[0])

    def _key(self, observation: Observation, keys: dict[str, int]) -> int:
        name = observation.check_id
        no = self._keys.get(name) or keys.get(name)
        if no is None:
            self.connection.execute(_SQL["add_check_key"], {"id": name})
            found = self.connection.execute(_SQL["check_no"], {"id": name}).fetchone()
            if found is None:
                raise error("corrupt", self.path, "an index does not find what is there")
            no = keys[name] = int(found[0])
        return no

    def _present(self, batch: Batch, seq: int) -> None:
        self._execute_many("forget_check", [(name,) for name in batch.forget_checks])
        self._execute_many("forget_integration", [(name,) for name in batch.forget_integrations])
        self._execute_many("upsert_check_state", [cells.check_state(row, seq) for row in batch.check_states])
        self._execute_many(
            "upsert_integration_state", [cells.integration_state(row, seq) for row in batch.integration_states]
        )
        self._execute_many("upsert_alert", [cells.alert(row, seq) for row in batch.alerts])
        self._execute_many("forget_route", [(name,) for name in batch.forget_routes])
        self._execute_many("upsert_route_state", [failovers.route_state_cells(row, seq) for row in batch.route_states])
        self._execute_many("upsert_escalation", [escalations.escalation_cells(row, seq) for row in batch.escalations])
        told = [escalations.notification_cells(row, seq) for row in batch.notifications]
        self._execute_many("upsert_notification", told)
        self._execute_many("upsert_silence", [silences.silence_cells(row, seq) for row in batch.silences])
        self._execute_many("upsert_decision", [baselines.decision_cells(row, seq) for row in batch.decisions])
        self._execute_many("upsert_review", [reviews.review_cells(row, seq) for row in batch.reviews])
        for run in batch.failovers:
            self._execute_one("upsert_failover", failovers.failover_cells(run, seq))
        self._execute_many("upsert_gap", [cells.gap(row, seq) for row in batch.gaps])
        if batch.engine is not None:
            self._execute_one("upsert_engine", cells.engine(replace(batch.engine, fence=self.fence or 0), seq))
        if batch.config is not None:
            self._execute_one("upsert_config", cells.config(batch.config, seq))

    def _record(self, batch: Batch, seq: int) -> None:
        """Audit rows, receipts, pings. What belongs to a command that already has a receipt is not written twice."""
        known = {row.command for row in batch.receipts if self.receipt(row.command)}
        self._append_audits([row for row in batch.audits if row.command not in known], seq)
        self._execute_many("add_receipt", [cells.receipt(row) for row in batch.receipts])
        self._execute_many("upsert_ping", [cells.ping(row) for row in batch.pings])

    def receipt(self, command: str) -> ReceiptRow | None:
        """What became of a command; `None` when the store does not know it."""
        found = self.connection.execute(_SQL["receipt"], {"command": cells.name(command)}).fetchone()
        return None if found is None else values.receipt(found)

    def _append_audits(self, audits: list[AuditRow], seq: int) -> None:
        if not audits:
            return
        no, tip = self.connection.execute(_SQL["last_audit"]).fetchone() or (0, GENESIS)
        tip = values.blob(tip) or GENESIS  # a chain that was tampered with goes on; `verify` tells where it broke
        for audit in audits:
            row = cells.clean_audit(replace(audit, no=no + 1))
            no, tip = row.no, chain(tip, **cells.audit_fields(row))
            self.connection.execute(_SQL["add_audit"], cells.audit(row, seq, tip))

    def _execute_many(self, name: str, rows: list[tuple[cells.Cell, ...]]) -> None:
        if rows:
            self.connection.executemany(_SQL[name], rows)

    def _execute_one(self, name: str, row: Mapping[str, cells.Cell]) -> None:
        self.connection.execute(_SQL[name], row)
