"""`domain.owed` against Icinga: the single message after a downtime, whatever happened in it (S52).

Its four states are soft or hard as `domain.attempts` would have them; its UNKNOWN is a plugin's word for a problem, as
our alert `no-data` is, and not our `unknown`, which never gets so far.
"""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from standby.domain.owed import WELL, Account, Owed, hush, learn, owed

from .loader import Case, cases, compare, oracle, strangers

FILE = "e_suppressed_notifications_icinga"
WAIVERS: dict[str, str] = {}
WORDS = {Owed.PROBLEM: "Problem", Owed.RECOVERY: "Recovery"}


def word(state: str) -> str:
    return WELL if state == "OK" else state


class Service:
    """One of Icinga's: a worse state is believed the `attempts`th time, a better one and any of a volatile at once."""

    def __init__(self, state: str, attempts: int, *, volatile: bool) -> None:
        self.account = Account(believed=word(state), fact=word(state))
        self.attempts = 1 if volatile else attempts
        self.tried = 0

    def take(self, state: str) -> list[dict[str, str]]:
        """One result; what is sent because of it."""
        self.tried = 0 if state == "OK" else self.tried + 1
        problem = self.account.fact != WELL  # a problem that becomes another is hard at once
        settled = state == "OK" or problem or self.tried >= self.attempts
        self.account, said = learn(self.account, word(state) if settled else self.account.fact, settled=settled)
        return told(said, state)

    def hush(self, *, quiet: bool) -> list[dict[str, str]]:
        self.account, said = hush(self.account, quiet=quiet)
        return told(said, self.account.fact or "OK")


def told(said: Owed, state: str) -> list[dict[str, str]]:
    return [] if said is Owed.NOTHING else [{"type": WORDS[said], "state": state}]


@pytest.mark.parametrize("case", cases(FILE))
def test_what_is_told_in_a_downtime_and_after_it(case: Case) -> None:
    initial, results = case["hard_state_before_downtime"], case["results_in_downtime"]
    ours = walked(initial, case["max_attempts"], results, volatile=case["volatile"])
    compare(case, ours, (case["expected_during"], case["expected_after"]), WAIVERS)


def walked(
    initial: str, attempts: int, results: list[str], *, volatile: bool
) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """What is sent in the downtime, and after it, the last result repeated until it is hard."""
    service = Service(initial, attempts, volatile=volatile)
    during, after = service.hush(quiet=True), []
    for result in results:
        during += service.take(result)
    after += service.hush(quiet=False)
    for _ in range(attempts):
        after += service.take(results[-1])
    return during, after


def test_every_combination_that_they_try_follows_the_rule_that_they_state() -> None:
    """Also those that are not in the file."""
    document = oracle(FILE)
    if document is None:
        pytest.skip("the oracle is not here")
    made = document["generator"]
    keys = ("volatile", "max_check_attempts", "initial", "s1", "s2", "s3")
    worlds = list(itertools.product(*(made[key] for key in keys)))
    assert len(worlds) == made["total"]
    for volatile, attempts, initial, *results in worlds:
        during, after = walked(initial, attempts, results, volatile=volatile)
        last = {"type": "Recovery" if results[-1] == "OK" else "Problem", "state": results[-1]}
        assert (during, after) == ([], [] if results[-1] == initial else [last])


@pytest.mark.parametrize("case", cases(FILE, "timeperiod_cases"))
def test_what_is_told_outside_a_period_and_after_it(case: Case) -> None:
    service, sent = Service("OK", 1, volatile=False), list[dict[str, str]]()
    for step in case["steps"]:
        sent += taken(service, step)
        if "sent" in step:
            assert len(sent) == step["sent"]
        if "last" in step:
            assert sent[-1]["type"] == step["last"]
        if "suppressed" in step:
            assert WORDS.get(owed(service.account.believed, service.account.fact)) == step["suppressed"]


def taken(service: Service, step: dict[str, Any]) -> list[dict[str, str]]:
    if "outside_period" in step:
        return service.hush(quiet=step["outside_period"])
    return service.take(step["result"].removeprefix("hard "))


def test_every_waiver_names_a_case() -> None:
    assert not strangers(WAIVERS, FILE, "cases", "timeperiod_cases")
