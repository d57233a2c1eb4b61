from __future__ import annotations

from pathlib import Path

import pytest
from tests.config.kinds import GOOD

from standby.checks.http import HttpModel
from standby.checks.reconcile import ReconcileModel
from standby.config.load import load
from standby.config.risks import risks, risks_of
from standby.engine.kinds import kinds


def told(**keys: object) -> list[str]:
    return [one.what for one in risks_of(HttpModel.model_validate({"id": "c", "integration": "i", **keys}))]


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"url": "https://api.acme.example/"}, []),
        ({"url": "https://api.acme.example/", "verify": "ca.pem"}, []),
        ({"url": "https://api.acme.example/", "verify": False}, ["verify = false"]),
        ({"url": "http://api.acme.example/x?key=1"}, ["plain http to api.acme.example:"]),
        ({"url": "HTTP://10.0.0.1/", "verify": False}, ["verify = false", "plain http to 10.0.0.1:"]),
        ({"url": "http://localhost:8080/"}, []),
        ({"url": "http://127.0.0.9/"}, []),
        ({"url": "http://[::1]/"}, []),
        ({"url": "https://api.acme.example/", "body": "http://x.example/"}, []),
    ],
)
def test_what_is_unsafe_on_the_way(keys: dict[str, object], says: list[str]) -> None:
    found = told(**keys)
    assert len(found) == len(says)
    assert all(one.startswith(start) for one, start in zip(found, says, strict=True))


def test_a_source_within_a_check_is_looked_at_too() -> None:
    left = {"http": {"url": "http://api.acme.example/", "verify": False}}
    row = {"id": "c", "integration": "i", "left": left, "right": {"csv": {"file": "b.csv"}}, "key": ["id"]}
    found = [one.what[:10] for one in risks_of(ReconcileModel.model_validate(row))]
    assert found == ["verify = f", "plain http"]


def test_of_a_whole_configuration_and_nothing_when_it_is_simulated(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(GOOD.replace("https://api.acme-pay", "http://api.acme-pay"))
    assert [one.check for one in risks(load(path, kinds()))] == ["payments-api"]
    path.write_text(path.read_text() + "\n[simulator]\n")
    assert risks(load(path, kinds())) == []
