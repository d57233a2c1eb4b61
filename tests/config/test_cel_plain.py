from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standby.config.cel import RULE, compile_rule
from standby.config.cel_plain import plain
from standby.config.cel_tokens import words

TYPES = {"outcome": "STRING", "latency_ms": "DOUBLE", "status": "INT", "body": "DYN", "metrics": "NUMBERS"}
SIGNS = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
NUMBERS = st.one_of(st.integers(0, 10).map(str), st.floats(0, 10).map(lambda number: f"{number:f}"))
OUTCOMES = st.tuples(st.just("outcome"), st.sampled_from(["==", "!="]), st.sampled_from(["'up'", '"down"']))
CONDITIONS = st.lists(
    st.one_of(OUTCOMES, st.tuples(st.just("latency_ms"), SIGNS, NUMBERS)).map(" ".join), min_size=1, max_size=3
).map(" && ".join)
VALUES = st.fixed_dictionaries(
    {},
    optional={
        "outcome": st.sampled_from(["up", "down", "unknown", ""]),
        "latency_ms": st.one_of(st.floats(0, 10), st.integers(0, 10).map(float), st.just(float("nan"))),
    },
)


@given(CONDITIONS, VALUES)
def test_python_tells_what_cel_would(text: str, values: dict[str, Any]) -> None:
    found = plain(words(text), dict(RULE.variables))
    assert found is not None
    verdict = found.holds(values)
    by_cel = compile_rule(text)._run(values)[0]
    assert verdict is None or verdict is by_cel
    assert compile_rule(text).evaluate(values) is by_cel
    if {"outcome", "latency_ms"} <= values.keys():
        assert verdict is not None


@pytest.mark.parametrize(
    "text",
    [
        "body.status == 'ok'",
        "body == 'ok'",
        "metrics['load'] > 1.0",
        "!(status == 200)",
        "status == 200 || status == 204",
        "status == 200.0",
        "status + 1 == 200",
        "status in [200, 204]",
        "200 == status",
        "status == 0xC8",
        "latency_ms < -1.0",
        "outcome < 'up'",
        r"outcome == 'u\x70'",
        "outcome == b'up'",
        "outcome.startsWith('u')",
        "status == 200 && outcome",
        "true",
    ],
)
def test_anything_else_is_left_to_cel(text: str) -> None:
    assert plain(words(text), TYPES) is None


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("status == 200", {}),
        ("status == 200", {"status": "200"}),
        ("status == 1", {"status": True}),
        ("latency_ms > 1", {"latency_ms": 2}),
        ("status == 500 && latency_ms > 1", {"status": 200}),
    ],
)
def test_a_value_that_is_missing_or_of_another_type_is_left_to_cel(text: str, values: dict[str, Any]) -> None:
    found = plain(words(text), TYPES)
    assert found is not None
    assert found.holds(values) is None
