"""What is too old goes, then what is too much: raw samples first, oldest first, a few at a time."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from standby.domain.units import DAY, HOUR, MINUTE
from standby.store.place import companions
from standby.store.retention import Retention
from standby.store.sqlfile import statements
from standby.store.transaction import Transactions

_SQL = statements("expire")
_SET_WATERMARK = statements("rollup")["set_watermark"]
_LARGE_WAL = 4 * 2**20  # bytes: what a checkpoint leaves behind when no reader is in its way
_SPARE_PAGES = 256  # free pages kept for the next samples, instead of shrinking and growing the file in turn


@dataclass(frozen=True, slots=True)
class _Layer:
    """One resolution of history; `whole` is the span that must be gone or there as one."""

    name: str
    whole: int


_LAYERS = (_Layer("raw", MINUTE), _Layer("minutes", HOUR), _Layer("hours", DAY))


class Expiry:
    """Deletes in short transactions; the caller asks again until nothing was left."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions
        self._few_at: int | None = None

    @property
    def _connection(self) -> sqlite3.Connection:
        return self._transactions.connection

    def step(self, now: int, retention: Retention, limit: int) -> int:
        """Delete at most about `limit` rows; returns how many."""
        with self._transactions.fenced():
            deleted = self._too_old(now, retention, limit)
            if deleted < limit:
                deleted += self._too_many(retention.max_size, limit - deleted)
        return deleted

    def _too_old(self, now: int, retention: Retention, limit: int) -> int:
        deleted = 0
        spans = (retention.raw, retention.minutes, retention.hours)
        for layer, span in zip(_LAYERS, spans, strict=True):
            before = (now - span) // layer.whole * layer.whole
            deleted += self._delete(layer, before, limit - deleted)
        if self._few_at is None or abs(now - self._few_at) >= HOUR:
            self._few_at = now
            self._few(now, retention)
        return deleted

    def _few(self, now: int, retention: Retention) -> None:
        """What a person or a batch job made: few rows, so looking through them once an hour does."""
        for name, span in (
            ("delete_pings", retention.raw),
            ("delete_receipts", retention.hours),
            ("delete_alerts", retention.hours),
            ("delete_notifications", retention.hours),
            ("delete_escalations", retention.hours),
            ("delete_silences", retention.hours),
            ("delete_decisions", retention.hours),
            ("delete_gaps", retention.hours),
            ("delete_failovers", retention.hours),
        ):
            self._connection.execute(_SQL[name], {"before": now - span})

    def _too_many(self, max_size: int | None, limit: int) -> int:
        if max_size is None or self._used() <= max_size:
            return 0
        for layer in _LAYERS:
            oldest = self._connection.execute(_SQL[f"oldest_{layer.name}"]).fetchone()[0]
            if isinstance(oldest, int):
                before = self._about(layer, oldest, limit)
                deleted = self._delete(layer, before, limit)
                if deleted:
                    return deleted
        return 0

    def _about(self, layer: _Layer, oldest: int, limit: int) -> int:
        """The instant before which about `limit` rows lie, in whole spans, at least one."""
        first = oldest // layer.whole * layer.whole + layer.whole
        rows = int(self._connection.execute(_SQL[f"count_{layer.name}"], {"before": first}).fetchone()[0])
        return first + max(0, limit // max(1, rows) - 1) * layer.whole

    def _delete(self, layer: _Layer, before: int, limit: int) -> int:
        """Never what is not summed up yet; a minute that is partly deleted is never summed again (`raw`)."""
        if layer.name == "raw":
            before = min(before, self._transactions.watermark("minute"))
        elif layer.name == "minutes":
            before = min(before, self._transactions.watermark("hour"))
        checks = self._connection.execute(_SQL[f"checks_with_{layer.name}"], {"before": before}).fetchall()
        if checks and layer.name == "raw" and before > self._transactions.watermark("raw"):
            self._connection.execute(_SET_WATERMARK, {"name": "raw", "at": before})
        deleted = 0
        for (check_no,) in checks:
            if deleted >= limit:
                break
            names = {"check_no": check_no, "before": before, "limit": limit - deleted}
            deleted += self._connection.execute(_SQL[f"delete_{layer.name}"], names).rowcount
        return deleted

    def _number(self, pragma: str) -> int:
        return int(self._connection.execute(f"PRAGMA {pragma}").fetchone()[0])

    def _used(self) -> int:
        return (self._number("page_count") - self._number("freelist_count")) * self._number("page_size")

    def shrink(self, max_size: int | None) -> None:
        """Give free pages back to the disk, a few at a time."""
        free = self._number("freelist_count")
        too_large = max_size is not None and self._number("page_count") * self._number("page_size") > max_size
        if free > _SPARE_PAGES or (too_large and free):
            # As a script: the driver's `execute` takes one step of this pragma, and so frees one page.
            self._connection.executescript(f"PRAGMA incremental_vacuum({_SPARE_PAGES})")

    def empty_log(self) -> None:
        """Empty the write-ahead log when it has grown; does not wait for readers."""
        try:
            large = companions(self._transactions.path)[0].stat().st_size > _LARGE_WAL
        except OSError:
            return
        if large:
            patience = self._number("busy_timeout")
            self._connection.execute("PRAGMA busy_timeout = 0")
            try:
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                self._connection.execute(f"PRAGMA busy_timeout = {patience}")
