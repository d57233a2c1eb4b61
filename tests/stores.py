"""Empty stores, for the tests that are not about how one is made."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

from standby.store.migrate import create
from standby.store.place import FILE_MODE, FOLDER_MODE


def put_empty_store(path: Path) -> None:
    """What the writer would make there at its first start, unless there is a store: copied, as making one takes as
    long as most tests."""
    if not path.exists():
        path.parent.mkdir(mode=FOLDER_MODE, exist_ok=True)
        path.write_bytes(_empty())
        path.chmod(FILE_MODE)


@functools.cache
def _empty() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "standby.db"
        create(made, 0)
        return made.read_bytes()
