"""`domain.threshold` against gatus and cloudprober: so many in a row, or so many of the last."""

from __future__ import annotations

import pytest

from standby.domain.threshold import Counted, Threshold, step

from .loader import Case, cases

FILE = "e_thresholds_k_of_n"


@pytest.mark.parametrize("case", cases(FILE))
def test_in_a_row(case: Case) -> None:
    """Theirs is triggered once somebody could be told; whether an alert holds does not depend on that here."""
    threshold = Threshold(case["failure_threshold"], successes=case.get("success_threshold", 1))
    before = case.get("initial", {"triggered": False, "failures": 0, "successes": 0})
    counted = Counted((1 << before["failures"]) - 1, before["successes"], before["triggered"])
    told, ours = before["triggered"], []
    silent = case.get("provider_error") or [not case.get("provider_configured", True)] * len(case["results"])
    for result, unheard in zip(case["results"], silent, strict=True):
        counted = step(counted, not result, threshold)
        told = counted.reached and (told or not unheard)
        ours.append(told)
    assert ours == case["expected_triggered"]


@pytest.mark.parametrize("case", cases(FILE, "k_of_n_cases"))
def test_of_the_last(case: Case) -> None:
    """Within one of their samples the failures come last."""
    threshold, counted, began = Threshold(case["failures"], case["total"]), Counted(), []
    totals, successes = case["cum_total"], case["cum_success"]
    for sample in range(1, len(totals)):
        good, before = successes[sample] - successes[sample - 1], counted.reached
        for probe in range(totals[sample] - totals[sample - 1]):
            counted = step(counted, probe >= good, threshold)
        began += [sample] if counted.reached and not before else []
    assert counted.reached is case["expected_alerted"]
    assert began == [alert["at_sample"] for alert in case["expected_alerts"]]
