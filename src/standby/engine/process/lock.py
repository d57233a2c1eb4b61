"""One engine a store: a lock that the kernel frees at any death. Why `flock`: see `link.holder`."""

from __future__ import annotations

import fcntl
import os
import stat
import threading
from pathlib import Path

from standby.link.holder import Holder, held_by

__all__ = ["Holder", "Lock", "LockError", "LockHeldError", "held_by"]

MODE = 0o640
_TRIES, _PAUSE_S = 8, 0.02  # a probe of somebody else may hold it for some microseconds


class LockError(Exception):
    """The lock file cannot be used: one line with the mend."""


class LockHeldError(LockError):
    """Another engine holds the store."""

    def __init__(self, path: Path, holder: Holder) -> None:
        super().__init__(f"{path} is held by {holder}; end that one, or run `standby engine --replace`")
        self.holder = holder


class Lock:
    """The held lock. The file is never deleted: two engines could else hold two files of the same name."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor

    @classmethod
    def acquire(cls, path: Path, holder: Holder) -> Lock:
        """Take the lock and write who we are into it. Raises LockHeldError, LockError. Waits 0.2 s at most."""
        pause = threading.Event()
        for attempt in range(_TRIES):
            if attempt:
                pause.wait(_PAUSE_S)
            descriptor = _open(path)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                continue
            except OSError as error:
                os.close(descriptor)
                raise LockError(f"{path}: {error.strerror}; the store must be on a local disk") from None
            lock = cls(path, descriptor)
            if lock.intact():
                lock.rewrite(holder)
                return lock
            lock.release()  # somebody deleted the file between our opening and our locking it
        raise LockHeldError(path, held_by(path) or Holder(0))

    def intact(self) -> bool:
        """Whether the file of this name is still the one we hold (an administrator may have deleted it)."""
        try:
            mine, named = os.fstat(self._descriptor), self.path.stat()
        except OSError:
            return False
        return (mine.st_dev, mine.st_ino) == (named.st_dev, named.st_ino)

    def rewrite(self, holder: Holder) -> None:
        """Say anew who holds it, for people and for `--replace`. A full disk leaves it empty: held all the same."""
        try:
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, holder.to_json().encode(), 0)
        except OSError:
            return

    def adopt(self, fresh: Lock) -> None:
        """Hold what `fresh` holds instead; `fresh` is spent."""
        self.release()
        self._descriptor, fresh._descriptor = fresh._descriptor, -1

    def release(self) -> None:
        """Let go. May be called twice."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


def _open(path: Path) -> int:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, MODE)
    except OSError as error:
        mend = "run as the user that owns it" if isinstance(error, PermissionError) else "is its folder there?"
        raise LockError(f"{path}: {error.strerror}; {mend}") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise LockError(f"{path} is no regular file; move it away")
    return descriptor
