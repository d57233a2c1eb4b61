"""Which number of a condition may be tried at other values."""

from __future__ import annotations

import pytest

from standby.config.tunable import differ_in_a_number, thresholds, with_number


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


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("error_rate > 0.05", "error_rate > 0.1", True),
        ("error_rate > 0.05", "error_rate > 0.05", False),
        ("error_rate > 0.05", "error_rate < 0.05", False),
        ("error_rate > 0.05", "error_rate > 0.1 && true", False),
        ("error_rate > 0.05", "latency_ms > 0.05", False),
        ("error_rate > 0.05 || latency_ms > 3.0", "error_rate > 0.1 || latency_ms > 3.0", False),
        ("error_rate > 0.05", "error_rate > 'x'", False),
    ],
)
def test_what_differs_in_more_than_a_number_is_another_condition(old: str, new: str, same: bool) -> None:
    assert differ_in_a_number(old, new) is same
