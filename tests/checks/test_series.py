"""Figures of a query: each judged by itself, the worst of them told."""

from __future__ import annotations

import pytest

from standby.checks.expectations import Expectations
from standby.checks.series import Asked, Series, judge
from standby.config.cel import FIGURE, ExpressionError, compile_in
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.domain.units import SECOND

NOW = 1_700_000_000 * SECOND
ASKED = Asked(NOW, 12.0, Outcome.UNKNOWN)
BELOW = Expectations(["value < 0.5"], ["value < 0.2", "age_s < 60"], FIGURE)


def region(name: str, value: float | None, age_s: int = 0) -> Series:
    return Series(value, labels={"region": name}, at=NOW - age_s * SECOND)


@pytest.mark.parametrize(
    ("series", "outcome", "says"),
    [
        ([region("eu", 0.1)], Outcome.UP, "0.1 (region:eu)"),
        ([region("eu", 0.1), region("us", 0.0)], Outcome.UP, "2 series, 0 to 0.1"),
        ([region("eu", 0.3), region("us", 0.1)], Outcome.DEGRADED, "value < 0.2: value is 0.3 (region:eu)"),
        ([region("eu", 0.1, 90)], Outcome.DEGRADED, "age_s < 60: age_s is 90 (region:eu)"),
        ([region("eu", 0.3), region("us", 0.9)], Outcome.DOWN, "value < 0.5: value is 0.9 (region:us)"),
        ([region("eu", 0.1), region("us", None)], Outcome.UNKNOWN, "the query gives no number (region:us)"),
        ([region(str(n), 0.7) for n in range(5)], Outcome.DOWN, "(region:2), and 2 more"),
        ([Series(0.1)], Outcome.UNKNOWN, "the query gives no time; leave age_s out"),
        ([], Outcome.UNKNOWN, "the query gives nothing"),
        (
            [Series(None, {"count": 4.0, "average": 2.0})],
            Outcome.UNKNOWN,
            "the query gives no number: it has count, average; write values['…']",
        ),
    ],
)
def test_each_series_is_judged_by_itself(series: list[Series], outcome: Outcome, says: str) -> None:
    found = judge(BELOW, series, ASKED)
    assert found.outcome is outcome
    assert found.message.endswith(says)
    assert (found.failure is None) == (outcome is Outcome.UP)


def test_a_row_of_several_figures_is_judged_by_their_names() -> None:
    row = Series(None, {"count": 4.0, "average": 2.5}, {"app": "shop"})
    found = judge(Expectations(["values['average'] < 2", "count == 1"], [], FIGURE), [row], ASKED)
    assert (found.outcome, found.failure) == (Outcome.DOWN, Failure.EXPECTATION)
    assert found.message == "values['average'] < 2: values.average is 2.5 (app:shop)"
    assert judge(Expectations([], [], FIGURE), [row], ASKED).message == "count 4, average 2.5 (app:shop)"


def test_nothing_may_be_what_is_hoped_for() -> None:
    found = judge(BELOW, [], Asked(NOW, 1.0, Outcome.UP))
    assert (found.outcome, found.failure, found.metrics) == (Outcome.UP, None, {"series": 0.0})


def test_metrics_are_the_range_and_the_one() -> None:
    assert judge(BELOW, [region("eu", 0.1)], ASKED).metrics == {
        "series": 1.0, "lowest": 0.1, "highest": 0.1, "value": 0.1,
    }  # fmt: skip
    assert "value" not in judge(BELOW, [region("eu", 0.1), region("us", 0.2)], ASKED).metrics


def test_a_wrong_name_is_found_when_it_is_loaded() -> None:
    with pytest.raises(ExpressionError, match="vlaue"):
        compile_in("vlaue > 1", FIGURE)
    with pytest.raises(ExpressionError, match="usual"):
        compile_in("value > usual.value", FIGURE)
