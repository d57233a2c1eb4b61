from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standby.config.cel import EXPECTATION, RULE, ExpressionError, compile_expectation, compile_rule
from standby.config.cel.plain import plain
from standby.config.cel.tokens import words
from standby.domain.outcome import Outcome

TYPES = dict(EXPECTATION.variables) | dict(RULE.variables)
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


LEAVES = st.one_of(
    st.integers(-3, 3),
    st.floats(-3, 3),
    st.booleans(),
    st.none(),
    st.sampled_from(["ok", "", "1"]),
    st.just([1]),
    st.just({}),
)
BODIES = st.one_of(
    LEAVES, st.dictionaries(st.sampled_from(["a", "b"]), st.one_of(LEAVES, st.fixed_dictionaries({"c": LEAVES})))
)
PATHS = st.sampled_from(["body.a", "body['b']", "body.a.c", "body"])
LITERALS = st.sampled_from(["0", "1", "1.0", "2.5", "'ok'", "''", '"1"'])
ABOUT_BODIES = st.tuples(PATHS, SIGNS, LITERALS).map(" ".join)


@given(ABOUT_BODIES, BODIES)
def test_python_tells_of_a_body_what_cel_would(text: str, body: object) -> None:
    expression = compile_expectation(text)
    assert expression.evaluate({"body": body}) is expression._run({"body": body})[0]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("body.status == 'ok' && latency_ms < 800", {"body": {"status": "ok"}, "latency_ms": 3.0}),
        ("headers['x-version'] != '7'", {"headers": {"x-version": "8"}}),
        ("certificate.days_left >= 14", {"certificate": {"days_left": 20.5}}),
        ("metrics['load'] > 1.0", {"metrics": {"load": 2.0}}),
        ("outcome == 'down'", {"outcome": Outcome.DOWN}),
        ("text.contains('ready')", {"text": "all ready"}),
        ('text.matches(\'"status": *"ok"\')', {"text": '{"status":   "ok"}'}),
        ("headers['content-type'].startsWith('text/')", {"headers": {"content-type": "text/html"}}),
        ("body.name.endsWith('-1')", {"body": {"name": "eu-1"}}),
    ],
)
def test_what_people_write_is_plain(text: str, values: dict[str, Any]) -> None:
    found = plain(words(text), TYPES)
    assert found is not None
    assert found.holds(values) is True


PATTERNS = st.text("ab *+?.^$|()[]{}", min_size=1, max_size=8)


@given(PATTERNS, st.text("ab \n*", max_size=12))
def test_python_finds_what_cel_would(pattern: str, text: str) -> None:
    try:
        expression = compile_expectation(f"text.matches('{pattern}')")
    except ExpressionError:
        return
    assert expression.evaluate({"text": text}) is expression._run({"text": text})[0]


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("ready", True),
        ("^ready", True),
        ('"status": *"ok"', True),
        ("a b+c", True),
        ("ready$", False),
        ("v1.2", False),
        (" *ok", False),
        ("a *b *c", False),
        ("ab*b", False),
        ("a?a?aa", False),
        ("(a+)+b", False),
        ("[ab]c", False),
        ("a|b", False),
        ("a{2}", False),
    ],
)
def test_only_patterns_that_no_text_makes_slow(pattern: str, told: bool) -> None:
    found = plain(words(f"text.matches('{pattern}')"), TYPES)
    assert (found is not None) is told


@pytest.mark.parametrize(
    "text",
    [
        "body.size() == 2",
        "body.items[0].id == 1 || true",
        "body.status < 'ok'",
        "metrics == 1.0",
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
        "text.contains(body.name)",
        "text.size() == 2",
        "latency_ms.contains('a')",
        "headers.contains('a')",
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
        ("body.status == 'ok'", {"body": "text"}),
        ("body.status == 'ok'", {"body": {}}),
        ("body.count == 1", {"body": {"count": 1.0}}),
        ("body.ok == 1", {"body": {"ok": True}}),
        ("body.items[0] == 1", {"body": {"items": [1]}}),
        ("status == 500 && latency_ms > 1", {"status": 200}),
    ],
)
def test_a_value_that_is_missing_or_of_another_type_is_left_to_cel(text: str, values: dict[str, Any]) -> None:
    found = plain(words(text), TYPES)
    assert found is not None
    assert found.holds(values) is None
