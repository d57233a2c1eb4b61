"""`standby rules test`: exit codes, lines for people, JSON and JUnit."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from standby.cli.main import main

FILE = """
[[vendor]]
id = "acme"
[[integration]]
id = "payments"
vendor = "acme"
criticality = "critical"
[[check]]
id = "pay"
integration = "payments"
attempts = 1

[[test]]
name = "down is told"
series = { pay = "up, down" }
expect = [{ at = "1m", alerts = { down = "firing" } }]

[[test]]
name = "up is quiet"
series = { pay = "up x5" }
expect = [{ at = "5m", alerts = { down = "@" } }]
"""


def run(folder: Path, state: str, *words: str) -> int:
    file = folder / "t.toml"
    file.write_text(FILE.replace("@", state))
    return main(["rules", "test", str(file), *words])


def test_all_as_expected(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "inactive") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line[:4] for line in lines] == ["ok  ", "ok  ", "", "2 te"]


def test_what_is_not_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "firing") == 1
    said = capsys.readouterr().out
    assert "t.toml:21: test[up is quiet]: payments/down at 5m: expected firing, got inactive\n" in said
    assert said.endswith("2 tests, 1 failed\n")


def test_the_same_for_scripts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    junit = tmp_path / "junit.xml"
    assert run(tmp_path, "pending", "--json", "--junit", str(junit)) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["summary"] == {"passed": 1, "failed": 1}
    assert [test["ok"] for test in found["tests"]] == [True, False]
    [failure] = found["tests"][1]["failures"]
    assert (failure["line"], failure["at"], failure["expected"], failure["got"]) == (21, "5m", "pending", "inactive")
    [suite] = ET.fromstring(junit.read_bytes())
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    assert [len(case) for case in suite] == [0, 1]


def test_a_mistake_is_told_of_every_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "quiet", str(tmp_path / "none.toml")) == 2
    said = capsys.readouterr().err
    assert "is not one of inactive, pending" in said
    assert "none.toml:1: there is no such file" in said


def test_a_report_that_cannot_be_written_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "inactive", "--junit", str(tmp_path)) == 2
    assert "name a file that can be written" in capsys.readouterr().err
