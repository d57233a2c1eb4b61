"""What keeps alerts quiet by the configuration: inhibitions, and what an integration needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from standby.config.show import shown
from standby.domain.inhibition import Rule
from standby.domain.matchers import parse_matcher

from .kinds import GOOD, complaints, loaded

INHIBIT = """
[[inhibit]]
id = "network"
source = ["integration=inventory", 'severity=~"critical|warning"']
target = ["integration!=inventory"]
equal = ["environment"]
"""


def test_it_is_read_as_a_rule(tmp_path: Path) -> None:
    config = loaded(tmp_path, GOOD + INHIBIT)
    [inhibit] = config.inhibitions
    source = (parse_matcher("integration=inventory"), parse_matcher('severity=~"critical|warning"'))
    assert inhibit.rule() == Rule(source, (parse_matcher("integration!=inventory"),), ("environment",))
    assert shown(config)["inhibit"][0]["id"] == "network"


@pytest.mark.parametrize(
    ("written", "instead", "said"),
    [
        ('"integration!=inventory"', '"integration ! inventory"', "target[0]: 'integration ! inventory' is not a"),
        ('["integration!=inventory"]', "[]", "target: is too short; write at least 1"),
        ('"integration=inventory", ', '"vendor=~.*", ', None),
        ("source = [", "source = [] #", 'source: names no label that a source has; write one like ["integration='),
        ('id = "network"', "", "id: is missing"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, written: str, instead: str, said: str | None) -> None:
    lines = complaints(tmp_path, GOOD + INHIBIT.replace(written, instead))
    assert (said is None and lines == []) or any(str(said) in line for line in lines)


def test_what_is_needed_and_by_whom(tmp_path: Path) -> None:
    more = '[[integration]]\nid = "shop"\nvendor = "acme-pay"\ndepends_on = ["payments", ["inventory", "payments"]]\n'
    config = loaded(tmp_path, GOOD + more)
    assert config.needs == {"payments": (("inventory",),), "shop": (("payments",), ("inventory", "payments"))}
    assert config.needed_by == {"inventory": ("payments", "shop"), "payments": ("shop",)}
