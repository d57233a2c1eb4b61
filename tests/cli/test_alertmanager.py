"""`standby alertmanager silence`: it shows what would be silenced, asks, and sends that and nothing else."""

from __future__ import annotations

import sys
from io import StringIO
from pathlib import Path

import pytest

from standby.cli.main import main
from standby.domain.matchers import parse_matchers
from standby.domain.units import HOUR, SECOND
from standby.link import client
from standby.link.messages import command_message, parse_command
from standby.link.protocol import Command, CommandKind, Receipt, Status

WORDS = ["alertmanager", "silence", "am", "--matcher", 'job="façade, EU"', "--matcher", "severity!=info", "--for", "2h"]
WORDS += ["--comment", "geplante Wartung"]


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


class Played:
    """An engine that answers as it is told."""

    def __init__(self, folder: Path) -> None:
        self.store = folder / "standby.db"
        self.sent: list[Command] = []
        self.answer = Receipt("c", Status.DONE, "silence s1: all of it")

    def send_once(self, _paths: object, command: Command, _timeout: float) -> Receipt:
        self.sent.append(parse_command(command_message(command)))  # as the engine would have it
        return self.answer

    def ask(self, *words: str) -> int:
        return main(["--store", str(self.store), *words])


@pytest.fixture
def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Played:
    engine = Played(tmp_path)
    monkeypatch.setattr(client, "send_once", engine.send_once)
    monkeypatch.setattr(sys, "stdin", StringIO())
    return engine


def test_it_is_shown_asked_and_sent(
    played: Played, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("silence\n"))
    assert played.ask(*WORDS) == 0
    out, shown = capsys.readouterr()
    assert out == "silence s1: all of it\n"
    for line in (
        "silences in am's Alertmanager",
        '    job="façade, EU"\n',
        '    severity!="info"\n',
        "geplante Wartung",
    ):
        assert line in shown
    [command] = played.sent
    assert command.kind is CommandKind.SILENCE_THERE
    assert (command.args["check"], command.args["comment"]) == ("am", "geplante Wartung")
    assert [str(one) for one in parse_matchers(command.args["matchers"])] == ['job="façade, EU"', 'severity!="info"']
    assert 0 <= command.args["ends"] - command.made_at - 2 * HOUR + SECOND < 2 * SECOND
    assert command.not_after is not None


@pytest.mark.parametrize("typed", ["", "\n", "yes\n", "silenc\n"])
def test_without_the_word_nothing_is_silenced(played: Played, monkeypatch: pytest.MonkeyPatch, typed: str) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(typed))
    assert (played.ask(*WORDS), played.sent) == (5, [])


def test_a_script_gives_the_word(played: Played, capsys: pytest.CaptureFixture[str]) -> None:
    assert (played.ask(*WORDS), played.sent) == (5, [])
    assert "give --confirm silence" in capsys.readouterr().err
    assert played.ask(*WORDS, "--confirm", "yes") == 5
    assert played.ask(*WORDS, "--confirm", "silence", "--json") == 0
    assert capsys.readouterr().out == '{"status": "done", "reason": "silence s1: all of it"}\n'


def test_who_may_only_look_sends_nothing(played: Played) -> None:
    assert main(["--read-only", "--store", str(played.store), *WORDS, "--confirm", "silence"]) == 5
    assert not played.sent


@pytest.mark.parametrize(
    ("status", "said"),
    [(Status.REFUSED, "silence refused: no"), (Status.UNREACHABLE, "`standby audit` says what came of it: no")],
)
def test_what_was_not_granted_is_told(
    played: Played, capsys: pytest.CaptureFixture[str], status: Status, said: str
) -> None:
    played.answer = Receipt("c", status, "no")
    assert played.ask(*WORDS, "--confirm", "silence") == 5
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flag", "value", "said"),
    [
        ("--matcher", "critical", "is not a matcher"),
        ("--matcher", 'job="a  b"', "double spaces"),
        ("--for", "soon", "is not a duration"),
        ("--comment", " ", "--comment is empty"),
    ],
)
def test_wrong_options_are_refused(
    played: Played, capsys: pytest.CaptureFixture[str], flag: str, value: str, said: str
) -> None:
    assert played.ask(*WORDS, flag, value, "--confirm", "silence") == 2
    assert said in capsys.readouterr().err
    assert not played.sent
