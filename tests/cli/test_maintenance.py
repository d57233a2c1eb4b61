"""`standby maintenance list`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.config.kinds import GOOD, write

from standby.cli.main import main
from standby.domain.units import parse_instant
from standby.engine.clock import SystemClock

WINDOWS = """
[[maintenance]]
id = "nightly"
vendors = ["acme-pay"]
zone = "Europe/Berlin"
times = ["22:00-24:00"]
reason = "backup"

[[maintenance]]
id = "past"
integrations = ["payments"]
zone = "UTC"
from = "2026-01-01T00:00:00Z"
to = "2026-01-01T01:00:00Z"
"""


@pytest.fixture
def at_night(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SystemClock, "now", lambda _: parse_instant("2026-10-23T20:30:00Z"))


def run(folder: Path, text: str, *words: str) -> int:
    return main(["--config", str(write(folder, text)), "maintenance", "list", *words])


@pytest.mark.usefixtures("at_night")
def test_the_next_five_in_the_zone_and_in_utc(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, GOOD + WINDOWS, "--json") == 0
    nightly, past = json.loads(capsys.readouterr().out)
    assert (nightly["id"], nightly["on"], len(nightly["next"])) == ("nightly", True, 5)
    assert nightly["next"][0]["from"] == "2026-10-23T20:30:00.000Z"
    assert nightly["next"][1]["from_local"] == "2026-10-24T22:00:00+02:00"
    assert nightly["next"][2] == {
        "from": "2026-10-25T21:00:00.000Z",
        "to": "2026-10-25T23:00:00.000Z",
        "from_local": "2026-10-25T22:00:00+01:00",
        "to_local": "2026-10-26T00:00:00+01:00",
    }
    assert (past["on"], past["next"]) == (False, [])


@pytest.mark.usefixtures("at_night")
def test_it_is_a_table_for_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, GOOD + WINDOWS) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + 5 + 1
    assert lines[1].split()[:2] == ["nightly", "on"]
    assert lines[-1].split() == ["past", "off", "over"]


def test_none_is_said_and_what_is_broken_as_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, GOOD) == 0
    assert capsys.readouterr().out == "no maintenance is planned\n"
    assert run(tmp_path, GOOD + WINDOWS.replace("Europe/Berlin", "Europe/Bonn")) == 2
    assert "maintenance[nightly].zone: there is no zone" in capsys.readouterr().err


@pytest.mark.usefixtures("at_night")
def test_named_times_are_listed_the_same_way(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    night = '[[time_interval]]\nid = "night"\nzone = "Europe/Berlin"\ntimes = ["22:00-24:00", "00:00-06:00"]\n'
    config = ["--config", str(write(tmp_path, GOOD + night))]
    assert main([*config, "maintenance", "hours", "--json"]) == 0
    [found] = json.loads(capsys.readouterr().out)
    assert (found["id"], found["on"], len(found["next"])) == ("night", True, 5)
    assert found["next"][1]["to_local"] == "2026-10-25T06:00:00+01:00", "that night the clock is set back"
    assert main([*config, "maintenance", "hours"]) == 0
    assert capsys.readouterr().out.splitlines()[1].split()[:2] == ["night", "on"]
    assert main(["--config", str(write(tmp_path, GOOD)), "maintenance", "hours"]) == 0
    assert capsys.readouterr().out == "no [[time_interval]] is configured\n"
