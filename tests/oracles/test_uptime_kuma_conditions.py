"""Uptime Kuma's conditions written as our expectations, and which changes of a check it tells somebody about."""

from __future__ import annotations

import json
from typing import Any

import pytest

from standby.config.cel import compile_expectation
from standby.domain import alerting
from standby.domain.alerting import INACTIVE, Change, Machine, Timing
from standby.domain.attempts import Settled, step
from standby.domain.outcome import Outcome

from .loader import Case, cases, compare, oracle

FILE = "f_conditions_uptime_kuma"
OPERATORS = {
    "equals": "body.v == {text}",
    "not_equals": "body.v != {text}",
    "contains": "body.v.contains({text})",
    "not_contains": "!body.v.contains({text})",
    "starts_with": "body.v.startsWith({text})",
    "not_starts_with": "!body.v.startsWith({text})",
    "ends_with": "body.v.endsWith({text})",
    "not_ends_with": "!body.v.endsWith({text})",
    "num_equals": "double(body.v) == double({text})",
    "num_not_equals": "double(body.v) != double({text})",
    "lt": "double(body.v) < double({text})",
    "gt": "double(body.v) > double({text})",
    "lte": "double(body.v) <= double({text})",
    "gte": "double(body.v) >= double({text})",
}
IN_A_LIST = {"contains": "{text} in body.v", "not_contains": "!({text} in body.v)"}


def holds(expression: str, value: Any) -> bool:
    return compile_expectation(expression).evaluate({"body": {"v": value}}) is True


@pytest.mark.parametrize("case", cases(FILE))
def test_an_operator(case: Case) -> None:
    operators = OPERATORS | (IN_A_LIST if isinstance(case["variable"], list) else {})
    written = operators[case["op"]].format(text=json.dumps(case["value"]))
    assert holds(written, case["variable"]) is case["expected"]


def expression(doc: dict[str, Any]) -> str:
    [(word, inner)] = doc.items()
    if word in ("and", "or"):
        sign = " && " if word == "and" else " || "
        return "(" + sign.join(map(expression, inner)) + ")"
    return OPERATORS[word].format(text=json.dumps(inner))


@pytest.mark.parametrize("case", cases(FILE, "group_cases"))
def test_a_group(case: Case) -> None:
    assert holds(expression(case["expression"]), case["record"]) is case["expected"]


ATTEMPTS = 3
LOOKS = {  # what is seen until a check that was up is in this state
    "up": (Outcome.UP,),
    "pending": (Outcome.DOWN,),
    "down": (Outcome.DOWN,) * ATTEMPTS,
    "maintenance": (Outcome.MAINTENANCE,),
}
WAIVERS = {"down to maintenance": "whoever was told that it is down is told that it is announced work now"}


class Check:
    """One check and the alert that it is down."""

    def __init__(self) -> None:
        self.settled: Settled | None = None
        self.machine: Machine = INACTIVE

    def see(self, looks: tuple[Outcome, ...]) -> tuple[bool, bool]:
        """Whether the settled outcome changed by these looks, and whether somebody was told."""
        changes, told = False, False
        for number, outcome in enumerate(looks):
            self.settled, changed = step(self.settled, outcome, number, ATTEMPTS)
            down = self.settled.outcome is Outcome.DOWN
            self.machine, change = alerting.step(self.machine, down, number, Timing())
            changes, told = changes or changed, told or change in {Change.FIRED, Change.RESOLVED}
        return changes, told


@pytest.mark.parametrize("row", (oracle(FILE) or {}).get("transition_table", []), ids=lambda row: str(row["current"]))
def test_who_is_told_of_a_change(row: Case) -> None:
    check = Check()
    check.see((*LOOKS["up"], *LOOKS[row["previous"]]))
    changed, told = check.see(LOOKS[row["current"]])
    assert changed is row["expected_important"]
    compare({"id": f"{row['previous']} to {row['current']}"}, told, row["expected_notify"], WAIVERS)
