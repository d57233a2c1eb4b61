"""Which number of a condition may be tried at other values."""

from __future__ import annotations

import re

import pytest

from standby.config.models import Rule
from standby.config.tunable import Change, thresholds, with_number


@pytest.mark.parametrize(
    ("when", "found"),
    [
        ("error_rate > 0.05", [("error_rate", ">", "0.05")]),
        ("error_rate>=0.05", [("error_rate", ">=", "0.05")]),
        ("800 < latency_ms", [("latency_ms", ">", "800")]),
        ("availability < 0.99 && throughput > 1.5", [("availability", "<", "0.99"), ("throughput", ">", "1.5")]),
        ("outcome == 'down' && latency_ms > 900.0 // slow > 3", [("latency_ms", ">", "900.0")]),
        ("metrics.queue > 10", [("metrics.queue", ">", "10")]),
        ('metrics["queue > 3"] > 10', [('metrics["queue > 3"]', ">", "10")]),
        ("deviation.latency_ms > 4", [("deviation.latency_ms", ">", "4")]),
        ("outcome == 'down'", []),
        ("error_rate == 0.05", []),
        ("error_rate > 0.05 || latency_ms > 900", []),
        ("!(error_rate > 0.05)", []),
        ("(error_rate > 0.05)", []),
        ("latency_ms > 2.0 * usual.latency_ms", []),
        ("latency_ms > usual.latency_ms", []),
        ("error_rate > -0.05", []),
        ("body > 3", []),
        ("1 < 2", []),
        ("outcome == 'error_rate > 3'", []),
        ("", []),
    ],
)
def test_only_plain_comparisons_have_a_number_to_try(when: str, found: list[tuple[str, str, str]]) -> None:
    assert [(one.name, one.operator, one.text) for one in thresholds(when)] == found


def test_all_else_stays_as_it_is_written() -> None:
    when = "outcome == 'down'  &&  latency_ms>900.0 // why"
    [one] = thresholds(when)
    assert with_number(when, one, "1200.0") == "outcome == 'down'  &&  latency_ms>1200.0 // why"


RULE = Rule(id="r", integration="payments", when="outcome == 'up' && error_rate > 0.05")


@pytest.mark.parametrize(
    ("change", "keys"),
    [
        (Change("for", "90s"), {"for": "1m30s"}),
        (Change("keep_firing_for", "5m"), {"keep_firing_for": "5m"}),
        (Change("when", "0.1", 32), {"when": "outcome == 'up' && error_rate > 0.1"}),
    ],
)
def test_a_change_is_one_key_as_it_would_be_written(change: Change, keys: dict[str, str]) -> None:
    assert change.keys(RULE) == keys


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (Change("severity", "info"), "severity of a rule is not changed; only when, for and keep_firing_for are"),
        (Change("for", "soon"), "'soon' is not a duration"),
        (Change("when", "0.1", 3), "0.1 cannot stand at 3 of outcome == 'up' && error_rate > 0.05"),
        (Change("when", "0.1 || true", 32), "cannot stand at 32"),
        (Change("when", "1e9", 32), "cannot stand at 32"),
    ],
)
def test_nothing_else_is_changed(change: Change, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        change.keys(RULE)
