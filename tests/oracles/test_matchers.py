"""Alertmanager's own cases: which text is a matcher, and which value it accepts."""

from __future__ import annotations

import pytest

from standby.domain.matchers import Matcher, parse_matchers

from .loader import Case, cases

FILE = "b_matchers_alertmanager"
SIGNS = {(True, False): "=", (False, False): "!=", (True, True): "=~", (False, True): "!~"}


def ours(text: str) -> list[list[str]] | None:
    """The matchers of a list as the cases write it; `None` when it is none."""
    try:
        return [[one.name, SIGNS[one.equal, one.regex], one.value] for one in parse_matchers(text)]
    except ValueError:
        return None


@pytest.mark.parametrize("case", cases(FILE))
def test_as_alertmanager(case: Case) -> None:
    if case["kind"] == "match":
        op = case["op"]
        matcher = Matcher("l", case["pattern"], equal=op[0] == "=", regex=op[-1] == "~")
        assert matcher.accepts(case["value"]) is case["expected"]
    else:
        assert ours(case["input"]) == (None if "expected_error" in case else case["expected_matchers"])
