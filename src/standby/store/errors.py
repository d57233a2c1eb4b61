"""What can go wrong with a store, each in one line that says what, where and the mend."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Literal

from standby.domain.text import clean

Kind = Literal[
    "missing", "locked", "full", "read-only", "permission", "corrupt", "newer", "older", "network", "fenced"
]  # a closed set: screens and exit codes tell them apart


class StoreError(Exception):
    """The store cannot be used as asked. `str()` is one line with the mend; `kind` is what screens decide by."""

    def __init__(self, kind: Kind, message: str) -> None:
        super().__init__(message)
        self.kind: Kind = kind


MENDS: dict[Kind, str] = {
    "missing": "start an engine to make one, or name another with --store",
    "locked": "end the other program that writes to it (`fuser` names it), or wait",
    "full": "free space on its disk or quota, or lower retention.max_size; nothing is lost meanwhile but old samples",
    "read-only": "make the file and its folder writable for the engine's user, or remount the disk",
    "permission": "run as the user that owns it, or join the group of its folder",
    "corrupt": "stop the engine, move the file away together with its -wal and -shm, then put a backup in its place"
    " or start without one: an empty store is made",
    "newer": "install at least the version of standby that wrote it",
    "older": "start its engine once with this version: it brings the store up to date",
    "network": "name a folder on a local disk with `store` in the configuration",
    "fenced": "stop this engine; the newer one goes on",
}

_BY_NAME: tuple[tuple[str, Kind], ...] = (  # first match wins; SQLite's extended names begin with the basic one
    ("SQLITE_READONLY_DBMOVED", "missing"),
    ("SQLITE_READONLY", "read-only"),
    ("SQLITE_BUSY", "locked"),
    ("SQLITE_LOCKED", "locked"),
    ("SQLITE_PROTOCOL", "locked"),
    ("SQLITE_FULL", "full"),
    ("SQLITE_IOERR_WRITE", "full"),  # a quota or a file size limit: only ENOSPC becomes SQLITE_FULL
    ("SQLITE_IOERR_FSYNC", "full"),
    ("SQLITE_IOERR_TRUNCATE", "full"),
    ("SQLITE_IOERR_SHMSIZE", "full"),
    ("SQLITE_PERM", "permission"),
    ("SQLITE_AUTH", "permission"),
    ("SQLITE_CANTOPEN", "permission"),
)
_WORDS: dict[Kind, str] = {
    "missing": "is gone",
    "locked": "is locked by another program",
    "full": "cannot grow: disk full",
    "read-only": "cannot be written",
    "permission": "cannot be opened",
    "corrupt": "is damaged or no store of standby",
    "newer": "was written by a newer standby",
    "older": "was written by an older standby",
    "network": "is on a network file system, where SQLite's locks do not hold",
    "fenced": "belongs to a newer engine",
}


def error(kind: Kind, path: Path, detail: str = "", mend: str = "") -> StoreError:
    """The one line of `kind`: what, where, optionally why, and the mend."""
    why = f" ({detail})" if detail else ""
    return StoreError(kind, f"store {path} {_WORDS[kind]}{why}; {mend or MENDS[kind]}")


SQLITE_ERRORS = (sqlite3.Error, UnicodeDecodeError)
"""What the driver raises; the second when SQLite's own message quotes the garbage that it found."""


def from_sqlite(cause: Exception, path: Path) -> StoreError:
    """What SQLite or the driver said, as a kind and a line. Anything unforeseen counts as damage.

    A fault of ours (`sqlite3.ProgrammingError`: closed, wrong parameters) is raised again as it is.
    """
    if isinstance(cause, sqlite3.ProgrammingError):
        raise cause
    name = getattr(cause, "sqlite_errorname", None) or ""
    for prefix, kind in _BY_NAME:
        if name.startswith(prefix):
            gone = kind == "permission" and not path.exists()
            return error("missing" if gone else kind, path, clean(str(cause), 120))
    return error("corrupt", path, clean(str(cause), 120))


def from_os(cause: OSError, path: Path) -> StoreError:
    """What the system said about the file or its folder."""
    import errno

    kinds: dict[int | None, Kind] = {
        errno.ENOENT: "missing",
        errno.ENOSPC: "full",
        errno.EDQUOT: "full",
        errno.EFBIG: "full",
        errno.EROFS: "read-only",
    }
    return error(kinds.get(cause.errno, "permission"), path, cause.strerror or str(cause))
