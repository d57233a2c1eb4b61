"""Where the files beside a store are: lock, sockets, log. Every program of one store finds the same ones."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

# A socket's address holds 103 bytes on macOS and 107 on Linux; the server binds under a name 4 bytes longer first.
MAX_SOCKET_BYTES = 96
RUNTIME = Path("/tmp")  # noqa: S108 - sticky and the same for every user; the folder made in it is checked for its owner
FOLDER_MODE = 0o750


class LinkError(Exception):
    """The way between programs and engine cannot be used as it is: one line with the mend."""


@dataclass(frozen=True, slots=True)
class LinkPaths:
    """What lies beside one store; `store` is absolute with symbolic links resolved."""

    store: Path
    lock: Path
    sock: Path
    log: Path
    simulator: Path

    @property
    def short(self) -> bool:
        """Whether the sockets had to move to a short folder, because the store's own path is too long for them."""
        return self.sock.parent != self.store.parent


def link_paths(store: Path) -> LinkPaths:
    """The files beside `store`. Nothing is made or looked at but symbolic links."""
    real = store.resolve()

    def beside(suffix: str) -> Path:
        return real.with_name(real.name + suffix)

    sock, simulator = beside(".sock"), beside(".simulator.sock")
    if max(len(os.fsencode(sock)), len(os.fsencode(simulator))) > MAX_SOCKET_BYTES:
        folder = RUNTIME / f"standby-{hashlib.sha256(os.fsencode(real)).hexdigest()[:20]}"
        sock, simulator = folder / "engine.sock", folder / "simulator.sock"
    return LinkPaths(real, beside(".lock"), sock, beside(".log"), simulator)


def make_socket_folder(sock: Path) -> None:
    """For a listener: make the short folder of a socket when it is one, owned by us. Raises LinkError."""
    folder = sock.parent
    if folder.parent != RUNTIME or not folder.name.startswith("standby-"):
        return
    try:
        folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
        _check_owner(folder, {os.geteuid()})
    except OSError as error:
        raise LinkError(f"{folder}: {error.strerror}; the sockets of a long path go there") from None


def check_socket_folder(paths: LinkPaths) -> None:
    """For a caller: refuse a short folder that a stranger made to be talked to. Raises LinkError.

    It may belong to root, to us, or to whom the store or its folder belongs. A missing one is fine: nobody listens.
    """
    if not paths.short:
        return
    owners = {0, os.geteuid()}
    for path in (paths.store.parent, paths.store):
        try:
            owners.add(path.stat().st_uid)
        except OSError:
            continue
    try:
        _check_owner(paths.sock.parent, owners)
    except FileNotFoundError:
        return
    except OSError as error:
        raise LinkError(f"{paths.sock.parent}: {error.strerror}") from None


def _check_owner(folder: Path, owners: set[int]) -> None:
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in owners or found.st_mode & stat.S_IWOTH:
        raise LinkError(f"{folder} belongs to a stranger (uid {found.st_uid}); move the store to a shorter path")
