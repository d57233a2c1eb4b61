"""The store as screens and scripts see it: read-only, whole results, no transaction held between two calls.

Light on purpose: the console imports this before its first frame.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from standby.domain.audit import GENESIS, verify
from standby.domain.baseline import Decision
from standby.domain.observation import Observation
from standby.domain.text import clean
from standby.domain.units import MINUTE, SECOND
from standby.store import baselines, escalations, failovers, reviews, silences, values
from standby.store.baselines import BaselineRow, Figures
from standby.store.errors import SQLITE_ERRORS, error, from_sqlite
from standby.store.escalations import NotificationRow
from standby.store.failovers import FailoverRow
from standby.store.migrate import SMALL_TABLES, refuse_other_schema
from standby.store.place import companions, refuse_odd_file
from standby.store.rows import AlertPlace, AlertRow, AuditRow, AuditVerdict, Changes, ReceiptRow, RollupRow
from standby.store.sqlfile import statements

if TYPE_CHECKING:
    from standby.domain.evidence import Said, Span
    from standby.domain.history import History
    from standby.store.history import Asked
    from standby.store.past import Past

_Row = TypeVar("_Row")

BUSY_MS = 1_000
_RESOLVED_AT_FIRST = 200
_AUDITS_AT_ONCE = 500
_GAPS_AT_ONCE = 200
_RUNS_AT_FIRST = 50
_AUDITS_A_READ = 2_000
_SIGN_OF_LIFE = 60 * SECOND  # an engine gives one each second
_LARGEST_CELL = 8 * 2**20  # bytes; ours are far smaller


class Reader:
    """One connection, for one thread at a time. Every method raises StoreError."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._sql = statements("read")
        self._frozen = False  # no writer and no log: read as a plain file
        if not refuse_odd_file(self.path):
            raise error("missing", self.path)
        with self._told():
            self._connection = self._connect()
        self._file = self._identity()

    def data_version(self) -> int:
        """A number that changes when another connection has written; 3 us.

        Raises StoreError `missing` when the file was moved away or replaced: close this reader and open another.
        """
        if self._identity() != self._file:
            raise error("missing", self.path, "it was moved or replaced while in use")
        if self._frozen and companions(self.path)[0].exists():
            self._thaw()
        try:
            return int(self._connection.execute("PRAGMA data_version").fetchone()[0])
        except sqlite3.OperationalError as cause:
            raise from_sqlite(cause, self.path) from None

    def changes(self, since: int = 0, *, most: int | None = None, place: AlertPlace | None = None) -> Changes:
        """The rows newer than `since`; with 0 all that is present, the last 200 resolved alerts and 500 audit rows.

        The configuration comes without its rules.
        Alerts are ordered by id, audit rows by number, gaps by their beginning. A sequence number that the store has
        not reached yet (another store was put in its place) counts as 0.
        With `most` at most so many alerts are read of what is newer, in the order in which they were written, from
        `place` on; `more` of the result is where to go on, `None` when all were read.
        """
        more = None
        with self._told(), self._whole():
            seq = self._seq()
            since = since if 0 < since <= seq else -1
            if since < 0:
                resolved = self._every("alerts_resolved", values.alert, **{"from": 0, "limit": _RESOLVED_AT_FIRST})
                alerts = sorted([*self._every("alerts_open", values.alert), *resolved], key=lambda alert: alert.id)
            elif most is None:
                alerts = self._every("alerts_since", values.alert, since=since)
            else:
                alerts, more = self._alerts_after(place or (since, values.MAX_INT), most)
            return Changes(
                seq=seq,
                engine=self._single("engine", values.engine, since=since),
                config=self._single("config", values.config_seen, since=since),
                check_states=self._every("check_states", values.check_state, since=since),
                integration_states=self._every("integration_states", values.integration_state, since=since),
                alerts=alerts,
                audits=self._every("audits_since", values.audit, since=since, limit=_AUDITS_AT_ONCE)[::-1],
                gaps=self._every("gaps", values.gap, since=since, limit=_GAPS_AT_ONCE)[::-1],
                failovers=self._runs(since),
                route_states=self._every("route_states", failovers.route_state, since=since),
                escalations=self._newer("escalations", escalations.escalation, since),
                notifications=self._newer("notifications", escalations.notification, since),
                silences=self._newer("silences", silences.silence, since),
                reviews=self._every("reviews", reviews.review, since=since),
                more=more,
            )

    def observations(self, check_id: str, limit: int = 100) -> list[Observation]:
        """The last observations of one check, newest first; empty for a check that the store does not know."""
        with self._told():
            number = self._check_no(check_id)
            if number is None:
                return []
            names = {"check_no": number, "limit": limit}
            rows = self._connection.execute(self._sql["observations"], names).fetchall()
        return [values.observation(check_id, row) for row in rows]

    def rollups(
        self, check_id: str | None, resolution: Literal["minute", "hour"], start: int, end: int
    ) -> list[RollupRow]:
        """Sums of one check, or of all (`None`), whose bucket begins in `[start, end)`; by check, then by bucket."""
        with self._told():
            return self._every(f"rollups_{resolution}", values.rollup, check_id=check_id, start=start, end=end)

    def baselines(self, integration: str | None = None) -> list[BaselineRow]:
        """What is usual, of one integration or of all; by integration, subject, metric."""
        with self._told():
            return self._every("baselines", baselines.baseline, integration=integration)

    def decisions(self) -> list[Decision]:
        """What people decided about what is usual, oldest first."""
        with self._told():
            return self._every("decisions", baselines.decision)

    def figures(
        self, check_id: str, resolution: Literal["minute", "hour"], start: int, end: int, every: int = 1
    ) -> Figures:
        """What baselines are made of: the minutes or hours of one check in `[start, end)`, one in `every`; empty
        when there are none."""
        with self._told():
            names = {"check_no": self._check_no(check_id), "start": start, "end": end, "every": every}
            columns = self._connection.execute(self._sql[f"figures_{resolution}"], names).fetchone()
        return tuple(columns) if columns[0] is not None else ()

    def oldest(self, check_id: str, resolution: Literal["minute", "hour"]) -> int | None:
        """When the first minute or hour of one check begins that is kept; None when there is none."""
        with self._told():
            names = {"check_no": self._check_no(check_id)}
            found = self._connection.execute(self._sql[f"oldest_{resolution}"], names).fetchone()
        return values.maybe_whole(found[0])

    def reported(
        self, check_id: str, start: int, end: int, every: int = 1
    ) -> Iterator[tuple[int, list[Mapping[str, float]]]]:
        """What one check reported of its own in `[start, end)`: the beginning of each minute, one in `every`, and the
        metrics of its single observations."""
        with self._told():
            names = {"check_no": self._check_no(check_id), "start": start, "end": end, "every": every}
            rows = self._connection.execute(self._sql["reported"], names).fetchall()
        for minute, looks in groupby(rows, lambda row: values.whole(row[0]) // MINUTE):
            yield minute * MINUTE, [values.metrics(cell) for _, cell in looks]

    def latency_series(self, start: int, end: int) -> Mapping[str, list[tuple[int, float | None]]]:
        """Per check the mean latency in ms of each minute with observations in `[start, end)`, up to now.

        `None`: observed, but without a latency.
        """
        with self._told():
            found = self._connection.execute(self._sql["watermark"], {"name": "minute"}).fetchone()
            names = {"start": start, "end": end, "rolled": 0 if found is None else values.whole(found[0])}
            rows = self._connection.execute(self._sql["latency_series"], names).fetchall()
        by_check = groupby(rows, itemgetter(0))  # sixty thousand rows: what is done for each of them is what it costs
        return {
            values.text(check_id): [(values.whole(bucket), values.maybe_real(mean)) for _, bucket, mean in minutes]
            for check_id, minutes in by_check
        }

    def history(self, asked: Asked) -> History:
        """One integration over a while, in columns; about 15 ms for a day or a month of one check."""
        from standby.store import history

        with self._told(), self._whole():
            return history.read(self._connection, asked)

    def past(self) -> Past:
        """What was seen and what fired in a span, a page at a time; as long as this reader is open."""
        from standby.store.past import Past

        return Past(self._connection, self._told)

    def finest(self, check_ids: Iterable[str], start: int) -> int:
        """The shortest step of a history that goes back to `start`: a minute, or an hour when minutes have expired."""
        from standby.store import history

        with self._told():
            return history.finest(self._connection, check_ids, start)

    def alerts(self, limit: int, *, open_only: bool = False, integration: str | None = None) -> list[AlertRow]:
        """The newest alerts, newest first."""
        with self._told():
            return self._every("alerts", values.alert, limit=limit, open_only=open_only, integration=integration)

    def alert(self, id: int) -> AlertRow | None:  # noqa: A002 - what it is called everywhere
        """One alert, or `None`."""
        with self._told():
            return self._single("alert", values.alert, id=min(id, values.MAX_INT))

    def failovers(self, limit: int, route: str | None = None) -> list[FailoverRow]:
        """The newest runs, of one route or of all, and every one that has not ended; oldest first."""
        with self._told():
            return self._every("failovers", failovers.failover, route=route, limit=limit)

    def failover(self, *, id: int | None = None, command: str | None = None) -> FailoverRow | None:  # noqa: A002
        """One run, by its number or by the command that asked for its plan; `None` when there is none."""
        with self._told():
            if id is None:
                return self._single("failover_of", failovers.failover, command=command)
            return self._single("failover", failovers.failover, id=min(id, values.MAX_INT))

    def notifications(self, alert: int, limit: int = 200) -> list[NotificationRow]:
        """Who was told about one alert, newest first."""
        with self._told():
            return self._every("notifications_of", escalations.notification, alert=alert, limit=limit)

    def audits(self, limit: int, subject: str | None = None) -> list[AuditRow]:
        """The newest audit rows, newest first; of one subject (`alert:12`) or of all."""
        with self._told():
            if subject is None:
                return self._every("audits", values.audit, limit=limit)
            return self._every("audits_of", values.audit, subject=subject, limit=limit)

    def tuning(self, start: int) -> reviews.Tuning:
        """The rules in force, the alerts of ours that fired since `start` (ns since 1970), the reviews."""
        with self._told(), self._whole():
            config = self._single("config", values.config, since=-1)
            fired = self._every("firings", reviews.firing, start=start, limit=reviews.MOST_FIRINGS)
            known = self._every("reviews", reviews.review, since=-1)
        return reviews.tuning(config.doc if config is not None else {}, fired, known)

    def judgements(self, start: int, end: int) -> tuple[Mapping[str, list[Said]], list[Span]]:
        """The judgements of a window by integration, each with the one before; and when nobody watched."""
        from standby.domain.evidence import read

        names = {"start": start, "end": end}
        with self._told(), self._whole():
            found: dict[str, list[Said]] = {}
            for subject, at, message in self._connection.execute(self._sql["judgements"], names):
                name = values.text(subject).removeprefix("integration:")
                found.setdefault(name, []).append(read(values.whole(at), values.text(message, values.MESSAGE_LIMIT)))
            gaps = self._every("holes", values.gap, **names)
            first = values.whole(self._connection.execute(self._sql["first_audit"]).fetchone()[0])
            engine = self._single("engine", values.engine, since=-1)
        holes = [(gap.from_at, end if gap.to_at is None else gap.to_at) for gap in gaps]
        alive = engine.heartbeat_at if engine is not None else 0
        return found, [*holes, (start, first or end), *([(alive, end)] if end - alive > _SIGN_OF_LIFE else [])]

    def receipt(self, command_id: str) -> ReceiptRow | None:
        """What became of a command; `None` when the engine never recorded it."""
        with self._told():
            return self._single("receipt", values.receipt, command=command_id)

    def verify_audit(self) -> AuditVerdict:
        """Recompute the hash chain of the whole log; about 8 us a row."""
        counted = 0

        def entries() -> Iterator[AuditRow]:
            nonlocal counted
            for cells in self._audit_cells():
                counted += 1
                yield _as_stored(cells)

        broken = verify(entries())
        if broken is None:
            return AuditVerdict(ok=True, rows=counted, broken_at=None, text=f"the chain of {counted} rows holds")
        told = f"row {broken} was changed, removed or added later; everything from it on proves nothing"
        return AuditVerdict(ok=False, rows=counted, broken_at=broken, text=told)

    def mean_detail(self, check_ids: Sequence[str]) -> float | None:
        """Bytes of message and metrics in one of the last observations of these checks (see `size.predict`)."""
        total, rows = 0.0, 0
        with self._told():
            for check_id in check_ids:
                found = self._connection.execute(self._sql["detail"], {"check_id": check_id}).fetchone()
                total, rows = total + values.whole(found[0]), rows + values.whole(found[1])
        return total / rows if rows else None

    def damage(self, *, whole: bool) -> list[str]:
        """What SQLite finds wrong with the file, at most ten lines; `whole` reads all of it (about 1 s a GB)."""
        tables = [""] if whole else [f"'{table}'" for table in SMALL_TABLES]
        found = []
        for table in tables:
            pragma = f"PRAGMA quick_check({table})" if table else "PRAGMA quick_check(10)"
            with self._told():
                found += [clean(str(row[0])) for row in self._connection.execute(pragma).fetchmany(10)]
        return [line for line in found if line != "ok"][:10]

    def size(self) -> int:
        """Bytes on disk, the write-ahead log included."""
        total = 0
        for path in (self.path, *companions(self.path)):
            try:
                total += path.stat().st_size
            except OSError:
                continue
        return total

    def close(self) -> None:
        """Let go of the file. May be called twice."""
        self._connection.close()

    def _connect(self) -> sqlite3.Connection:
        try:
            return self._look(self._open("mode=ro"))
        except sqlite3.OperationalError as cause:
            name = getattr(cause, "sqlite_errorname", "")
            if not name.startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY")) or not os.access(self.path, os.R_OK):
                raise
        # The folder cannot be written, so the log's index cannot be made. Without a log the file is all there is.
        log = companions(self.path)[0]
        if log.exists() and log.stat().st_size:
            raise error(
                "read-only",
                self.path,
                "its engine ended without closing it, and reading the log needs write permission",
                "start its engine once, or copy the file with its -wal to a folder of yours",
            )
        self._frozen = True
        return self._look(self._open("mode=ro&immutable=1"))

    def _open(self, options: str) -> sqlite3.Connection:
        name = str(self.path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
        return sqlite3.connect(
            f"file:{name}?{options}", uri=True, timeout=BUSY_MS / 1000, isolation_level=None, check_same_thread=False
        )

    def _look(self, connection: sqlite3.Connection) -> sqlite3.Connection:
        try:
            connection.text_factory = _decode
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LARGEST_CELL)
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA query_only = ON")
            refuse_other_schema(connection, self.path)
        except BaseException:
            connection.close()
            raise
        return connection

    def _thaw(self) -> None:
        """An engine has come: read what it writes."""
        with self._told():
            fresh = self._look(self._open("mode=ro"))
        self._connection.close()
        self._connection, self._frozen = fresh, False

    def _identity(self) -> tuple[int, int] | None:
        try:
            found = os.stat(self.path)  # noqa: PTH116 - asked ten times a second
        except OSError:
            return None
        return found.st_dev, found.st_ino

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What SQLite says becomes a StoreError."""
        try:
            yield
        except SQLITE_ERRORS as cause:
            raise from_sqlite(cause, self.path) from None

    @contextmanager
    def _whole(self) -> Iterator[None]:
        """Several statements that see the same instant."""
        self._connection.execute("BEGIN")
        try:
            yield
        finally:
            if self._connection.in_transaction:
                self._connection.execute("COMMIT")

    def _newer(self, table: str, make: Callable[[values.Cells], _Row], since: int) -> list[_Row]:
        """What is newer, or at first what belongs to open alerts."""
        return self._every(f"{table}_open", make) if since < 0 else self._every(f"{table}_since", make, since=since)

    def _alerts_after(self, place: AlertPlace, most: int) -> tuple[list[AlertRow], AlertPlace | None]:
        names = {"seq": place[0], "id": place[1], "limit": most}
        rows = self._connection.execute(self._sql["alerts_after"], names).fetchall()
        last = (values.whole(rows[-1][18]), values.whole(rows[-1][0])) if len(rows) == most else None
        return [values.alert(row) for row in rows], last

    def _runs(self, since: int) -> list[FailoverRow]:
        if since < 0:
            return self._every("failovers", failovers.failover, route=None, limit=_RUNS_AT_FIRST)
        return self._every("failovers_since", failovers.failover, since=since)

    def _check_no(self, check_id: str) -> int | None:
        found = self._connection.execute(self._sql["check_no"], {"id": check_id}).fetchone()
        return None if found is None else values.whole(found[0])

    def _seq(self) -> int:
        found = self._connection.execute(self._sql["seq"]).fetchone()
        if found is None:
            raise error("corrupt", self.path, "its counter is gone")
        return values.whole(found[0])

    def _every(self, name: str, make: Callable[[values.Cells], _Row], **names: values.Parameter) -> list[_Row]:
        return [make(row) for row in self._connection.execute(self._sql[name], names)]

    def _single(self, name: str, make: Callable[[values.Cells], _Row], **names: values.Parameter) -> _Row | None:
        row = self._connection.execute(self._sql[name], names).fetchone()
        return None if row is None else make(row)

    def _audit_cells(self) -> Iterator[Sequence[Any]]:
        no = -1
        while True:
            with self._told():
                names = {"no": no, "limit": _AUDITS_A_READ}
                rows = self._connection.execute(self._sql["audits_after"], names).fetchall()
            yield from rows
            if len(rows) < _AUDITS_A_READ:
                return
            no = rows[-1][7]


def _decode(cell: bytes) -> str:
    return cell.decode("utf-8", "replace")


def _as_stored(cells: Sequence[Any]) -> AuditRow:
    """The very cells that the hash binds; one of a wrong kind gives an entry that fits no chain."""
    at, actor, origin, kind, subject, message, command, no, link = cells
    texts = (actor, origin, kind, subject, message)
    if not all(isinstance(cell, str) for cell in texts) or not isinstance(at, int) or not isinstance(link, bytes):
        return AuditRow(at=0, actor="", origin="", kind="", subject="", message="", no=no, hash=GENESIS)
    told = command if command is None else str(command)
    return AuditRow(at, actor, origin, kind, subject, message, told, no, link)
