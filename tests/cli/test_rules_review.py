"""`standby rules review` on a store that an engine has filled, and `reviewed` without one."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from standby.cli.main import main
from standby.domain.muting import Mute, MuteKind
from standby.domain.outcome import AlertState, Severity
from standby.domain.review import Review
from standby.domain.units import DAY, MINUTE
from standby.engine.clock import SystemClock
from standby.link.protocol import Command, Receipt, Status
from standby.store.rows import AlertRow, AuditRow, Batch, ConfigRow
from standby.store.writer import Writer

from .test_store_views import DOC, alert_row, engine_row

RULES = [
    {"id": "payments-errors", "integration": "payments", "when": "error_rate > 0.05"},
    {"id": "payments-slow", "integration": "payments", "when": "latency_ms > 900.0"},
    {"id": "down", "integration": "weather", "when": "outcome == 'down'"},
]


def ended(number: int, days_ago: int, rule: str = "payments-errors", **changed: Any) -> AlertRow:
    at = SystemClock().now() - days_ago * DAY
    fields = {"rule": rule, "severity": Severity.WARNING, "fired_at": at, "resolved_at": at + 30 * MINUTE, **changed}
    return alert_row(at, number, AlertState.RESOLVED, **fields)


async def fill(path: Path) -> None:
    now = SystemClock().now()
    muted = (Mute(MuteKind.SILENCE, "7", None, "the bank is at work"),)
    alerts = [ended(number, number) for number in range(1, 7)]
    alerts += [ended(20, 3, "payments-slow", mutes=muted), ended(21, 5, "payments-slow"), ended(22, 200)]
    writer = await Writer.open(path, now=now)
    await writer.begin_term(engine_row(now))
    await writer.commit(
        Batch(
            durable=True,
            config=ConfigRow(now, "d1", {**DOC, "rules": RULES}),
            alerts=alerts,
            audits=[AuditRow(alerts[-2].fired_at + 4 * MINUTE, "alice", "", "ack", "alert:21", "acknowledged")],
            reviews=[Review("payments/payments-errors", "payments", now - 99 * DAY, now - 9 * DAY)],
        )
    )
    await writer.close()


async def test_the_worst_rule_is_first_with_what_became_of_its_alerts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = tmp_path / "standby.db"
    await fill(store)
    assert main(["--store", str(store), "rules", "review", "--json"]) == 0
    first, third, second = json.loads(capsys.readouterr().out)["rules"]
    assert (first["rule"], first["verdict"], first["fired"]) == ("payments/payments-errors", "ignored", 6)
    assert (first["ignored"], first["acked"], first["lasted_s"]) == (6, 0, 1800.0)
    assert first["review"]["due"] is True
    assert (second["rule"], second["verdict"], second["review"]) == ("weather/down", "never fired", None)
    assert (third["rule"], third["acked"], third["muted"], third["to_ack_s"]) == ("payments/payments-slow", 1, 1, 240.0)


async def test_people_read_a_line_a_rule_and_what_may_be_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = tmp_path / "standby.db"
    await fill(store)
    assert main(["--store", str(store), "rules", "review", "--days", "365"]) == 0
    told = capsys.readouterr().out
    assert "payments/payments-errors  ignored      7      0      7" in told
    assert "due since " in told
    assert "payments/payments-errors: hardly anybody takes it: a threshold that matters, or severity info" in told
    assert "1 rule has never fired: test, loosen or take out what can never speak" in told
    assert "1 rule is due for a review; `standby rules reviewed RULE` says that one was looked at" in told


async def test_a_rule_that_is_new_is_not_said_to_have_never_fired(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store, now = tmp_path / "standby.db", SystemClock().now()
    await fill(store)
    writer = await Writer.open(store, now=now)
    await writer.begin_term(engine_row(now))
    await writer.commit(Batch(durable=True, reviews=[Review("weather/down", "ops", now - DAY, now + 89 * DAY)]))
    await writer.close()
    assert main(["--store", str(store), "rules", "review"]) == 0
    told = capsys.readouterr().out
    assert "1 rule is new: in force for less than 90 days, and not fired yet" in told
    assert "never fired" not in told


@pytest.mark.parametrize("days", ["0", "-1", "99999"])
async def test_a_span_that_is_none_is_a_mistake(tmp_path: Path, capsys: pytest.CaptureFixture[str], days: str) -> None:
    assert main(["--store", str(tmp_path / "s.db"), "rules", "review", f"--days={days}"]) == 2
    assert capsys.readouterr().err == "standby: --days: write a number from 1 to 3660\n"


def test_nobody_ticks_a_rule_off_without_an_engine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = tmp_path / "standby.db"
    asyncio.run(fill(store))
    assert main(["--store", str(store), "rules", "reviewed", "payments-errors"]) == 5
    assert "rules reviewed refused: " in capsys.readouterr().err
    assert main(["--store", str(store), "--read-only", "rules", "reviewed", "payments-errors"]) == 5


def test_a_pattern_means_every_rule_that_it_fits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "standby.db"
    asyncio.run(fill(store))
    sent: list[str] = []

    def send(_: object, command: Command, __: float) -> Receipt:
        sent.append(command.args["rule"])
        return Receipt(command.id, Status.DONE, "reviewed")

    monkeypatch.setattr("standby.link.client.send_once", send)
    assert main(["--store", str(store), "rules", "reviewed", "payments/*", "weather/down"]) == 0
    assert sent == ["payments/payments-errors", "payments/payments-slow", "weather/down"]
    assert main(["--store", str(store), "rules", "reviewed", "nobody/*"]) == 2
    assert "no rule fits 'nobody/*'" in capsys.readouterr().err


async def test_of_templates_only_those_that_fired_are_listed_and_the_rest_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = tmp_path / "standby.db"
    await fill(store)
    now = SystemClock().now()
    templates = [{"id": name, "integration": "payments", "when": "x"} for name in ("slow", "degraded", "failing")]
    doc = {**DOC, "rules": RULES, "templates": templates}
    writer = await Writer.open(store, now=now)
    await writer.begin_term(engine_row(now))
    rows = [ended(30, 2, "degraded")]
    await writer.commit(Batch(durable=True, config=ConfigRow(now, "d2", doc), alerts=rows))
    await writer.close()
    assert main(["--store", str(store), "rules", "review", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [one["rule"] for one in found["rules"] if one["fired"] == 1] == ["payments/degraded"]
    assert not {"payments/slow", "payments/failing"} & {one["rule"] for one in found["rules"]}
    assert found["silent_templates"] == 2
    assert main(["--store", str(store), "rules", "review"]) == 0
    assert "2 rules of templates have not fired either; nobody has to look at those" in capsys.readouterr().out
