"""From no store to the newest schema, in numbered steps that happen whole or not at all."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from standby.store.errors import error, from_os
from standby.store.place import FILE_MODE
from standby.store.sqlfile import migrations

APPLICATION_ID = 0x53544259  # "STBY" in the file's header: tells a store from any other SQLite file
SMALL_TABLES = ("counter", "engine", "config_view", "check_state", "integration_state", "alert", "receipt")
_TABLE = "CREATE TABLE migration (no INTEGER PRIMARY KEY, name TEXT NOT NULL, at INTEGER NOT NULL);"


def create(path: Path, now: int) -> None:
    """Make an empty store beside `path` and move it there when it is whole, so that a crash leaves none or all of it.

    Does nothing when another process was faster. Raises StoreError and sqlite3.Error.
    """
    for left in path.parent.glob(f".{path.name}.new-*"):
        left.unlink(missing_ok=True)
    fresh = path.with_name(f".{path.name}.new-{os.getpid()}")
    try:
        handle = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_RDWR, FILE_MODE)
        try:
            os.fchmod(handle, FILE_MODE)
            _fill(fresh, now)
            os.fsync(handle)
        finally:
            os.close(handle)
        _move(fresh, path)
    except OSError as cause:
        raise from_os(cause, path) from None
    finally:
        fresh.unlink(missing_ok=True)


def _fill(fresh: Path, now: int) -> None:
    connection = sqlite3.connect(fresh, isolation_level=None)
    try:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = MEMORY")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(_TABLE)
        upgrade(connection, fresh, now)
    finally:
        connection.close()


def _move(fresh: Path, path: Path) -> None:
    try:
        path.hardlink_to(fresh)  # unlike a rename it never replaces a store that appeared meanwhile
    except FileExistsError:
        return
    except OSError:  # a file system without hard links
        fresh.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def version(connection: sqlite3.Connection, path: Path) -> int:
    """The number of the last migration. Raises StoreError for a file that is no store or from a newer version."""
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise error("corrupt", path, "a SQLite file of another program", "name another file with `store`")
    found = connection.execute("SELECT max(no) FROM migration").fetchone()[0]
    if not isinstance(found, int):
        found = 0
    newest = len(migrations())
    if found > newest:
        raise error("newer", path, f"schema {found}, this version knows {newest}")
    return found


def refuse_other_schema(connection: sqlite3.Connection, path: Path) -> None:
    """A reader takes the newest schema only. Raises StoreError `newer` or `older`, and sqlite3.Error."""
    found = version(connection, path)
    if found < len(migrations()):
        raise error("older", path, f"schema {found}, this version needs {len(migrations())}")


def upgrade(connection: sqlite3.Connection, path: Path, now: int) -> None:
    """Apply the migrations that are missing, each in its own transaction. Raises StoreError and sqlite3.Error."""
    for number, name, script in migrations()[version(connection, path) :]:
        record = f"INSERT INTO migration (no, name, at) VALUES ({number}, '{name}', {int(now)});"  # noqa: S608 - ours
        try:
            connection.executescript(f"BEGIN IMMEDIATE;\n{script}\n{record}\nCOMMIT;")
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
