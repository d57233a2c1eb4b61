"""Components chosen by what people write, and what is said when nothing is meant."""

from __future__ import annotations

import fnmatch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standby.checks.statuspage.choose import concerned, matches, nearest, plain, watched
from standby.checks.statuspage.page import Component, Page
from standby.domain.outcome import Outcome

COMPONENTS = (
    Component("Europe", Outcome.DEGRADED, "partial_outage", heading=True),
    Component("Amsterdam, Netherlands - (AMS)", Outcome.UP, "operational", group="Europe"),
    Component("Frankfurt – (FRA)", Outcome.DOWN, "major_outage", group="Europe"),
    Component("Asia", Outcome.DEGRADED, "partial_outage", heading=True),  # a trimmed page: nothing below it
    Component("API\u00a0Requests", Outcome.UP, "operational"),
    Component("Security:  Urgent Notices", Outcome.UP, "operational"),
    Component("[EU] Webhooks?", Outcome.UP, "operational"),
    Component("Old thing", Outcome.UNKNOWN, "not_monitored", idle=True),
)
PAGE = Page("Acme", components=COMPONENTS, lists=True)


@pytest.mark.parametrize(
    ("glob", "names"),
    [
        ("api*", ["API\u00a0Requests"]),
        ("API Requests", ["API\u00a0Requests"]),
        ("security: urgent notices", ["Security:  Urgent Notices"]),
        ("*frankfurt - (fra)*", ["Frankfurt – (FRA)"]),
        ("[EU] *", ["[EU] Webhooks?"]),
        ("????????? netherlands*", ["Amsterdam, Netherlands - (AMS)"][:0]),
        ("?msterdam*", ["Amsterdam, Netherlands - (AMS)"]),
        ("Europe", ["Amsterdam, Netherlands - (AMS)", "Frankfurt – (FRA)"]),
        ("asia", ["Asia"]),
        ("Old*", ["Old thing"]),
        ("Webhooks", []),
    ],
)
def test_a_glob_means_names_and_headings(glob: str, names: list[str]) -> None:
    found, missing = watched(PAGE, [glob])
    assert [one.name for one in found] == names
    assert missing == ([] if names else [glob])


def test_without_globs_everything_that_somebody_looks_at_counts() -> None:
    found, _ = watched(PAGE, [])
    assert "Old thing" not in {one.name for one in found}
    assert not any(one.heading for one in found)
    idle = Page("Acme", components=COMPONENTS[-1:], lists=True)
    assert [one.name for one in watched(idle, [])[0]] == ["Old thing"]


@pytest.mark.parametrize(
    ("glob", "first"),
    [("API Request", "API\u00a0Requests"), ("webhooks", "[EU] Webhooks?"), ("frankfurt (fra)", "Frankfurt – (FRA)")],
)
def test_the_nearest_names_are_told(glob: str, first: str) -> None:
    assert nearest(PAGE, glob)[0] == first


def test_a_scope_that_is_not_told_concerns_everybody() -> None:
    assert concerned(["API*"], [])
    assert concerned([], ["Web"])
    assert concerned(["API*"], ["Web", "api"])
    assert not concerned(["API*"], ["Web"])


@given(st.lists(st.sampled_from("*?ab"), max_size=8), st.text("ab", max_size=12))
def test_a_glob_means_what_it_means_everywhere(glob: list[str], name: str) -> None:
    assert matches("".join(glob), [name]) is fnmatch.fnmatchcase(name, "".join(glob))


def test_no_glob_takes_long() -> None:
    assert not matches("*a" * 60 + "b", ["a" * 120])


@given(st.text(max_size=30))
def test_a_name_means_itself(name: str) -> None:
    assert matches(name.replace("*", "?"), [name])
    assert plain(plain(name)) == plain(name)
