"""`standby config check|schema|show` as a person calls it."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from tests.config.kinds import GOOD, write

from standby.cli.main import main
from standby.config.discover import sample_path


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(words)
    said = capsys.readouterr()
    return code, said.out, said.err


def test_a_good_one_is_counted(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, err = run(capsys, "--config", str(sample_path()), "config", "check")
    assert (code, err) == (0, "")
    assert out.startswith("ok: 8 vendors, 8 integrations, ")


def test_all_problems_go_to_standard_error(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, GOOD.replace('timeout = "5s"', 'timeout = "5m"').replace('vendor = "stockroom"', 'vendor = "x"'))
    code, out, err = run(capsys, "config", "check")
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 2
    assert err.startswith("config.toml:")


def test_missing_secrets_are_told_unless_nobody_asks(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ACME_TOKEN", raising=False)
    path = str(write(tmp_path, GOOD))
    code, _, err = run(capsys, "--config", path, "config", "check")
    assert code == 2
    assert "secret env:ACME_TOKEN is not set" in err
    assert run(capsys, "--config", path, "config", "check", "--no-secrets")[0] == 0
    monkeypatch.setenv("ACME_TOKEN", "x")
    assert run(capsys, "--config", path, "config", "check")[0] == 0


def test_no_configuration_is_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, err = run(capsys, "--config", str(tmp_path / "no.toml"), "config", "check")
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert "there is no such file" in err


def test_what_is_shown_is_toml_or_json(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "--config", str(sample_path()), "config", "show")
    assert code == 0
    _, text, _ = run(capsys, "--config", str(sample_path()), "config", "show", "--json")
    assert tomllib.loads(out) == json.loads(text)


def test_the_schema_needs_no_configuration(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, _ = run(capsys, "config", "schema")
    assert code == 0
    assert json.loads(out)["title"] == "Standby configuration"
    assert run(capsys, "config", "schema", "--markdown")[1].startswith("# Configuration\n")
