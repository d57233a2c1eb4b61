"""Datadog: monitors, queries and keys, by its recordings, on good days and bad ones."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from checks.conftest import Look
from checks.payloads import Answered, Vendor, capture, document, named, payload, vendor
from checks.specifications import parameters, violation
from checks.spoiled import spoiled
from standby.checks.datadog import metrics, monitors
from standby.checks.datadog.check import PAGE, DatadogModel
from standby.checks.series import Series
from standby.domain.observation import Failure, Observation
from standby.domain.outcome import Outcome
from standby.domain.units import SECOND, parse_instant
from standby.net.trouble import Trouble

KEYS = {"api_key": "env:KEY", "app_key": "env:TOKEN"}
SPECIFICATION = "datadog/openapi-v1-trimmed.yaml"
NOW = parse_instant("2023-05-23T00:00:00Z")
LIST, QUERY, VALIDATE = "/api/v1/monitor", "/api/v1/query", "/api/v1/validate"


def body(name: str) -> Any:
    return json.loads(payload(name))["response"]["body"]


def monitor(word: object, /, **keys: object) -> dict[str, object]:
    return {"id": 7, "name": "Checkout errors", "overall_state": word, **keys}


def broken_down(
    silenced: dict[str, object] | None = None, scope: object = None, groups: object = None, **hosts: str
) -> dict[str, object]:
    """A monitor in alert, by hosts."""
    downtimes = [{"active": True, "scope": scope, "groups": groups}] if scope else []
    known = {f"host:{host}": {"name": f"host:{host}", "status": status} for host, status in hosts.items()}
    more = {"options": {"silenced": silenced or {}}, "matching_downtimes": downtimes, "state": {"groups": known}}
    return monitor("Alert", multi=True, **more)


@pytest.mark.parametrize(
    ("found", "outcome"),
    [
        (monitor("OK"), Outcome.UP),
        (monitor("Alert"), Outcome.DOWN),
        (monitor("Warn"), Outcome.DEGRADED),
        *(
            (monitor(word), Outcome.UNKNOWN)
            for word in ("No Data", "Ignored", "Skipped", "Unknown", "Fine", "", None, 1)
        ),
        ({"id": 7, "name": "x", "status": "OK"}, Outcome.UNKNOWN),
        ({"id": 7, "name": "x"}, Outcome.UNKNOWN),
        ("OK", Outcome.UNKNOWN),
        (monitor("Alert", matching_downtimes=[{"id": 1, "active": True}]), Outcome.MAINTENANCE),
        (monitor("Alert", matching_downtimes=[{"id": 1, "active": False}]), Outcome.DOWN),
        (monitor("Alert", matching_downtimes=[{"id": 1, "start": 1, "end": None}]), Outcome.MAINTENANCE),
        (monitor("Alert", matching_downtimes=[{"id": 1, "start": 1, "end": 2}]), Outcome.DOWN),
        (monitor("Alert", matching_downtimes=[{"id": 1, "start": NOW // SECOND + 60}]), Outcome.DOWN),
        (monitor("Alert", matching_downtimes=[{"id": 1}, None]), Outcome.DOWN),
        (monitor("Alert", options={"silenced": {"*": None}}), Outcome.MAINTENANCE),
        (monitor("Alert", options={"silenced": {"*": NOW // SECOND + 60}}), Outcome.MAINTENANCE),
        (monitor("Alert", options={"silenced": {"*": NOW // SECOND - 60}}), Outcome.DOWN),
        (monitor("Alert", options={"silenced": {"host:a": None}}), Outcome.DOWN),
        (monitor("Alert", options={"silenced": {}}), Outcome.DOWN),
        (broken_down(a="Alert", b="OK", silenced={"host:a": None}), Outcome.MAINTENANCE),
        (broken_down(a="Alert", b="OK", silenced={"host:b": None}), Outcome.DOWN),
        (broken_down(a="Alert", b="OK", silenced={"host:a": NOW // SECOND - 60}), Outcome.DOWN),
        (broken_down(a="Alert", b="Warn", silenced={"host:a": None}), Outcome.DEGRADED),
        (broken_down(a="Alert", b="No Data", silenced={"host:a": None}), Outcome.UNKNOWN),
        (broken_down(a="Alert", b="strange", silenced={"host:a": None}), Outcome.UNKNOWN),
        (broken_down(a="Alert", b="Alert", silenced={"host:a": None}), Outcome.DOWN),
        (broken_down(a="Alert", b="Alert", silenced={"host:*": None}), Outcome.MAINTENANCE),
        (broken_down(a="Alert", silenced={"host:a,env:live": None}), Outcome.DOWN),
        (broken_down(a="OK", b="OK", silenced={"host:a": None}), Outcome.DOWN),
        (broken_down(a="Alert", scope=["host:a"]), Outcome.MAINTENANCE),
        (broken_down(a="Alert", b="Warn", scope=["host:a"]), Outcome.DEGRADED),
        (broken_down(a="Alert", scope=["host:b"]), Outcome.DOWN),
        (broken_down(a="Alert", scope=["env:live"], groups=["host:a"]), Outcome.MAINTENANCE),
        (broken_down(a="Alert", scope=["*"]), Outcome.MAINTENANCE),
        (monitor("Alert", multi=True, matching_downtimes=[{"active": True, "scope": ["host:a"]}]), Outcome.DOWN),
        (monitor("Alert", multi=False, matching_downtimes=[{"active": True, "scope": ["host:a"]}]),
         Outcome.MAINTENANCE),
        (monitor("OK", state={"groups": {"host:a": {"status": "Alert"}}}), Outcome.DOWN),
        (monitor("Alert", state={"groups": [1]}), Outcome.DOWN),
        (monitor("Alert", state={"groups": {"host:a": None}}, multi=True), Outcome.DOWN),
        (monitor("Alert", muted_until_ts=NOW // SECOND + 60), Outcome.MAINTENANCE),
        (monitor("Alert", muted_until_ts=1), Outcome.DOWN),
    ],
)  # fmt: skip
def test_a_monitors_state(found: object, outcome: Outcome) -> None:
    assert monitors.monitor(found, NOW).outcome is outcome


def test_the_recordings_of_monitors() -> None:
    for name in ("datadog/monitors-page0.json", "datadog/monitors-page1.json"):
        found = monitors.monitors(body(name), NOW)
        assert {(one.state, one.outcome) for one in found} == {("No Data", Outcome.UNKNOWN)}
    muted = monitors.monitor(body("datadog/monitor-with-downtime.json"), NOW)
    assert (muted.id, muted.outcome) == ("119766008", Outcome.MAINTENANCE)
    found, pages = monitors.searched(body("datadog/monitors-search.json"), NOW)
    assert (len(found), pages) == (30, 7)
    assert {one.outcome for one in found} <= {Outcome.UP, Outcome.DOWN, Outcome.UNKNOWN}
    assert all(one.outcome is Outcome.UP for one in found if one.state == "OK")


def test_the_worst_monitors_speak() -> None:
    states = ["OK", "Warn", "Alert", "No Data", "Alert", "Alert", "Alert"]
    found = monitors.summary([monitors.monitor(monitor(state), NOW) for state in states])
    assert (found.outcome, found.failure) == (Outcome.DOWN, Failure.STATED)
    assert found.message.startswith("4 of 7 in alert: Checkout errors (7): Alert, ")
    assert found.message.endswith(", and 1 more")
    assert found.metrics["monitors_down"] == 4.0
    assert monitors.summary([]).outcome is Outcome.UNKNOWN


def test_what_is_muted_is_said() -> None:
    one = monitors.monitor(broken_down(a="Alert", b="Warn", c="OK", silenced={"host:a": None}), NOW)
    found = monitors.summary([one])
    assert found.message == (
        "1 of 1 in warning: Checkout errors (7): Warn on host:b; muted, not counted: Checkout errors on host:a"
    )


def test_names_are_globs() -> None:
    found = [monitors.monitor({"name": name}, NOW) for name in ("Checkout p95", "checkout errors", "Search")]
    assert [one.name for one in monitors.named(found, ["checkout*"])] == ["Checkout p95", "checkout errors"]


@pytest.mark.parametrize(
    ("points", "take", "value"),
    [
        ([[1000.0, 1], [2000.0, 2.5], [3000.0, None]], "last", 2.5),
        ([[2000.0, 5.0], [1000.0, 1.0]], "last", 5.0),
        ([[1000, 1], [2000, 2.5]], "avg", 1.75),
        ([[1000, 1], [2000, 2.5]], "min", 1.0),
        ([[1000, 1], [2000, 2.5]], "max", 2.5),
        ([[1000, 1], [2000, 2.5]], "sum", 3.5),
        ([[1000, None]], "last", None),
        ([], "last", None),
        (None, "last", None),
        ([None, [], ["x", 1], [1000, "NaN"]], "last", None),
    ],
)
def test_a_series_is_boiled_down(points: object, take: str, value: float | None) -> None:
    [one] = metrics.series({"status": "ok", "series": [{"pointlist": points, "scope": "host:a,env:b"}]}, take)
    assert one.value == value
    assert one.labels == {"host": "a", "env": "b"}


def test_the_recording_of_a_query_in_the_form_of_v2() -> None:
    [one] = metrics.series(body("datadog/v2-timeseries-cross-product-.json"), "last")
    assert (one.value, one.at) == (87.0, 1711980225 * SECOND)


@pytest.mark.parametrize(
    ("found", "failure"),
    [
        ({"status": "error", "error": "Error parsing query"}, Failure.REQUEST),
        ({"status": "error"}, Failure.REQUEST),
        ({"series": []}, Failure.UNREADABLE),
        ({"status": "ok"}, Failure.UNREADABLE),
        ({"status": "ok", "series": None}, Failure.UNREADABLE),
        ({"data": {"attributes": {}}}, Failure.UNREADABLE),
        ([], Failure.UNREADABLE),
        ("ok", Failure.UNREADABLE),
    ],
)
def test_a_query_that_failed_is_unknown(found: object, failure: Failure) -> None:
    with pytest.raises(Trouble) as caught:
        metrics.series(found, "last")
    assert (caught.value.failure, caught.value.outcome) == (failure, Outcome.UNKNOWN)


async def test_a_query_is_judged_by_its_figures(look: Look) -> None:
    found = {"status": "ok", "series": [{"scope": "region:eu", "pointlist": [[1000.0, 0.7]]}]}
    keys: dict[str, Any] = {**KEYS, "query": "avg:errors{*} by {region}", "expect": ["value < 0.5"]}
    async with vendor({QUERY: document(found, x_ratelimit_remaining="99", x_ratelimit_reset="12")}) as dog:
        seen = await look("datadog", url=dog.url, **keys)
        gone = await look("datadog", url=dog.url, **keys)
    assert (seen.outcome, seen.failure) == (Outcome.DOWN, Failure.EXPECTATION)
    assert seen.message == "value < 0.5: value is 0.7 (region:eu)"
    assert (seen.metrics["value"], seen.metrics["rate_remaining"], seen.metrics["rate_reset_s"]) == (0.7, 99.0, 12.0)
    assert gone.outcome is Outcome.DOWN
    asked = dog.asked[0]
    assert int(asked.query["to"]) - int(asked.query["from"]) in (300, 301)
    assert (asked.headers["dd-api-key"], asked.headers["dd-application-key"]) == ("k3y-v4lue", "s3cr3t-token")


async def test_a_query_of_too_many_series_is_unknown(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "MOST", 2)
    found = {"status": "ok", "series": [{"pointlist": [[1000.0, 0.1]]}] * 3}
    async with vendor({QUERY: document(found)}) as dog:
        seen = await look("datadog", url=dog.url, query="avg:x{*} by {host}", **KEYS)
    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.TOO_LARGE)


async def test_a_query_that_gives_nothing_is_unknown(look: Look) -> None:
    async with vendor({QUERY: document({"status": "ok", "series": []})}) as dog:
        seen = await look("datadog", url=dog.url, query="avg:x{*}", **KEYS)
    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.DATA)


async def test_pages_are_read_until_a_short_one(look: Look) -> None:
    pages = [document([monitor("OK")] * PAGE), document([monitor("Warn")])]
    async with vendor({LIST: pages}) as dog:
        seen = await look("datadog", url=dog.url, tags=["service:shop", "env:prod"], **KEYS)
    assert (seen.outcome, seen.metrics["monitors_up"]) == (Outcome.DEGRADED, float(PAGE))
    assert [(one.query["page"], one.query["monitor_tags"]) for one in dog.asked] == [
        ("0", "service:shop,env:prod"),
        ("1", "service:shop,env:prod"),
    ]


@pytest.mark.parametrize(("state", "outcome"), [("OK", Outcome.UNKNOWN), ("Alert", Outcome.DOWN)])
async def test_what_was_not_read_is_not_up(
    look: Look, monkeypatch: pytest.MonkeyPatch, state: str, outcome: Outcome
) -> None:
    monkeypatch.setattr("standby.checks.datadog.check.MOST_PAGES", 2)
    async with vendor({LIST: document([monitor(state)] * PAGE)}) as dog:
        seen = await look("datadog", url=dog.url, names=["*"], **KEYS)
    assert (seen.outcome, len(dog.asked)) == (outcome, 2)


async def test_a_search_is_read_to_its_last_page(look: Look) -> None:
    pages = [
        document({"monitors": [{"id": 1, "name": "a", "status": "OK"}], "metadata": {"page_count": 2}}),
        document({"monitors": [{"id": 2, "name": "b", "status": "Alert"}], "metadata": {"page_count": 2}}),
    ]
    async with vendor({LIST + "/search": pages}) as dog:
        seen = await look("datadog", url=dog.url, search="type:metric b", **KEYS)
    assert (seen.outcome, seen.message) == (Outcome.DOWN, "1 of 2 in alert: b (2): Alert")


async def test_monitors_by_id(look: Look) -> None:
    async with vendor(
        {LIST + "/7": document(monitor("OK")), LIST + "/8": capture("datadog/v2-downtime-404.json")}
    ) as dog:
        good = await look("datadog", url=dog.url, ids=[7], **KEYS)
        gone = await look("datadog", url=dog.url, ids=[7, 8], **KEYS)
    assert (good.outcome, good.message) == (Outcome.UP, "1 OK")
    assert (gone.outcome, gone.failure) == (Outcome.UNKNOWN, Failure.REQUEST)
    assert "monitor 8" in gone.message


@pytest.mark.parametrize(
    ("answer", "outcome", "failure", "says"),
    [
        (document({"valid": True}), Outcome.UP, None, "the API key is valid"),
        (document({"valid": False}), Outcome.UNKNOWN, Failure.CREDENTIALS, "not valid; a key of another site"),
        (document({"valid": "true"}), Outcome.UNKNOWN, Failure.UNREADABLE, "does not say"),
        (document([]), Outcome.UNKNOWN, Failure.UNREADABLE, "does not say"),
        (document({"errors": ["Forbidden"]}, 403), Outcome.UNKNOWN, Failure.CREDENTIALS, "a key of another site"),
        (document({"errors": [{"title": "Bad", "detail": "no such thing", "status": "400"}]}, 400), Outcome.UNKNOWN,
         Failure.REQUEST, "no such thing"),
        (Answered(b"", 204, {"Content-Type": "text/html"}), Outcome.UNKNOWN, Failure.UNREADABLE, "empty"),
        (Answered(b"<html><title>Login</title>"), Outcome.UNKNOWN, Failure.UNREADABLE, "HTML"),
        (document({"errors": ["Too many requests"]}, 429, x_ratelimit_reset="17"), Outcome.UNKNOWN,
         Failure.RATE_LIMITED, "Too many requests"),
        (Answered(b"upstream", 503), Outcome.UNKNOWN, Failure.SERVER, "503"),
    ],
)  # fmt: skip
async def test_whether_the_key_is_valid(
    look: Look, answer: Answered, outcome: Outcome, failure: Failure | None, says: str
) -> None:
    async with vendor({VALIDATE: answer}) as dog:
        seen = await look("datadog", url=dog.url, api_key="env:KEY")
    assert (seen.outcome, seen.failure) == (outcome, failure)
    assert says in seen.message
    assert seen.retry_after_s == (17.0 if answer.status == 429 else None)


@pytest.mark.parametrize("name", ["validate-403", "monitors-400", "monitor-create-400", "v2-downtime-404"])
async def test_the_recorded_errors_say_their_sentence(look: Look, name: str) -> None:
    answer = capture(f"datadog/{name}.json")
    async with vendor({LIST: answer}) as dog:
        seen = await look("datadog", url=dog.url, tags=["a:b"], **KEYS)
    assert seen.outcome is Outcome.UNKNOWN
    assert json.loads(answer.body)["errors"][0][:60] in seen.message


@pytest.mark.parametrize("name", named("datadog/*.json"))
async def test_no_other_recording_reads_as_up(look: Look, name: str) -> None:
    loaded = json.loads(payload(name))
    answer = capture(name) if "response" in loaded else document(loaded)
    async with vendor(
        {VALIDATE: answer, LIST: answer, QUERY: answer, LIST + "/search": answer, LIST + "/7": answer}
    ) as dog:
        seen = {
            "validate": await look("datadog", url=dog.url, api_key="env:KEY"),
            "tags": await look("datadog", url=dog.url, tags=["a:b"], **KEYS),
            "query": await look("datadog", url=dog.url, query="q", **KEYS),
            "search": await look("datadog", url=dog.url, search="s", **KEYS),
            "ids": await look("datadog", url=dog.url, ids=[7], **KEYS),
        }
    up = {how for how, one in seen.items() if one.outcome is Outcome.UP}
    assert up <= {"validate-200": {"validate"}, "v2-timeseries-cross-product-": {"query"}}.get(name[8:-5], set())
    assert all(one.failure is not Failure.INTERNAL for one in seen.values())


def requests(dog: Vendor) -> Sequence[str | None]:
    return [violation(SPECIFICATION, asked) for asked in dog.asked]


async def test_what_is_asked_is_what_the_specification_allows(look: Look) -> None:
    answers = {
        VALIDATE: document({"valid": True}),
        LIST: document([monitor("OK")]),
        LIST + "/7": document(monitor("OK")),
        LIST + "/search": document({"monitors": []}),
        QUERY: document({"status": "ok", "series": []}),
    }
    async with vendor(answers) as dog:
        for keys in ({}, {"tags": ["a:b"]}, {"ids": [7]}, {"search": "s"}, {"query": "avg:x{*}"}, {"names": ["*"]}):
            await look("datadog", url=dog.url, **KEYS, **keys)
    assert requests(dog) == [None] * 6
    for asked in dog.asked:
        path = "/api/v1/monitor/{monitor_id}" if asked.path.endswith("/7") else asked.path
        assert set(asked.query) <= set(parameters(SPECIFICATION, path))


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"site": "datadog.com", "api_key": "env:KEY"}, "datadoghq.eu"),
        ({"api_key": "env:KEY", "tags": ["a:b"]}, "app_key"),
        ({**KEYS, "tags": ["a:b"], "query": "q"}, "different questions"),
        ({**KEYS, "tags": ["a:b"], "expect": ["value > 1"]}, "judge a query"),
        ({**KEYS, "query": "q", "expect": ["status == 200"]}, "status"),
        ({"api_key": "0123456789"}, "never the secret"),
    ],
)
def test_a_wrong_check_is_refused_with_the_mend(keys: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        DatadogModel.model_validate({"id": "c", "integration": "i", "kind": "datadog", **keys})


def test_each_site_has_its_host() -> None:
    row = {"id": "c", "integration": "i", "kind": "datadog", "api_key": "env:KEY"}
    assert DatadogModel.model_validate(row).target == "api.datadoghq.com"
    assert DatadogModel.model_validate({**row, "site": "us5.datadoghq.com"}).target == "api.us5.datadoghq.com"


def read(found: object) -> set[Outcome]:
    """What each decoder makes of a document; Trouble is `unknown`."""
    outcomes = set()
    for decode in (
        lambda: monitors.summary(monitors.monitors(found, NOW)).outcome,
        lambda: monitors.summary(monitors.searched(found, NOW)[0]).outcome,
        lambda: monitors.monitor(found, NOW).outcome,
    ):
        try:
            outcomes.add(decode())
        except Trouble as trouble:
            outcomes.add(trouble.outcome)
    return outcomes


@pytest.mark.parametrize("name", named("datadog/monitor*.json"))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_spoiled_recording_never_raises_and_never_gets_better(name: str, data: st.DataObject) -> None:
    whole = body(name)
    found = data.draw(spoiled(whole))
    if Outcome.UP not in read(whole):
        assert Outcome.UP not in read(found)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_spoiled_query_never_raises_anything_but_trouble(data: st.DataObject) -> None:
    whole = {
        "status": "ok",
        "series": [{"pointlist": [[1000.0, 1.5], [2000.0, None]], "scope": "a:b", "tag_set": ["c"]}],
    }
    found: list[Series] = []
    with contextlib.suppress(Trouble):
        found = metrics.series(data.draw(spoiled(whole)), "last")
    assert all(one.value is None or math.isfinite(one.value) for one in found)


async def test_a_truncated_recording_is_unknown(look: Look) -> None:
    seen: list[Observation] = []
    whole = capture("datadog/monitors-page0.json")
    for cut in range(0, len(whole.body), 400):
        async with vendor({LIST: Answered(whole.body[:cut], 200, whole.headers)}) as dog:
            seen.append(await look("datadog", url=dog.url, tags=["a:b"], **KEYS))
    assert {(one.outcome, one.failure) for one in seen} == {(Outcome.UNKNOWN, Failure.UNREADABLE)}
