"""Where a store may be: a local folder of its own, not reachable by strangers."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

from standby.store.errors import error, from_os

FOLDER_MODE = 0o750
FILE_MODE = 0o640
_WORLD = 0o007
# 9p and virtiofs are missing on purpose: sandboxes and virtual machines use them for local disks.
# fmt: off
_NETWORK = frozenset({
    "nfs", "nfs3", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "ncpfs", "afs", "afpfs", "coda", "ceph",
    "glusterfs", "lustre", "gpfs", "beegfs", "pvfs2", "orangefs", "davfs", "webdav", "sshfs", "macfuse_sshfs",
    "fuse.sshfs", "fuse.glusterfs", "fuse.ceph-fuse", "fuse.s3fs", "fuse.rclone", "fuse.davfs", "fuse.mfs",
})
# fmt: on
_ESCAPES = {"\\040": " ", "\\011": "\t", "\\012": "\n", "\\134": "\\"}


def prepare(path: Path) -> bool:
    """Make the folder (0750) when it is missing; refuse a place that does not do. Raises StoreError.

    `True`: there is a file already.
    """
    present = refuse_odd_file(path)
    folder = path.parent
    try:
        if not folder.exists():
            folder.mkdir(parents=True, mode=FOLDER_MODE)
            folder.chmod(FOLDER_MODE)
    except OSError as cause:
        raise from_os(cause, path) from None
    refuse_folder(folder, path)
    tighten(path)
    return present


def refuse_folder(folder: Path, path: Path) -> None:
    """Refuse a folder for the store `path` that is open to strangers or over a network. Raises StoreError."""
    try:
        mode = folder.stat().st_mode
    except OSError as cause:
        raise from_os(cause, path) from None
    if not stat.S_ISDIR(mode):
        raise error("permission", path, f"{folder} is no folder", "name another path with `store`")
    if mode & stat.S_IWOTH:
        raise error(
            "permission",
            path,
            f"anyone may write in {folder}",
            f"put it in a folder of its own, or `chmod o-w {folder}`",
        )
    kind = network_type(folder.resolve(), mount_table())
    if kind is not None:
        raise error("network", path, kind)


def refuse_odd_file(path: Path) -> bool:
    """Refuse a symbolic link, a folder, a device, an empty file; `False`: there is none. Raises StoreError."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return False
    except OSError as cause:
        raise from_os(cause, path) from None
    if stat.S_ISLNK(found.st_mode):
        raise error("permission", path, "a symbolic link", f"name the file itself: {path.resolve()}")
    if stat.S_ISDIR(found.st_mode):
        raise error("corrupt", path, "a folder", "name a file in it, for instance standby.db")
    if not stat.S_ISREG(found.st_mode):
        raise error("corrupt", path, "not a regular file", "name another file with `store`")
    if found.st_size == 0:
        raise error("corrupt", path, "an empty file")
    return True


def tighten(path: Path) -> None:
    """Take from strangers what an older umask gave them, where the file is ours."""
    for name in (path, *companions(path)):
        try:
            found = name.stat()
            if found.st_mode & _WORLD and found.st_uid == os.geteuid():
                name.chmod(stat.S_IMODE(found.st_mode) & ~_WORLD)
        except FileNotFoundError:
            continue
        except OSError as cause:
            raise from_os(cause, path) from None


def companions(path: Path) -> tuple[Path, Path]:
    """The write-ahead log and its index, which SQLite keeps beside the file."""
    return path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")


def mount_table() -> list[tuple[str, str]]:
    """Mount points and their file system types; empty where the system does not tell."""
    if sys.platform == "darwin":
        return _from_mount_command()
    try:
        lines = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    return [(_unescape(fields[1]), fields[2]) for line in lines if len(fields := line.split(" ")) >= 3]


def network_type(folder: Path, mounts: list[tuple[str, str]]) -> str | None:
    """The type of the file system that holds `folder` (absolute, resolved) when it is one over a network."""
    best, kind = "", ""
    for point, found in mounts:
        if len(point) >= len(best) and folder.is_relative_to(point):
            best, kind = point, found
    return kind if kind in _NETWORK else None


def _unescape(text: str) -> str:
    for escape, plain in _ESCAPES.items():
        text = text.replace(escape, plain)
    return text


def _from_mount_command() -> list[tuple[str, str]]:
    import subprocess

    try:
        out = subprocess.run(["/sbin/mount"], capture_output=True, text=True, timeout=2, check=False).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    return parse_mount_output(out)


def parse_mount_output(out: str) -> list[tuple[str, str]]:
    """Mount points and types from lines like `//me@host/share on /Volumes/share (smbfs, nodev)`."""
    found = []
    for line in out.splitlines():
        where, bracket, options = line.rpartition(" (")
        if bracket and " on " in where:
            found.append((where.split(" on ", 1)[1], options.split(",")[0].rstrip(")")))
    return found
