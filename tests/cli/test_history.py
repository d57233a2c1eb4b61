"""`standby history` on a store with a known past."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from standby.cli.main import main
from standby.domain import settled
from standby.domain.observation import Observation, Phases
from standby.domain.outcome import Outcome
from standby.domain.units import HOUR, MINUTE, format_instant
from standby.engine.clock import SystemClock
from standby.store.history_csv import HEAD
from standby.store.rows import AuditRow, Batch, ConfigRow, EngineRow
from standby.store.writer import Writer

DOC = {
    "name": "shop-eu",
    "integrations": [{"id": "payments", "name": "Payments"}, {"id": "idle", "name": "Idle"}],
    "checks": [
        {"id": "api", "integration": "payments", "kind": "http", "every_ns": MINUTE},
        {"id": "tls", "integration": "payments", "kind": "tls", "every_ns": HOUR},
    ],
}


@pytest.fixture
async def store(tmp_path: Path) -> Path:
    """Six hours of a check every minute, failing for ten minutes of the last but one; rolled up to half an hour ago."""
    path = tmp_path / "s" / "standby.db"
    now = SystemClock().now() // MINUTE * MINUTE
    writer = await Writer.open(path, now=now)
    await writer.begin_term(EngineRow(0, "service", 1, "h", "u", "0", "d", now, now))
    down = range(now - 100 * MINUTE, now - 90 * MINUTE, MINUTE)
    phases = Phases(connect=20.0, first_byte=30.0)
    seen = [
        Observation(
            "api", at, at, Outcome.DOWN if at in down else Outcome.UP, latency_ms=50 + at // MINUTE % 10, phases=phases
        )
        for at in range(now - 6 * HOUR, now, MINUTE)
    ]
    seen += [Observation("tls", at, at, Outcome.UP) for at in range(now - 6 * HOUR, now, HOUR)]
    turns = ((down[0], Outcome.UP, Outcome.DOWN), (down[-1] + MINUTE, Outcome.DOWN, Outcome.UP))
    audits = [
        AuditRow(at, "engine", "", settled.KIND, "check:api", settled.told("api", before, after, "status is 503"))
        for at, before, after in turns
    ]
    await writer.commit(Batch(observations=seen, audits=audits, config=ConfigRow(now, "d", DOC)))
    await writer.roll_up(now - 30 * MINUTE)
    await writer.roll_up(now - 30 * MINUTE)
    await writer.close()
    return path


def history(store: Path, *options: str) -> int:
    return main(["--store", str(store), "history", "payments", *options])


def test_text_for_people(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert history(store) == 0
    lines = capsys.readouterr().out.splitlines()
    assert re.search(r"by observations, coverage 2[45]\.", lines[1])
    assert "between" in lines[1]
    assert lines[2].startswith("latency p50 5")
    assert re.fullmatch(r"  connect     p50 (19|20|21) ms  p95 (19|20|21) ms  p99 (19|20|21) ms", lines[3])
    assert lines[4].startswith("  first_byte  p50 ")
    assert lines[5] == "outages 1, 10m00s in all"
    assert "10m00s" in lines[6]
    head = next(number for number, line in enumerate(lines) if line.startswith("START"))
    assert 24 <= len(lines) - head - 1 <= 26


@pytest.mark.parametrize("window", ["24h", "7d", "30d"])
def test_json_has_every_window(store: Path, window: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert history(store, "--window", window, "--json") == 0
    (found,) = json.loads(capsys.readouterr().out)["series"]
    assert found["of"] == "integration:payments"
    assert found["step_s"] == (60 if window == "24h" else 3600)
    assert found["phases_ms"]["connect"]["p95"] == pytest.approx(20.0, rel=0.041)
    assert found["phases_ms"]["first_byte"]["count"] == found["count"] - 6  # `tls` has no latency
    assert (found["count"], found["failures"]) == (366, 10)
    assert found["availability"] == pytest.approx(1 - 10 / 366)
    assert found["availability_low"] < found["availability"] < found["availability_high"]
    assert len(found["outages"]) == 1
    assert found["down_s"] == 600
    assert sum(column["count"] for column in found["columns"]) == 366
    assert found["latency_ms"]["p50"] == pytest.approx(54, abs=2)


def read_csv(text: str) -> list[dict[str, Any]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_csv_to_standard_output(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert history(store, "--csv", "-") == 0
    found = read_csv(capsys.readouterr().out)
    assert tuple(found[0]) == HEAD
    assert 1440 <= len(found) <= 1441
    assert found[0]["start"].endswith(":00.000Z")
    assert sum(int(line["failures"]) for line in found) == 10
    assert found[0]["availability"] == "", "nothing is known of it: no figure"


def test_csv_by_check(store: Path, tmp_path: Path) -> None:
    assert history(store, "--by", "check", "--csv", str(tmp_path / "out.csv")) == 0
    found = read_csv((tmp_path / "out.csv").read_text(encoding="utf-8"))
    counts = {of: sum(int(line["count"]) for line in found if line["of"] == of) for of in ("check:api", "check:tls")}
    assert counts == {"check:api": 360, "check:tls": 6}
    assert {line["of"] for line in found} == set(counts)


def test_a_span_between_two_instants(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    now = SystemClock().now() // MINUTE * MINUTE
    start, end = format_instant(now - 4 * HOUR), format_instant(now - 2 * HOUR)
    assert history(store, "--from", start, "--to", end, "--json") == 0
    (found,) = json.loads(capsys.readouterr().out)["series"]
    assert 120 <= found["count"] <= 123
    assert found["failures"] == 0
    assert found["outages"] == [], "it began later"
    assert found["coverage"] == pytest.approx(1.0, abs=0.05)


def test_an_outage_that_ended_after_the_span_has_its_end(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    now = SystemClock().now()
    start, end = format_instant(now - 3 * HOUR), format_instant(now - 95 * MINUTE)
    assert history(store, "--from", start, "--to", end, "--json") == 0
    (found,) = json.loads(capsys.readouterr().out)["series"]
    assert found["outages"][0]["to"] is not None
    assert 4 * 60 <= found["down_s"] <= 6 * 60


REFUSED = [
    (("nothing",), "there is no integration 'nothing'; there are payments, idle"),
    (("payments", "--from", "yesterday"), "--from: 'yesterday' is not an instant"),
    (("payments", "--from", "2026-01-02T00:00:00Z", "--to", "2026-01-01T00:00:00Z"), "--from must be before --to"),
    (("payments", "--from", "1971-01-01T00:00:00Z"), "longer than two years"),
    (("payments", "--csv", "/nonexistent/x.csv"), "name a file in a folder that you can write"),
]


@pytest.mark.parametrize(("words", "told"), REFUSED)
def test_errors_are_one_line(
    store: Path, words: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--store", str(store), "history", *words]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1


def test_a_file_is_never_written_over(store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "out.csv").write_text("mine")
    assert history(store, "--csv", str(tmp_path / "out.csv")) == 2
    assert "it is there already" in capsys.readouterr().err
    assert (tmp_path / "out.csv").read_text() == "mine"


def test_an_integration_that_nothing_looks_at_has_an_empty_history(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--store", str(store), "history", "idle"]) == 0
    assert "availability – by observations, coverage 0.0%" in capsys.readouterr().out
