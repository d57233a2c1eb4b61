"""`standby baseline`: what is usual, and what is asked of the engine about it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from standby.cli.main import main
from standby.domain.baseline import Series
from standby.domain.outcome import Outcome
from standby.domain.units import format_instant
from standby.engine.clock import SystemClock
from standby.link.protocol import Command, CommandKind, Receipt, Status
from standby.store.baselines import BaselineRow
from standby.store.rows import Batch, IntegrationStateRow
from standby.store.writer import Writer

from .test_store_views import engine_row


@pytest.fixture
async def store(tmp_path: Path) -> str:
    path, now = tmp_path / "s" / "standby.db", SystemClock().now()
    writer = await Writer.open(path, now=now)
    await writer.begin_term(engine_row(now))
    pay, pool = Series("check:pay", "latency_ms"), Series("integration:payments", "error_rate")
    await writer.learn(
        [
            BaselineRow(pay, "payments", now, 120.0, 110.0, 90.0, 130.0, 1.5, 900, 9.0, text="usual for Tue 14:00"),
            BaselineRow(pool, "payments", now, 0.0, None, None, None, None, 9, 0.1, text="still learning, 0 of 7 days"),
        ]
    )
    state = IntegrationStateRow("payments", Outcome.UP, now, 0.0, 120.0, "")
    await writer.commit(Batch(integration_states=[state]))
    await writer.close()
    return str(path)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Command]:
    found: list[Command] = []

    def send_once(_: object, command: Command, timeout: float) -> Receipt:
        assert timeout
        found.append(command)
        return Receipt(command.id, Status.REFUSED if len(found) > 2 else Status.DONE, "so it is")

    monkeypatch.setattr("standby.link.client.send_once", send_once)
    return found


def run(store: str, *words: str) -> int:
    return main(["--store", store, "baseline", *words])


async def test_what_is_usual_is_listed(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(store, "list") == 0
    said = capsys.readouterr().out
    assert "usual for Tue 14:00" in said
    assert "still learning, 0 of 7 days" in said
    assert run(store, "show", "pay", "--json") == 0
    [one] = json.loads(capsys.readouterr().out)
    assert (one["subject"], one["usual"], one["since"]) == ("check:pay", 110.0, None)
    assert run(store, "show", "nobody") == 2
    assert "nothing is learned of nobody" in capsys.readouterr().err


async def test_status_tells_what_is_usual_of_each_integration(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--store", store, "status", "--json"])
    [one] = json.loads(capsys.readouterr().out)["integrations"]
    assert [(row["subject"], row["usual"], row["text"]) for row in one["usual"]] == [
        ("check:pay", 110.0, "usual for Tue 14:00"),
        ("integration:payments", None, "still learning, 0 of 7 days"),
    ]


async def test_decisions_are_asked_of_the_engine(store: str, sent: list[Command]) -> None:
    at = "2026-11-20T00:00:00Z"
    assert run(store, "accept", "pay", "--metric", "latency_ms") == 0
    assert run(store, "exclude", "payments", "--from", at, "--to", "2026-11-21T00:00:00Z", "--why", "their move") == 0
    assert run(store, "exclude", "pay", "--from", "yesterday", "--to", at, "--why", "x") == 2
    assert run(store, "accept", "payments") == 5
    first, second, third = sent
    assert (first.kind, first.args) == (CommandKind.BASELINE_ACCEPT, {"check": "pay", "metric": "latency_ms"})
    assert (second.kind, second.args["integration"]) == (CommandKind.BASELINE_EXCLUDE, "payments")
    assert format_instant(second.args["starts"]) == "2026-11-20T00:00:00.000Z"
    assert third.args == {"integration": "payments"}
