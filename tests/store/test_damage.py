"""Damaged, foreign, newer and unreadable files: one line with the mend, never a traceback, and nothing made worse."""

from __future__ import annotations

import os
import random
import re
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from standby.domain.units import HOUR, MINUTE
from standby.store.errors import StoreError, from_sqlite
from standby.store.place import companions
from standby.store.reader import Reader
from standby.store.retention import Retention
from standby.store.rows import Batch
from standby.store.sqlfile import migrations, statements
from standby.store.writer import Writer

from .samples import T0, alert, audit, engine, observed, state


async def make(path: Path, observations: int = 200) -> None:
    writer = await Writer.open(path, now=T0)
    await writer.begin_term(engine())
    rows = [observed(f"c{n % 5}", T0 + n) for n in range(observations)]
    await writer.commit(Batch(observations=rows, check_states=[state(f"c{n}") for n in range(50)], audits=[audit()]))
    await writer.close()


async def refused(path: Path) -> tuple[StoreError, StoreError]:
    """What the writer and what the reader say of it."""
    with pytest.raises(StoreError) as by_writer:
        await Writer.open(path, now=T0)
    with pytest.raises(StoreError) as by_reader:
        Reader(path).changes()
    for told in (str(by_writer.value), str(by_reader.value)):
        assert "\n" not in told
        assert str(path) in told
        assert "; " in told
    return by_writer.value, by_reader.value


def a_folder(path: Path) -> None:
    path.mkdir()


def an_empty_file(path: Path) -> None:
    path.touch()


def a_text_file(path: Path) -> None:
    path.write_text("[standby]\nname = 'shop'\n" * 100)


def noise(path: Path) -> None:
    path.write_bytes(random.Random(1).randbytes(20_000))


def another_programs_database(path: Path) -> None:
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE bookmarks (url TEXT)")
    other.close()


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


@pytest.mark.parametrize("put", [a_folder, an_empty_file, a_text_file, noise, another_programs_database, a_pipe])
async def test_what_is_no_store_is_refused_and_left_alone(path: Path, put: Callable[[Path], None]) -> None:
    path.parent.mkdir()
    put(path)
    before = path.read_bytes() if path.is_file() else b""
    for found in await refused(path):
        assert found.kind == "corrupt"
    assert (path.read_bytes() if path.is_file() else b"") == before


@pytest.mark.parametrize("start", [0, 16, 100, 4096])
async def test_garbage_in_the_file_is_found_at_the_start(path: Path, start: int) -> None:
    await make(path)
    data = bytearray(path.read_bytes())
    data[start : start + 3000] = random.Random(start).randbytes(3000)
    path.write_bytes(data)
    with pytest.raises(StoreError) as caught:
        await Writer.open(path, now=T0)
    assert caught.value.kind == "corrupt"
    assert "backup" in str(caught.value) or "move" in str(caught.value)


async def test_a_file_cut_short_is_found_at_the_start(path: Path) -> None:
    await make(path, 3000)
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(StoreError) as caught:
        await Writer.open(path, now=T0)
    assert caught.value.kind == "corrupt"


@pytest.mark.parametrize("seed", range(40))
async def test_whatever_bytes_change_the_answer_is_data_or_one_line(path: Path, seed: int) -> None:
    await make(path, 500)
    chance = random.Random(seed)
    data = bytearray(path.read_bytes())
    for _ in range(chance.randint(1, 8)):
        where, length = chance.randrange(len(data)), chance.randint(1, 600)
        data[where : where + length] = chance.randbytes(len(data[where : where + length]))
    path.write_bytes(data)
    assert read_all(path) in ("data", "corrupt", "newer", "older")
    assert await open_and_close(path) in ("data", "corrupt", "newer", "full")


def read_all(path: Path) -> str:
    """`data`, or the kind of the refusal."""
    try:
        reader = Reader(path)
        try:
            reader.changes()
            reader.observations("c1")
            reader.audits(10)
            reader.verify_audit()
            reader.latency_series(0, 2**62)
        finally:
            reader.close()
    except StoreError as told:
        return told.kind
    return "data"


async def open_and_close(path: Path) -> str:
    try:
        await (await Writer.open(path, now=T0)).close()
    except StoreError as told:
        return told.kind
    return "data"


@pytest.mark.parametrize("keep", [0, 31, 32, 5_000, 40_000])
async def test_a_log_cut_short_costs_its_end_and_nothing_before(path: Path, keep: int) -> None:
    writer = await Writer.open(path, now=T0)
    await writer.begin_term(engine())
    for number in range(1, 40):
        await writer.commit(Batch(durable=True, alerts=[alert(number)], audits=[audit(str(number))]))
    copy = path.parent.with_name("copy") / "standby.db"  # as a power failure leaves it
    copy.parent.mkdir(mode=0o750)
    for source in (path, companions(path)[0]):
        copy.with_name(source.name).write_bytes(source.read_bytes())
    await writer.close()
    os.truncate(companions(copy)[0], keep)
    again = await Writer.open(copy, now=T0)
    reader = Reader(copy)
    found = [row.id for row in reader.changes().alerts]
    assert found == list(range(1, len(found) + 1))
    assert reader.verify_audit().ok
    reader.close()
    await again.close()


async def test_a_newer_store_is_refused_and_not_touched(path: Path) -> None:
    await make(path)
    other = sqlite3.connect(path)
    other.execute("INSERT INTO migration VALUES (?, 'future', 0)", (len(migrations()) + 1,))
    other.commit()
    other.close()
    before = path.read_bytes()
    for found in await refused(path):
        assert found.kind == "newer"
        assert "install" in str(found)
    assert path.read_bytes() == before


async def test_an_older_store_is_brought_up_to_date_and_a_reader_says_how(path: Path) -> None:
    await make(path)
    other = sqlite3.connect(path)
    for (table,) in other.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        other.execute(f"DROP TABLE {table}")
    other.execute("CREATE TABLE migration (no INTEGER PRIMARY KEY, name TEXT NOT NULL, at INTEGER NOT NULL)")
    other.commit()
    other.close()
    with pytest.raises(StoreError) as caught:
        Reader(path)
    assert caught.value.kind == "older"
    await (await Writer.open(path, now=T0)).close()
    Reader(path).close()


async def test_a_migration_that_fails_leaves_the_store_as_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await make(path)
    steps = (*migrations(), (len(migrations()) + 1, "bad", "CREATE TABLE half (x); INSERT INTO nowhere VALUES (1);"))
    with monkeypatch.context() as patched:
        patched.setattr("standby.store.migrate.migrations", lambda: steps)
        with pytest.raises(StoreError, match="nowhere"):
            await Writer.open(path, now=T0)
    other = sqlite3.connect(path)
    assert other.execute("SELECT name FROM sqlite_master WHERE name = 'half'").fetchall() == []
    assert other.execute("SELECT max(no) FROM migration").fetchone() == (len(migrations()),)
    other.close()
    await (await Writer.open(path, now=T0)).close()


async def test_a_store_held_by_another_program_is_told(path: Path) -> None:
    await make(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreError) as caught:
        await Writer.open(path, now=T0, busy_ms=50)
    assert caught.value.kind == "locked"
    with pytest.raises(StoreError) as caught:
        Reader(path)
    assert caught.value.kind == "locked"
    other.close()


ASK = """
import asyncio, concurrent.futures.thread, os, sys, tempfile
from pathlib import Path
sys.path[:0] = sys.argv[3:]
from standby.store.errors import StoreError
from standby.store.reader import Reader
from standby.store.retention import Retention
from standby.store.rows import Batch
from standby.store.writer import Writer
from tests.store.samples import T0, alert, engine
async def write(path):
    writer = await Writer.open(path, now=T0)
    try:
        await writer.begin_term(engine())
    finally:
        await writer.close()
def read(path):
    reader = Reader(path)
    states = len(reader.changes().check_states)
    reader.close()
    return states
if os.geteuid() == 0:
    with tempfile.TemporaryDirectory() as folder:  # what is read late is read now: the sources may be in a closed home
        other = Path(folder) / "s" / "standby.db"
        asyncio.run(write(other))
        read(other)
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
try:
    path = Path(sys.argv[1])
    asyncio.run(write(path)) if sys.argv[2] == "write" else print(read(path))
except StoreError as error:
    print(error.kind)
"""


def as_a_stranger(path: Path, what: str) -> str:
    """What somebody without rights gets: root gives them up, others are already without."""
    root = Path(__file__).parents[2]
    words = [sys.executable, "-c", ASK, path, what, root / "src", root]
    done = subprocess.run(words, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def open_path() -> Iterator[Path]:
    """A store whose way there a stranger may go: not below pytest's folders, which every session that starts closes."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder) / "state" / "standby.db"


async def test_a_stranger_is_told_so(open_path: Path) -> None:
    await make(open_path)
    open_path.parent.chmod(0o755 if os.geteuid() == 0 else 0o700)
    open_path.chmod(0o600 if os.geteuid() == 0 else 0o000)
    assert as_a_stranger(open_path, "read") == "permission"
    assert as_a_stranger(open_path, "write") in ("permission", "read-only")


async def test_a_folder_closed_to_one_is_told(open_path: Path) -> None:
    await make(open_path)
    open_path.parent.chmod(0o000)
    try:
        assert as_a_stranger(open_path, "read") in ("permission", "missing")
        assert as_a_stranger(open_path, "write") == "permission"
    finally:
        open_path.parent.chmod(0o750)


async def test_a_closed_store_in_a_read_only_folder_is_read_as_it_is(open_path: Path) -> None:
    await make(open_path)
    open_path.chmod(0o444)
    open_path.parent.chmod(0o555)
    try:
        assert as_a_stranger(open_path, "read") == "50"
        assert as_a_stranger(open_path, "write") == "read-only"
    finally:
        open_path.parent.chmod(0o750)


async def test_a_store_left_open_in_a_read_only_folder_is_told(open_path: Path) -> None:
    writer = await Writer.open(open_path, now=T0)
    await writer.begin_term(engine())
    log = companions(open_path)[0].read_bytes()
    assert log
    await writer.close()
    companions(open_path)[0].write_bytes(log)  # as after a crash, its index lost
    for entry in open_path.parent.iterdir():
        entry.chmod(0o444)
    open_path.parent.chmod(0o555)
    try:
        assert as_a_stranger(open_path, "read") == "read-only"
    finally:
        open_path.parent.chmod(0o750)


def test_every_answer_of_sqlite_has_a_kind(tmp_path: Path) -> None:
    (tmp_path / "s").touch()
    kinds = {}
    for name in (
        "SQLITE_BUSY_SNAPSHOT",
        "SQLITE_FULL",
        "SQLITE_READONLY_DBMOVED",
        "SQLITE_READONLY",
        "SQLITE_CORRUPT",
        "SQLITE_NOTADB",
        "SQLITE_IOERR_WRITE",
        "SQLITE_IOERR_READ",
        "SQLITE_CANTOPEN",
        "SQLITE_SURPRISE",
    ):
        cause = sqlite3.OperationalError("told")
        cause.sqlite_errorname = name
        kinds[name] = from_sqlite(cause, tmp_path / "s").kind
    assert list(kinds.values()) == [
        "locked",
        "full",
        "missing",
        "read-only",
        "corrupt",
        "corrupt",
        "full",
        "corrupt",
        "permission",
        "corrupt",
    ]
    cause = sqlite3.OperationalError("told")
    cause.sqlite_errorname = "SQLITE_CANTOPEN"
    assert from_sqlite(cause, tmp_path / "gone").kind == "missing"


@pytest.mark.parametrize("file", ["read", "write", "rollup", "expire"])
async def test_every_statement_fits_the_schema(writer: Writer, file: str) -> None:
    found = statements(file)
    assert found
    for name, sql in found.items():
        names = dict.fromkeys(re.findall(r":(\w+)", sql), 0)
        arguments = [0] * sql.count("?") if "?" in sql else names
        plan = writer._transactions.connection.execute(f"EXPLAIN {sql}", arguments).fetchall()
        assert plan, name


async def test_rows_that_make_no_sense_stop_neither_engine_nor_screen(writer: Writer, path: Path) -> None:
    await writer.commit(Batch(observations=[observed()], audits=[audit()]))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute(
        "INSERT INTO observation SELECT check_no, 'soon', at, 'fine', 1, 1, 1, 1, 1, 1, 1, 1, 1 FROM observation"
    )
    other.execute("INSERT INTO watermark VALUES ('minute', 'now'), ('hour', x'00')")
    other.execute("UPDATE audit SET hash = 'text'")
    await writer.commit(Batch(observations=[observed(slot=T0 + MINUTE)], audits=[audit()]))
    await writer.roll_up(T0 + 2 * HOUR)
    await writer.expire(T0 + 2 * HOUR, Retention(raw=MINUTE, max_size=1))
    reader = Reader(path)
    assert reader.verify_audit().broken_at == 1
    other.execute("DELETE FROM counter")
    with pytest.raises(StoreError) as caught:
        reader.changes()
    assert caught.value.kind == "corrupt"
    with pytest.raises(StoreError) as caught:
        await writer.commit(Batch(audits=[audit()]))
    assert caught.value.kind == "corrupt"
    other.close()
    reader.close()
