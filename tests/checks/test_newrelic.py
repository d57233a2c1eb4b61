"""New Relic: queries, issues and entities, and every way in which NerdGraph says no inside HTTP 200."""

from __future__ import annotations

import contextlib
import json
import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from checks.conftest import Look
from checks.payloads import Answered, capture, document, named, payload, vendor
from checks.spoiled import spoiled
from standby.checks.newrelic import health, nrql
from standby.checks.newrelic.check import NewRelicModel
from standby.checks.newrelic.graph import graph
from standby.checks.series import Series
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.domain.units import SECOND
from standby.net.trouble import Trouble

GRAPHQL = "/graphql"
NRQL: dict[str, Any] = {"api_key": "env:KEY", "account": 1, "nrql": "SELECT count(*) FROM Transaction"}
ISSUES: dict[str, Any] = {"api_key": "env:KEY", "account": 1, "issues": True}
ENTITIES: dict[str, Any] = {"api_key": "env:KEY", "entities": "domain = 'APM'"}
ALL = (NRQL, ISSUES, ENTITIES)


def query(name: str = "nrql", **found: object) -> dict[str, object]:
    return {"data": {"actor": {"account": {name: {"results": [], "queryProgress": {"completed": True}, **found}}}}}


def issues(*found: object, cursor: str | None = None) -> dict[str, object]:
    page = {"issues": list(found), "nextCursor": cursor}
    return {"data": {"actor": {"account": {"aiIssues": {"issues": page}}}}}


def entities(*found: object, cursor: str | None = None) -> dict[str, object]:
    return {
        "data": {"actor": {"entitySearch": {"count": 1, "results": {"entities": list(found), "nextCursor": cursor}}}}
    }


def error(word: str | None, data: object = None) -> dict[str, object]:
    return {"data": data, "errors": [{"message": "some error", "extensions": {"errorClass": word}}]}


def rows_of(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(payload(name))["data"]["actor"]["account"]["nrql"]
    return found


def test_the_recorded_facets_are_rows_with_labels() -> None:
    found = nrql.series(rows_of("newrelic/nrql-facet.json"))
    assert found is not None
    assert [(one.value, dict(one.labels)) for one in found] == [
        (1000.0, {"appName": "App1"}),
        (500.0, {"appName": "App2"}),
    ]


def test_a_recorded_row_of_an_event_has_figures_and_notes() -> None:
    found = rows_of("newrelic/nrql-full.json")
    series = nrql.series(found)
    assert series is not None
    [row] = series
    assert (row.value, row.values["newrelic.internal.usage.count"]) == (None, 49500.0)
    assert row.at == 1709446129592 * SECOND // 1000
    assert nrql.notes(found).startswith("We tried to transform your Metric query")
    assert nrql.progress(found).done


@pytest.mark.parametrize(
    ("results", "facets", "expected"),
    [
        ([{"count": 5}], None, [(5.0, {})]),
        ([{"percentile.duration": {"95": 1.5}}], None, [(1.5, {})]),
        ([{"facet": ["a", "b"], "count": 1}], ["x", "y"], [(1.0, {"x": "a", "y": "b"})]),
        ([{"facet": "a", "count": 1}], ["x", "y"], [(1.0, {"facet": "a"})]),
        ([{"comparison": "current", "count": 1}, {"comparison": "previous", "count": 2}], None,
         [(1.0, {"comparison": "current"}), (2.0, {"comparison": "previous"})]),
        ([{"beginTimeSeconds": 1, "endTimeSeconds": 61, "count": 4}, {"beginTimeSeconds": 61, "endTimeSeconds": 121,
         "count": 7}], None, [(7.0, {})]),
        ([{"endTimeSeconds": 61, "app": "a", "count": 4}, {"endTimeSeconds": 121, "app": "b", "count": 7},
          {"endTimeSeconds": 121, "app": "a", "count": 5}], ["app"], [(5.0, {"app": "a"}), (7.0, {"app": "b"})]),
        ([{"average.duration": None}], None, [(None, {})]),
        ([{"a": 1, "b": 2}], None, [(None, {})]),
        ([None, "x"], None, [(None, {}), (None, {})]),
        ([], None, []),
    ],
)  # fmt: skip
def test_rows(results: list[object], facets: object, expected: object) -> None:
    found = nrql.series({"results": results, "metadata": {"facets": facets}})
    assert found is not None
    assert [(one.value, dict(one.labels)) for one in found] == expected


@pytest.mark.parametrize(
    ("state", "priority", "outcome"),
    [
        ("ACTIVATED", "CRITICAL", Outcome.DOWN),
        ("CREATED", "critical", Outcome.DOWN),
        ("ACTIVATED", "HIGH", Outcome.DEGRADED),
        ("ACTIVATED", "MEDIUM", Outcome.UP),
        ("ACTIVATED", "LOW", Outcome.UP),
        ("ACTIVATED", "SEVERE", Outcome.DEGRADED),
        ("ACTIVATED", None, Outcome.DEGRADED),
        ("REOPENED", "LOW", Outcome.DEGRADED),
        (None, "LOW", Outcome.DEGRADED),
        ("CLOSED", "CRITICAL", None),
        ("DEACTIVATED", "CRITICAL", None),
    ],
)
def test_an_issue(state: object, priority: object, outcome: Outcome | None) -> None:
    found = health.issue({"state": state, "priority": priority, "title": ["Errors"]}, ())
    assert (None if found is None else found.outcome) is outcome


@pytest.mark.parametrize(
    ("muting", "priority", "outcome", "word"),
    [
        ("FULLY_MUTED", "CRITICAL", Outcome.MAINTENANCE, "CRITICAL, muted"),
        ("FULLY_MUTED", "LOW", Outcome.UP, "LOW, muted"),
        ("PARTIALLY_MUTED", "CRITICAL", Outcome.DOWN, "CRITICAL, partly muted"),
        ("NOT_MUTED", "CRITICAL", Outcome.DOWN, "CRITICAL"),
        ("HALF", "CRITICAL", Outcome.DOWN, "CRITICAL"),
        (None, "CRITICAL", Outcome.DOWN, "CRITICAL"),
    ],
)
def test_a_muted_issue_is_no_outage_but_said(muting: object, priority: str, outcome: Outcome, word: str) -> None:
    found = health.issue({"state": "ACTIVATED", "priority": priority, "mutingState": muting}, ())
    assert found is not None
    assert (found.outcome, found.word) == (outcome, word)


def test_what_is_muted_is_said_beside_what_is_not() -> None:
    rows = [{"state": "ACTIVATED", "priority": "CRITICAL", "title": ["Disk"], "mutingState": "FULLY_MUTED"},
            {"state": "ACTIVATED", "priority": "HIGH", "title": ["Errors"]}]  # fmt: skip
    told = health.issues_told([one for one in (health.issue(row, ()) for row in rows) if one is not None])
    assert (told.outcome, told.message) == (Outcome.DEGRADED, "2 open: Errors: HIGH; 1 muted, not counted: Disk")


def test_issues_are_chosen_by_policy() -> None:
    named = {"state": "ACTIVATED", "priority": "CRITICAL", "policyName": ["Shop checkout"]}
    assert health.issue(named, ["shop*"]) is not None
    assert health.issue(named, ["search*"]) is None
    assert health.issue({**named, "policyName": []}, ["shop*"]) is None
    assert health.issue({**named, "policyName": None}, ["shop*"]) is not None


@pytest.mark.parametrize(
    ("found", "outcome"),
    [
        ({"reporting": True, "alertSeverity": "NOT_ALERTING"}, Outcome.UP),
        ({"reporting": True, "alertSeverity": "WARNING"}, Outcome.DEGRADED),
        ({"reporting": True, "alertSeverity": "CRITICAL"}, Outcome.DOWN),
        ({"reporting": True, "alertSeverity": "NOT_CONFIGURED"}, Outcome.UNKNOWN),
        ({"reporting": True, "alertSeverity": "FINE"}, Outcome.UNKNOWN),
        ({"reporting": True}, Outcome.UNKNOWN),
        ({"reporting": False, "alertSeverity": "NOT_ALERTING"}, Outcome.UNKNOWN),
        ({"reporting": None, "alertSeverity": "CRITICAL"}, Outcome.UNKNOWN),
        ({"alertSeverity": "NOT_ALERTING"}, Outcome.UNKNOWN),
        ({}, Outcome.UNKNOWN),
    ],
)
def test_an_entity(found: dict[str, object], outcome: Outcome) -> None:
    assert health.entity(found).outcome is outcome


async def test_a_query_is_judged_row_by_row(look: Look) -> None:
    answer = document(json.loads(payload("newrelic/nrql-facet.json")))
    async with vendor({GRAPHQL: answer}) as relic:
        seen = await look("newrelic", url=relic.url, **NRQL, expect=["value > 600"])
    assert (seen.outcome, seen.failure) == (Outcome.DOWN, Failure.EXPECTATION)
    assert seen.message == "value > 600: value is 500 (appName:App2)"
    [asked] = relic.asked
    sent = json.loads(asked.body)
    assert (asked.headers["api-key"], asked.headers["content-type"]) == ("k3y-v4lue", "application/json")
    assert sent["variables"] == {"account": 1, "nrql": NRQL["nrql"]}
    assert "async: true" in sent["query"]


async def test_a_row_of_several_figures_is_judged_by_their_names(look: Look) -> None:
    found = document(query(results=[{"average.duration": 2.5, "count": 40}]))
    async with vendor({GRAPHQL: found}) as relic:
        seen = await look("newrelic", url=relic.url, **NRQL, expect=["values['average.duration'] < 2"])
        unclear = await look("newrelic", url=relic.url, **NRQL, expect=["value < 2"])
    assert (seen.outcome, seen.failure) == (Outcome.DOWN, Failure.EXPECTATION)
    assert (unclear.outcome, unclear.failure) == (Outcome.UNKNOWN, Failure.DATA)
    assert "average.duration, count" in unclear.message


async def test_a_slow_query_is_asked_for_again_by_its_id(look: Look) -> None:
    slow = {"completed": False, "queryId": "q-1", "retryAfter": 0.001}
    answers = [
        document(query(results=None, queryProgress=slow)),
        document(query("nrqlQueryProgress", results=None, queryProgress={"completed": False, "retryAfter": 0})),
        document(query("nrqlQueryProgress", results=[{"count": 3}])),
    ]
    async with vendor({GRAPHQL: answers}) as relic:
        seen = await look("newrelic", url=relic.url, **NRQL)
    assert (seen.outcome, seen.metrics["value"]) == (Outcome.UP, 3.0)
    sent = [json.loads(asked.body)["variables"] for asked in relic.asked]
    assert sent[1:] == [{"account": 1, "id": "q-1"}] * 2


async def test_a_query_without_end_ends_with_the_checks_time(look: Look) -> None:
    slow = query(results=None, queryProgress={"completed": False, "queryId": "q-1", "retryAfter": 30})
    async with vendor({GRAPHQL: document(slow)}) as relic:
        seen = await look("newrelic", url=relic.url, **NRQL, timeout="200ms")
    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.TIMEOUT)


@pytest.mark.parametrize(
    ("found", "failure", "says"),
    [
        ({"data": {"actor": {"account": {"nrql": None}}}}, Failure.UNREADABLE, "no nrql"),
        (error("INVALID_INPUT", {"actor": {"account": {"nrql": None}}}), Failure.REQUEST, "refused: some error"),
        (query(results=None), Failure.UNREADABLE, "no results"),
        (query(results=None, queryProgress={"completed": False}), Failure.UNREADABLE, "no id"),
        (query(results=[]), Failure.DATA, "gives nothing"),
        ({"data": None}, Failure.UNREADABLE, "no nrql"),
        ({"ok": True}, Failure.UNREADABLE, "not NerdGraph's"),
        ([], Failure.UNREADABLE, "not NerdGraph's"),
    ],
)
async def test_no_figures_are_unknown(look: Look, found: object, failure: Failure, says: str) -> None:
    async with vendor({GRAPHQL: document(found)}) as relic:
        seen = await look("newrelic", url=relic.url, **NRQL)
    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, failure)
    assert says in seen.message


@pytest.mark.parametrize(
    ("word", "failure", "times", "wait"),
    [
        ("TOO_MANY_REQUESTS", Failure.RATE_LIMITED, 1, 60.0),
        ("TIMEOUT", Failure.SERVER, 2, None),
        ("INTERNAL_SERVER_ERROR", Failure.SERVER, 2, None),
        ("SERVER_ERROR", Failure.SERVER, 2, None),
        ("INVALID_INPUT", Failure.REQUEST, 1, None),
        ("UNAUTHORIZED", Failure.CREDENTIALS, 1, None),
        ("SOMETHING_NEW", Failure.REQUEST, 1, None),
        (None, Failure.REQUEST, 1, None),
    ],
)
async def test_an_error_inside_http_200_goes_by_its_class(
    look: Look, word: str | None, failure: Failure, times: int, wait: float | None
) -> None:
    for keys in ALL:
        async with vendor({GRAPHQL: document(error(word))}) as relic:
            seen = await look("newrelic", url=relic.url, **keys)
        assert (seen.outcome, seen.failure, seen.retry_after_s) == (Outcome.UNKNOWN, failure, wait)
        assert "some error" in seen.message
        assert len(relic.asked) == times


async def test_a_stumble_is_asked_again_at_once(look: Look) -> None:
    answers = [capture("newrelic/nerdgraph-error-server-error-200.json"), document(query(results=[{"count": 3}]))]
    async with vendor({GRAPHQL: answers}) as relic:
        assert (await look("newrelic", url=relic.url, **NRQL)).outcome is Outcome.UP


async def test_a_partial_answer_is_used_and_said(look: Look) -> None:
    found = {**query(results=[{"count": 3}]), "errors": [{"message": "one account is slow"}]}
    async with vendor({GRAPHQL: document(found)}) as relic:
        seen = await look("newrelic", url=relic.url, **NRQL)
    assert (seen.outcome, seen.message) == (Outcome.UP, "3 (a partial answer: one account is slow)")
    assert seen.metrics["partial"] == 1.0


@pytest.mark.parametrize(
    ("answer", "failure", "says"),
    [
        (document({"errors": [{"message": "bad"}]}, 401), Failure.CREDENTIALS, "a key of another region"),
        (document({"errors": [{"message": "slow down"}]}, 429), Failure.RATE_LIMITED, "slow down"),
        (Answered(b"<html><title>Sign in</title>"), Failure.UNREADABLE, "Sign in"),
        (Answered(b"", 502), Failure.SERVER, "502"),
    ],
)
async def test_what_is_no_answer_is_unknown(look: Look, answer: Answered, failure: Failure, says: str) -> None:
    async with vendor({GRAPHQL: answer}) as relic:
        seen = await look("newrelic", url=relic.url, **NRQL)
    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, failure)
    assert says in seen.message


async def test_open_issues_of_every_page(look: Look) -> None:
    recorded = capture("newrelic/nerdgraph-aiissues.json")
    last = document(issues({"state": "ACTIVATED", "priority": "LOW", "title": ["Slow"]}))
    async with vendor({GRAPHQL: [recorded, last]}) as relic:
        seen = await look("newrelic", url=relic.url, **ISSUES)
    assert (seen.outcome, seen.failure) == (Outcome.DOWN, Failure.STATED)
    assert seen.message == "2 open: Checkout – Fehlerrate > 5 % on checkout-api: CRITICAL"
    assert [json.loads(one.body)["variables"]["cursor"] for one in relic.asked] == [None, "eyJmYWtlIjoxfQ"]
    assert relic.asked[0].headers["nerd-graph-unsafe-experimental-opt-in"] == "AiIssues"


async def test_no_open_issue_is_up_and_a_lost_list_is_not(look: Look) -> None:
    async with vendor(
        {GRAPHQL: [document(issues()), document({"data": {"actor": {"account": {"aiIssues": None}}}})]}
    ) as relic:
        assert (await look("newrelic", url=relic.url, **ISSUES)).outcome is Outcome.UP
        lost = await look("newrelic", url=relic.url, **ISSUES)
    assert (lost.outcome, lost.failure) == (Outcome.UNKNOWN, Failure.UNREADABLE)


async def test_entities_of_every_page(look: Look) -> None:
    good, bad = {"name": "a", "reporting": True, "alertSeverity": "NOT_ALERTING"}, {"name": "b", "reporting": False}
    async with vendor({GRAPHQL: [document(entities(good, cursor="2")), document(entities(bad))]}) as relic:
        seen = await look("newrelic", url=relic.url, **ENTITIES)
    assert (seen.outcome, seen.message) == (Outcome.UNKNOWN, "2 entities: b: not reporting")
    async with vendor({GRAPHQL: document(entities())}) as relic:
        assert (await look("newrelic", url=relic.url, **ENTITIES)).failure is Failure.DATA


@pytest.mark.parametrize(
    ("mutings", "outcome"),
    [
        (["FULLY_MUTED"], Outcome.MAINTENANCE),
        (["FULLY_MUTED", "NOT_MUTED"], Outcome.DOWN),
        (["PARTIALLY_MUTED"], Outcome.DOWN),
        ([], Outcome.DOWN),
    ],
)
async def test_an_entity_is_muted_when_all_its_issues_are(look: Look, mutings: list[str], outcome: Outcome) -> None:
    bad = {"name": "a", "guid": "G", "reporting": True, "alertSeverity": "CRITICAL"}
    found = [
        {"state": "ACTIVATED", "priority": "CRITICAL", "entityGuids": ["G"], "mutingState": muting}
        for muting in mutings
    ]
    async with vendor({GRAPHQL: [document(entities(bad)), document(issues(*found))]}) as relic:
        seen = await look("newrelic", url=relic.url, account=1, **ENTITIES)
    assert (seen.outcome, len(relic.asked)) == (outcome, 2)


async def test_entities_whose_issues_may_not_be_read_count(look: Look) -> None:
    bad = {"name": "a", "guid": "G", "reporting": True, "alertSeverity": "CRITICAL"}
    async with vendor({GRAPHQL: [document(entities(bad)), document(error("UNAUTHORIZED"))]}) as relic:
        assert (await look("newrelic", url=relic.url, account=1, **ENTITIES)).outcome is Outcome.DOWN
        assert (await look("newrelic", url=relic.url, **ENTITIES)).outcome is not Outcome.UP


async def test_what_was_not_read_is_not_up(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("standby.checks.newrelic.check.MOST_PAGES", 2)
    good = {"name": "a", "reporting": True, "alertSeverity": "NOT_ALERTING"}
    pages = [document(entities(good, cursor="2")), document(entities(good, cursor="3"))]
    async with vendor({GRAPHQL: pages}) as relic:
        seen = await look("newrelic", url=relic.url, **ENTITIES)
    assert (seen.outcome, len(relic.asked)) == (Outcome.UNKNOWN, 2)


@pytest.mark.parametrize("name", named("newrelic/*.json"))
async def test_no_recording_of_something_else_reads_as_up(look: Look, name: str) -> None:
    loaded = json.loads(payload(name))
    answer = capture(name) if "response" in loaded else document(loaded)
    async with vendor({GRAPHQL: answer}) as relic:
        seen = [await look("newrelic", url=relic.url, **keys) for keys in ALL]
    up = [index for index, one in enumerate(seen) if one.outcome is Outcome.UP]
    assert up == ([0] if name.startswith("newrelic/nrql") else [])
    assert all(one.failure is not Failure.INTERNAL for one in seen)


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({}, "nothing or for several"),
        ({"nrql": "SELECT 1", "issues": True, "account": 1}, "nothing or for several"),
        ({"nrql": "SELECT 1"}, "account"),
        ({"issues": True, "account": 1, "expect": ["value > 1"]}, "judge a query"),
        ({"entities": "x", "policies": ["a"]}, "choose among issues"),
        ({"entities": "x", "region": "au"}, "us"),
    ],
)
def test_a_wrong_check_is_refused_with_the_mend(keys: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        NewRelicModel.model_validate({"id": "c", "integration": "i", "kind": "newrelic", "api_key": "env:KEY", **keys})


def test_each_region_has_its_host() -> None:
    row = {"id": "c", "integration": "i", "kind": "newrelic", **ENTITIES}
    assert NewRelicModel.model_validate(row).target == "api.newrelic.com"
    assert NewRelicModel.model_validate({**row, "region": "eu"}).target == "api.eu.newrelic.com"


def health_of(found: object) -> Outcome:
    """What is made of one page of issues, as the check makes it."""
    try:
        page = graph(found).actor
        listed = page["account"]["aiIssues"]["issues"]["issues"]
    except (Trouble, KeyError, TypeError):
        return Outcome.UNKNOWN
    if not isinstance(listed, list) or not listed:  # an empty list is no spoiled one: nothing is open
        return Outcome.UNKNOWN
    parts = [health.issue(one if isinstance(one, dict) else {}, ()) for one in listed]
    return health.issues_told([part for part in parts if part is not None]).outcome


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_spoiled_issue_never_reads_as_up(data: st.DataObject) -> None:
    whole = issues({"state": "ACTIVATED", "priority": "CRITICAL", "title": ["Errors"], "policyName": ["a"]})
    assert health_of(data.draw(spoiled(whole))) is not Outcome.UP


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_a_spoiled_entity_never_gets_better(data: st.DataObject) -> None:
    whole = {"name": "a", "reporting": True, "alertSeverity": "CRITICAL"}
    assert health.entity(data.draw(spoiled(whole))).outcome is not Outcome.UP


@pytest.mark.parametrize("name", named("newrelic/nrql-*.json"))
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_spoiled_query_never_raises_anything_but_trouble(name: str, data: st.DataObject) -> None:
    told: list[Series] | None = None
    with contextlib.suppress(Trouble):
        found = data.draw(spoiled(json.loads(payload(name))))
        account = graph(found).actor.get("account")
        rows = account.get("nrql") if isinstance(account, dict) else None
        if isinstance(rows, dict):
            nrql.progress(rows)
            told = nrql.series(rows)
            nrql.notes(rows)
    assert all(one.value is None or math.isfinite(one.value) for one in told or ())


async def test_a_truncated_recording_is_unknown(look: Look) -> None:
    whole = document(json.loads(payload("newrelic/nrql-facet.json")))
    for cut in range(0, len(whole.body), 150):
        async with vendor({GRAPHQL: Answered(whole.body[:cut])}) as relic:
            seen = await look("newrelic", url=relic.url, **NRQL)
        assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.UNREADABLE)
