"""What the pages of docs/ on checks show works as it stands."""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import standby.checks
from checks.conftest import Look
from checks.loopback import Authority
from standby.checks.registry import kinds as kinds_of_checks
from standby.config.load import load
from standby.config.whole import Config
from standby.engine.kinds import kinds

DOCS = Path(__file__).resolve().parents[2] / "docs"
HEAD = """
[standby]
name = "shop"
environment = "development"
[[vendor]]
id = "acme"
[[integration]]
id = "payments"
vendor = "acme"
"""


def blocks(page: str, language: str) -> list[str]:
    text = (DOCS / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def loaded(folder: Path, tables: str) -> Config:
    path = folder / "config.toml"
    path.write_text(HEAD + tables, encoding="utf-8")
    return load(path, kinds())


@pytest.mark.parametrize("example", blocks("data.md", "toml"))
def test_each_example_of_data_loads(tmp_path: Path, example: str) -> None:
    assert len(loaded(tmp_path, example).checks) == 1


def test_each_kind_of_data_has_an_example(tmp_path: Path) -> None:
    config = loaded(tmp_path, "".join(blocks("data.md", "toml")))
    assert {check.kind for check in config.checks} == {"dns", "file", "sql", "reconcile", "expected", "webhook"}


@pytest.mark.parametrize(
    ("page", "wanted", "count"),
    [
        ("monitors.md", {"prometheus", "domain", "alertmanager", "grafana"}, None),
        ("saas.md", {"datadog", "newrelic", "hubspot", "weather"}, None),
        ("status-pages.md", {"statuspage"}, None),
        ("salesforce.md", {"salesforce"}, 3),
        ("contracts.md", {"http"}, 1),
    ],
)
def test_the_examples_of_a_page_load(tmp_path: Path, page: str, wanted: set[str], count: int | None) -> None:
    examples = blocks(page, "toml")
    assert examples
    shown = "\n".join(examples)
    names = dict.fromkeys(re.findall(r'^integration = "(.*)"', shown, re.MULTILINE))
    head = "".join(f'[[integration]]\nid = "{name}"\nvendor = "acme"\n' for name in names if name != "payments")
    config = loaded(tmp_path, head + shown)
    assert {check.kind for check in config.checks} == wanted
    assert len(config.checks) == (count or shown.count("[[check]]"))


def written(start: str) -> str:
    """The Python block of the page that starts with this line."""
    [found] = [block for block in blocks("adding-a-check.md", "python") if block.startswith(f"# {start}\n")]
    return found


@pytest.fixture
def added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The kind of the page, where a new module would be."""
    (tmp_path / "imap.py").write_text(written("src/standby/checks/imap.py"), encoding="utf-8")
    monkeypatch.setattr(standby.checks, "__path__", [*standby.checks.__path__, str(tmp_path)])
    importlib.invalidate_caches()
    kinds_of_checks.cache_clear()
    yield
    kinds_of_checks.cache_clear()
    sys.modules.pop("standby.checks.imap", None)
    vars(standby.checks).pop("imap", None)


def those_of_the_page() -> Mapping[str, Any]:
    names: dict[str, Any] = {}
    exec(compile(written("tests/checks/test_imap.py"), "adding-a-check.md", "exec"), names)  # the page is ours
    return {name: found for name, found in names.items() if name.startswith("test_")}


@pytest.mark.usefixtures("added")
@pytest.mark.parametrize("name", sorted(those_of_the_page()))
async def test_the_page_can_be_followed(look: Look, trusted: Authority, name: str) -> None:
    test = those_of_the_page()[name]
    fixtures = {"look": look, "trusted": trusted}
    await test(**{argument: fixtures[argument] for argument in inspect.signature(test).parameters})


@pytest.mark.usefixtures("added")
def test_the_table_of_the_page_loads(tmp_path: Path) -> None:
    [example] = blocks("adding-a-check.md", "toml")
    [check] = loaded(tmp_path, example).checks
    assert (check.kind, check.target) == ("imap", "mail.acme.example:993")
