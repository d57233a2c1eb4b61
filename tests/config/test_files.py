"""A path that is not a configuration: anything but a traceback, a hang or gigabytes of memory."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from tests.config.kinds import GOOD, complaints, write

from standby.config.files import MOST_BYTES, parse, read
from standby.config.problems import ConfigError


def said(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        read(path, "config.toml")
    return str(caught.value)


def test_a_directory_is_named_as_one(tmp_path: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir())) if Path("/proc").exists() else 0
    assert said(tmp_path) == "config.toml:1: is a directory, not a file; name a TOML file"
    if before:
        assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_pipe_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert said(tmp_path / "pipe") == "config.toml:1: is a pipe, not a file; name a TOML file"


def test_a_device_is_not_read(tmp_path: Path) -> None:
    assert said(Path("/dev/zero")) == "config.toml:1: is a device, not a file; name a TOML file"


def test_a_socket_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("s")
        assert said(tmp_path / "s").startswith("config.toml:1: cannot be read: ")


@pytest.mark.skipif(os.getuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_told(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    path.chmod(0)
    assert said(path).startswith("config.toml:1: may not be read by you; run: chmod u+r")


def test_a_link_in_a_circle_is_told(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("a")
    assert said(tmp_path / "a").startswith("config.toml:1: cannot be read: ")


def test_a_path_with_a_nul_is_told(tmp_path: Path) -> None:
    assert said(tmp_path / "a\0b").startswith("config.toml:1: cannot be read: ")


def test_a_large_file_is_refused(tmp_path: Path) -> None:
    line = said(write(tmp_path, "#" * (MOST_BYTES + 1)))
    assert line == 'config.toml:1: is larger than 1 MB; split it with include = ["conf.d/*.toml"]'
    assert read(write(tmp_path, "#" * MOST_BYTES)).data == {}


def test_a_sparse_terabyte_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge"
    with path.open("wb") as file:
        file.truncate(2**40)
    assert "larger than 1 MB" in said(path)


@pytest.mark.parametrize(
    ("raw", "line", "message"),
    [
        (b"a = 1\nb = '\xff'\n", 2, "byte 0xff is not UTF-8; save it as UTF-8 text"),
        (b"a = 1\n\nb = \0\n", 3, "holds a NUL byte: this is not a text file; save it as UTF-8 text"),
        (b"\xef\xbb\xbfa = 1\n", 1, "starts with a byte order mark; save it as UTF-8 without one"),
        ("a = 1\n".encode("utf-16"), 1, ""),
        (b"a = 1\n\nb = c\n", 3, "not valid TOML: Invalid value (column 5); put text in quotes"),
        (b"a = 1\na = 2\n", 2, "not valid TOML: Cannot overwrite a value"),
        (b"a = 1\n[a]\n", 2, "not valid TOML: "),
        (b"a = 'x", 1, "not valid TOML: "),
        (b"a = 1\nb = [1,\n2\n", 3, "not valid TOML: "),
        (b"a = 1\nb\n", 2, "not valid TOML: Expected '=' after a key"),
        (b"a = 1\nb = " + b"9" * 5000, 2, "not valid TOML: "),
        (b"a = 1\nb = 2024-13-45\n", 2, "not valid TOML: "),
        (b"a = \x1b[31m\n", 1, "not valid TOML: "),
        (b"a = 1\nb = " + b"[" * 100_000, 1, "tables and lists are nested too deeply; nest at most 40"),
        (b"a = " + b"[" * 100 + b"]" * 100, 1, "tables and lists are nested too deeply; nest at most 40"),
        (b"a." * 5000 + b"b = 1", 1, "tables and lists are nested too deeply; nest at most 40"),
        (b"x = 1\ny = '''\n" + b"\n" * 50, 2, "not valid TOML: Expected \"'''\" at the end of the file; close what"),
    ],
)
def test_what_is_not_toml_is_told_at_its_line(tmp_path: Path, raw: bytes, line: int, message: str) -> None:
    text = said(write(tmp_path, raw))
    assert text.startswith(f"config.toml:{line}: {message}"), text
    assert text.isprintable()


def test_an_unreadable_main_file_is_one_line(tmp_path: Path) -> None:
    assert complaints(tmp_path, b"\xff\xfe") == ["config.toml:1: byte 0xff is not UTF-8; save it as UTF-8 text"]


def test_forty_levels_are_enough_for_anybody() -> None:
    assert parse("a = " + "[" * 39 + "]" * 39, "x")
    with pytest.raises(ConfigError):
        parse("a = " + "[" * 41 + "]" * 41, "x")
