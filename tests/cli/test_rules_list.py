"""`standby rules list`: what is in force, and whose it is."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from standby.cli.main import main

CONFIG = """\
[standby]
name = "shop"
environment = "staging"
[[vendor]]
id = "acme"
[[integration]]
id = "pay"
vendor = "acme"
criticality = "critical"
[[integration]]
id = "weather"
vendor = "acme"
criticality = "low"
[[integration]]
id = "empty"
vendor = "acme"
[[check]]
id = "api"
integration = "pay"
kind = "http"
url = "https://api.acme.example/"
[[check]]
id = "forecast"
integration = "weather"
kind = "tcp"
host = "acme.example"
port = 80
[[rule]]
id = "slow"
integration = "pay"
check = "api"
when = "latency_ms > 400.0"
for = "30s"
keep_firing_for = "2m"
at_least = "3 of 5"
severity = "critical"
"""


@pytest.fixture
def config(tmp_path: Path) -> str:
    path = tmp_path / "config.toml"
    path.write_text(CONFIG)
    return str(path)


def test_every_rule_in_force_says_where_it_comes_from(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--config", config, "rules", "list"]) == 0
    _, *lines = capsys.readouterr().out.splitlines()
    told = [line.split() for line in lines]
    assert [line[0] for line in told] == [
        "pay/flapping", "pay/slow", "pay/failing", "pay/degraded", "pay/certificate", "pay/down", "pay/no-data",
        "pay/deviation",
        "weather/flapping", "weather/down", "weather/no-data",
    ]  # fmt: skip
    assert "config.toml:28" in lines[1]
    assert lines[1].endswith("latency_ms > 400.0 over 1m, 3 of the last 5 looks")
    assert told[1][1:4] == ["critical", "30s", "2m"]
    assert "template for critical" in lines[2]
    assert re.search(r"  built in +a check is settled as down$", lines[-2])


def test_scripts_read_the_same_of_one_integration(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--config", config, "rules", "list", "--json", "--integration", "pay"]) == 0
    rules = {one["rule"]: one for one in json.loads(capsys.readouterr().out)}
    assert set(rules) == {"flapping", "slow", "failing", "degraded", "certificate", "down", "no-data", "deviation"}
    place = rules["slow"]["from"]
    assert (place["kind"], place["line"]) == ("file", 28)
    assert place["file"].endswith("config.toml")
    assert (rules["slow"]["for_s"], rules["slow"]["keep_firing_for_s"], rules["slow"]["window_s"]) == (30, 120, 60)
    assert rules["failing"]["from"] == {"kind": "template", "file": None, "line": None}
    assert rules["no-data"]["from"]["kind"] == "built-in"
    assert rules["no-data"]["when"] is None
    assert rules["no-data"]["says"] == "a check was not seen 3 times in a row"


def test_an_integration_that_is_none_is_told(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--config", config, "rules", "list", "--integration", "pya"]) == 2
    said = capsys.readouterr().err
    assert '--integration: there is no integration "pya"; did you mean "pay"?' in said


def test_where_nothing_is_looked_at_no_rule_is_in_force(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--config", config, "rules", "list", "--integration", "empty"]) == 0
    assert capsys.readouterr().out == "no rule is in force: nothing is looked at\n"
