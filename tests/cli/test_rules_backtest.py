"""`standby rules backtest`: the rules in force over a store, and edited ones beside them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.engine.test_backtest import END, REAL, START, looks, store

from standby.cli.main import main
from standby.domain.units import HOUR, format_instant
from standby.store.rows import Batch

CONFIG = """
[standby]
name = "test"
environment = "development"
[[vendor]]
id = "acme"
[[integration]]
id = "payments"
vendor = "acme"
criticality = "critical"
[[check]]
id = "pay"
integration = "payments"
kind = "tcp"
host = "192.0.2.1"
port = 80
every = "20s"
timeout = "5s"
attempts = 1
[[rule]]
id = "r"
integration = "payments"
when = "outcome == 'down'"
for = "5m"
"""


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    (tmp_path / "config.toml").write_text(CONFIG)
    return await store(tmp_path, Batch(observations=looks(), alerts=REAL), sums_before=START + 3 * HOUR)


def run(path: Path, *words: str, config: str = "config.toml") -> int:
    folder = path.parents[1]
    span = ["--from", format_instant(START), "--to", format_instant(END)]
    return main(["--config", str(folder / config), "--store", str(path), "rules", "backtest", *span, *words])


def rows(said: str) -> dict[str, list[str]]:
    """The cells of the table, by rule."""
    lines = [re.split(r"\s{2,}", line) for line in said.splitlines()]
    return {cells[0]: cells[1:] for cells in lines if "/" in cells[0] and len(cells) > 1}


def test_each_rule_is_a_line(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(path) == 0
    said = capsys.readouterr().out
    assert rows(said)["payments/r"] == ["1", "5m00s", "0", "2", "1", "1", "0", "0"]
    assert "720 of them are from sums of minutes (before 2026-09-21T03:00:00Z)" in said


def test_an_edited_configuration_stands_beside(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edited = path.parents[1] / "edited.toml"
    edited.write_text(CONFIG.replace('"5m"', '"1m"') + CONFIG[CONFIG.index("[[rule]]") :].replace('"r"', '"twice"'))
    assert run(path, "--config", str(edited)) == 0
    found = rows(capsys.readouterr().out)
    assert found["payments/r"][:2] == ["1 → 2", "5m00s → 10m01s"]
    assert found["payments/twice"][0] == "- → 1"


def test_one_rule_is_told_firing_by_firing(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(path, "--rule", "r") == 0
    said = capsys.readouterr().out
    assert list(rows(said)) == ["payments/r"]
    assert "payments/r would have fired once" in said
    assert "    met #1 warning payments/r of 2026-09-21T01:05:00Z" in said
    assert "  missed #2 warning payments/r of 2026-09-21T03:00:00Z" in said


def test_the_same_for_scripts(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(path, "--json", "--rule", "payments/r") == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    [rule] = found["rules"]
    assert (rule["integration"], rule["rule"], "edited" in rule) == ("payments", "r", False)
    present = rule["present"]
    assert (present["fired"], present["real"], present["missed"]) == (1, [1, 2], [2])
    assert [firing["met"] for firing in present["firings"]] == [[1]]


def test_of_templates_only_what_came_of_one_is_a_line(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(path) == 0
    said = capsys.readouterr().out
    quiet = [name for name in rows(said) if name.partition("/")[2] in ("failing", "degraded", "slow", "certificate")]
    assert quiet == []
    assert " of templates that neither fired nor would have; `--rule` and --json tell of each" in said
    assert run(path, "--rule", "payments/degraded") == 0
    assert rows(capsys.readouterr().out)["payments/degraded"][0] == "0"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--rule", "rr"], '--rule: there is no rule "rr"; did you mean "r"?'),
        (["--days", "0"], "--days: write a number from 1 to"),
        (["--from", "yesterday"], "--from: 'yesterday' is not an instant"),
        (["--config", "/none.toml"], "/none.toml:1: there is no such file"),
    ],
)
def test_a_mistake_is_said(path: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str) -> None:
    assert run(path, *words) == 2
    assert said in capsys.readouterr().err


def test_shares_say_the_same_as_one_process(path: Path) -> None:
    """Two processes, each with one integration."""
    from standby.config.load import load
    from standby.engine.kinds import kinds
    from standby.engine.trials.backtest import backtest

    file = path.parents[1] / "two.toml"
    more = CONFIG[CONFIG.index("[[integration]]") :]
    more = more.replace('"payments"', '"other"').replace('"pay"', '"else"').replace('"r"', '"q"')
    file.write_text(CONFIG + more)
    config = load(file, kinds())
    alone, shared = (backtest(config, path, START, END, workers=count) for count in (1, 2))
    assert [(one.key, one.fired, one.lasted) for one in shared.rules] == [
        (one.key, one.fired, one.lasted) for one in alone.rules
    ]
    assert (shared.observations, shared.from_sums) == (alone.observations, alone.from_sums)
