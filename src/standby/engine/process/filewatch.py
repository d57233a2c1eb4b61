"""Notice that the configuration changed on disk, portably: by looking every two seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

Signature = frozenset[tuple[str, int, int, int]]


class FileWatch:
    """Compares what the files are with what they were. An editor's half-written file is not seen: it must rest first.

    `files` gives the files of the configuration; every other `.toml` in the folders of included ones counts too, since
    an `include` may match it.
    """

    def __init__(self, files: Callable[[], Iterable[Path]]) -> None:
        self._files = files
        self._known = self._look()
        self._previous = self._known

    def changed(self) -> bool:
        """Whether the files differ from the last time this said so, and are the same as one look ago."""
        found = self._look()
        resting, self._previous = found == self._previous, found
        if found == self._known or not resting:
            return False
        self._known = found
        return True

    def _look(self) -> Signature:
        files = list(self._files())
        found: set[Path] = set(files)
        for folder in {file.parent for file in files[1:]}:
            try:
                found.update(path for path in folder.iterdir() if path.suffix == ".toml")
            except OSError:
                continue
        return frozenset(filter(None, map(_signature, found)))


def _signature(path: Path) -> tuple[str, int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return str(path), status.st_ino, status.st_size, status.st_mtime_ns
