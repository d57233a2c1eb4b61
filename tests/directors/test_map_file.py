from __future__ import annotations

import fcntl
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standby.directors.base import DirectorError
from standby.directors.haproxy import map_file
from standby.directors.haproxy.map_file import MapFile


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("payments be_a\n", "payments be_b\n"),
        ("# payments be_a\npayments be_a\n", "# payments be_a\npayments be_b\n"),
        ("  payments\t be_a \t\r\nx y\r\n", "  payments\t be_b \t\r\nx y\r\n"),
        ("payments be_a", "payments be_b"),
        ("payments\n", "payments be_b\n"),
        ("payments be_a\npayments be_c\n", "payments be_b\npayments be_b\n"),
        ("pay be_a\npayments2 be_a\n", "pay be_a\npayments2 be_a\npayments be_b\n"),
        ("x y", "x y\npayments be_b\n"),
        ("", "payments be_b\n"),
        ("\n\n  \n", "\n\n  \npayments be_b\n"),
        ("other caf\u00e9 \u20ac\npayments be_a\n", "other caf\u00e9 \u20ac\npayments be_b\n"),
        ("payments be_a with more words\n", "payments be_b\n"),
    ],
)
def test_only_the_value_of_the_key_changes(tmp_path: Path, before: str, after: str) -> None:
    path = tmp_path / "routes.map"
    path.write_bytes(before.encode())
    MapFile(path).write("payments", "be_b")
    assert path.read_bytes() == after.encode()
    assert set(MapFile(path).values("payments")) == {"be_b"}
    assert names(tmp_path) == ["routes.map"]


def test_no_value_takes_the_lines_out(tmp_path: Path) -> None:
    path = tmp_path / "routes.map"
    path.write_text("a b\npayments be_a\n# payments\npayments be_c\n")
    MapFile(path).write("payments", "")
    assert path.read_text() == "a b\n# payments\n"
    assert MapFile(path).values("payments") == ()


PARTS = st.sampled_from([b"payments", b"pay", b"#", b" ", b"\t", b"be_a", b"\n", b"\r\n", b"\xff", b"x"])


@given(st.lists(PARTS))
def test_whatever_the_file_holds_the_key_has_the_value_and_other_lines_stay(parts: list[bytes]) -> None:
    content = b"".join(parts)
    written = map_file._edited(content, b"payments", b"be_b")
    assert others(written) == others(content)
    found = [map_file._entry(line, b"payments") for line in written.splitlines(keepends=True)]
    assert {one["value"] for one in found if one is not None} == {b"be_b"}


def others(content: bytes) -> list[bytes]:
    """The lines that are not about the key; whether the last one ends does not matter."""
    lines = content.splitlines(keepends=True)
    return [line.rstrip(b"\n") for line in lines if map_file._entry(line, b"payments") is None]


def test_mode_owner_and_a_symbolic_link_stay(tmp_path: Path) -> None:
    real = tmp_path / "real.map"
    real.write_text("payments be_a\n")
    real.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(real, 4321, 1234)
    owner = (real.stat().st_uid, real.stat().st_gid)
    link = tmp_path / "routes.map"
    link.symlink_to("real.map")
    MapFile(link).write("payments", "be_b")
    assert link.is_symlink()
    assert real.read_text() == "payments be_b\n"
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert (real.stat().st_uid, real.stat().st_gid) == owner


def test_a_missing_file_and_a_huge_one_are_told(tmp_path: Path) -> None:
    with pytest.raises(DirectorError, match=r"there is no map file .*routes\.map; make it, or write persist = false"):
        MapFile(tmp_path / "routes.map").values("payments")
    with pytest.raises(DirectorError, match="there is no map file"):
        MapFile(tmp_path / "routes.map").check_writable()
    (tmp_path / "big.map").write_bytes(b"")
    os.truncate(tmp_path / "big.map", map_file.MAX_FILE + 1)
    with pytest.raises(DirectorError, match="has more than 16777216 bytes"):
        MapFile(tmp_path / "big.map").write("payments", "be_b")
    with pytest.raises(DirectorError, match="cannot be read: Is a directory"):
        MapFile(tmp_path).values("payments")


def test_what_may_not_be_written_is_told_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "routes.map"
    path.write_text("payments be_a\n")
    MapFile(path).check_writable()
    found = path.stat()
    monkeypatch.setattr(os, "geteuid", lambda: found.st_uid + 1)
    with pytest.raises(DirectorError, match=rf"belongs to somebody else; run: chown {found.st_uid + 1}:{found.st_gid}"):
        MapFile(path).check_writable()
    monkeypatch.setattr(os, "access", lambda *_args: False)
    with pytest.raises(DirectorError, match="may not be written; give the map a folder of its own"):
        MapFile(path).write("payments", "be_b")
    assert path.read_text() == "payments be_a\n"


def test_a_change_by_somebody_else_meanwhile_is_not_written_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "routes.map"
    path.write_text("payments be_a\n")

    def edited(content: bytes, key: bytes, value: bytes) -> bytes:
        path.write_text("payments be_c\nmore be_a\n")
        return content

    monkeypatch.setattr(map_file, "_edited", edited)
    with pytest.raises(DirectorError, match="was changed by somebody else meanwhile; try again") as caught:
        MapFile(path).write("payments", "be_b")
    assert caught.value.known
    assert path.read_text() == "payments be_c\nmore be_a\n"
    assert names(tmp_path) == ["routes.map"]


def test_what_a_killed_writer_left_behind_is_used_again(tmp_path: Path) -> None:
    path = tmp_path / "routes.map"
    path.write_text("payments be_a\n")
    (tmp_path / ".routes.map.standby").write_text("half of someth" * 100)
    MapFile(path).write("payments", "be_b")
    assert path.read_text() == "payments be_b\n"
    assert names(tmp_path) == ["routes.map"]


def test_two_writers_at_once_are_refused_not_mixed(tmp_path: Path) -> None:
    path = tmp_path / "routes.map"
    path.write_text("payments be_a\n")
    with (tmp_path / ".routes.map.standby").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(DirectorError, match="another engine writes"):
            MapFile(path).write("payments", "be_b")
    assert path.read_text() == "payments be_a\n"


def test_what_became_the_map_itself_is_not_written_into(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opened beside the map, then renamed over it by the other writer, before the lock was ours."""
    path = tmp_path / "routes.map"
    path.write_text("payments be_a\n")
    beside = tmp_path / ".routes.map.standby"
    beside.write_text("payments be_c\n")
    lock = fcntl.flock

    def late(file: int, how: int) -> None:
        beside.replace(path)
        lock(file, how)

    monkeypatch.setattr(fcntl, "flock", late)
    with pytest.raises(DirectorError, match="another engine writes"):
        MapFile(path).write("payments", "be_b")
    assert path.read_text() == "payments be_c\n"


def test_a_planted_link_beside_the_map_is_not_followed(tmp_path: Path) -> None:
    path = tmp_path / "routes.map"
    path.write_text("payments be_a\n")
    (tmp_path / "victim").write_text("precious")
    (tmp_path / ".routes.map.standby").symlink_to("victim")
    with pytest.raises(DirectorError, match="cannot be written") as caught:
        MapFile(path).write("payments", "be_b")
    assert not caught.value.known
    assert (tmp_path / "victim").read_text() == "precious"
