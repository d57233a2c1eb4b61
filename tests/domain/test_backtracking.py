"""How many ways a pattern may be tried in, counted without trying."""

from __future__ import annotations

import math

import pytest

from standby.domain.backtracking import LONGEST, refusal, ways

OPEN = LONGEST + 1
"""How far an open repeat may go."""


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("", 1),
        ("payments", 1),
        ("pay.*", 1),
        ("a|b|c", 1),
        ("pay.*|shop.*|mail.*", 1),
        ("(eu|us)-(east|west)-[0-9]+", 1),
        ("(a|ab)(c|bcd)", 2),
        ("(?i)(A|ab)", 2),
        ("a?b?", 1),
        ("a?ab?b", 4),
        (r"\.\*\(\|[*+|()]", 1),
        (r"[]*+]x[^]*]\]", 1),
        ("(?:ab)*", 1),
        ("(?P<zone>a|b)", 1),
        ("a{3}b{1,4}c{,2}", 1),
        ("b{1,4}b", 4),
        ("a{2,}?", 1),
        ("a{2,}?a", OPEN - 2),
        ("(a|b)*", 1),
        ("(a|b)*a", OPEN),
        ("[0-9]+[.][0-9]+[.][0-9]+[.][0-9]+(:[0-9]+)?", 1),
        (r"([a-z]+\.)*example\.com", OPEN),
        (r"(\w+-)*\w+", OPEN),
        (".*a.*b.*", OPEN**2),
        ("(a?){3}", 8),
        ("(x+x+)+y", math.inf),
        ("(a|a)*", math.inf),
        ("(a|ab)*c", math.inf),
        ("((a+))*", math.inf),
        (r"(a+)\1+", math.inf),
        ("(a*(?!b))*c", math.inf),
        ("(a*(?<=a))*c", math.inf),
        ("a*(?=b)a*b", OPEN),
        ("(?=a+)+b", math.inf),
        ("((?P<x>a*)(?P=x))*c", math.inf),
        ("((a*)(?:))*c", math.inf),
        ("((?#b)a*(?#b))*c", math.inf),
        ("(?x)(a* )*c", math.inf),
        ("(?i-s:a*A*b)", OPEN),
        (".*.*.*.*.*", OPEN**4),
        ("[ä-ü]*\\w*", OPEN),
    ],
)
def test_the_ways_are_counted(pattern: str, expected: float) -> None:
    assert ways(pattern) == expected


@pytest.mark.parametrize(
    "pattern", [".*a.*b.*c.*", "(a|b)(c|d)e.*", "10[.][0-9]+[.][0-9]+[.][0-9]+", r"(\w+\.)+shop", "x" * 1000]
)
def test_what_people_write_is_taken(pattern: str) -> None:
    assert refusal(pattern) == ""


@pytest.mark.parametrize(
    "pattern", ["(x+x+)+y", "(a?){30}a{30}", "a?" * 40, "(a|a)" * 40, "(.*)*", ".*" * 9, "(.*a){25}", "(" * 500]
)
def test_what_never_ends_is_refused(pattern: str) -> None:
    assert "write at most three" in refusal(pattern)
