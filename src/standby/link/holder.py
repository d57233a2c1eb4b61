"""Who holds a store: read from its lock file without disturbing the holder, by anyone who may read it.

The lock is `flock`, not `lockf`: it belongs to the open file, so that looking at it from the process that holds it does
not let go of it (a POSIX lock is dropped when *any* descriptor of the file is closed), and a shared probe does not
conflict with another probe. The kernel frees it when the process is gone, however it went; no clock is involved.
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

from standby.domain.text import clean

MAX_BYTES = 4_096


@dataclass(frozen=True, slots=True)
class Holder:
    """Whoever holds a store, as it wrote of itself; `pid` 0 when it has not written yet."""

    pid: int
    kind: str = ""  # service | companion
    user: str = ""
    host: str = ""
    started_at: int = 0  # wall nanoseconds
    digest: str = ""  # of its configuration
    birth: str = ""  # `process_birth(pid)`: tells it from a later process with the same number

    def __str__(self) -> str:
        if not self.pid:
            return "another engine"
        return f"the {self.kind} engine of {self.user}, pid {self.pid} on {self.host}"

    def to_json(self) -> str:
        """One line for the lock file."""
        return json.dumps(asdict(self)) + "\n"

    def verified(self) -> bool:
        """Whether a process with this number lives and is the one that wrote this, not a later one."""
        return self.pid > 1 and bool(self.birth) and process_birth(self.pid) == self.birth


def held_by(lock: Path) -> Holder | None:
    """Who holds the lock file `lock`; `None` when it is free or was never made.

    Raises OSError when it may not be read. The probe holds a shared lock for some microseconds when it is free, which
    `engine.lock` waits out.
    """
    try:
        descriptor = os.open(lock, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _parse(os.pread(descriptor, MAX_BYTES, 0))
        return None
    finally:
        os.close(descriptor)


def process_birth(pid: int) -> str:
    """When the process began, as the system counts it; empty when there is none or it may not be asked."""
    if Path("/proc/self/stat").exists():  # Linux
        try:
            text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
        fields = text.rpartition(")")[2].split()  # the name before may hold anything, brackets and blanks too
        dead = len(fields) < 20 or fields[0] in ("Z", "X")
        return "" if dead else fields[19]
    try:
        done = subprocess.run(
            ["/bin/ps", "-o", "lstart=", "-p", str(pid)],
            capture_output=True,
            text=True,
            timeout=2,
            check=False,
            env={"LC_ALL": "C"},
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()


def _parse(content: bytes) -> Holder:
    """What a holder wrote; anything unreadable is a holder without a name."""
    try:
        found = json.loads(content)
        return Holder(
            pid=int(found["pid"]),
            kind=clean(str(found["kind"]), 40),
            user=clean(str(found["user"]), 80),
            host=clean(str(found["host"]), 100),
            started_at=int(found["started_at"]),
            digest=clean(str(found["digest"]), 100),
            birth=clean(str(found["birth"]), 60),
        )
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return Holder(0)
