"""The file that HAProxy reads a map from when it starts. A reload puts back what stands there, so it is written too.

Read and written as bytes: other lines, comments, spacing and line ends stay as they are. Everything here blocks.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from standby.directors.base import DirectorError
from standby.domain.text import clean

MAX_FILE = 16_777_216
# As HAProxy reads it: `#` in the first column is a comment, spaces and tabs around both words do not count.
_LINE = re.compile(rb"(?P<before>[ \t]*)(?P<key>[^ \t]+)(?P<between>[ \t]*)(?P<value>.*)")
_ENDS = b" \t\r\n"


class MapFile:
    """One map file; a symbolic link is followed, so that it stays one."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def values(self, key: str) -> tuple[str, ...]:
        """What the file gives for `key`, one a line that names it; the first one counts. Raises DirectorError."""
        with self._told("read"):
            return tuple(clean(found["value"].decode("utf-8", "replace"), 200) for found in self._lines(key))

    def check_writable(self) -> None:
        """Raises DirectorError when `write` could not replace the file by one of the same owner and mode."""
        with self._told("read"):
            real = self.path.resolve(strict=True)
            found = real.stat()
        if not os.access(real.parent, os.W_OK | os.X_OK):
            raise DirectorError(f"the folder of map file {real} may not be written; give the map a folder of its own")
        if os.geteuid() and not (found.st_uid == os.geteuid() and found.st_gid in {os.getegid(), *os.getgroups()}):
            user, group = os.geteuid(), found.st_gid
            raise DirectorError(f"map file {real} belongs to somebody else; run: chown {user}:{group} {real}")

    def write(self, key: str, value: str) -> None:
        """Give `key` this value in every line that names it, in a new line when none does; "" removes them.

        The file is replaced whole: who reads it, and who reads it after a crash, sees the old or the new one. Raises
        DirectorError.
        """
        self.check_writable()
        with self._told("written"):
            real = self.path.resolve(strict=True)
            before = _identity(real)
            content = _edited(self._content(), key.encode(), value.encode())
            _replace(real, content, before)

    def _content(self) -> bytes:
        with self.path.open("rb") as file:
            content = file.read(MAX_FILE + 1)
        if len(content) > MAX_FILE:
            raise DirectorError(f"map file {self.path} has more than {MAX_FILE} bytes")
        return content

    def _lines(self, key: str) -> Iterator[re.Match[bytes]]:
        for line in self._content().splitlines(keepends=True):
            found = _entry(line, key.encode())
            if found is not None:
                yield found

    @contextlib.contextmanager
    def _told(self, doing: str) -> Iterator[None]:
        """The system's errors as ours."""
        try:
            yield
        except FileNotFoundError:
            raise DirectorError(f"there is no map file {self.path}; make it, or write persist = false") from None
        except OSError as error:
            message = f"map file {self.path} cannot be {doing}: {error.strerror or error}"
            raise DirectorError(message, known=doing == "read") from None


def _entry(line: bytes, key: bytes) -> re.Match[bytes] | None:
    found = None if line.startswith(b"#") else _LINE.fullmatch(line.rstrip(_ENDS))
    return found if found is not None and found["key"] == key else None


def _edited(content: bytes, key: bytes, value: bytes) -> bytes:
    lines, seen = [], False
    for line in content.splitlines(keepends=True):
        found = _entry(line, key)
        if found is None:
            lines.append(line)
        elif value:
            seen = True
            end = line[found.end() :]
            lines.append(found["before"] + key + (found["between"] or b" ") + value + end)
    if value and not seen:
        if lines and not lines[-1].endswith((b"\n", b"\r")):
            lines.append(b"\n")
        lines.append(key + b" " + value + b"\n")
    return b"".join(lines)


def _identity(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_ino, found.st_mtime_ns, found.st_size


def _lock(handle: int, beside: Path) -> None:
    """Raises DirectorError when another engine writes there, or has just made what was opened the map itself."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        ours = os.fstat(handle).st_ino == beside.stat().st_ino
    except (BlockingIOError, FileNotFoundError):
        ours = False
    if not ours:
        raise DirectorError(f"another engine writes {beside} at this moment; try again")


def _replace(real: Path, content: bytes, before: tuple[int, int, int]) -> None:
    """Beside it, to the disk, over it. The name beside it is always the same: a crash leaves one file, not many."""
    beside = real.with_name(f".{real.name}.standby")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, stat.S_IRUSR | stat.S_IWUSR)
    with os.fdopen(handle, "wb") as file:
        _lock(file.fileno(), beside)
        old = real.stat()
        file.truncate()
        file.write(content)
        file.flush()
        os.fchown(file.fileno(), old.st_uid, old.st_gid)
        os.fchmod(file.fileno(), stat.S_IMODE(old.st_mode))  # after the owner: a change of owner clears mode bits
        os.fsync(file.fileno())
        if _identity(real) != before:
            beside.unlink()
            raise DirectorError(f"map file {real} was changed by somebody else meanwhile; try again")
        beside.replace(real)
    folder = os.open(real.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
