"""`standby silence`: what it would hide before it is asked for, and what is kept quiet."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from standby.cli.main import main
from standby.domain.matchers import Matcher
from standby.domain.muting import Mute, MuteKind
from standby.domain.silence import Silence
from standby.domain.units import HOUR, MINUTE
from standby.engine.clock import SystemClock
from standby.link.protocol import Command, CommandKind, Receipt, Status
from standby.store.rows import Batch
from standby.store.writer import Writer

from .test_store_views import alert_row, engine_row


@pytest.fixture
async def store(tmp_path: Path) -> str:
    path, now = tmp_path / "s" / "standby.db", SystemClock().now()
    writer = await Writer.open(path, now=now)
    await writer.begin_term(engine_row(now))
    mutes = (Mute(MuteKind.SILENCE, "1", now + HOUR, "silenced by alice: the bank"),)
    acme = [[Matcher("vendor", "acme")]]
    await writer.commit(
        Batch(
            alerts=[
                alert_row(now, 1, labels={"vendor": "acme", "severity": "critical"}, mutes=mutes),
                alert_row(now, 2, labels={"vendor": "other", "severity": "critical"}),
            ],
            silences=[
                Silence(1, acme, now - HOUR, now + HOUR + MINUTE, "alice", "unix:alice", "the bank"),
                Silence(2, acme, now + HOUR, now + 2 * HOUR, "bob", "unix:bob", "their release"),
                Silence(3, acme, now - 2 * HOUR, now - HOUR, "bob", "unix:bob", "over"),
            ],
        )
    )
    await writer.close()
    return str(path)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Command]:
    found: list[Command] = []

    def send_once(_: object, command: Command, timeout: float) -> Receipt:
        assert timeout
        found.append(command)
        return Receipt(command.id, Status.DONE, "silence 4: done")

    monkeypatch.setattr("standby.link.client.send_once", send_once)
    return found


def run(store: str, *words: str) -> int:
    return main(["--store", store, "silence", *words])


async def test_what_it_would_hide_is_said_and_nothing_is_sent(
    store: str, sent: list[Command], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(store, "add", "vendor=~ac.*", "--for", "2h", "--why", "x", "--dry-run") == 0
    said = capsys.readouterr().err
    assert "hides 1 open alerts, of which 1 fire and nobody has" in said
    assert "#1 critical payments/payments-errors" in said
    assert sent == []


async def test_it_is_asked_for_with_matchers_and_an_end(store: str, sent: list[Command]) -> None:
    assert run(store, "add", "vendor=acme", 'severity!="info"', "--for", "2h", "--why", "the bank") == 0
    [command] = sent
    assert command.kind is CommandKind.SILENCE
    assert command.args["matchers"] == 'vendor="acme", severity!="info"'
    assert abs(command.args["ends"] - SystemClock().now() - 2 * HOUR) < MINUTE
    assert command.args["comment"] == "the bank"
    run(store, "expire", "1")
    run(store, "extend", "1", "--for", "1h")
    assert [one.kind for one in sent[1:]] == [CommandKind.SILENCE_EXPIRE, CommandKind.SILENCE_EXTEND]


async def test_the_list_has_what_is_kept_quiet_first(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(store, "list", "--json") == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    assert [(one["id"], one["state"]) for one in found] == [(2, "pending"), (1, "active")]
    assert found[1]["matchers"] == [['vendor="acme"']]
    assert run(store, "list", "--expired") == 0
    *_, last = capsys.readouterr().out.splitlines()
    assert last.split() == ["3", "expired", "0s", "bob", 'vendor="acme"', "over"]


async def test_one_says_what_it_hides(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(store, "show", "1", "--json") == 0
    assert json.loads(capsys.readouterr().out)["alerts"] == [1]
    assert main(["--store", store, "alerts", "--json"]) == 0
    alerts = {one["id"]: one for one in json.loads(capsys.readouterr().out)}
    assert alerts[1]["silenced_by"] == ["1"]
    assert alerts[2]["silenced_by"] == []
    assert run(store, "show", "9") == 2


@pytest.mark.parametrize(
    "words",
    [
        ("add", "vendor acme", "--for", "2h", "--why", "x"),
        ("add", 'vendor="acme  pay"', "--for", "2h", "--why", "x"),  # would become another on its way
        ("add", "vendor=acme", "--for", "2", "--why", "x"),
        ("add", "vendor=acme", "--for", "2h", "--why", "x", "--from", "tomorrow"),
    ],
)
async def test_what_cannot_be_read_is_said(store: str, words: tuple[str, ...]) -> None:
    assert run(store, *words) == 2


async def test_who_may_only_look_silences_nothing(store: str, sent: list[Command]) -> None:
    words = ["silence", "add", "vendor=acme", "--for", "2h", "--why", "x"]
    assert main(["--store", store, "--read-only", *words]) == 5
    assert sent == []
