"""Channels, persons, policies: everybody who is named exists."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.config.kinds import GOOD, loaded

from standby.config.diff import diff
from standby.config.problems import ConfigError
from standby.config.view import view
from standby.domain.units import MINUTE

PEOPLE = """
[[channel]]
id = "post"
kind = "mail"
password = "env:POST_PASSWORD"

[[person]]
id = "anna"
name = "Anna"
reach = [{ channel = "post", to = "anna@shop.test" }]

[[policy]]
id = "p1"
fallback = ["post"]

[[policy.level]]
targets = ["anna"]

[[policy.level]]
targets = ["anna", "post"]
respond_within = "10m"
"""


def test_a_policy_stands_with_its_defaults(tmp_path: Path) -> None:
    config = loaded(tmp_path, GOOD.replace("[standby]\n", '[standby]\npolicy = "p1"\n') + PEOPLE)
    policy = config.policy_of("payments")
    assert policy is config.policy_by_id["p1"] is config.policy_of("standby")
    assert [level.respond_within for level in policy.level] == [5 * MINUTE, 10 * MINUTE]
    assert policy.repeat == 2
    shown = view(config)
    assert shown["people"] == [{"id": "anna", "name": "Anna"}]
    assert shown["policies"][0]["levels"][1] == {"targets": ["anna", "post"], "respond_within_ns": 10 * MINUTE}
    assert "anna@shop.test" not in str(shown), "an address is nobody's business but the channel's"
    assert [use.reference for use in config.secrets if "channel" in use.key] == ["env:POST_PASSWORD"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('channel = "post"', 'channel = "pots"', 'person[anna].reach[0].channel: there is no channel "pots"'),
        ('targets = ["anna"]', 'targets = ["ana"]', 'level[0].targets[0]: there is no person or channel "ana"'),
        ('fallback = ["post"]', 'fallback = ["boss"]', 'fallback[0]: there is no person or channel "boss"'),
        ('kind = "mail"', 'kind = "mial"', '"mial" is not a kind of channel'),
        ('id = "anna"', 'id = "post"', "is a channel's id as well"),
        ("respond_within", "respond_withn", "respond_withn"),
    ],
)
def test_each_mistake_is_told_with_its_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in PEOPLE
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, GOOD + PEOPLE.replace(old, new, 1))
    assert said in str(caught.value)


def test_a_policy_that_tells_nobody(tmp_path: Path) -> None:
    text = PEOPLE[: PEOPLE.index("[[policy.level]]")]
    with pytest.raises(ConfigError, match=r"policy\[p1\].level"):
        loaded(tmp_path, GOOD + text)


def test_policies_that_do_not_exist(tmp_path: Path) -> None:
    text = GOOD.replace("[standby]\n", '[standby]\npolicy = "p9"\n')
    with pytest.raises(ConfigError, match=r'standby.policy: there is no policy "p9"'):
        loaded(tmp_path, text + PEOPLE)
    text = GOOD.replace('id = "payments"\nvendor', 'id = "payments"\npolicy = "p8"\nvendor')
    assert text != GOOD
    with pytest.raises(ConfigError, match=r'there is no policy "p8"'):
        loaded(tmp_path, text + PEOPLE)


def test_a_changed_policy_is_told_at_a_reload(tmp_path: Path) -> None:
    old = loaded(tmp_path, GOOD + PEOPLE)
    assert diff(old, loaded(tmp_path, GOOD + PEOPLE)).lines == ()
    new = loaded(tmp_path, GOOD + PEOPLE.replace('id = "p1"', 'id = "p1"\nrepeat = 0'))
    assert diff(old, new).lines == ("policy p1: repeat 2 -> 0",)
