"""The worst of all that speaks, who that was, and maintenance now and to come."""

from __future__ import annotations

from typing import Any

import pytest

from checks.statuspage.pages import NOW, found, page
from standby.checks.statuspage.judge import judge
from standby.domain.announced import Announced
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.domain.units import DAY, HOUR, parse_instant


def summary(indicator: object = "none", *statuses: object, **more: Any) -> dict[str, Any]:
    """A summary with components a, b, c..."""
    return {
        "page": {"name": "Acme"},
        "status": {"indicator": indicator, "description": "Words"},
        "components": [{"name": "abcdef"[at], "status": status} for at, status in enumerate(statuses)],
        "incidents": [],
        "scheduled_maintenances": [],
        **more,
    }


def maintenance(status: str, starts: str, until: str | None = None, *components: str) -> dict[str, Any]:
    return {
        "name": "Upgrade",
        "status": status,
        "impact": "maintenance",
        "scheduled_for": starts,
        "scheduled_until": until,
        "components": [{"name": name} for name in components],
    }


@pytest.mark.parametrize(
    ("indicator", "statuses", "outcome", "says"),
    [
        ("none", ["operational"] * 2, Outcome.UP, 'Acme: all 2 components are up; the page says "Words" (none)'),
        ("minor", ["operational"] * 2, Outcome.DEGRADED, 'the page says "Words" (minor) while all 2 components are up'),
        (
            "none",
            ["major_outage", "operational"],
            Outcome.DOWN,
            "Acme: a major outage (of 2 components); the page says",
        ),
        ("major", ["partial_outage"], Outcome.DEGRADED, 'Acme: a partial outage; the page says "Words" (major)'),
        ("major", ["major_outage"], Outcome.DOWN, 'Acme: a major outage; the page says "Words" (major)'),
        ("critical", ["operational"], Outcome.DOWN, 'the page says "Words" (critical) while a is up'),
        ("maintenance", ["operational"], Outcome.MAINTENANCE, 'the page says "Words" (maintenance)'),
        ("none", ["under_maintenance", "operational"], Outcome.MAINTENANCE, "a under maintenance (of 2"),
        ("none", ["degraded_performance", "under_maintenance"], Outcome.DEGRADED, "a degraded performance, b under m"),
        ("none", ["on_fire", "operational"], Outcome.UNKNOWN, "a on fire (of 2 components)"),
        ("none", [None], Outcome.UNKNOWN, "a without a state"),
        ("fine", ["operational"], Outcome.UNKNOWN, 'the page says "Words" (fine) while a is up'),
        (None, ["operational"], Outcome.UNKNOWN, 'the page says "Words" (without an indicator)'),
        (7, ["major_outage"], Outcome.DOWN, "a major outage"),
        ("none", ["major_outage"] * 5, Outcome.DOWN, "a major outage, b major outage, c major outage and 2 more (of 5"),
    ],
)
def test_the_worse_of_the_page_and_its_components(
    indicator: object, statuses: list[object], outcome: Outcome, says: str
) -> None:
    seen = found(summary(indicator, *statuses))
    assert seen.outcome is outcome
    assert says in seen.message
    stated = outcome in (Outcome.DEGRADED, Outcome.DOWN, Outcome.MAINTENANCE)
    assert (seen.failure is Failure.STATED) is stated


def test_only_chosen_components_count_and_the_page_if_wanted() -> None:
    whole = summary("minor", "operational", "major_outage")
    assert found(whole, "a").outcome is Outcome.DEGRADED
    assert found(whole, "a", indicator=False).outcome is Outcome.UP
    assert found(whole, "B", indicator=False).outcome is Outcome.DOWN
    assert found(whole, "a", indicator=False).metrics["components"] == 1.0


def test_a_name_that_is_not_there_is_a_mistake_of_ours() -> None:
    seen = found(summary("critical", "operational", "operational"), "a", "Payments")
    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.REQUEST)
    assert seen.message == 'Acme: no component is called "Payments"; there are "a", "b"'
    seen = found({"page": {}, "status": {"indicator": "none"}}, "API")
    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.REQUEST)
    assert "lists no components" in seen.message


def test_a_page_without_the_word_that_it_is_for_is_not_up() -> None:
    whole = summary("none", "operational")
    del whole["status"]
    assert found(whole).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("plan", "chosen", "outcome", "says"),
    [
        (maintenance("in_progress", "2026-08-09T13:00:00Z", "2026-08-09T15:00:00Z"), [], Outcome.MAINTENANCE,
         'maintenance in progress "Upgrade" until 2026-08-09 15:00 UTC'),
        (maintenance("verifying", "2026-08-09T13:00:00Z", None, "a"), ["a"], Outcome.MAINTENANCE, "in progress"),
        (maintenance("in_progress", "2026-08-09T13:00:00Z", "2026-08-09T13:30:00Z"), [], Outcome.MAINTENANCE,
         "which should have ended 2026-08-09 13:30 UTC"),
        (maintenance("in_progress", "2026-08-09T13:00:00Z", None, "b"), ["a"], Outcome.UP, "a is up"),
        (maintenance("completed", "2026-08-09T13:00:00Z"), [], Outcome.UP, "all 2"),
        (maintenance("on_hold", "2026-08-09T13:00:00Z", "2026-08-09T15:00:00Z"), [], Outcome.MAINTENANCE, "progress"),
        (maintenance("scheduled", "2026-08-09T13:00:00Z", "2026-08-09T15:00:00Z"), [], Outcome.UP, "all 2"),
        (maintenance("scheduled", "2026-08-10T16:00:00+02:00"), [], Outcome.UP, 'maintenance in 1d "Upgrade"'),
        (maintenance("scheduled", "2026-08-19T14:00:00Z"), ["b"], Outcome.UP, 'maintenance in 10d "Upgrade"'),
        (maintenance("scheduled", "soon"), [], Outcome.UP, "all 2"),
    ],
)  # fmt: skip
def test_maintenance_is_taken_over(plan: dict[str, Any], chosen: list[str], outcome: Outcome, says: str) -> None:
    seen = found(summary("none", "operational", "operational", scheduled_maintenances=[plan]), *chosen)
    assert seen.outcome is outcome
    assert says in seen.message
    assert ("maintenance_in_h" in seen.metrics) is (" in 1d" in says or " in 10d" in says)


def test_the_next_maintenance_is_a_metric() -> None:
    plans = [maintenance("scheduled", "2026-08-19T14:00:00Z"), maintenance("scheduled", "2026-08-10T15:30:00Z")]
    seen = found(summary("none", "operational", scheduled_maintenances=plans))
    assert seen.metrics["maintenance_in_h"] == 25.5
    later = judge(page(summary("none", "operational", scheduled_maintenances=plans)), (), NOW + 2 * DAY + HOUR)
    assert later.metrics["maintenance_in_h"] == 191.0


def test_incidents_are_named_the_worst_first() -> None:
    rows = [
        {"name": "Old", "status": "resolved", "impact": "critical"},
        {"name": "News", "status": "investigating", "impact": "none"},
        {"name": "Trouble", "status": "identified", "impact": "major"},
    ]
    seen = found(summary("minor", "operational", incidents=rows))
    assert 'incident "Trouble" (identified, major), "News" (investigating)' in seen.message
    assert seen.metrics["incidents_open"] == 2.0
    seen = found(summary("none", "operational", incidents=rows[1:2]))
    assert (seen.outcome, 'notice "News"' in seen.message) == (Outcome.UP, True)


def test_an_incident_of_something_else_is_named_where_the_page_means_it() -> None:
    row = {"name": "Trouble", "status": "identified", "impact": "minor", "components": [{"name": "b"}]}
    whole = summary("minor", "operational", "operational", incidents=[row])
    assert '"Trouble" (identified, minor)' in found(whole, "a").message
    assert "Trouble" not in found(whole, "a", indicator=False).message


@pytest.mark.parametrize(
    ("impact", "outcome"),
    [("none", Outcome.UP), ("minor", Outcome.DEGRADED), ("major", Outcome.DEGRADED), ("critical", Outcome.DOWN),
     ("odd", Outcome.DEGRADED), (None, Outcome.DEGRADED)],
)  # fmt: skip
def test_a_list_of_incidents_alone_is_judged_by_those_that_are_open(impact: object, outcome: Outcome) -> None:
    row = {"id": "1", "name": "Trouble", "status": "identified", "impact": impact, "components": [{"name": "API"}]}
    assert found({"incidents": [row]}).outcome is outcome
    assert found({"incidents": [row]}, "Web*").outcome is Outcome.UP
    assert found({"incidents": [row]}, "api").outcome is outcome
    assert found({"incidents": [{**row, "status": "postmortem"}]}).message == "no open incident"


@pytest.mark.parametrize(
    ("chosen", "scope", "whole"),
    [
        ((), (), True),
        ((), ("a", "b"), True),
        ((), ("a",), None),  # of some of many, while all are watched
        (("a",), ("a",), False),
        (("a",), (), True),
        (("a",), ("b",), None),
        (("a",), ("a", "b"), True),
        (("A*",), ("a", "c"), False),
    ],
)
def test_announced_work_is_taken_over_for_what_is_watched(
    chosen: tuple[str, ...], scope: tuple[str, ...], whole: bool | None
) -> None:
    plan = maintenance("scheduled", "2026-12-01T00:00:00Z", "2026-12-01T02:00:00Z", *scope)
    document = summary("none", "operational", "operational", scheduled_maintenances=[plan])
    told = judge(page(document), chosen, NOW).announced
    begins = parse_instant("2026-12-01T00:00:00Z")
    assert told == (() if whole is None else (Announced("Upgrade", begins, begins + 2 * HOUR, whole),))


def test_announced_work_without_an_end_is_not_taken_over() -> None:
    document = summary("none", "operational", scheduled_maintenances=[maintenance("scheduled", "2026-12-01T00:00:00Z")])
    assert judge(page(document), (), NOW).announced == ()
