"""`domain.attempts` against Icinga, Nagios and gatus."""

from __future__ import annotations

import pytest

from standby.domain.attempts import Settled, step
from standby.domain.outcome import Outcome
from standby.domain.window import Window

from .loader import Case, assert_agrees, cases

STATES = "e_soft_hard_states"
THRESHOLDS = "e_thresholds_k_of_n"
WORDS = {
    "ok": Outcome.UP,
    "up": Outcome.UP,
    "warning": Outcome.DEGRADED,
    "critical": Outcome.DOWN,
    "down": Outcome.DOWN,
    "unknown": Outcome.UNKNOWN,
}
SAYS_NOTHING = "their UNKNOWN counts as a problem; ours says nothing about the third party and never makes down"
HOST_DOWN = "a service goes hard at once when its host is down; ours needs its looks, a dependency keeps it quiet"
WARNING_IS_UP = "a host takes warning for up; a degraded third party is not up"
ONE_SUCCESS = "they resolve after several successes, ours at the first; the threshold of a rule does the rest"
UNHEARD = "they need somewhere to notify; our state does not depend on it"


@pytest.mark.parametrize("case", cases(STATES))
@pytest.mark.parametrize("unknown", ["unknown", "critical"])
def test_icinga(case: Case, unknown: str) -> None:
    """As written, then with UNKNOWN read as CRITICAL, where no case differs."""
    settled: Settled | None = Settled(Outcome.UP, 0, Outcome.UP)
    ours, expected = [], []
    for now, entry in enumerate(case["steps"]):
        result = unknown if entry["result"] == "UNKNOWN" else entry["result"].lower()
        settled, changed = step(settled, WORDS[result], now, case["max_attempts"])
        hard = entry["type"] == "hard"
        problem = settled.outcome in {Outcome.DEGRADED, Outcome.DOWN}
        ours.append((settled.soft, problem and not settled.soft, changed))
        expected.append((not hard, hard and entry["state"] not in {"up", "ok"}, entry["notify"] is not None))
    says_nothing = unknown == "unknown" and any(entry["result"] == "UNKNOWN" for entry in case["steps"])
    assert_agrees(ours, expected, SAYS_NOTHING if says_nothing else None)


@pytest.mark.parametrize("case", cases(STATES, "nagios_cases"))
def test_nagios(case: Case) -> None:
    state, kind = case["initial"]
    attempts = case["max_attempts"]
    settled = Settled(WORDS[state], 0, WORDS[state])
    if kind == "soft":
        settled = Settled(Outcome.UP, 0, WORDS[state], attempt=1)
    ours, expected = [], []
    for now, entry in enumerate(case["steps"]):
        attempts = entry.get("set_before", {}).get("max_attempts", attempts)
        settled, _ = step(settled, WORDS[entry["result"]], now, attempts)
        if "type" in entry["expected"]:
            ours.append("soft" if settled.soft else "hard")
            expected.append(entry["expected"]["type"])
    assert_agrees(ours, expected, differs(case))


def differs(case: Case) -> str | None:
    if "host" not in case:
        return WARNING_IS_UP if any(entry["result"] == "warning" for entry in case["steps"]) else None
    return HOST_DOWN if case["host"].startswith("down") else None


@pytest.mark.parametrize("case", cases(THRESHOLDS))
def test_gatus(case: Case) -> None:
    initial = case.get("initial", {})
    outcome = Outcome.DOWN if initial.get("triggered") else Outcome.UP
    settled = Settled(outcome, 0, outcome)
    ours = []
    for now, result in enumerate(case["results"]):
        settled, _ = step(settled, Outcome.UP if result else Outcome.DOWN, now, case["failure_threshold"])
        ours.append(settled.outcome is Outcome.DOWN)
    reason = None
    if case.get("success_threshold", 1) > 1 and any(case["results"]):
        reason = ONE_SUCCESS
    elif not case.get("provider_configured", True):
        reason = UNHEARD
    assert_agrees(ours, case["expected_triggered"], reason)


@pytest.mark.parametrize("case", cases(THRESHOLDS, "k_of_n_cases"))
def test_cloudprober(case: Case) -> None:
    """K of the last N as a rule over a window of N slots; within one of their samples the failures come last."""
    window = Window((case["total"] or case["failures"]) * 10)
    slot, began, firing = 0, [], False
    totals, successes = case["cum_total"], case["cum_success"]
    for sample in range(1, len(totals)):
        good = successes[sample] - successes[sample - 1]
        for probe in range(totals[sample] - totals[sample - 1]):
            slot += 10
            window.add(slot, Outcome.UP if probe < good else Outcome.DOWN)
            window.evict(slot)
        before, firing = firing, window.count(Outcome.DOWN) >= case["failures"]
        began += [sample] if firing and not before else []
    assert firing is case["expected_alerted"]
    assert began == [alert["at_sample"] for alert in case["expected_alerts"]]
