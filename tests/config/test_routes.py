"""Routes: whatever would make a failover impossible at night is told at load."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.config.kinds import GOOD, loaded

from standby.config.diff import diff
from standby.config.problems import ConfigError
from standby.config.view import view
from standby.domain.units import MINUTE

CHECKS = """
[[check]]
id = "spare-api"
integration = "payments"
kind = "http"
url = "https://spare.example/health"
"""
ROUTE = """
[[route]]
id = "payments"
integration = "payments"
primary = "acme"
verify = "payments-api"
director = { kind = "command", set = ["/usr/local/bin/switch", "{place}"] }

[[route.target]]
id = "acme"
place = "be_acme"
check = "payments-api"
answers = "status == 200"

[[route.target]]
id = "spare"
place = "be_spare"
check = "spare-api"
"""


def test_a_route_stands_with_its_defaults(tmp_path: Path) -> None:
    config = loaded(tmp_path, GOOD + CHECKS + ROUTE)
    route = config.route_by_id["payments"]
    assert list(route.targets) == ["acme", "spare"]
    assert route.cool_down == 10 * MINUTE
    assert route.director is not None
    assert route.director.kind == "command"
    assert view(config)["routes"] == [
        {
            "id": "payments",
            "integration": "payments",
            "primary": "acme",
            "director": "command",
            "verify": "payments-api",
            "targets": [
                {"id": "acme", "place": "be_acme", "check": "payments-api"},
                {"id": "spare", "place": "be_spare", "check": "spare-api"},
            ],
        }
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('primary = "acme"', 'primary = "acne"', 'route[payments].primary: there is no target "acne" in this route'),
        ('id = "spare"', 'id = "acme"', 'route[payments].target[1].id: "acme" is another target\'s already'),
        ('place = "be_spare"', 'place = "be_acme"', 'target[1].place: "be_acme" is another target\'s already'),
        ('check = "spare-api"', 'check = "spar-api"', 'target[1].check: there is no check "spar-api"'),
        ('integration = "payments"\nprimary', 'integration = "pay"\nprimary', 'there is no integration "pay"'),
        ('verify = "payments-api"', 'verify = "nope"', 'route[payments].verify: there is no check "nope"'),
        ('verify = "payments-api"\n', "", "target[0].answers: needs an http check to be asked of"),
        ('answers = "status == 200"', 'answers = "stauts == 200"', "target[0].answers"),
        ('kind = "command"', 'kind = "comand"', "route[payments].director.kind: is not a kind of director"),
        (', set = ["/usr/local/bin/switch", "{place}"]', "", "route[payments].director.set"),
        ('director = { kind = "command", set = ["/usr/local/bin/switch", "{place}"] }', "", "director: is missing"),
        ('director = { kind = "command", set = ["/usr/local/bin/switch", "{place}"] }', "director = 3", "director"),
    ],
)
def test_each_mistake_is_told_with_its_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in ROUTE
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, GOOD + CHECKS + ROUTE.replace(old, new, 1))
    assert said in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_one_target_is_no_route(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="has nowhere else to go"):
        loaded(tmp_path, GOOD + CHECKS + ROUTE.rpartition("[[route.target]]")[0])


def test_a_changed_route_is_told_at_a_reload(tmp_path: Path) -> None:
    old = loaded(tmp_path, GOOD + CHECKS + ROUTE)
    new = loaded(tmp_path, GOOD + CHECKS + ROUTE.replace('primary = "acme"', 'primary = "acme"\ncool_down = "1m"'))
    assert diff(old, new).lines == ("route payments: cool_down 10m -> 1m",)
