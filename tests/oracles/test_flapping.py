"""`domain.flapping` against Icinga, over their results one by one."""

from __future__ import annotations

import pytest

from standby.domain.flapping import STEADY, Flapping, step
from standby.domain.outcome import Outcome

from .loader import Case, cases

WORDS = {
    "OK": Outcome.UP,
    "WARNING": Outcome.DEGRADED,
    "CRITICAL": Outcome.DOWN,
    "UNKNOWN": Outcome.UNKNOWN,
}


def after(flapping: Flapping, results: list[str]) -> list[Flapping]:
    """What is known after each result."""
    walked = []
    for result in results:
        flapping, _ = step(flapping, WORDS[result])
        walked.append(flapping)
    return walked


def check(flapping: Flapping, expected: dict[str, float]) -> None:
    assert flapping.flaps is expected["flapping"]
    if "value" in expected:
        assert flapping.percent == pytest.approx(expected["value"])
    assert flapping.percent > expected.get("value_above", -1)
    assert flapping.percent < expected.get("value_below", 101)


@pytest.mark.parametrize("case", cases("e_flapping_icinga"))
def test_as_icinga(case: Case) -> None:
    assert case["initial"] == "UNKNOWN"
    walked = after(STEADY, case["results"])
    if "expected_flapping_after_each" in case:
        assert [one.flaps for one in walked] == case["expected_flapping_after_each"]
    for one in walked:
        assert one.percent < case.get("expected_value_below_after_each", 101)
    if "expected_after_all" in case:
        check(walked[-1], case["expected_after_all"])
    if "then_results" in case:
        check(after(walked[-1], case["then_results"])[-1], case["expected_after_then"])
    if "then_repeat" in case:
        for one in after(walked[-1], [case["then_repeat"]] * 20):
            assert one.flaps is (one.percent > 25)
