"""What docs/saas.md shows is loaded."""

from __future__ import annotations

import re
from pathlib import Path

from standby.checks.registry import models
from standby.config.entries import Kinds
from standby.config.load import load

DOCS = Path(__file__).resolve().parents[2] / "docs"
HEAD = """
[standby]
name = "shop-eu"
environment = "production"
[[vendor]]
id = "acme-pay"
[[integration]]
id = "payments"
vendor = "acme-pay"
"""


def test_the_examples_load(tmp_path: Path) -> None:
    examples = re.findall(r"^```toml\n(.*?)^```", (DOCS / "saas.md").read_text(encoding="utf-8"), re.M | re.S)
    path = tmp_path / "config.toml"
    path.write_text(HEAD + "\n".join(examples), encoding="utf-8")
    config = load(path, Kinds(models()))
    assert {check.kind for check in config.checks} == {"datadog", "newrelic", "hubspot", "weather"}
    assert len(config.checks) == sum(example.count("[[check]]") for example in examples)
