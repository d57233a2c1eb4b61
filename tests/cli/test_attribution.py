"""`standby attribution` on a store whose past is known."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from standby.cli.main import main
from standby.domain.attribution import KIND, OVER
from standby.domain.units import DAY, HOUR, MINUTE
from standby.engine.clock import SystemClock
from standby.store.rows import AuditRow, Batch, ConfigRow, EngineRow, GapRow
from standby.store.writer import Writer

DOC = {
    "name": "shop-eu",
    "integrations": [
        {"id": "payments", "name": "Payments", "vendor_name": "Acme Pay"},
        {"id": "mail", "name": "Mail", "vendor_name": "Acme Post"},
    ],
    "checks": [],
}
PAGE = "them: page says down; we measure it too, and saw it 6m before"


@pytest.fixture
async def store(tmp_path: Path) -> Path:
    """An engine began 10 days ago, was away for an hour within a trouble of two, and watched until now."""
    path = tmp_path / "s" / "standby.db"
    now = SystemClock().now()
    writer = await Writer.open(path, now=now)
    await writer.begin_term(EngineRow(0, "service", 1, "h", "u", "0", "d", now - 10 * DAY, now))
    ago = [
        (10 * DAY, "started", "engine", "the engine started"),
        (9 * DAY, KIND, "integration:payments", "them: we measure it: api"),
        (9 * DAY - 6 * MINUTE, KIND, "integration:payments", PAGE),
        (9 * DAY - 2 * HOUR, KIND, "integration:payments", OVER),
        (2 * DAY, KIND, "integration:mail", "us: our credentials: api"),
        (2 * DAY - 30 * MINUTE, KIND, "integration:mail", OVER),
        (HOUR, KIND, "integration:mail", "between us: api: no way there, or none back"),
    ]
    audits = [AuditRow(now - before, "engine", "", *line) for before, *line in ago]
    gap = GapRow(now - 9 * DAY + 30 * MINUTE, now - 9 * DAY + 90 * MINUTE, "engine away")
    await writer.commit(Batch(audits=audits, gaps=[gap], config=ConfigRow(now, "d", DOC)))
    await writer.close()
    return path


def attribution(store: Path, *options: str) -> int:
    return main(["--store", str(store), "attribution", *options])


async def test_the_sums_and_the_cases(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert attribution(store, "--days", "30", "--json") == 0
    whole = json.loads(capsys.readouterr().out)
    payments, mail = whole["integrations"]
    assert (payments["vendor"], payments["theirs_s"], payments["ours_s"], payments["lead_s"]) == (
        "Acme Pay", 3600, 0, 360,
    )  # fmt: skip
    [case] = payments["cases"]
    assert (case["side"], case["unwatched_s"], case["says"], case["theirs_s"]) == ("theirs", 3600, PAGE, 3600)
    assert (mail["ours_s"], mail["lead_s"], [one["side"] for one in mail["cases"]]) == (1800, None, ["ours", "path"])
    assert mail["cases"][1]["to"] is None
    assert 3600 <= mail["path_s"] < 3700
    assert payments["coverage"] == pytest.approx((10 * 24 - 1) / (30 * 24), abs=1e-3)
    assert payments["unwatched_s"] == pytest.approx(20 * 86_400 + 3600, abs=60)


async def test_for_a_person(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert attribution(store, "payments", "--days", "10") == 0
    lines = capsys.readouterr().out.splitlines()
    assert " ".join(lines[2].split()) == "VENDOR INTEGRATION CASES THEIRS OURS PATH UNKNOWN WATCHED LEAD"
    assert lines[3].split() == ["Acme", "Pay", "Payments", "1", "1h00m", "-", "-", "-", "99.5%", "6m00s"]
    assert "2h00m Payments 6m00s them: page says down;" in " ".join(lines[6].split())
    assert lines[6].endswith("(1h00m of it unseen)")
    assert "Mail" not in "".join(lines)


async def test_a_window_after_the_trouble(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert attribution(store, "payments", "--days", "1", "--json") == 0
    [one] = json.loads(capsys.readouterr().out)["integrations"]
    assert (one["cases"], one["theirs_s"], one["coverage"]) == ([], 0, 1.0)


async def test_what_cannot_be_asked(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert attribution(store, "nope") == 2
    assert "there is no integration 'nope'; there are payments, mail" in capsys.readouterr().err
    assert attribution(store, "--days", "0") == 2
