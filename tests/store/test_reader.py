"""Read-only, whole results, and a database that nobody vouches for."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from standby.domain.observation import Failure
from standby.domain.outcome import AlertState, Outcome, Severity
from standby.domain.units import HOUR, MINUTE, SECOND
from standby.store import values
from standby.store.errors import StoreError
from standby.store.reader import Reader
from standby.store.rows import AlertRow, Batch, GapRow
from standby.store.writer import Writer

from .samples import T0, alert, audit, engine, observed, state


async def test_a_missing_store_is_told(path: Path) -> None:
    with pytest.raises(StoreError, match="start an engine") as caught:
        Reader(path)
    assert caught.value.kind == "missing"


async def test_it_never_writes(writer: Writer, path: Path) -> None:
    reader = Reader(path)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader._connection.execute("DELETE FROM counter")
    reader.close()
    reader.close()


async def test_a_write_is_noticed_and_no_transaction_is_held(writer: Writer, path: Path) -> None:
    reader = Reader(path)
    before = reader.data_version()
    assert reader.data_version() == before
    seq = reader.changes().seq
    await writer.commit(Batch(alerts=[alert()]))
    assert reader.data_version() != before
    assert [row.id for row in reader.changes(seq).alerts] == [1]
    assert not reader._connection.in_transaction
    connection = writer._transactions.connection
    assert connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone() == (0, 0, 0)  # nobody is in its way
    reader.close()


async def test_at_first_all_open_alerts_come_and_the_last_resolved(writer: Writer, path: Path) -> None:
    resolved = [alert(n, AlertState.RESOLVED, resolved_at=T0) for n in range(2, 300)]
    await writer.commit(Batch(alerts=[alert(1), *resolved], audits=[audit(str(n)) for n in range(600)]))
    reader = Reader(path)
    changes = reader.changes()
    assert [row.id for row in changes.alerts] == [1, *range(100, 300)]
    assert [row.no for row in changes.audits] == list(range(101, 601))
    reader.close()


async def test_what_ended_before_it_fired_is_no_alert_that_anybody_had(writer: Writer, path: Path) -> None:
    dropped = alert(2, AlertState.RESOLVED, fired_at=None, resolved_at=T0)
    await writer.commit(Batch(alerts=[alert(1, AlertState.RESOLVED, resolved_at=T0)]))
    reader = Reader(path)
    seq = reader.changes().seq
    await writer.commit(Batch(alerts=[dropped]))
    assert [row.id for row in reader.changes(seq).alerts] == [2]  # whoever shows it as pending must hear of it
    assert [row.id for row in reader.changes().alerts] == [1]
    assert [row.id for row in reader.alerts(10)] == [1]
    reader.close()


async def test_alerts_and_audits_are_found_by_what_they_are_of(writer: Writer, path: Path) -> None:
    other = AlertRow(
        2, "slow", "sms", Severity.INFO, AlertState.RESOLVED, T0, T0, T0 + SECOND, None, None, None, "slow"
    )
    audits = [audit("one"), audit("two", subject="engine"), audit("three")]
    await writer.commit(Batch(alerts=[alert(1), other], audits=audits))
    reader = Reader(path)
    assert reader.alerts(10) == [other, alert(1)]
    assert reader.alerts(1) == [other]
    assert reader.alerts(10, open_only=True) == [alert(1)]
    assert reader.alerts(10, integration="sms") == [other]
    assert reader.alert(2) == other
    assert reader.alert(10**30) is None
    assert [row.message for row in reader.audits(10, subject="alert:1")] == ["three", "one"]
    assert [row.message for row in reader.audits(2)] == ["three", "two"]
    reader.close()


async def test_gaps_come_in_their_order_and_again_when_they_close(writer: Writer, path: Path) -> None:
    await writer.commit(Batch(gaps=[GapRow(T0, None, "blind")]))
    reader = Reader(path)
    seq = reader.changes().seq
    await writer.commit(Batch(gaps=[GapRow(T0, T0 + SECOND, "blind"), GapRow(T0 + MINUTE, None, "store")]))
    assert reader.changes(seq).gaps == [GapRow(T0, T0 + SECOND, "blind"), GapRow(T0 + MINUTE, None, "store")]
    reader.close()


async def test_the_latency_series_goes_up_to_the_present_minute(writer: Writer, path: Path) -> None:
    samples = [observed("a", T0 + n * 20 * SECOND, latency_ms=float(n)) for n in range(8)]
    silent = observed("b", T0 + 2 * MINUTE, Outcome.DOWN, latency_ms=None)
    await writer.commit(Batch(observations=[*samples, silent]))
    reader = Reader(path)
    expected = {"a": [(T0, 1.0), (T0 + MINUTE, 4.0), (T0 + 2 * MINUTE, 6.5)], "b": [(T0 + 2 * MINUTE, None)]}
    assert reader.latency_series(T0, T0 + HOUR) == expected  # from samples alone
    await writer.roll_up(T0 + 2 * MINUTE + 30 * SECOND)
    assert len(reader.rollups(None, "minute", T0, T0 + HOUR)) == 2
    assert reader.latency_series(T0, T0 + HOUR) == expected  # from sums and samples
    assert reader.latency_series(T0 + MINUTE, T0 + 2 * MINUTE) == {"a": [(T0 + MINUTE, 4.0)]}
    reader.close()


async def test_it_reads_whole_instants_while_the_writer_writes(writer: Writer, path: Path) -> None:
    torn: list[tuple[int, ...]] = []
    stop = threading.Event()

    def read() -> None:
        reader = Reader(path)
        while not stop.is_set():
            attempts = {row.attempt for row in reader.changes().check_states}
            if len(attempts) > 1:
                torn.append(tuple(attempts))
        reader.close()

    thread = threading.Thread(target=read)
    thread.start()
    try:
        for number in range(60):
            rows = [replace(state(f"c{n}"), attempt=number) for n in range(50)]
            await writer.commit(Batch(check_states=rows))
    finally:
        stop.set()
        thread.join(10)
    assert torn == []


async def test_a_store_put_in_place_of_another_is_noticed(writer: Writer, path: Path) -> None:
    reader = Reader(path)
    path.rename(path.with_name("away.db"))
    with pytest.raises(StoreError) as caught:
        reader.data_version()
    assert caught.value.kind == "missing"
    reader.close()
    path.with_name("away.db").rename(path)


async def test_a_changed_audit_row_is_found(writer: Writer, path: Path) -> None:
    for n in range(5):
        await writer.commit(Batch(durable=True, audits=[audit(f"line {n}"), audit("with", command=f"c-{n}")]))
    reader = Reader(path)
    verdict = reader.verify_audit()
    assert (verdict.ok, verdict.rows, verdict.broken_at) == (True, 10, None)
    _tamper(path, "UPDATE audit SET message = 'line 0' WHERE no = 7")
    verdict = reader.verify_audit()
    assert (verdict.ok, verdict.broken_at) == (False, 7)
    assert "row 7" in verdict.text
    _tamper(path, "UPDATE audit SET message = 5 WHERE no = 3")
    assert reader.verify_audit().broken_at == 3
    _tamper(path, "DELETE FROM audit WHERE no = 2")
    assert reader.verify_audit().broken_at == 2
    reader.close()


def _tamper(path: Path, sql: str) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute(sql)
    other.close()


NASTY = "\x1b]52;c;aGk=\x07[@click=app.quit]x[/x]\u202eevil" + "y" * 10_000


async def test_cells_of_any_kind_become_values(writer: Writer, path: Path) -> None:
    await writer.commit(
        Batch(
            observations=[observed()],
            check_states=[state()],
            alerts=[alert()],
            audits=[audit()],
            gaps=[GapRow(T0, None, "blind")],
            engine=engine(),
        )
    )
    other = sqlite3.connect(path, isolation_level=None)
    other.execute(
        "UPDATE check_state SET outcome = 'purple', raw = x'ff', message = ?, doc = '{', failure = 'new'", (NASTY,)
    )
    other.execute("UPDATE check_state SET error_rate = 9e999, latency_ms = 'fast', attempt = -5, since = 1e300")
    other.execute("UPDATE alert SET state = 'melting', severity = 5, machine = ?", ("[" * 100_000,))
    other.execute("UPDATE alert SET since = 'x', summary = CAST(x'c328ff' AS TEXT)")
    other.execute('UPDATE observation SET outcome = 77, metrics = \'{"a": NaN, "b": "x", "c": 1, "d": true}\'')
    other.execute("UPDATE observation SET latency_us = -1, failure = ?", (NASTY,))
    other.execute("UPDATE engine SET lag_ms = 'x', pid = 'x', host = ?", (NASTY,))
    other.execute("UPDATE gap SET to_at = 'x', reason = x'00'")
    other.close()
    reader = Reader(path)
    changes = reader.changes()
    (found,) = changes.check_states
    assert (found.outcome, found.raw, found.failure) == (Outcome.UNKNOWN, Outcome.UNKNOWN, Failure.INTERNAL)
    assert (found.error_rate, found.latency_ms, found.attempt, found.since, found.doc) == (None, None, 0, 0, {})
    assert len(found.message) <= 500
    assert found.message.isprintable()
    (raised,) = changes.alerts
    assert (raised.state, raised.severity, raised.since, raised.machine) == (AlertState.FIRING, Severity.WARNING, 0, {})
    (sample,) = reader.observations("payments-api")
    assert (sample.outcome, sample.latency_ms, sample.failure) == (Outcome.UNKNOWN, None, Failure.INTERNAL)
    assert dict(sample.metrics) == {"c": 1.0}
    assert changes.engine is not None
    assert (changes.engine.lag_ms, changes.engine.pid) == (0.0, 0)
    assert changes.gaps == [GapRow(T0, None, "")]
    reader.close()


def test_a_document_that_is_read_later_is_the_same() -> None:
    for cell in ('{"a": [1, {"b": "c"}]}', "[1]", "{", None, b"{}", json.dumps({"x": NASTY})):
        later = values.Document(cell)
        assert later == values.document(cell) == later
        assert (later.get("a"), len(later), list(later)) == (values.document(cell).get("a"), len(later), list(later))
    assert values.Document('{"a":1}') == values.Document('{"a": 1}')
    assert values.Document('{"a":1}') != values.Document('{"a":2}')
    assert values.Document("{}") != []


def test_documents_are_bounded_and_clean() -> None:
    assert values.document(json.dumps({"a": [NASTY, {"b\x1b[31m": 1e308}], "n": 10**400}, allow_nan=True)) == {
        "a": [values.text(NASTY, 500), {"b": 1e308}],
        "n": None,
    }
    deep: dict[str, object] = {}
    for _ in range(50):
        deep = {"in": deep}
    assert json.dumps(values.document(json.dumps(deep))).count("in") == values.MAX_DEPTH
    assert values.document("[1]") == values.document(b"{}") == values.document('{"a": ' + "1" * 5_000_000) == {}


async def test_after_a_dead_writer_the_log_is_still_read(path: Path) -> None:
    script = (
        "import asyncio, os, sys\n"
        "from pathlib import Path\n"
        "from standby.store.writer import Writer\n"
        "from standby.store.rows import Batch\n"
        "from tests.store.samples import T0, alert, engine\n"
        "async def main():\n"
        "    writer = await Writer.open(Path(sys.argv[1]), now=T0)\n"
        "    await writer.begin_term(engine())\n"
        "    await writer.commit(Batch(durable=True, alerts=[alert()]))\n"
        "    os.kill(os.getpid(), 9)\n"
        "asyncio.run(main())\n"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", script, path], env=_environment(root), check=False)
    assert done.returncode == -9
    reader = Reader(path)
    assert len(reader.changes().alerts) == 1
    reader.close()
    path.with_name("standby.db-shm").unlink(missing_ok=True)
    reader = Reader(path)
    assert len(reader.changes().alerts) == 1
    reader.close()


def _environment(root: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": f"{root / 'src'}:{root}"}


def test_it_imports_nothing_heavy() -> None:
    script = (
        "import sys; import standby.store.reader\n"
        "heavy = {'asyncio', 'aiosqlite', 'pydantic', 'httpx', 'textual', 'subprocess'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", script], env=_environment(root), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
