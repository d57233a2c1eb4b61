"""Rules against the integration that they are about."""

from __future__ import annotations

from pathlib import Path

import pytest

from standby.config.load import load
from standby.config.problems import ConfigError

from .kinds import KINDS

HEAD = """\
[standby]
name = "shop"
environment = "staging"
[[vendor]]
id = "acme"
[[integration]]
id = "pay"
vendor = "acme"
{more}
[[check]]
id = "api"
integration = "pay"
kind = "http"
url = "https://api.acme.example/"
[[integration]]
id = "sms"
vendor = "acme"
[[check]]
id = "sms-api"
integration = "sms"
kind = "http"
url = "https://sms.acme.example/"
[[rule]]
id = "r"
integration = "pay"
"""


def problems(folder: Path, rule: str, more: str = "") -> str:
    path = folder / "config.toml"
    path.write_text(HEAD.format(more=more) + rule)
    with pytest.raises(ConfigError) as caught:
        load(path, KINDS)
    return str(caught.value)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (
            """when = "checks['sms-api'].outcome == 'down'\"""",
            'config.toml:26: rule[r].when: integration "pay" has no check "sms-api"; did you mean "api"?',
        ),
        (
            "when = \"burn_page || outcome == 'down'\"",
            "config.toml:26: rule[r].when: burn_page needs an objective; write objective = 99.9 here or at its",
        ),
        (
            """when = "failures >= 1"\nat_least = "6 of 5\"""",
            'config.toml:27: rule[r].at_least: is not so many of so many, at most 1000; write one like "3 of 5"',
        ),
        ('when = "failures >= 1"\nobjective = 100', "config.toml:27: rule[r].objective:"),
    ],
)
def test_a_rule_that_does_not_fit_is_refused_with_its_line(tmp_path: Path, rule: str, said: str) -> None:
    assert said in problems(tmp_path, rule)


def test_the_objective_of_the_integration_is_that_of_its_rules(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(HEAD.format(more="objective = 99.95") + 'when = "burn_page"')
    assert load(path, KINDS).rules[0].when == "burn_page"
