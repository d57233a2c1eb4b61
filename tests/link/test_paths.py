"""Where the files beside a store are."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from standby.link import paths as module
from standby.link.paths import LinkError, check_socket_folder, link_paths, make_socket_folder


def test_beside_the_store(tmp_path: Path) -> None:
    found = link_paths(tmp_path / "s.db")
    names = [path.name for path in (found.store, found.lock, found.sock, found.log, found.simulator)]
    assert names == ["s.db", "s.db.lock", "s.db.sock", "s.db.log", "s.db.simulator.sock"]
    assert {path.parent for path in (found.lock, found.sock, found.log, found.simulator)} == {tmp_path.resolve()}
    assert not found.short


def test_two_names_of_one_store_lead_to_the_same_files(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "real" / "s.db").touch()
    (tmp_path / "other.db").symlink_to("real/s.db")
    real = link_paths(tmp_path / "real" / "s.db")
    assert link_paths(tmp_path / "link" / "s.db") == real
    assert link_paths(tmp_path / "other.db") == real
    assert link_paths(tmp_path / "real" / ".." / "real" / "s.db") == real


def test_a_relative_path_means_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert link_paths(Path("s.db")) == link_paths(tmp_path / "s.db")


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = Path("/tmp") / f"sb{os.getpid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    monkeypatch.setattr(module, "RUNTIME", folder)
    yield folder  # type: ignore[misc]
    import shutil

    shutil.rmtree(folder)


@pytest.mark.parametrize("length", [80, 90, 95, 100, 104, 108, 150, 200])
def test_a_socket_can_be_bound_however_long_the_path_is(runtime: Path, tmp_path: Path, length: int) -> None:
    folder = tmp_path / "x"
    folder.mkdir()
    filler = max(1, length - len(str(folder)) - 1)
    found = link_paths(folder / ("n" * filler))
    for sock in (found.sock, found.simulator):
        make_socket_folder(sock)
        check_socket_folder(found)
        fresh = sock.with_name(sock.name + ".new")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(fresh))
        assert len(os.fsencode(fresh)) < 104  # what macOS allows
    if found.short:
        assert found.sock.parent.stat().st_mode & 0o777 == 0o750


def test_two_long_paths_do_not_share_a_folder(runtime: Path, tmp_path: Path) -> None:
    one, other = (link_paths(tmp_path / (letter * 150)) for letter in "ab")
    assert one.sock.parent != other.sock.parent
    assert one.sock.parent == one.simulator.parent


@pytest.mark.parametrize("trap", ["open", "link", "file"])
def test_a_folder_that_a_stranger_could_have_made_is_refused(runtime: Path, tmp_path: Path, trap: str) -> None:
    found = link_paths(tmp_path / ("n" * 150))
    folder = found.sock.parent
    if trap == "open":
        folder.mkdir()
        folder.chmod(0o777)
    elif trap == "link":
        folder.symlink_to(tmp_path)
    else:
        folder.touch()
    with pytest.raises(LinkError):
        check_socket_folder(found)
    with pytest.raises(LinkError):
        make_socket_folder(found.sock)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_user_is_refused_unless_the_store_is_theirs(runtime: Path, tmp_path: Path) -> None:
    found = link_paths(tmp_path / ("n" * 150))
    make_socket_folder(found.sock)
    os.chown(found.sock.parent, 12345, -1)
    with pytest.raises(LinkError, match="stranger"):
        check_socket_folder(found)
    found.store.touch()
    os.chown(found.store, 12345, -1)
    check_socket_folder(found)
    with pytest.raises(LinkError, match="stranger"):  # but nobody listens in a folder that is not theirs
        make_socket_folder(found.sock)


def test_a_missing_folder_only_means_that_nobody_listens(runtime: Path, tmp_path: Path) -> None:
    check_socket_folder(link_paths(tmp_path / ("n" * 150)))
