"""`domain.burnrate` against OneUptime and sloth: rates, budgets, their words, months, windows."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from standby.domain.burnrate import BudgetState, BurnRule, budget, burn_rate, month_of, standing, union
from standby.domain.units import DAY, SECOND

from .loader import Case, cases, oracle

FILE = "g_slo_burn_rate"


@pytest.mark.parametrize("case", cases(FILE))
def test_rates(case: Case) -> None:
    given = case["bad_seconds"], case["total_seconds"], case["target_percent"]
    if case.get("expected_error"):
        with pytest.raises(ValueError, match="target"):
            burn_rate(*given)
    else:
        assert burn_rate(*given) == pytest.approx(case["expected_burn_rate"], abs=case["tolerance"])


@pytest.mark.parametrize("case", cases(FILE, "error_budget_cases"))
def test_budgets(case: Case) -> None:
    total, target = case["total_seconds"], case["target_percent"]
    bad = case["bad_seconds"] if "bad_seconds" in case else total * (1 - case["sli_percent"] / 100)
    if case.get("expected_error"):
        with pytest.raises(ValueError, match="target"):
            budget(bad, total, target)
        return
    left = budget(bad, total, target)
    ours = {
        "budget_total_s": left.total,
        "consumed_s": left.consumed,
        "remaining_s": left.remaining,
        "remaining_percent": left.remaining_percent,
    }
    for name, value in case["expected"].items():
        if value is not None:
            assert ours[name] == pytest.approx(value, abs=case["tolerance"])


@pytest.mark.parametrize("case", cases(FILE, "status_cases"))
def test_words(case: Case) -> None:
    ours = standing(BudgetState(case["current"]), case["remaining_percent"], case["at_risk_threshold"])
    assert ours == case["expected"]


@pytest.mark.parametrize("case", cases(FILE, "status_walks"))
def test_walks(case: Case) -> None:
    state = BudgetState(case["start"])
    for remaining, expected in case["steps"]:
        state = standing(state, remaining, case["at_risk_threshold"])
        assert state == expected


@pytest.mark.parametrize("case", cases(FILE, "calendar_month_cases"))
def test_months(case: Case) -> None:
    begin, end = month_of(datetime.fromisoformat(case["at"]), ZoneInfo(case["timezone"]))
    seconds = end.timestamp() - begin.timestamp()
    ours = {"expected_start": begin.timestamp(), "expected_end": end.timestamp(), "expected_total_seconds": seconds}
    for name, value in ours.items():
        expected = case[name]
        if expected is not None:
            assert value == (datetime.fromisoformat(expected).timestamp() if isinstance(expected, str) else expected)


def seconds(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 3600 + int(minutes) * 60


@pytest.mark.parametrize("case", cases(FILE, "sli_cases"))
def test_outages(case: Case) -> None:
    if "expected_evaluate_long_window" in case:
        rule = BurnRule(case["long_window_s"] * SECOND, 0, 2, page=True)
        assert rule.judgeable(case["total_s_clamped"] * SECOND) is case["expected_evaluate_long_window"]
        return
    down = union(
        (seconds(begin), seconds(end))
        for timeline in case["timelines"].values()
        for word, begin, end in timeline
        if word == "down"
    )
    expected = case.get("expected_any_down", {"bad_s": case.get("expected_downtime_s")})
    assert down == expected["bad_s"]
    if "total_s" in expected:
        assert 100 * (1 - down / expected["total_s"]) == pytest.approx(expected["sli_percent"])


@pytest.mark.parametrize("case", cases(FILE, "multiwindow_cases"))
def test_factors(case: Case) -> None:
    rule = BurnRule(
        case["long_window_s"] * SECOND,
        case["short_window_s"] * SECOND,
        case["error_budget_percent_in_long_window"],
        page=case["severity"] == "page",
    )
    assert rule.factor(case["slo_period_days"] * DAY) == pytest.approx(case["expected_burn_factor"])


@pytest.mark.parametrize(
    "case", (oracle(FILE) or {}).get("pyrra_windows", []), ids=lambda case: case["slo_window_days"]
)
def test_windows_of_others_are_rules_of_ours(case: Case) -> None:
    """Pyrra's factors are whole numbers: what they leave of a budget is no round number, and both rates decide."""
    period = case["slo_window_days"] * DAY
    for window in case["windows"]:
        long, short, factor = window["long_s"] * SECOND, window["short_s"] * SECOND, window["factor"]
        rule = BurnRule(long, short, factor * long / period * 100, page=window["severity"] == "critical")
        assert rule.factor(period) == pytest.approx(factor)
        assert rule.holds(factor * 1.01, factor * 1.01, period) is True
        assert rule.holds(factor * 1.01, factor * 0.99, period) is False
        assert rule.judgeable(long) is True
        assert rule.judgeable(short) is False
