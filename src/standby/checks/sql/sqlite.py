"""One query of a SQLite file that cannot write, read elsewhere, or run for longer than its time."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from standby.checks.sql.rows import Rows, cell
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.domain.units import SECOND
from standby.net.trouble import Trouble

_LONGEST_VALUE = 4_000_000  # bytes of one value or row
_STEPS = 2_000  # of SQLite's machine between two looks at the clock: well below a millisecond
_FORBIDDEN = {sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH}


@dataclass(frozen=True, slots=True)
class Limits:
    """What a query may take: rows, and until when by the monotonic clock (ns)."""

    rows: int
    deadline: int


def query(path: Path, text: str, limits: Limits, monotonic: Callable[[], int]) -> Rows:
    """The rows of one statement. Blocks: call it in a thread. Raises Trouble, always `unknown`."""
    wait = max(0.0, (limits.deadline - monotonic()) / SECOND)
    try:
        address = f"{path.absolute().as_uri()}?mode=ro"
        connection = sqlite3.connect(address, uri=True, timeout=wait, isolation_level=None)
    except sqlite3.Error as error:
        raise _trouble(error) from error
    try:
        connection.execute("PRAGMA query_only = ON")
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_VALUE)
        connection.set_authorizer(_allowed)
        connection.set_progress_handler(lambda: int(monotonic() > limits.deadline), _STEPS)
        cursor = connection.execute(text)
        found = cursor.fetchmany(limits.rows + 1)
    except (sqlite3.Error, sqlite3.Warning, UnicodeError) as error:
        raise _trouble(error) from error
    finally:
        connection.close()
    if cursor.description is None:
        raise Trouble(Failure.REQUEST, "the query gives no rows; write a SELECT", Outcome.UNKNOWN)
    columns = tuple(str(column[0]) for column in cursor.description)
    kept = tuple(tuple(map(cell, row)) for row in found[: limits.rows])
    return Rows(columns, kept, cut=len(found) > limits.rows)


def _allowed(action: int, *_: object) -> int:
    return sqlite3.SQLITE_DENY if action in _FORBIDDEN else sqlite3.SQLITE_OK


def _trouble(error: Exception) -> Trouble:
    name = str(getattr(error, "sqlite_errorname", ""))
    failure = Failure.REQUEST
    if name == "SQLITE_INTERRUPT" or name.startswith("SQLITE_BUSY"):
        why = "the database is locked" if "BUSY" in name else "the query takes too long"
        return Trouble(Failure.TIMEOUT, f"{why}: stopped", Outcome.UNKNOWN)
    if name.startswith(("SQLITE_CANTOPEN", "SQLITE_IOERR", "SQLITE_NOTADB", "SQLITE_CORRUPT", "SQLITE_PERM")):
        failure = Failure.INTERNAL
    return Trouble(failure, f"the database does not take the query: {error}", Outcome.UNKNOWN)
