"""`domain.inhibition` against Alertmanager: which alerts are kept quiet by others."""

from __future__ import annotations

from typing import Any

import pytest

from standby.domain.inhibition import Inhibition, Rule
from standby.domain.matchers import parse_matcher

from .loader import Case, cases, compare

FILE = "b_inhibition_alertmanager"


def rule(doc: dict[str, Any]) -> Rule:
    sides = [tuple(map(parse_matcher, doc.get(f"{side}_matchers", ()))) for side in ("source", "target")]
    return Rule(sides[0], sides[1], tuple(doc["equal"]))


def firing(alerts: list[dict[str, Any]], now: float) -> dict[int, dict[str, str]]:
    """The last version of each alert, of those that have not ended."""
    last = {tuple(sorted(alert["labels"].items())): alert for alert in alerts}
    return {
        number: alert["labels"]
        for number, alert in enumerate(last.values())
        if alert["ends_at"] is None or alert["ends_at"] > now
    }


def equal_source(case: Case) -> bool:
    """What these cases are about is the labels alone: each side is told apart by one more."""
    sources = [{**alert, "labels": {**alert["labels"], "side": "source"}} for alert in case["source_alerts"]]
    sides = [(parse_matcher(f'side="{side}"'),) for side in ("source", "target")]
    inhibition = Inhibition((Rule(sides[0], sides[1], tuple(case["equal"])),), firing(sources, case["now"]))
    return any(True for _ in inhibition.sources_of({**case["target_labels"], "side": "target"}))


def inhibited(one: dict[str, Any], alerts: list[dict[str, Any]], case: Case) -> bool:
    inhibition = Inhibition((rule(one),), firing(alerts, case["now"]))
    return any(True for _ in inhibition.sources_of(case["target_labels"]))


@pytest.mark.parametrize("case", cases(FILE))
def test_as_alertmanager(case: Case) -> None:
    if case["kind"] == "has_equal_source":
        ours = equal_source(case)
    elif case["kind"] == "mutes":
        ours = any(inhibited(one, one["cached_sources"], case) for one in case["rules"])
    else:
        ours = any(inhibited(one, case["alert_updates_in_order"], case) for one in case["rules"])
    compare(case, ours, case["expected"], {})
