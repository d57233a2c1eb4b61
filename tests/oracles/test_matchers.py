"""Alertmanager's own cases: which text is a matcher, and which value it accepts."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from standby.domain.matchers import Matcher, parse_matcher

from .loader import Case, cases, compare, strangers

FILE = "b_matchers_alertmanager"
SIGNS = {(True, False): "=", (False, False): "!=", (True, True): "=~", (False, True): "!~"}
_ONE = "a list of matchers is a list here: one text, one matcher"
WAIVERS: Mapping[str, str] = {
    "am-parse-14": _ONE,
    "am-parse-18": _ONE,
    "am-parse-28": _ONE,
    "am-parse-30": _ONE,
    "am-parse-31": _ONE,
    "am-parse-51": "a brace that is never closed opens nothing here",
}


def ours(text: str) -> list[list[str]] | None:
    """One matcher as the cases write it; the braces around a list are theirs."""
    inner = text[1:-1] if text[:1] == "{" and text[-1:] == "}" else text
    try:
        one = parse_matcher(inner)
    except ValueError:
        return None
    return [[one.name, SIGNS[one.equal, one.regex], one.value]]


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
