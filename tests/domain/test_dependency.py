"""What suppresses a child: plain parents, redundant ones, what is above them, and every doubt."""

from __future__ import annotations

import pytest

from standby.domain.dependency import gone_because, groups_of

NEEDS = {
    "shop": groups_of(["gateway", ["mail-a", "mail-b"]]),
    "gateway": groups_of(["network"]),
    "mail-a": groups_of(["network"]),
}


@pytest.mark.parametrize(
    ("down", "because"),
    [
        ({}, ()),
        ({"gateway": True}, ("gateway",)),
        ({"gateway": None}, ()),
        ({"mail-a": True}, ()),
        ({"mail-a": True, "mail-b": None}, ()),
        ({"mail-a": True, "mail-b": True}, ("mail-a", "mail-b")),
        ({"gateway": True, "network": True}, ("network",)),
        ({"gateway": None, "network": True}, ("network",)),
        ({"gateway": False, "network": True}, ()),
        ({"gateway": True, "network": True, "mail-b": True}, ("network", "mail-b")),
    ],
)
def test_what_is_named(down: dict[str, bool | None], because: tuple[str, ...]) -> None:
    assert gone_because("shop", NEEDS, down.get) == because


def test_a_parent_that_needs_the_child_suppresses_nothing_and_others_still_do() -> None:
    needs = {"a": groups_of(["b", "d"]), "b": groups_of(["c"]), "c": groups_of(["a"])}
    assert gone_because("a", needs, {"b": True, "c": True}.get) == ()
    assert gone_because("a", needs, {"b": True, "d": True}.get) == ("d",)


def test_a_circle_among_parents_comes_to_an_end() -> None:
    needs = {"a": groups_of(["b"]), "b": groups_of(["c"]), "c": groups_of(["b"])}
    assert gone_because("a", needs, {"b": None, "c": None}.get) == ()
    assert set(gone_because("a", needs, {"b": True, "c": True}.get)) <= {"b", "c"}


def test_an_empty_group_asks_for_nothing() -> None:
    assert gone_because("a", {"a": [[]]}, {}.get) == ()


def test_a_ladder_of_redundant_parents_is_walked_once() -> None:
    steps = 60
    needs = {f"{side}{at}": [[f"l{at + 1}", f"r{at + 1}"]] for at in range(steps) for side in "lr"}
    down: dict[str, bool | None] = {f"{side}{steps}": True for side in "lr"}
    assert gone_because("l0", needs, down.get) == (f"l{steps}", f"r{steps}")
