"""What a person asked while no engine answered: kept in their own state folder until one has it on disk.

One file a command, written whole (temporary name, fsync, rename, fsync of the folder), deleted only after the engine's
receipt. The same command may be delivered twice, by two programs of the same person: its id makes that harmless.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from standby.link.messages import BadMessageError, command_message, decode, encode, parse_command
from standby.link.paths import LinkPaths
from standby.link.protocol import MAX_LINE, Command, CommandKind

KEPT_KINDS = frozenset({CommandKind.ACK, CommandKind.UNACK, CommandKind.NOTE})
MAX_COMMANDS = 500
_NAME = re.compile(r"(\d{10})-([A-Za-z0-9_.:-]{8,64})\.json")


class SpoolError(Exception):
    """The command could not be kept: one line with the mend."""


class Spool:
    """The kept commands of this user for one store, oldest first. All methods block for a disk write at most."""

    def __init__(self, paths: LinkPaths, state: Path | None = None) -> None:
        """`state` is the user's state folder of standby; by default where the system keeps it."""
        key = hashlib.sha256(os.fsencode(paths.store)).hexdigest()[:20]
        self.folder = (state_folder() if state is None else state) / "outbox" / key

    def keep(self, command: Command) -> None:
        """Write the command down; nothing happens when it already is. Raises SpoolError."""
        if command.kind not in KEPT_KINDS:
            raise SpoolError(f"{command.kind.value} is not kept for later: it is done now or not at all")
        try:
            line = encode(command_message(parse_command(command_message(command))))
            self._make_folder()
            names = list(self._names())
            if any(name == command.id for _, name, _ in names):
                return
            if len(names) >= MAX_COMMANDS:
                raise SpoolError(f"{len(names)} commands wait in {self.folder} already; start an engine first")
            number = max((number for number, _, _ in names), default=0) + 1
            self._write(f"{number:010d}-{command.id}.json", line)
        except OSError as error:
            raise SpoolError(f"{self.folder}: {error.strerror or error}; it could not be kept") from None
        except BadMessageError as error:
            raise SpoolError(str(error)) from None

    def waiting(self) -> list[Command]:
        """The kept commands in the order in which they were given. Unreadable files are set aside as `.bad`."""
        found = []
        try:
            for _, _, path in sorted(self._names()):
                command = self._read(path)
                if command is not None:
                    found.append(command)
        except OSError:
            return found
        return found

    def forget(self, command_id: str) -> None:
        """The command has its receipt."""
        with contextlib.suppress(OSError):
            for _, name, path in self._names():
                if name == command_id:
                    path.unlink(missing_ok=True)

    def _names(self) -> Iterator[tuple[int, str, Path]]:
        try:
            entries = list(self.folder.iterdir())
        except FileNotFoundError:
            return
        for path in entries:
            match = _NAME.fullmatch(path.name)
            if match:
                yield int(match[1]), match[2], path

    def _read(self, path: Path) -> Command | None:
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(descriptor, "rb") as file:
                return parse_command(decode(file.read(MAX_LINE + 1)))
        except FileNotFoundError:
            return None  # another program of ours has just delivered it
        except (OSError, BadMessageError):
            path.rename(path.with_suffix(".bad"))
            return None

    def _make_folder(self) -> None:
        for folder in (*reversed(self.folder.parents[:2]), self.folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _write(self, name: str, line: bytes) -> None:
        fresh = self.folder / f".{os.getpid()}-{name}"
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
            fresh.rename(self.folder / name)
        except OSError:
            fresh.unlink(missing_ok=True)
            raise
        _sync_folder(self.folder)


def state_folder() -> Path:
    """Where this system keeps a user's state of standby: `~/.local/state/standby`, or what XDG_STATE_HOME says."""
    import platformdirs

    return platformdirs.user_state_path("standby", appauthor=False)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
