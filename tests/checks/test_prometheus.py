"""`prometheus`: recorded answers, the errors of its API, and what must never read as up."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from checks.conftest import Look
from checks.decoding import cut, outcome_of, reply_of, worsened
from checks.payloads import Answered, capture, document, payload, vendor
from checks.specifications import parameters, violation
from standby.checks.monitors import TheirAlert, chosen
from standby.checks.monitors import judge as judge_alerts
from standby.checks.prometheus import query, rules, targets
from standby.checks.prometheus.check import PrometheusModel
from standby.checks.prometheus.envelope import opened
from standby.checks.prometheus.rules import stage_of
from standby.checks.prometheus.samples import samples
from standby.domain.observation import Failure, Observation
from standby.domain.outcome import Outcome
from standby.domain.units import HOUR, parse_instant

API = "/api/v1/"
SPECIFICATION = "prometheus/openapi-3.1-trimmed.yaml"


async def see(look: Look, answers: dict[str, Answered | list[Answered]], **keys: object) -> Observation:
    async with vendor({API + name if name[0] != "/" else name: answer for name, answer in answers.items()}) as server:
        return await look("prometheus", url=server.url, **keys)


def vector(*values: str, **more: object) -> Answered:
    result = [{"metric": {"job": f"j{at}"}, "value": [1_795_462_964.1, text]} for at, text in enumerate(values)]
    return document({"status": "success", "data": {"resultType": "vector", "result": result}, **more})


def model(**keys: Any) -> PrometheusModel:
    row = {"id": "c", "integration": "i", "kind": "prometheus", "url": "http://prom.test", **keys}
    return PrometheusModel.model_validate(row, context={})


# -- queries ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "keys", "outcome", "says"),
    [
        ("query-vector-up", {"expect": ["value == 1"]}, Outcome.DOWN, 'value == 1: value is 0 for {instance="127.'),
        ("query-vector-up", {"expect": ["count >= 5"]}, Outcome.UP, "5 series: 0 to 1"),
        ("query-vector-up", {"prefer": ["count > 5"]}, Outcome.DEGRADED, "count > 5: count is 5"),
        ("query-vector-up", {"expect": ["labels.job != 'slow' || value < 1"]}, Outcome.UP, "5 series"),
        ("query-scalar", {"expect": ["value == 5"]}, Outcome.UP, "value 5"),
        ("query-scalar", {}, Outcome.UP, "value 5"),
        ("query-empty", {"expect": ["value == 1"]}, Outcome.UNKNOWN, "the query gives no series"),
        ("query-empty", {}, Outcome.UNKNOWN, "the query gives no series"),
        ("query-empty", {"absent": "up"}, Outcome.UP, "the query gives no series"),
        ("query-empty", {"absent": "down"}, Outcome.DOWN, "the query gives no series"),
        ("query-empty", {"expect": ["count == 0"]}, Outcome.UP, "the query gives no series"),
        ("query-empty", {"expect": ["count >= 1"]}, Outcome.DOWN, "count >= 1: count is 0"),
    ],
)  # fmt: skip
async def test_recorded_queries(look: Look, name: str, keys: dict[str, object], outcome: Outcome, says: str) -> None:
    seen = await see(look, {"query": capture(f"prometheus/{name}.json")}, query="up", **keys)
    assert seen.outcome is outcome
    assert says in seen.message


async def test_the_value_is_kept(look: Look) -> None:
    seen = await see(look, {"query": capture("prometheus/query-scalar.json")}, query="scalar(count(up))")
    assert seen.metrics["value"] == 5.0
    seen = await see(look, {"query": capture("prometheus/query-vector-up.json")}, query="up")
    assert (seen.metrics["series"], seen.metrics["lowest"], seen.metrics["highest"]) == (5.0, 0.0, 1.0)
    assert "value" not in seen.metrics


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("0.04", Outcome.UP),
        ("0.5", Outcome.DOWN),
        ("+Inf", Outcome.DOWN),
        ("-Inf", Outcome.UP),
        ("NaN", Outcome.UNKNOWN),
    ],
)
async def test_numbers_are_texts(look: Look, text: str, outcome: Outcome) -> None:
    seen = await see(look, {"query": vector(text)}, query="errors", expect=["value < 0.05"])
    assert seen.outcome is outcome
    if text in ("+Inf", "-Inf", "NaN"):
        assert "value" not in seen.metrics


async def test_one_series_without_a_number_leaves_the_others_judged(look: Look) -> None:
    seen = await see(look, {"query": vector("1", "NaN")}, query="q", expect=["value >= 1"])
    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.DATA)
    assert 'no number now for 1 of 2 series: {job="j1"}' in seen.message
    assert (await see(look, {"query": vector("0", "NaN")}, query="q", expect=["value >= 1"])).outcome is Outcome.DOWN
    seen = await see(look, {"query": vector("1", "NaN")}, query="q", expect=["value >= 1"], absent="up")
    assert (seen.outcome, seen.message) == (Outcome.UP, "value 1; 1 without a number")


async def test_warnings_are_shown_beside_the_value(look: Look) -> None:
    answer = vector("1", warnings=["store s3 is not reachable"], infos=["metric might not be a counter: x"], stats={})
    seen = await see(look, {"query": answer}, query="q", expect=["value == 1"])
    assert seen.outcome is Outcome.UP
    assert "it warns: store s3 is not reachable; metric might not be" in seen.message
    assert seen.metrics["warnings"] == 2.0


async def test_native_histograms_are_no_numbers(look: Look) -> None:
    alone = document(json.loads(payload("prometheus/specexample-query-200-histogramResult.json")))
    seen = await see(look, {"query": alone}, query="q", expect=["value < 1"])
    assert (seen.outcome, seen.metrics["histograms"]) == (Outcome.UNKNOWN, 1.0)
    assert "ask by histogram_quantile()" in seen.message
    result = [{"metric": {}, "histogram": [1, {"count": "3"}]}, {"metric": {"a": "b"}, "value": [1, "2"]}]
    both = document({"status": "success", "data": {"resultType": "vector", "result": result}})
    assert (await see(look, {"query": both}, query="q", expect=["value == 2"])).outcome is Outcome.UP


async def test_a_range_has_all_values_and_its_end_decides(look: Look) -> None:
    def matrix(end: float) -> Answered:
        points = [[end - 60 + 15 * at, str(at)] for at in range(5)]
        return document({"status": "success", "data": {"resultType": "matrix", "result": [{"values": points}]}})

    from checks.loopback import RealClock

    now = RealClock().now() / 1e9
    async with vendor({API + "query_range": matrix(now)}) as server:
        keys = {"url": server.url, "query": "q", "range": "1h", "step": "15s"}
        good = await look("prometheus", **keys, expect=["value == 4", "size(values) == 5", "values.all(x, x < 5)"])
        asked = server.asked[0].query
    assert good.outcome is Outcome.UP
    assert parse_instant(asked["end"]) - parse_instant(asked["start"]) == HOUR
    assert (asked["step"], asked["timeout"]) == ("15.000", "4.500")
    ended = await see(
        look, {"query_range": matrix(now - 600)}, query="q", range="1h", step="15s", expect=["value == 4"]
    )
    assert (ended.outcome, ended.failure) == (Outcome.UNKNOWN, Failure.DATA)


async def test_a_recorded_range(look: Look) -> None:
    seen = await see(look, {"query_range": capture("prometheus/query-range-matrix.json")}, query="up", range="20s")
    assert seen.outcome is Outcome.UNKNOWN  # it ended long ago
    found = samples(json.loads(payload("prometheus/query-range-matrix.json"))["response"]["body"]["data"])
    assert [len(one.values) for one in found.series] == [5] * len(found.series)


async def test_a_long_query_goes_as_a_form(look: Look) -> None:
    long = " or ".join(f'up{{job="job-{at}"}}' for at in range(200))
    async with vendor({f"POST {API}query": vector("1"), f"{API}query": Answered(b"", 414)}) as server:
        seen = await look("prometheus", url=server.url, query=long, headers={"X-Scope-OrgID": "shop"})
        [asked] = server.asked
    assert seen.outcome is Outcome.UP
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
    assert asked.headers["x-scope-orgid"] == "shop"
    assert b"job-199" in asked.body


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({}, "query is missing"),
        ({"query": "up", "expect": ["status == 200"]}, '"status" is not a name'),
        ({"query": "up", "expect": ["value == 'up'"]}, "does not go with"),
        ({"query": "up", "step": "15s"}, "add range"),
        ({"query": "up", "range": "30d", "step": "1m"}, "write step = 8m39s or longer"),
        ({"what": "alerts", "query": "up"}, "query is for what"),
        ({"what": "alerts", "expect": ["value == 1"]}, "expect is for what"),
        ({"what": "alerts", "matchers": ["critical"]}, "is not a matcher"),
        ({"what": "alerts", "severities": {"page": "unknown"}}, "degraded"),
        ({"what": "metrics"}, "targets"),
    ],
)
def test_wrong_keys_are_refused_at_load(keys: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        model(**keys)


def test_a_step_is_never_too_small() -> None:
    assert model(query="up", range="1h").interval == 15 * 10**9
    year = model(query="up", range="365d")
    assert year.range_ is not None
    assert year.range_ / year.interval <= 11_000


# -- errors -------------------------------------------------------------------------------------------------------


async def test_what_is_asked_is_in_its_specification(look: Look) -> None:
    async with vendor({"/": Answered()}) as server:
        await look("prometheus", url=server.url, query="up")
        await look("prometheus", url=server.url, query="up", range="1h")
        await look("prometheus", url=server.url, query="up or " * 1000 + "up")
        for what in ("alerts", "rules", "targets"):
            await look("prometheus", url=server.url, what=what)
    asked = [replace(one, path=one.path.removeprefix("/api/v1")) for one in server.asked]
    assert len(asked) == 6
    assert [violation(SPECIFICATION, one) for one in asked] == [None] * 6
    for one in asked:
        if one.method == "GET":
            assert set(one.query) <= set(parameters(SPECIFICATION, one.path))


def error(kind: str, text: str, status: int) -> Answered:
    return document({"status": "error", "errorType": kind, "error": text}, status)


PLAIN = {"Content-Type": "text/plain; charset=utf-8"}


@pytest.mark.parametrize(
    ("answer", "failure", "says"),
    [
        ("error-400-missing-query", Failure.REQUEST, "no expression found in input"),
        ("error-400-parse", Failure.REQUEST, "what we ask is refused: invalid parameter"),
        ("error-400-range-step", Failure.REQUEST, "exceeded maximum resolution of 11,000 points"),
        ("error-503-timeout", Failure.SERVER, "the query took too long there: query timed out"),
        (error("execution", "many-to-many matching not allowed", 422), Failure.REQUEST, "cannot be evaluated: many-to"),
        (error("internal", "TSDB not ready", 500), Failure.SERVER, "a fault of its own: TSDB not ready"),
        (error("unavailable", "no store matched", 503), Failure.SERVER, "it cannot answer now"),
        (error("timeout", "timed out", 200), Failure.SERVER, "took too long there"),
        (error("bad_data", "nope", 200), Failure.REQUEST, "what we ask is refused: nope"),
        (error("surprise", "nope", 200), Failure.SERVER, "an error of the type 'surprise': nope"),
        (error("surprise", "nope", 400), Failure.REQUEST, "status 400"),
        (error("bad_data", "no org id", 401), Failure.CREDENTIALS, "status 401"),
        (error("too_many_requests", "slow down", 429), Failure.RATE_LIMITED, "we ask too often"),
        (document({"status": "surprise", "data": {}}), Failure.UNREADABLE, "its status is 'surprise'"),
        (document({"data": {"resultType": "vector", "result": []}}), Failure.UNREADABLE, "its status is None"),
        (document([]), Failure.UNREADABLE, "not an object"),
        (Answered(b"404 page not found\n", 404, PLAIN), Failure.REQUEST, "there is no such API here: status 404"),
        (Answered(b"Method Not Allowed\n", 405, PLAIN), Failure.REQUEST, "status 405: Method Not Allowed"),
        (Answered(b"Service Unavailable", 503, PLAIN | {"Retry-After": "9"}), Failure.SERVER, "it is starting"),
        (Answered(b"<html><title>503 Service Unavailable</title>", 503), Failure.SERVER, "status 503"),
        (Answered(b"<html><title>Sign in</title>"), Failure.UNREADABLE, 'HTML ("Sign in")'),
        (document({"status": "success", "data": {"resultType": "string", "result": [1, "a"]}}), Failure.REQUEST,
         "the query gives a text"),
        (document({"status": "success", "data": {"resultType": "table", "result": []}}), Failure.UNREADABLE, "neither"),
        (document({"status": "success", "data": None}), Failure.UNREADABLE, "no result of a query"),
    ],
)  # fmt: skip
async def test_what_is_no_answer_is_unknown(look: Look, answer: str | Answered, failure: Failure, says: str) -> None:
    found = capture(f"prometheus/{answer}.json") if isinstance(answer, str) else answer
    seen = await see(look, {"query": found}, query="up")
    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, failure)
    assert says in seen.message
    assert seen.retry_after_s == (9.0 if "Retry-After" in found.headers else None)


# -- alerts, rules, targets, readiness ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "keys", "outcome", "says"),
    [
        ("alerts", {}, Outcome.DOWN, "IntegrationDown (critical) firing: html-instead-of-metrics ist nicht"),
        ("alerts", {"severities": {"critical": "degraded"}}, Outcome.DEGRADED, "and 1 more"),
        ("alerts", {"matchers": ['alertname="AlwaysPending"']}, Outcome.DEGRADED, "pending: pending one"),
        ("alerts", {"matchers": ['vendor="hubspot"']}, Outcome.DOWN, "crm-exporter"),
        ("alerts", {"matchers": ['vendor="stripe"']}, Outcome.UP, "no alert fires"),
        ("rules", {}, Outcome.DOWN, "IntegrationDown (critical) firing"),
        ("rules", {"matchers": ['alertname=~"broken.*"']}, Outcome.UNKNOWN, "the rule is broken: found duplicate"),
        ("rules", {"matchers": ['alertname="Nope"']}, Outcome.UNKNOWN, 'there is no rule that matches alertname='),
        ("rules", {"matchers": ['alertname="Nope"'], "absent": "up"}, Outcome.UP, "there is no rule"),
        ("targets", {}, Outcome.DEGRADED, 'targets down: {instance="127.0.0.1:19999", job="crm-exporter"'),
        ("targets", {"matchers": ['job="crm-exporter"']}, Outcome.DOWN, "connect: connection refused"),
        ("targets", {"matchers": ['job="prometheus"']}, Outcome.UP, "all 1 targets are up"),
        ("targets", {"matchers": ['job="nope"']}, Outcome.UNKNOWN, "there is no target that matches"),
    ],
)  # fmt: skip
async def test_recorded_states(look: Look, what: str, keys: dict[str, object], outcome: Outcome, says: str) -> None:
    seen = await see(look, {what: capture(f"prometheus/{what}.json")}, what=what, **keys)
    assert seen.outcome is outcome
    assert says in seen.message
    assert seen.failure is (None if outcome is Outcome.UP else Failure.DATA if "there is" in says else Failure.STATED)


async def test_only_active_targets_are_asked_for(look: Look) -> None:
    async with vendor({API + "targets": capture("prometheus/targets.json")}) as server:
        seen = await look("prometheus", url=server.url + "/prom/api/v1/", what="targets")
        assert server.asked[0].path == "/prom/api/v1/targets"
        seen = await look("prometheus", url=server.url, what="targets")
        assert server.asked[1].query == {"state": "active"}
    assert seen.metrics["targets_down"] == 3.0


async def test_the_first_few_are_named(look: Look) -> None:
    entry = {"labels": {"alertname": "A", "severity": "warning"}, "state": "firing", "annotations": {"summary": "s"}}
    found = document({"status": "success", "data": {"alerts": [entry] * 8}})
    seen = await see(look, {"alerts": found}, what="alerts")
    assert seen.message == "; ".join(["A (warning) firing: s"] * 3) + " and 5 more"
    assert seen.metrics["alerts_firing"] == 8.0


@pytest.mark.parametrize(
    ("entry", "outcome"),
    [
        ({"labels": {"alertname": "A", "severity": "Critical"}, "state": "firing"}, Outcome.DOWN),
        ({"labels": {"alertname": "A", "severity": "critical"}, "state": "pending"}, Outcome.DEGRADED),
        ({"labels": {"alertname": "A", "severity": "info"}, "state": "pending"}, Outcome.UP),
        ({"labels": {"alertname": "A", "severity": "p3"}, "state": "firing"}, Outcome.DEGRADED),
        ({"labels": {"alertname": "Watchdog", "severity": "none"}, "state": "firing"}, Outcome.UP),
        ({"labels": {"alertname": "A"}, "state": "firing"}, Outcome.DEGRADED),
        ({"labels": {"alertname": "A"}, "state": "glowing"}, Outcome.DEGRADED),
        ({"labels": {"alertname": "A"}}, Outcome.DEGRADED),
        ({"labels": None, "state": "firing"}, Outcome.DEGRADED),
        ("alert", Outcome.DEGRADED),
    ],
)
async def test_severities(look: Look, entry: object, outcome: Outcome) -> None:
    seen = await see(look, {"alerts": document({"status": "success", "data": {"alerts": [entry]}})}, what="alerts")
    assert seen.outcome is outcome


@pytest.mark.parametrize(
    ("rule", "outcome"),
    [
        ({"type": "alerting", "state": "inactive", "health": "ok"}, Outcome.UP),
        ({"type": "alerting", "state": "inactive", "health": "unknown"}, Outcome.UNKNOWN),
        ({"type": "alerting", "state": "inactive", "health": "err", "lastError": "x"}, Outcome.UNKNOWN),
        ({"type": "alerting", "state": "inactive"}, Outcome.UNKNOWN),
        ({"type": "alerting", "state": "firing", "health": "ok", "labels": {"severity": "critical"}}, Outcome.DOWN),
        ({"type": "alerting", "state": "firing", "health": "ok", "alerts": []}, Outcome.DEGRADED),
        ({"type": "alerting", "health": "ok"}, Outcome.DEGRADED),
        ({"type": "recording", "health": "ok"}, Outcome.UP),
    ],
)
async def test_rules(look: Look, rule: dict[str, object], outcome: Outcome) -> None:
    groups = [{"name": "g", "rules": [{"name": "R", **rule}]}]
    seen = await see(look, {"rules": document({"status": "success", "data": {"groups": groups}})}, what="rules")
    assert seen.outcome is outcome


async def test_an_alert_of_a_rule_is_chosen_by_its_own_labels(look: Look) -> None:
    alerts = [
        {"labels": {"alertname": "R", "vendor": "a", "severity": "critical"}, "state": "firing"},
        {"labels": {"alertname": "R", "vendor": "b", "severity": "critical"}, "state": "pending"},
    ]
    rule = {"name": "R", "type": "alerting", "state": "firing", "health": "ok", "alerts": alerts}
    answer = document({"status": "success", "data": {"groups": [{"name": "g", "rules": [rule]}]}})
    for vendor_, outcome in (("a", Outcome.DOWN), ("b", Outcome.DEGRADED), ("c", Outcome.UNKNOWN)):
        seen = await see(look, {"rules": answer}, what="rules", matchers=[f'vendor="{vendor_}"'])
        assert seen.outcome is outcome


@pytest.mark.parametrize(
    ("answers", "outcome", "says"),
    [
        ({"/-/ready": Answered(b"Prometheus Server is Ready.\n")}, Outcome.UP, "Prometheus Server is Ready."),
        ({"/-/ready": Answered(b"OK")}, Outcome.UP, "OK"),
        ({"/-/ready": Answered(b"Service Unavailable", 503)}, Outcome.UNKNOWN, "it is not ready: status 503"),
        ({"/-/ready": Answered(b"<html><title>OK</title>")}, Outcome.UNKNOWN, "it does not say that it is ready"),
        ({"/-/ready": Answered(b"not ready")}, Outcome.UNKNOWN, "it does not say that it is ready"),
        ({"/-/ready": Answered(b"")}, Outcome.UNKNOWN, "it does not say that it is ready"),
        ({"/-/ready": Answered(b"OK"), "status/runtimeinfo": document(
            {"status": "success", "data": {"reloadConfigSuccess": False}})}, Outcome.DEGRADED, "refused its last conf"),
    ],
)  # fmt: skip
async def test_readiness(
    look: Look, answers: dict[str, Answered | list[Answered]], outcome: Outcome, says: str
) -> None:
    seen = await see(look, answers, what="ready")
    assert seen.outcome is outcome
    assert says in seen.message


async def test_recorded_readiness(look: Look) -> None:
    answers: dict[str, Answered | list[Answered]] = {
        "/-/ready": capture("prometheus/ready.json"),
        "status/runtimeinfo": capture("prometheus/runtimeinfo.json"),
    }
    seen = await see(look, answers, what="ready")
    assert (seen.outcome, seen.metrics["config_reloaded"]) == (Outcome.UP, 1.0)


# -- whatever comes -----------------------------------------------------------------------------------------------


def told(body: bytes, what: str) -> Outcome:
    """The outcome of a whole answer, as the check decides."""

    def judged() -> Outcome:
        data = opened(reply_of(body)).data
        if what == "query":
            limits = query.Limits.of(["value == 1"], [])
            return query.judge(samples(data), limits, Outcome.UNKNOWN).outcome
        if what == "targets":
            found = targets.judge(targets.targets(data), [])
            return found.outcome if found else Outcome.UNKNOWN
        theirs: list[TheirAlert] = (
            chosen(rules.alerts(data), []) if what == "alerts" else rules.judged(rules.rules(data), [])
        )
        return judge_alerts(theirs, model(what="alerts")).outcome

    return outcome_of(judged)


BODIES = [
    ("query", "query-vector-up"), ("query", "query-empty"), ("query", "query-scalar"), ("query", "query-range-matrix"),
    ("alerts", "alerts"), ("rules", "rules"), ("targets", "targets"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "name"), BODIES)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_garbled_answer_never_raises_and_never_reads_as_up(what: str, name: str, data: st.DataObject) -> None:
    body = json.loads(payload(f"prometheus/{name}.json"))["response"]["body"]
    assert told(json.dumps(body).encode(), what) is not Outcome.UP
    assert told(data.draw(cut(body)), what) is Outcome.UNKNOWN
    assert told(data.draw(worsened(body)), what) is not Outcome.UP


@given(st.sampled_from(["firing", "pending", "Alerting (Error)", "NoData", "recovering"]), st.integers(0, 30))
def test_a_garbled_state_is_never_quiet(word: str, at: int) -> None:
    cut = word[: at % len(word)] + "x" + word[at % len(word) :]
    assert stage_of(cut).value != "quiet"
