"""What is kept while no engine answers: whole, in order, bounded, and only this person's."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from standby.link import spool as module
from standby.link.paths import link_paths
from standby.link.protocol import Command, CommandKind
from standby.link.spool import Spool, SpoolError


def ack(number: int, kind: CommandKind = CommandKind.ACK) -> Command:
    return Command(f"command-{number}", kind, {"alert": number}, number)


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(link_paths(tmp_path / "s.db"), tmp_path / "state")


def test_in_the_order_in_which_they_were_given(spool: Spool) -> None:
    for number in (5, 1, 9, 3):  # made_at says nothing: a clock may be set back
        spool.keep(ack(number))
    assert [command.id for command in spool.waiting()] == ["command-5", "command-1", "command-9", "command-3"]
    spool.forget("command-1")
    spool.keep(ack(2))
    assert [command.made_at for command in spool.waiting()] == [5, 9, 3, 2]


def test_a_command_comes_back_as_it_was(spool: Spool) -> None:
    command = Command("note-0001", CommandKind.NOTE, {"integration": "pay", "text": "é ✓"}, 7, None, "bob", "cli on x")
    spool.keep(command)
    assert spool.waiting() == [command]


def test_keeping_and_forgetting_twice_is_harmless(spool: Spool) -> None:
    spool.keep(ack(1))
    spool.keep(ack(1))
    assert len(spool.waiting()) == 1
    spool.forget("command-1")
    spool.forget("command-1")
    assert spool.waiting() == []


def test_only_its_owner_can_read_it(spool: Spool) -> None:
    spool.keep(ack(1))
    folder = spool.folder
    assert [path.stat().st_mode & 0o777 for path in (folder, folder.parent, *folder.iterdir())] == [0o700, 0o700, 0o600]


def test_two_stores_do_not_mix(spool: Spool, tmp_path: Path) -> None:
    spool.keep(ack(1))
    assert Spool(link_paths(tmp_path / "other.db"), tmp_path / "state").waiting() == []


@pytest.mark.parametrize("kind", [CommandKind.REHEARSE, CommandKind.REPLACE])
def test_what_must_happen_now_is_not_kept(spool: Spool, kind: CommandKind) -> None:
    with pytest.raises(SpoolError, match="now or not at all"):
        spool.keep(Command("command-1", kind, {}, 1))
    assert not spool.folder.exists()


def test_what_the_engine_would_not_understand_is_not_kept(spool: Spool) -> None:
    with pytest.raises(SpoolError, match="alert must be a whole number"):
        spool.keep(Command("command-1", CommandKind.ACK, {"alert": "x"}, 1))


def test_the_number_is_bounded(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_COMMANDS", 3)
    for number in range(3):
        spool.keep(ack(number))
    with pytest.raises(SpoolError, match="3 commands wait"):
        spool.keep(ack(3))


@pytest.mark.parametrize("content", [b"", b"{", b"\xff" * 10, b"x" * 100_000, b'{"id":"command-1"}'])
def test_a_damaged_file_is_set_aside_and_the_rest_goes_on(spool: Spool, content: bytes) -> None:
    spool.keep(ack(1))
    spool.keep(ack(2))
    next(iter(sorted(spool.folder.iterdir()))).write_bytes(content)
    assert [command.id for command in spool.waiting()] == ["command-2"]
    assert [command.id for command in spool.waiting()] == ["command-2"]
    assert len(list(spool.folder.glob("*.bad"))) == 1


def test_a_link_in_its_folder_is_not_followed(spool: Spool, tmp_path: Path) -> None:
    spool.keep(ack(1))
    (tmp_path / "other").write_bytes(b"{}")
    (spool.folder / "0000000000-command-0.json").symlink_to(tmp_path / "other")
    assert [command.id for command in spool.waiting()] == ["command-1"]


def test_a_disk_that_is_full_keeps_nothing_and_says_so(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SpoolError, match="No space left"):
        spool.keep(ack(1))
    assert list(spool.folder.iterdir()) == []
    assert spool.waiting() == []


def test_nothing_is_kept_before_it_is_on_disk(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    fsync, rename = os.fsync, Path.rename
    monkeypatch.setattr(os, "fsync", lambda descriptor: (steps.append("fsync"), fsync(descriptor)))
    monkeypatch.setattr(Path, "rename", lambda path, to: (steps.append("rename"), rename(path, to)))
    spool.keep(ack(1))
    assert steps == ["fsync", "rename", "fsync"]
