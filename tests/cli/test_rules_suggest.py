"""`standby rules suggest`: a diff of the configuration, and with --apply the change itself."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest

from standby.cli.main import main
from standby.domain.observation import Observation
from standby.domain.outcome import AlertState, Outcome, Severity
from standby.domain.units import HOUR, MINUTE, SECOND
from standby.engine.clock import SystemClock
from standby.store.rows import AlertRow, Batch, ConfigRow
from standby.store.writer import Writer

from .test_store_views import engine_row

CONFIG = """
[standby]
name = "shop"
environment = "development"
store = "standby.db"

[[vendor]]
id = "acme"

[[integration]]
id = "payments"
vendor = "acme"

[[check]]
id = "pay"
integration = "payments"
kind = "tcp"
host = "127.0.0.1"
port = 9
every = "20s"

[[rule]]
id = "slow"
integration = "payments"
when = "latency_ms > 800.0"   # as the shop can bear
"""


async def fill(path: Path) -> None:
    """Twenty seconds of slowness each ten minutes of six hours, which nobody took."""
    now = SystemClock().now()
    start = (now - 6 * HOUR) // MINUTE * MINUTE
    slots = range(start, now, 20 * SECOND)
    spikes = range(start, now - 5 * MINUTE, 10 * MINUTE)
    looks = [
        Observation("pay", at, at + SECOND, Outcome.UP, latency_ms=4_000.0 if at in spikes else 100.0) for at in slots
    ]
    alerts = [
        AlertRow(
            number, "slow", "payments", Severity.WARNING, AlertState.RESOLVED, at, at, at + MINUTE, None, None, None, ""
        )
        for number, at in enumerate(spikes, start=1)
    ]
    writer = await Writer.open(path, now=now)
    await writer.begin_term(engine_row(now))
    config = ConfigRow(now, "d1", {"rules": [{"id": "slow", "integration": "payments"}]})
    await writer.commit(Batch(durable=True, observations=looks, alerts=alerts, config=config))
    await writer.close()


def shop(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = folder / "config.toml"
    path.write_text(CONFIG)
    asyncio.run(fill(folder / "standby.db"))
    monkeypatch.chdir(folder)
    return path


def test_what_review_complains_of_is_tried_shown_and_applied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = shop(tmp_path, monkeypatch)
    assert main(["--config", str(path), "rules", "suggest", "--days", "1"]) == 0
    out, err = capsys.readouterr()
    assert out == (
        "--- a/config.toml\n+++ b/config.toml\n@@ -23,3 +23,4 @@\n"
        ' id = "slow"\n integration = "payments"\n when = "latency_ms > 800.0"   # as the shop can bear\n+for = "1m"\n'
    )
    assert err.startswith("# payments/slow would have fired ")
    assert path.read_text() == CONFIG
    assert main(["--config", str(path), "rules", "suggest", "slow", "--days", "1", "--apply"]) == 0
    assert path.read_text() == CONFIG + 'for = "1m"\n'


def test_review_names_the_better_setting_when_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = shop(tmp_path, monkeypatch)
    assert main(["--config", str(path), "rules", "review", "--suggest"]) == 0
    assert 'payments/slow: with for = "1m" it would have fired 0 times rather than ' in capsys.readouterr().out
    assert main(["--config", str(path), "rules", "review", "--suggest", "--json"]) == 0
    [one] = json.loads(capsys.readouterr().out)["rules"]
    assert (one["rule"], one["suggestion"]["keys"]) == ("payments/slow", {"for": "1m"})
    assert main(["--config", str(path), "rules", "review", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rules"][0]["suggestion"] is None


def test_json_has_the_effect_and_what_it_would_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = shop(tmp_path, monkeypatch)
    assert main(["--config", str(path), "rules", "suggest", "slow", "--json", "--days", "1"]) == 0
    [one] = json.loads(capsys.readouterr().out)["suggestions"]
    assert (one["rule"], one["keys"], one["fired"], one["incidents"]) == ("payments/slow", {"for": "1m"}, 0, 0)
    assert one["fired_before"] >= 30
    assert one["text"].endswith("and there was no incident to miss (by 6 hours of history)")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["nothing"], 2, "there is no [[rule]] 'nothing'; there are slow"),
        (["payments/no-such"], 2, "there is no [[rule]] 'payments/no-such'"),
        (["payments/down"], 2, "rule payments/down is built in, so no file has settings of it"),
        (["payments/failing"], 2, "rule payments/failing is of a template, so no file has settings of it"),
        (["--days", "0"], 2, "--days: write a number from 1 to 366"),
        (["slow", "--apply"], 5, "rules suggest --apply refused: --read-only was given"),
    ],
)
def test_what_cannot_be_done_is_said(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    code: int,
    said: str,
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(CONFIG)
    monkeypatch.chdir(tmp_path)
    assert main(["--config", str(path), "--read-only", "rules", "suggest", *words]) == code
    assert said in capsys.readouterr().err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_a_file_that_may_not_be_written_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = shop(tmp_path, monkeypatch)
    path.chmod(0o444)
    assert main(["--config", str(path), "rules", "suggest", "slow", "--days", "1", "--apply"]) == 5
    assert "may not be written by this user; apply the diff by hand" in capsys.readouterr().err
    assert path.read_text() == CONFIG
