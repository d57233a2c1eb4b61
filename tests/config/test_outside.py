"""What others see of a configuration: screens, scripts, editors, a reload."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.config.kinds import GOOD, KINDS, loaded, write

from standby.config.diff import diff
from standby.config.discover import sample_path
from standby.config.load import load
from standby.config.reference import markdown
from standby.config.schema import schema
from standby.config.show import HIDDEN, as_toml, shown
from standby.config.view import view
from standby.config.whole import Config
from standby.engine.kinds import kinds

ROOT = Path(__file__).resolve().parents[2]


def test_the_view_has_what_screens_need(tmp_path: Path) -> None:
    document = view(loaded(tmp_path))
    assert json.loads(json.dumps(document)) == document
    assert document["name"] == "shop-eu"
    assert document["environment"] == "production"
    assert document["integrations"][0] == {
        "id": "payments", "name": "payments", "vendor": "acme-pay", "vendor_name": "Acme Pay", "runs_on": [],
        "criticality": "critical", "owner": "payments", "rto_ns": 300_000_000_000, "rpo_ns": 60_000_000_000,
        "runbook": None,
        "data": ["card data", "e-mail"],
        "depends_on": ["inventory"],
        "policy": None,
    }  # fmt: skip
    assert document["checks"][0] == {
        "id": "payments-api", "integration": "payments", "kind": "http", "every_ns": 10_000_000_000,
        "timeout_ns": 5_000_000_000, "attempts": 3, "target": "https://api.acme-pay.example/health",
        "risks": [],
        "stated": False,
            "contract": "",
    }  # fmt: skip
    assert document["checks"][1]["target"] == "stock.example:2775"
    assert [(rule["id"], rule["integration"]) for rule in document["rules"]] == [
        ("payments-errors", "payments"), ("down", "inventory"),
    ]  # fmt: skip
    assert document["rules"][0]["for_ns"] == 30_000_000_000


def test_targets_tell_no_secrets(tmp_path: Path) -> None:
    text = GOOD.replace("/health", "/health?api_key=hunter2#frag")
    assert "hunter2" not in json.dumps(view(loaded(tmp_path, text)))


def test_what_is_shown_hides_what_may_be_secret(tmp_path: Path) -> None:
    text = GOOD.replace("/health", "/health?api_key=hunter2&page=1").replace(
        "env:ACME_TOKEN", "Bearer cmd:pass hunter2"
    )
    text += (
        '[[check]]\nid = "plugin"\nintegration = "payments"\nkind = "command"\n'
        'command = ["check", "--password", "hunter2", "--token=hunter2", "-H", "host"]\n'
    )
    document = shown(loaded(tmp_path, text))
    assert "hunter2" not in as_toml(document)
    api, _, plugin = document["check"]
    assert api["url"] == f"https://api.acme-pay.example/health?api_key={HIDDEN}&page=1"
    assert api["headers"] == {"Authorization": "Bearer cmd:pass …", "Accept": "application/json"}
    assert plugin["command"] == ["check", "--password", HIDDEN, f"--token={HIDDEN}", "-H", "host"]
    assert (api["timeout"], api["retry_every"], document["standby"]["linger"]) == ("5s", "10s", "30s")


def test_what_is_shown_reads_back_as_the_same(tmp_path: Path) -> None:
    for config in (loaded(tmp_path), load(sample_path(), kinds())):
        known = KINDS if config.path.parent == tmp_path else kinds()
        again = load(write(tmp_path, as_toml(shown(config)), "again.toml"), known)
        assert again.digest == config.digest


def test_the_schema_says_what_loading_says() -> None:
    document = schema(kinds())
    assert json.loads(json.dumps(document)) == document
    branches = document["properties"]["check"]["items"]["oneOf"]
    found = {document["$defs"][one["$ref"].rpartition("/")[2]]["properties"]["kind"]["const"] for one in branches}
    assert found == set(kinds().checks)
    for table in document["$defs"].values():
        if table.get("type") == "object" and "properties" in table:
            assert table["additionalProperties"] is False
    rule = document["$defs"]["Rule"]
    assert "for" in rule["properties"]
    assert rule["required"] == ["id", "integration", "when"]


def test_every_key_of_the_sample_is_in_the_schema() -> None:
    import tomllib

    document = schema(kinds())
    data = tomllib.loads(sample_path().read_text())
    assert set(data) <= set(document["properties"])
    defined = document["$defs"]
    by_kind: dict[str, Any] = {
        table["properties"]["kind"]["const"]: table
        for table in defined.values()
        if "const" in table.get("properties", {}).get("kind", {})
    }
    for check in data["check"]:
        assert set(check) <= set(by_kind[check["kind"]]["properties"])


def test_the_page_is_not_out_of_date() -> None:
    assert (ROOT / "docs" / "configuration.md").read_text() == markdown(kinds()), "run: make docs"


def test_every_key_is_explained() -> None:
    for line in markdown(kinds()).splitlines():
        if line.startswith("| `") and line.count(" | ") == 3:
            assert not line.endswith("|  |"), line


def changed(tmp_path: Path, old: str, new: str) -> tuple[Config, Config]:
    return loaded(tmp_path), loaded(tmp_path, GOOD.replace(old, new))


def test_nothing_changed_is_nothing_to_do(tmp_path: Path) -> None:
    found = diff(*changed(tmp_path, "# first", "# a comment"))
    assert not found
    assert found.lines == ()


@pytest.mark.parametrize(
    ("old", "new", "table", "ids", "said"),
    [
        ('timeout = "5s"', 'timeout = "4s"', "checks", {"payments-api"}, "check payments-api: timeout 5s -> 4s"),
        ('"status == 200",', '"status == 201",', "checks", {"payments-api"}, "check payments-api: expect changed"),
        ("env:ACME_TOKEN", "env:OTHER", "checks", {"payments-api"}, "check payments-api: headers changed"),
        ("/health", "/health?key=x", "checks", {"payments-api"}, "check payments-api: url changed"),
        ('for = "30s"', 'for = "10s"', "rules", {"payments/payments-errors"}, "for_ 30s -> 10s"),
        ('name = "Acme Pay"', 'name = "Acme"', "vendors", {"acme-pay"}, "vendor acme-pay: name Acme Pay -> Acme"),
        ('rto = "5m"', 'rto = "6m"', "integrations", {"payments"}, "integration payments: rto 5m -> 6m"),
    ],
)
def test_a_change_is_named(tmp_path: Path, old: str, new: str, table: str, ids: set[str], said: str) -> None:
    before, after = changed(tmp_path, old, new)
    found = diff(before, after)
    assert getattr(found, table).changed == ids
    assert any(said in line for line in found.lines), found.lines
    others = {"checks", "rules", "vendors", "integrations"} - {table}
    assert not any(getattr(found, other) for other in others)


def test_what_comes_and_goes_is_named(tmp_path: Path) -> None:
    before = loaded(tmp_path)
    after = loaded(tmp_path, GOOD.replace('id = "stock"', 'id = "stock-levels"').replace('"shop-eu"', '"shop-us"'))
    found = diff(before, after)
    assert (found.checks.added, found.checks.removed) == ({"stock-levels"}, {"stock"})
    assert found.settings == {"name"}
    assert set(found.lines) == {"standby.name: shop-eu -> shop-us", "check stock-levels added", "check stock removed"}


def test_the_first_rule_of_an_integration_takes_the_built_in_ones_place(tmp_path: Path) -> None:
    own = '[[rule]]\nid = "slow"\nintegration = "inventory"\nwhen = "error_rate > 0.5"\n'
    found = diff(loaded(tmp_path), loaded(tmp_path, GOOD + own))
    assert (found.rules.added, found.rules.removed) == ({"inventory/slow"}, {"inventory/down"})


def test_a_hundred_changes_stay_readable(tmp_path: Path) -> None:
    more = "".join(f'[[vendor]]\nid = "v{n}"\n' for n in range(100))
    lines = diff(loaded(tmp_path), loaded(tmp_path, GOOD + more)).lines
    assert len(lines) == 40
    assert lines[-1] == "and 61 more changes"
