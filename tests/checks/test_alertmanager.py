"""`alertmanager`: recorded answers of several versions, its errors, and the real one."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.conftest import Look
from checks.decoding import cut, outcome_of, reply_of, worsened
from checks.payloads import Answered, capture, document, payload, vendor
from checks.specifications import strange
from servers import alertmanager
from standby.checks.alertmanager.answers import alerts, documented, silences
from standby.checks.alertmanager.check import AlertmanagerModel, Silences
from standby.checks.alertmanager.silencing import Wanted, made_before, silence
from standby.checks.base import Context
from standby.checks.monitors import Stage, judge
from standby.domain.matchers import parse_matcher
from standby.domain.observation import Failure, Observation
from standby.domain.outcome import Outcome
from standby.domain.units import HOUR, MINUTE, format_instant, parse_instant
from standby.net.trouble import Trouble

MODEL = AlertmanagerModel.model_validate({"id": "c", "integration": "i", "url": "http://am.test"})
RECORDED = ["alerts-groups.json", "alerts-groups-0.22.json", "alerts-groups-0.31.json"]


async def see(look: Look, found: Answered, more: Answered | None = None, **keys: object) -> Observation:
    known = more or document([])
    async with vendor({"/api/v2/alerts": found, "/api/v2/silences": known}) as server:
        return await look("alertmanager", url=server.url, **keys)


def alert(state: object, severity: str | None = "critical", **status: object) -> dict[str, Any]:
    labels = {"alertname": "A", **({"severity": severity} if severity else {})}
    return {"labels": labels, "annotations": {"summary": "s"}, "status": {"state": state, **status}}


def groups(name: str) -> list[Any]:
    """The alerts of recorded groups: the same objects as in the plain list."""
    found = json.loads(payload(f"alertmanager/{name}"))
    body = found["response"]["body"] if isinstance(found, dict) else found
    return [one for group in body for one in group["alerts"]]


async def test_recorded_alerts(look: Look) -> None:
    seen = await see(look, capture("alertmanager/alerts-from-prometheus.json"))
    assert (seen.outcome, seen.failure) == (Outcome.DOWN, Failure.STATED)  # though all of them ended by our clock
    assert seen.message.startswith("IntegrationDown (critical) firing: html-instead-of-metrics ist nicht erreichbar")
    assert seen.metrics["alerts_firing"] == 3.0


@pytest.mark.parametrize("name", RECORDED)
def test_recorded_groups(name: str) -> None:
    found = groups(name)
    states = [one["status"]["state"] for one in found]
    read = alerts(found)
    assert [one.stage is Stage.FIRING for one in read] == [state == "active" for state in states]
    assert {one.stage for one in read} <= {Stage.FIRING, Stage.SILENCED, Stage.INHIBITED}
    assert {Stage.SILENCED, Stage.INHIBITED} & {one.stage for one in read}


async def test_recorded_silences(look: Look) -> None:
    [one] = silences(json.loads(payload("alertmanager/silences.json"))["response"]["body"])
    assert one.line() == 'job="crm-exporter" by operator@example.com: geplante Wartung HubSpot'
    assert (one.state, format_instant(one.ends or 0)) == ("active", "2026-11-23T20:42:44.000Z")
    told = Silences.of([one], parse_instant("2026-11-23T20:00:00Z"), HOUR)
    assert told.said.startswith("; a silence for 42m more: job=")
    assert told.metrics == {"silences": 1.0, "silences_ending_soon": 1.0, "silence_ends_s": 2564.0}


@pytest.mark.parametrize(
    ("found", "keys", "outcome", "says"),
    [
        ([], {}, Outcome.UP, "no alert fires"),
        ([alert("active")], {}, Outcome.DOWN, "A (critical) firing: s"),
        ([alert("active", "warning")], {}, Outcome.DEGRADED, "A (warning) firing"),
        ([alert("active", None)], {}, Outcome.DEGRADED, "A firing"),
        ([alert("active", None)], {"unlabelled": "down"}, Outcome.DOWN, "A firing"),
        ([alert("active", "info")], {}, Outcome.UP, "A (info) firing"),
        ([alert("unprocessed")], {}, Outcome.DEGRADED, "A (critical) pending"),
        ([alert("suppressed", silencedBy=["1"])], {}, Outcome.MAINTENANCE, "fires; 1 silenced, not counted: A"),
        ([alert("suppressed", silencedBy=["1"])], {"silenced": "up"}, Outcome.UP, "1 silenced, not counted"),
        ([alert("suppressed", "info", silencedBy=["1"])], {}, Outcome.UP, "1 silenced, not counted"),
        ([alert("suppressed", mutedBy=["nights"])], {}, Outcome.MAINTENANCE, "1 silenced"),
        ([alert("suppressed", inhibitedBy=["1"], silencedBy=[])], {}, Outcome.UP, "1 inhibited, not counted: A"),
        ([alert("suppressed")], {}, Outcome.MAINTENANCE, "1 silenced"),
        ([alert("suppressed", silencedBy=["1"]), alert("active")], {}, Outcome.DOWN, "firing: s; 1 silenced"),
        ([alert("glowing")], {}, Outcome.DEGRADED, "in a state that is not known here"),
        ([alert(None)], {}, Outcome.DEGRADED, "in a state that is not known here"),
        ([{"labels": {"alertname": "A"}}, 7], {}, Outcome.DEGRADED, "not known here"),
    ],
)  # fmt: skip
async def test_states(look: Look, found: object, keys: dict[str, object], outcome: Outcome, says: str) -> None:
    seen = await see(look, document(found), **keys)
    assert seen.outcome is outcome
    assert says in seen.message


@pytest.mark.parametrize(
    ("answer", "failure", "says"),
    [
        ("v1-removed-410.json", Failure.REQUEST, "status 410: The Alertmanager v1 API was deprecated"),
        (document("bad matcher format: x", 400), Failure.REQUEST, "status 400: bad matcher format: x"),
        (document({"code": 601, "message": "silenceID must be of type uuid"}, 422), Failure.REQUEST, "must be of type"),
        (Answered(b"404 page not found\n", 404), Failure.REQUEST, "there is no API v2 of an Alertmanager here"),
        (document({"status": "success", "data": []}), Failure.UNREADABLE, "the form of the API v1"),
        (document({"message": "Unauthorized"}, 401), Failure.CREDENTIALS, "Unauthorized"),
        (Answered(b"<html><title>Sign in</title>"), Failure.UNREADABLE, 'HTML ("Sign in")'),
        (Answered(b"", 503), Failure.SERVER, "status 503"),
        (document({"alerts": []}), Failure.UNREADABLE, "no list of alerts"),
        (document(None), Failure.UNREADABLE, "no list of alerts"),
        (document("ok"), Failure.UNREADABLE, "no list of alerts"),
    ],
)
async def test_what_is_no_answer_is_unknown(look: Look, answer: str | Answered, failure: Failure, says: str) -> None:
    seen = await see(look, capture(f"alertmanager/{answer}") if isinstance(answer, str) else answer)
    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, failure)
    assert says in seen.message


async def test_silences_that_cannot_be_asked_leave_the_alerts_judged(look: Look) -> None:
    seen = await see(look, document([alert("active")]), Answered(b"", 500))
    assert seen.outcome is Outcome.DOWN
    assert "its silences are not known" in seen.message
    assert "silences" not in seen.metrics


@pytest.mark.parametrize(
    ("matchers", "concerned"),
    [([], True), (['team="shop"'], True), (['job="crm"'], True), (['job="pay"'], False), (['job=~"pay.*"'], True)],
)
def test_a_silence_of_something_else_is_not_ours(matchers: list[str], concerned: bool) -> None:
    [one] = silences([{"matchers": [{"name": "job", "value": "crm", "isRegex": False}]}])
    assert one.concerns([parse_matcher(text) for text in matchers]) is concerned
    [other] = silences([{"matchers": [{"name": "job", "value": "(", "isRegex": True, "isEqual": False}]}])
    assert other.concerns([parse_matcher('job="x"')])
    assert str(other.matchers[0]) == 'job!~"("'


async def test_what_is_asked_is_in_its_specification(look: Look) -> None:
    async with vendor({"/api/v2/alerts": document([]), "/api/v2/silences": document([])}) as server:
        await look("alertmanager", url=server.url, matchers=['a="b"', 'c!~"d"'])
    assert len(server.asked) == 2
    assert [strange("alertmanager/openapi-v2.yaml", asked) for asked in server.asked] == [set(), set()]


def told(body: bytes) -> Outcome:
    return outcome_of(lambda: judge(alerts(documented(reply_of(body))), MODEL, silenced=Outcome.MAINTENANCE).outcome)


@pytest.mark.parametrize("name", RECORDED)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_garbled_answer_never_raises_and_never_reads_as_up(name: str, data: st.DataObject) -> None:
    body = groups(name)
    assert told(data.draw(cut(body))) is Outcome.UNKNOWN
    assert told(data.draw(worsened(body))) is not Outcome.UP
    silences(json.loads(data.draw(worsened(json.loads(payload("alertmanager/silences.json"))["response"]["body"]))))


# -- the real one -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with alertmanager(tmp_path_factory.mktemp("alertmanager")) as url:
        yield url


def post(url: str, path: str, body: object) -> bytes:
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url + path, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=5) as answer:
        return bytes(answer.read())


@pytest.mark.servers
async def test_against_the_real_one(look: Look, server: str) -> None:
    assert (await look("alertmanager", url=server)).message == "no alert fires"
    names = {"Inhibitor": "info", "Inhibited": "critical", "Silenced": "critical", "Loud": "warning"}
    labels = [{"alertname": name, "severity": severity, "job": "façade"} for name, severity in names.items()]
    from checks.loopback import RealClock

    ends = format_instant(RealClock().now() + 30 * MINUTE)
    silence = {"createdBy": "anna", "comment": "Wartung", "startsAt": "2020-01-01T00:00:00Z", "endsAt": ends}
    matchers = [{"name": "alertname", "value": "Silenced", "isRegex": False, "isEqual": True}]
    post(server, "/api/v2/silences", {**silence, "matchers": matchers})
    post(server, "/api/v2/alerts", [{"labels": one, "annotations": {"summary": "prüfen"}} for one in labels])
    async with asyncio.timeout(20):
        while True:
            seen = await look("alertmanager", url=server, every="100ms", timeout="90ms")
            if seen.metrics.get("alerts_silenced") == seen.metrics.get("alerts_inhibited") == 1.0:
                break
            await asyncio.sleep(0.05)
    assert (seen.outcome, seen.failure) == (Outcome.DEGRADED, Failure.STATED)
    assert "Loud (warning) firing: prüfen" in seen.message
    assert "1 silenced and 1 inhibited, not counted: " in seen.message
    assert 'a silence for 29m more: alertname="Silenced" by anna: Wartung' in seen.message
    assert seen.metrics["silences_ending_soon"] == 1.0
    only = await look("alertmanager", url=server + "/api/v2", matchers=['alertname=~"Sil.*"', 'job="façade"'])
    assert only.outcome is Outcome.MAINTENANCE
    away = await look("alertmanager", url=server, matchers=['alertname="Loud"'])
    assert (away.metrics["silences"], away.metrics["alerts_firing"]) == (0.0, 1.0)
    assert (await look("alertmanager", url=server + "/nowhere")).failure is Failure.REQUEST


# -- silencing --------------------------------------------------------------------------------------------------------


def wanted(ends: int, mark: str = "standby 0123456789ab") -> Wanted:
    from checks.loopback import RealClock

    matchers = (parse_matcher('job="façade"'), parse_matcher('alertname!~"x|y"'))
    return Wanted(matchers, RealClock().now(), ends, "anna", "Wartung", mark)


def at(url: str) -> AlertmanagerModel:
    row = {"id": "c", "integration": "i", "url": url, "headers": {"Authorization": "Bearer env:TOKEN"}}
    return AlertmanagerModel.model_validate(row)


@pytest.mark.servers
async def test_one_silence_however_often_it_is_asked_for(context: Context, server: str) -> None:
    ends = context.clock.now() + HOUR
    before = {one.id for one in silences(json.loads(get(server)))}
    made = [await silence(context, at(server), wanted(ends)) for _ in range(3)]
    assert len({*made}) == 1
    [one] = [one for one in silences(json.loads(get(server))) if one.id not in before]
    assert (one.id, one.state, one.by, one.comment) == (made[0], "active", "anna", "Wartung [standby 0123456789ab]")
    assert [str(matcher) for matcher in one.matchers] == ['job="façade"', 'alertname!~"x|y"']
    assert (one.ends or 0) // MINUTE == ends // MINUTE
    with pytest.raises(Trouble, match="status 400: Failed to create silence") as refused:
        await silence(context, at(server), wanted(ends - 2 * HOUR, "standby another"))
    assert refused.value.failure is Failure.REQUEST


def get(url: str) -> bytes:
    with urllib.request.urlopen(url + "/api/v2/silences", timeout=5) as answer:
        return bytes(answer.read())


@pytest.mark.parametrize("lost", [Answered(b"", 502), Answered(b"", 200), document({})])
async def test_an_answer_that_was_lost_is_looked_for(context: Context, lost: Answered) -> None:
    entry = {"id": "s1", "status": {"state": "active"}, "comment": "Wartung [standby 0123456789ab]"}
    found = [document([]), document([entry])]
    async with vendor({"GET /api/v2/silences": found, "POST /api/v2/silences": lost}) as server_:
        made = await silence(context, at(server_.url), wanted(context.clock.now() + HOUR))
        assert (made, len(server_.asked)) == ("s1", 3)
        assert server_.asked[1].headers["authorization"] == "Bearer s3cr3t-token"
    async with vendor({"GET /api/v2/silences": document([]), "POST /api/v2/silences": lost}) as server_:
        with pytest.raises(Trouble):
            await silence(context, at(server_.url), wanted(context.clock.now() + HOUR))


async def test_one_that_has_ended_is_no_longer_it(context: Context) -> None:
    entry = {"id": "s1", "status": {"state": "expired"}, "comment": "[standby 0123456789ab]"}
    answers = {"GET /api/v2/silences": document([entry]), "POST /api/v2/silences": document({"silenceID": "s2"})}
    async with vendor(answers) as server_:
        assert await silence(context, at(server_.url), wanted(context.clock.now() + HOUR)) == "s2"
        assert await made_before(context, at(server_.url), "standby 0123456789ab") == ""


async def test_one_that_was_made_before_is_found_without_being_made(context: Context) -> None:
    entry = {"id": "s1", "status": {"state": "active"}, "comment": "Wartung [standby 0123456789ab]"}
    async with vendor({"GET /api/v2/silences": document([entry])}) as server_:
        assert await made_before(context, at(server_.url), "standby 0123456789ab") == "s1"
        assert await made_before(context, at(server_.url), "standby ba9876543210") == ""
    with pytest.raises(Trouble):
        await made_before(context, at(server_.url), "standby 0123456789ab")
