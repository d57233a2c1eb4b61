"""Where a store may be, told in one line with the mend."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from standby.store import place
from standby.store.errors import StoreError, from_os
from standby.store.place import network_type, parse_mount_output
from standby.store.writer import Writer

from .samples import T0

MOUNTS = [
    ("/", "ext4"),
    ("/home", "nfs4"),
    ("/home/alice/local", "btrfs"),
    ("/mnt/my share", "cifs"),
    ("/home2", "xfs"),
]


async def refused(path: Path) -> StoreError:
    with pytest.raises(StoreError) as caught:
        await Writer.open(path, now=T0)
    told = str(caught.value)
    assert "\n" not in told
    assert str(path) in told
    assert "; " in told
    return caught.value


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/home/alice", "nfs4"),
        ("/home", "nfs4"),
        ("/home/alice/local/deep", None),
        ("/home2/bob", None),
        ("/mnt/my share/x", "cifs"),
        ("/var/lib/standby", None),
    ],
)
def test_the_innermost_mount_decides(folder: str, kind: str | None) -> None:
    assert network_type(Path(folder), MOUNTS) == kind


def test_a_mount_over_another_hides_it() -> None:
    assert network_type(Path("/data"), [("/data", "ext4"), ("/data", "nfs")]) == "nfs"
    assert network_type(Path("/data"), [("/data", "nfs"), ("/data", "ext4")]) is None


def test_what_mac_os_says_is_understood() -> None:
    out = (
        "/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)\n"
        "//alice@nas/team on /Volumes/team on call (smbfs, nodev, nosuid, mounted by alice)\n"
        "map auto_home on /System/Volumes/Data/home (autofs, automounted, nobrowse)\n"
        "nonsense\n"
    )
    mounts = parse_mount_output(out)
    assert network_type(Path("/Volumes/team on call/x"), mounts) == "smbfs"
    assert network_type(Path("/Users/alice"), mounts) is None


def test_this_machines_mounts_are_read() -> None:
    if os.uname().sysname != "Linux":
        pytest.skip("the table is a file on Linux only")
    assert any(point == "/proc" for point, _ in place.mount_table())


async def test_a_network_file_system_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "mount_table", lambda: [("/", "nfs4")])
    found = await refused(path)
    assert found.kind == "network"
    assert "nfs4" in str(found)
    assert not path.exists()


async def test_a_symbolic_link_is_refused_and_a_linked_folder_is_not(tmp_path: Path) -> None:
    real = tmp_path / "real"
    await (await Writer.open(real / "standby.db", now=T0)).close()
    (tmp_path / "link.db").symlink_to(real / "standby.db")
    found = await refused(tmp_path / "link.db")
    assert found.kind == "permission"
    assert str(real / "standby.db") in str(found)
    (tmp_path / "dangling.db").symlink_to(tmp_path / "nowhere.db")
    assert (await refused(tmp_path / "dangling.db")).kind == "permission"
    (tmp_path / "folder").symlink_to(real)
    await (await Writer.open(tmp_path / "folder" / "standby.db", now=T0)).close()


@pytest.mark.parametrize("mode", [0o777, 0o1777])
async def test_a_folder_where_anyone_may_write_is_refused(tmp_path: Path, mode: int) -> None:
    open_to_all = tmp_path / "open"
    open_to_all.mkdir()
    open_to_all.chmod(mode)
    found = await refused(open_to_all / "standby.db")
    assert found.kind == "permission"
    assert "anyone" in str(found)


async def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert (await refused(tmp_path / "file" / "standby.db")).kind == "permission"


async def test_an_engine_killed_while_it_made_the_store_leaves_no_trace(path: Path) -> None:
    path.parent.mkdir()
    left = path.with_name(".standby.db.new-123")
    left.write_bytes(b"half")
    await (await Writer.open(path, now=T0)).close()
    assert [entry.name for entry in path.parent.iterdir()] == ["standby.db"]


async def test_two_that_make_the_same_store_at_once_share_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = Path.hardlink_to

    def beaten(self: Path, target: Path) -> None:
        link(self, target)  # the other one was faster
        link(self, target)

    monkeypatch.setattr(Path, "hardlink_to", beaten)
    await (await Writer.open(path, now=T0)).close()
    assert [entry.name for entry in path.parent.iterdir()] == ["standby.db"]


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.EACCES, "permission"),
        (errno.ENOSPC, "full"),
        (errno.EDQUOT, "full"),
        (errno.EROFS, "read-only"),
        (errno.ENOENT, "missing"),
        (errno.ENOTDIR, "permission"),
    ],
)
def test_what_the_system_says_has_its_kind(number: int, kind: str) -> None:
    assert from_os(OSError(number, os.strerror(number)), Path("/s")).kind == kind
