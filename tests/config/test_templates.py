"""Rule templates: which are in force for whom, and how loud they are."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from standby.config.cel import compile_rule
from standby.config.load import load
from standby.config.models import Rule
from standby.config.problems import ConfigError
from standby.config.templates import IDS, ORDER, TEMPLATES
from standby.config.view import view
from standby.config.whole import Config
from standby.domain.outcome import Criticality
from standby.domain.units import HOUR, MINUTE
from standby.engine.kinds import kinds

HTTP = '[[check]]\nid = "api"\nintegration = "pay"\nkind = "http"\nurl = "https://api.acme.example/"\n'
PLAIN = '[[check]]\nid = "port"\nintegration = "pay"\nkind = "tcp"\nhost = "acme.example"\nport = 25\n'
PAGE = '[[check]]\nid = "page"\nintegration = "pay"\nkind = "statuspage"\nurl = "https://status.acme.example"\n'
DOMAIN = '[[check]]\nid = "name"\nintegration = "pay"\nkind = "domain"\ndomain = "acme.example"\n'


def rule(when: str, name: str = "own", more: str = "") -> str:
    return f'[[rule]]\nid = "{name}"\nintegration = "pay"\nwhen = "{when}"\n{more}'


def written(folder: Path, rest: str, integration: str = 'criticality = "critical"', alerting: str = "") -> Config:
    path = folder / "config.toml"
    path.write_text(
        f'[standby]\nname = "shop"\nenvironment = "staging"\n{alerting}\n'
        f'[[vendor]]\nid = "acme"\n[[integration]]\nid = "pay"\nvendor = "acme"\n{integration}\n{rest}'
    )
    return load(path, kinds())


def ids(config: Config) -> list[str]:
    return [one.id for one in config.templates]


@pytest.mark.parametrize(
    ("integration", "rest", "expected"),
    [
        ('criticality = "critical"', HTTP, ["failing", "degraded", "slow", "certificate"]),
        ('criticality = "medium"', HTTP, ["failing", "degraded", "slow", "certificate"]),
        ('criticality = "low"', HTTP, ["certificate"]),
        ('criticality = "low"', PLAIN, []),
        ("", PLAIN, ["failing", "degraded", "slow"]),
        ("", "", []),  # nothing looks at it
        ("objective = 99.9", PLAIN, ["budget-fast", "budget-slow", "degraded", "slow"]),
        ("", PLAIN + PAGE, ["failing", "stated", "degraded", "slow"]),
        ("", PLAIN + DOMAIN, ["failing", "degraded", "slow", "domain"]),
        ("templates = false", HTTP, []),
        ("templates = true", PLAIN, ["failing", "degraded", "slow"]),
        ('templates = ["slow", "domain"]', HTTP, ["slow"]),
        ("templates = []", HTTP, []),
    ],
)
def test_what_can_say_something_about_an_integration_is_in_force(
    tmp_path: Path, integration: str, rest: str, expected: list[str]
) -> None:
    assert ids(written(tmp_path, rest, integration)) == expected


@pytest.mark.parametrize(
    ("own", "gone"),
    [
        (rule("metrics.queue > 4.0"), set()),
        (rule("error_rate > 0.3"), {"failing"}),
        (rule("outcome == 'down'"), {"failing"}),
        (rule("outcome == 'degraded' || availability < 0.9"), {"failing", "degraded"}),
        (rule("deviation.latency_ms > 4.0"), {"slow"}),
        (rule("checks['api'].latency_p99_ms > 900.0"), {"slow"}),
        (rule("certificate_days < 30.0"), {"certificate"}),
        (rule("burn_page", more="objective = 99.9\n"), {"failing"}),
        (rule("metrics.queue > 4.0", "slow"), {"slow"}),  # the id alone takes its place
    ],
)
def test_a_rule_of_the_users_takes_the_place_of_what_says_the_same(tmp_path: Path, own: str, gone: set[str]) -> None:
    assert {"failing", "degraded", "slow", "certificate"} - set(ids(written(tmp_path, HTTP + own))) == gone


def test_a_rule_of_another_integration_takes_no_place(tmp_path: Path) -> None:
    other = '[[integration]]\nid = "sms"\nvendor = "acme"\ncriticality = "high"\n'
    other += PLAIN.replace("port", "sms-port", 1).replace('integration = "pay"', 'integration = "sms"')
    found = written(tmp_path, PLAIN + other + rule("error_rate > 0.3", "failing")).templates
    assert [(one.integration, one.id) for one in found] == [
        ("pay", "degraded"), ("pay", "slow"), ("sms", "failing"), ("sms", "degraded"), ("sms", "slow"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("alerting", "integration", "expected"),
    [
        ("templates = false", "", []),
        ('templates = ["slow"]', "", ["slow"]),
        ("templates = false", "templates = true", ["failing", "degraded", "slow"]),
        ('templates = ["slow"]', 'templates = ["failing"]', ["failing"]),
    ],
)
def test_an_integration_may_say_it_otherwise_than_the_whole(
    tmp_path: Path, alerting: str, integration: str, expected: list[str]
) -> None:
    assert ids(written(tmp_path, PLAIN, integration, f"[alerting]\n{alerting}")) == expected


@pytest.mark.parametrize(
    ("alerting", "integration", "said"),
    [
        ("", 'templates = ["slwo"]', 'integration[pay].templates[0]: "slwo" is no rule template; did you mean "slow"?'),
        ("", "templates = 3", "integration[pay].templates"),
        ('[alerting]\ntemplates = ["nothing"]', "", 'alerting.templates[0]: "nothing" is no rule template'),
    ],
)
def test_a_template_that_is_none_is_told_with_its_line(
    tmp_path: Path, alerting: str, integration: str, said: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        written(tmp_path, PLAIN, integration, alerting)
    assert said in str(caught.value)
    assert len(caught.value.problems) == 1


def every_rule(folder: Path, criticality: Criticality, every: str = "1m") -> dict[str, Rule]:
    checks = "".join(f'{one}every = "{every}"\n' for one in (HTTP, PAGE, DOMAIN))
    found: dict[str, Rule] = {}
    for objective in ("", "objective = 99.9"):
        config = written(folder, checks, f'criticality = "{criticality}"\n{objective}')
        found |= {one.id: one for one in config.templates}
    return found


def test_the_more_depends_on_it_the_sooner_and_the_louder(tmp_path: Path) -> None:
    levels = [every_rule(tmp_path, one) for one in Criticality]
    assert set(levels[0]) == set(IDS)
    for name in IDS:
        held = [level[name] for level in levels if name in level]
        assert held == [level[name] for level in levels[: len(held)]]  # none is skipped on the way down
        for more, less in itertools.pairwise(held):
            assert more.severity.loudness <= less.severity.loudness
            assert (more.window, more.for_) <= (less.window, less.for_)


@pytest.mark.parametrize("every", ["1s", "1m", "5m", "1h"])
def test_conditions_compile_and_windows_hold_enough_looks(tmp_path: Path, every: str) -> None:
    for one in every_rule(tmp_path, Criticality.CRITICAL, every).values():
        compile_rule(one.when)
        assert one.window >= {"1s": 10 * MINUTE, "1m": 10 * MINUTE, "5m": 50 * MINUTE, "1h": 10 * HOUR}[every]
    assert every_rule(tmp_path, Criticality.CRITICAL, every)["slow"].for_ > one.window  # no single look is enough


def test_the_order_knows_every_template_but_those_about_ends() -> None:
    assert set(IDS) - set(ORDER) == {"certificate", "domain"}
    assert [one.id for one in TEMPLATES if one.id in ORDER] == [name for name in ORDER if name in IDS]


def test_screens_and_scripts_have_them_beside_the_rules(tmp_path: Path) -> None:
    document: dict[str, Any] = view(written(tmp_path, HTTP))
    assert [one["id"] for one in document["rules"]] == ["down"]
    assert [one["id"] for one in document["templates"]] == ["failing", "degraded", "slow", "certificate"]


def test_each_rule_has_its_place(tmp_path: Path) -> None:
    config = written(tmp_path, HTTP + rule("error_rate > 0.3"))
    [(key, place)] = config.places.items()
    line = (tmp_path / "config.toml").read_text().splitlines().index("[[rule]]") + 1
    assert key == ("pay", "own")
    assert place.endswith(f"config.toml:{line}")
