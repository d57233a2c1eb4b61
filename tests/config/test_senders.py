"""Who may push alerts: nobody is let in unawares, and every name means one thing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.config.kinds import GOOD, loaded

from standby.config.diff import diff
from standby.config.inbound import SourceKind
from standby.config.problems import ConfigError
from standby.config.show import shown
from standby.domain.outcome import Severity
from standby.domain.units import MINUTE

ROOT = Path(__file__).resolve().parents[2]
SOURCE = """
[[source]]
id = "prom"
kind = "alertmanager"
token = "env:PROM_TOKEN"
integration = "label:service"
severity = { page = "critical" }
resolve_after = "3m"

[[source.belongs]]
match = ["job=crm", "region=~eu.*"]
integration = "payments"
"""


def test_a_source_stands_with_its_defaults(tmp_path: Path) -> None:
    (source,) = loaded(tmp_path, GOOD + SOURCE).sources
    assert (source.kind, source.most, source.open) == (SourceKind.ALERTMANAGER, 5_000, False)
    assert (source.resolve_after, source.severity) == (3 * MINUTE, {"page": Severity.CRITICAL})


@pytest.mark.parametrize(
    ("labels", "integration"),
    [
        ({"job": "crm", "region": "eu-1"}, "payments"),
        ({"job": "crm", "region": "us-1"}, ""),
        ({"job": "crm", "region": "eu-1", "service": "mail"}, "payments"),
        ({"service": "mail"}, "mail"),
    ],
)
def test_labels_say_whose_alert_it_is(tmp_path: Path, labels: dict[str, str], integration: str) -> None:
    (source,) = loaded(tmp_path, GOOD + SOURCE).sources
    assert source.wanted(labels) == integration


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('token = "env:PROM_TOKEN"\n', "", "source[prom].token: is missing; write token"),
        ('token = "env:PROM_TOKEN"', 'token = "s3cr3t"', "is not a secret reference"),
        ('token = "env:PROM_TOKEN"', 'token = "env:PROM_TOKEN"\nopen = true', "asks for no token, and there is one"),
        ('id = "prom"', 'id = "payments"', "is an integration's id as well"),
        ('id = "prom"', 'id = "standby"', "is Standby's own id as well"),
        ('integration = "payments"\n', 'integration = "paymints"\n', 'there is no integration "paymints"'),
        ('"label:service"', '"label:"', "names no label"),
        ('"job=crm"', '"job"', "is not a matcher"),
        ('kind = "alertmanager"', 'kind = "alertmanger"', 'did you mean "alertmanager"?'),
    ],
)
def test_a_mistake_is_told_with_its_mend(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, GOOD + SOURCE.replace(old, new))
    assert said in str(caught.value)


OPEN = SOURCE.replace('token = "env:PROM_TOKEN"', "open = true")


def test_without_a_token_only_this_machine_may_push(tmp_path: Path) -> None:
    assert loaded(tmp_path, GOOD + OPEN).sources[0].open
    for listen in ("0.0.0.0:8737", "192.0.2.7:8737", "ops.shop.test:8737"):
        with pytest.raises(ConfigError, match="lets everybody in who reaches listen"):
            loaded(tmp_path, GOOD.replace("[standby]\n", f'[standby]\nlisten = "{listen}"\n') + OPEN)


def test_two_open_alertmanagers_cannot_be_told_apart(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"source\[other\].open: is open as well as \"prom\""):
        loaded(tmp_path, GOOD + OPEN + OPEN.replace('"prom"', '"other"'))


def test_a_source_is_shown_and_told_when_it_changes(tmp_path: Path) -> None:
    config = loaded(tmp_path, GOOD + SOURCE)
    assert shown(config)["source"][0]["token"] == "env:PROM_TOKEN"
    assert [use.key for use in config.secrets if "source" in use.key] == ["source[prom].token"]
    other = loaded(tmp_path, GOOD + SOURCE.replace('"3m"', '"4m"'))
    assert diff(config, other).lines == ("source prom: resolve_after 3m -> 4m",)
    assert config.digest != other.digest


def test_the_example_of_the_page_loads(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "inbound.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"^```toml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    (source,) = loaded(tmp_path, example).sources
    assert source.wanted({"job": "crm", "region": "eu-1"}) == "payments"
