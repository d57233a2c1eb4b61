"""Alertmanager's own cases: which text is a matcher, and which value it accepts."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from standby.domain.matchers import Matcher, parse_matchers

from .loader import Case, cases, compare, strangers

FILE = "b_matchers_alertmanager"
SIGNS = {(True, False): "=", (False, False): "!=", (True, True): "=~", (False, True): "!~"}
WAIVERS: Mapping[str, str] = {
    "am-parse-51": "a brace that is never closed opens nothing here",
}


def ours(text: str) -> list[list[str]] | None:
    """The matchers of a list as the cases write it."""
    try:
        return [[one.name, SIGNS[one.equal, one.regex], one.value] for one in parse_matchers(text)] or None
    except ValueError:
        return None


@pytest.mark.parametrize("case", cases(FILE))
def test_as_alertmanager(case: Case) -> None:
    if case["kind"] == "match":
        op = case["op"]
        matcher = Matcher("l", case["pattern"], equal=op[0] == "=", regex=op[-1] == "~")
        compare(case, matcher.accepts(case["value"]), case["expected"], WAIVERS)
    else:
        compare(case, ours(case["input"]), case.get("expected_matchers"), WAIVERS)


def test_waivers_are_of_cases() -> None:
    assert not strangers(WAIVERS, FILE, "cases")
