"""How many ways a pattern may be tried in, counted without trying."""

from __future__ import annotations

import math

import pytest

from standby.domain.backtracking import LONGEST, refusal, ways


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("", 1),
        ("payments", 1),
        ("pay.*", LONGEST),
        ("a|b|c", 3),
        ("pay.*|shop.*|mail.*", 3 * LONGEST),
        ("(eu|us)-(east|west)-[0-9]+", 4 * LONGEST),
        ("(?i)a?b?", 4),
        (r"\.\*\(\|[*+|()]", 1),
        (r"[]*+]x[^]*]\]", 1),
        ("(?:ab)*", LONGEST),
        ("(?P<zone>a|b)", 2),
        ("a{3}b{1,4}c{,2}", 4 * 3),
        ("a{2,}?", LONGEST),
        ("(a?){3}", 8),
        ("(x+x+)+y", math.inf),
        ("(a|b)*", math.inf),
        ("((a+))*", math.inf),
        (".*.*.*.*", LONGEST**4),
    ],
)
def test_the_ways_are_counted(pattern: str, expected: float) -> None:
    assert ways(pattern) == expected


@pytest.mark.parametrize("pattern", [".*a.*b.*", "(a|b)(c|d)e.*", "10[.][0-9]+[.][0-9]+[.][0-9]+", "x" * 1000])
def test_what_people_write_is_taken(pattern: str) -> None:
    assert refusal(pattern) == ""


@pytest.mark.parametrize(
    "pattern", ["(x+x+)+y", "(a?){30}a{30}", "a?" * 40, "(a|a)" * 40, "(.*)*", ".*" * 9, "(" * 500]
)
def test_what_never_ends_is_refused(pattern: str) -> None:
    assert ("write at most three" in refusal(pattern)) is (pattern != "(" * 500)
