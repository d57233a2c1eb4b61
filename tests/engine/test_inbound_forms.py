"""What pushed bodies say: recordings as they were sent, the words of Alertmanager, and what somebody hostile sends."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

import jsonschema_rs
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from checks.payloads import payload
from standby.config.inbound import SourceKind
from standby.domain.alerting import Machine, Phase
from standby.domain.muting import Mute, MuteKind
from standby.domain.outcome import Severity
from standby.domain.outside import MOST_LABELS, Said, loudness
from standby.domain.text import clean
from standby.domain.units import MINUTE, parse_instant
from standby.engine.alerting.alerts import Live
from standby.engine.inbound import listing, upstream
from standby.engine.inbound.forms import MOST_AT_ONCE, Heard, Refused, read
from standby.engine.rules.watches import Sort, Watch

NOW = parse_instant("2026-11-25T12:00:00Z")
KINDS = tuple(SourceKind)


def heard(kind: SourceKind, found: object) -> Heard:
    return read(kind, json.dumps(found).encode(), NOW)


def only(found: Heard) -> Said:
    (one,) = found.said
    return one


def test_alertmanagers_webhook_as_it_was_delivered() -> None:
    recording = json.loads(payload("alertmanager/webhook-firing.json"))["request"]["json"]
    found = heard(SourceKind.ALERTMANAGER, recording)
    assert [one.labels["job"] for one in found.said] == ["crm-exporter", "html-instead-of-metrics", "slow"]
    first = found.said[0]
    assert (first.name, first.firing, first.ends_at) == ("IntegrationDown", True, None)
    assert first.summary == "crm-exporter ist nicht erreichbar – Übersicht prüfen"
    assert first.starts_at == parse_instant("2026-11-23T19:41:33.141Z")
    assert first.link == "http://vm:19090/graph?g0.expr=up+%3D%3D+0&g0.tab=1"
    assert not found.wrong
    assert len({one.fingerprint for one in found.said}) == 3


def test_grafanas_webhook_as_its_manual_has_it() -> None:
    found = heard(SourceKind.GRAFANA, json.loads(payload("grafana/contact-point-webhook-firing.json")))
    first, second = found.said
    assert (first.name, first.summary) == ("High memory usage", "This alert was triggered for zone us-1")
    assert first.starts_at == parse_instant("2021-10-12T09:51:03.157076+02:00")
    assert second.link == "https://play.grafana.org/alerting/d1rdpdv7k/edit"


@pytest.mark.parametrize(
    ("kind", "name", "alert", "severity"),
    [
        (SourceKind.ALERTMANAGER, "alertmanager/webhook-in.json", "HighCPU", Severity.CRITICAL),
        (SourceKind.GRAFANA, "grafana/webhook-in.json", "High CPU", Severity.WARNING),
        (SourceKind.DATADOG, "datadog/webhook-in.json", "High CPU on api hosts", Severity.CRITICAL),
    ],
)
def test_webhooks_as_others_test_with_them(kind: SourceKind, name: str, alert: str, severity: Severity) -> None:
    one = only(read(kind, payload(name), NOW))
    assert (one.name, one.firing, one.labels["service"]) == (alert, True, "api")
    assert loudness(one.labels, {}) is severity
    assert one.link.startswith("http")
    assert one.summary


def test_what_alertmanager_cut_off_is_counted() -> None:
    alert = {"status": "firing", "labels": {"alertname": "A"}}
    assert heard(SourceKind.ALERTMANAGER, {"alerts": [alert], "truncatedAlerts": 40}).cut == 40


@pytest.mark.parametrize(
    ("body", "firing"),
    [
        ({"transition": "Triggered"}, True),
        ({"transition": "Re-Triggered"}, True),
        ({"transition": "Warn"}, True),
        ({"transition": "No Data"}, True),
        ({"transition": "Renotify"}, True),
        ({"transition": "Recovered"}, False),
        ({"transition": "Warn Recovered"}, False),
        ({"transition": "Recovered", "alert_type": "error"}, False),
        ({"type": "datadog.alert.resolved"}, False),
        ({"alert_type": "success"}, False),
        ({"title": "[Re-Triggered on {host:web-1}] CPU is high"}, True),
        ({"title": "[Recovered on {host:web-1}] CPU is high"}, False),
    ],
)
def test_datadogs_words(body: dict[str, str], firing: bool) -> None:
    assert only(heard(SourceKind.DATADOG, {"monitor_name": "CPU", "monitor_id": 7, **body})).firing is firing


def test_a_datadog_alert_is_the_same_when_it_recovers_and_another_of_another_host() -> None:
    def of(title: str, **more: object) -> str:
        return only(heard(SourceKind.DATADOG, {"title": title, **more})).fingerprint

    begin = of("[Triggered on {host:web-1}] CPU is high", alert_type="error", tags="env:prod")
    assert begin == of("[Recovered on {host:web-1}] CPU is high", alert_type="success", tags="env:prod,more")
    assert begin != of("[Triggered on {host:web-2}] CPU is high")


def test_the_plain_form() -> None:
    found = heard(
        SourceKind.JSON,
        {
            "alerts": [
                {
                    "name": "disk",
                    "labels": {"host": "db1", "n": 3},
                    "severity": "page",
                    "summary": "disk\x1b[2J full",
                    "starts_at": "2026-11-25T11:00:00Z",
                    "ends_at": "2026-11-25T13:00:00Z",
                    "url": "https://wiki.shop.test/disk",
                },
                {"name": "disk", "labels": {"host": "db1", "n": 3}, "severity": "page", "status": "resolved"},
                {"name": "late", "ends_at": "2026-11-25T11:00:00Z"},
            ]
        },
    )
    first, second, late = found.said
    assert (first.firing, second.firing, late.firing) == (True, False, False)
    assert first.fingerprint == second.fingerprint
    assert first.summary == "disk full"
    assert first.ends_at == NOW + 60 * MINUTE
    assert first.labels == {"alertname": "disk", "host": "db1", "n": "3", "severity": "page"}


@pytest.mark.parametrize(
    ("alert", "said"),
    [
        ("text", "alert 1 is not an object"),
        ({}, "alert 1 has no name"),
        ({"name": "x", "status": "burning"}, 'alert 1 has the status \'burning\'; "firing" or "resolved" is known'),
        ({"name": "x", "labels": []}, "alert 1 has labels that are no object of texts"),
        ({"name": "x", "labels": {f"n{n}": "v" for n in range(99)}}, "alert 1 has 100 labels; at most 64 are taken"),
    ],
)
def test_one_that_cannot_be_used_is_named_and_the_others_count(alert: object, said: str) -> None:
    found = heard(SourceKind.JSON, {"alerts": [alert, {"name": "good"}]})
    assert found.wrong == (said,)
    assert only(found).name == "good"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("body", [b"", b"[", b"\xff\xfe", b"[" * 100_000, b'{"alerts": NaN}', b"9" * 5_000, b"null"])
def test_what_is_no_body_is_refused(kind: SourceKind, body: bytes) -> None:
    with pytest.raises(Refused) as caught:
        read(kind, body, NOW)
    assert caught.value.status is HTTPStatus.BAD_REQUEST
    assert clean(str(caught.value)) == str(caught.value)


def test_too_many_at_once_are_refused_whole() -> None:
    alerts = [{"name": "x"}] * (MOST_AT_ONCE + 1)
    with pytest.raises(Refused, match="2001 alerts at once; send at most 2000"):
        heard(SourceKind.JSON, {"alerts": alerts})


# -- Alertmanager's own API -------------------------------------------------------------------------------------------

GOOD = {"labels": {"alertname": "A"}}


def posted(found: object) -> Heard:
    return upstream.read(json.dumps(found).encode(), NOW)


@pytest.mark.parametrize(
    ("body", "status", "code", "said"),
    [
        (b"", 422, 602, "alerts in body is required"),
        (b"[{}]", 422, 602, "0.labels in body is required"),
        (b'[{"labels": null}]', 422, 602, "0.labels in body is required"),
        (b"[", 400, 400, 'parsing alerts body from "" failed, because '),
        (b"{}", 400, 400, 'parsing alerts body from "" failed, because '),
        (b"[1]", 400, 400, 'parsing alerts body from "" failed, because '),
        (b'[{"labels": {"a": 1}}]', 400, 400, 'parsing alerts body from "" failed, because '),
        (b'[{"labels": {"a": "b"}, "annotations": {"a": 1}}]', 400, 400, 'parsing alerts body from "" failed'),
        (b'[{"labels": {"a": "b"}, "startsAt": "x"}]', 400, 400, 'parsing alerts body from "" failed, because '),
        (b'[{"labels": {"a": "b"}, "startsAt": 12345}]', 400, 400, 'parsing alerts body from "" failed, because '),
    ],
)
def test_a_body_is_refused_in_alertmanagers_words(body: bytes, status: int, code: int, said: str) -> None:
    """As an Alertmanager 0.25 answers them."""
    with pytest.raises(Refused) as caught:
        upstream.read(body, NOW)
    answer: Any = caught.value.answer
    assert (caught.value.status, answer["code"]) == (status, code)
    assert answer["message"].startswith(said)


@pytest.mark.parametrize(
    ("alert", "said"),
    [
        ({"labels": {}}, "at least one label pair required"),
        ({"labels": {"a": ""}}, "at least one label pair required"),
        ({"labels": {"1a": "b"}}, 'invalid label set: invalid name "1a"'),
        ({"labels": {"": "b"}}, 'invalid label set: invalid name ""'),
        ({"labels": {"a": "b"}, "annotations": {"1 x": "b"}}, 'invalid annotations: invalid name "1 x"'),
        (
            {"labels": {"a": "b"}, "startsAt": "2026-01-02T00:00:00Z", "endsAt": "2026-01-01T00:00:00Z"},
            "start time must be before end time",
        ),
    ],
)
def test_an_alert_is_refused_in_alertmanagers_words_and_the_others_count(alert: object, said: str) -> None:
    found = posted([alert, GOOD])
    assert found.wrong == (said,)
    assert only(found).name == "A"


def test_the_recorded_refusal_and_the_recorded_acceptance() -> None:
    refused = json.loads(payload("alertmanager/alerts-post-400-nolabels.json"))
    assert posted(refused["request"]["body"]).wrong == (refused["response"]["body"],)
    taken = json.loads(payload("alertmanager/alerts-post-ok.json"))
    assert [one.summary for one in posted(taken["request"]["body"]).said] == ["source", "À inhiber"]


def test_what_a_prometheus_sent_reads_as_it_was_meant() -> None:
    body = json.loads(payload("alertmanager/alerts-from-prometheus.json"))["response"]["body"]
    sent = [{key: one[key] for key in ("annotations", "endsAt", "startsAt", "generatorURL", "labels")} for one in body]
    early = upstream.read(json.dumps(sent).encode(), parse_instant("2026-11-23T19:42:36Z"))
    assert [one.firing for one in early.said] == [True, True, True]
    assert early.said[0].ends_at == parse_instant("2026-11-23T19:46:35.141Z")
    assert not any(one.firing for one in posted(sent).said)  # much later every lease is over


def _definitions() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(payload("alertmanager/openapi-v2.yaml"))["definitions"]
    return found


def test_our_status_is_one_of_alertmanagers_schema() -> None:
    schema = {"$ref": "#/definitions/alertmanagerStatus", "definitions": _definitions()}
    document = upstream.status("1.2.3", "2026-11-25T12:00:00.000Z")
    assert [str(error) for error in jsonschema_rs.validator_for(schema).iter_errors(document)] == []


def test_our_alerts_are_of_alertmanagers_schema() -> None:
    watch = Watch("down", "payments", Sort.DOWN, Severity.CRITICAL, (), labels={"alertname": "down"})
    machine = Machine(Phase.FIRING, since=1, active_at=1, fired_at=1, at=1)
    mutes = (Mute(MuteKind.SILENCE, "4"), Mute(MuteKind.INHIBITED, "7"), Mute(MuteKind.MAINTENANCE, "patch-day"))
    live = Live(7, watch, machine, 1, "it is down", mutes=mutes)
    (found,) = listing.listed([live], listing.asked(""), 10**18, lambda _: ["p"])
    schema = {"$ref": "#/definitions/gettableAlerts", "definitions": _definitions()}
    assert [str(error) for error in jsonschema_rs.validator_for(schema).iter_errors([found])] == []
    assert found["status"]["inhibitedBy"] == [found["fingerprint"]]
    assert found["status"]["mutedBy"] == ["patch-day"]


NAMES = st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]{0,9}", fullmatch=True)
TIMES = st.sampled_from(
    ["2026-11-25T11:59:00Z", "2026-11-25T12:03:00.123456789Z", "0001-01-01T00:00:00Z", "2026-11-25T13:00:00+02:00"]
)
ALERT = st.fixed_dictionaries(
    {"labels": st.dictionaries(NAMES, st.text(max_size=30), min_size=1, max_size=5)},
    optional={
        "annotations": st.dictionaries(NAMES, st.text(max_size=30), max_size=3),
        "startsAt": TIMES,
        "endsAt": TIMES,
        "generatorURL": st.sampled_from(["", "http://prom.test/graph", "javascript:alert(1)"]),
    },
)


@given(st.lists(ALERT, max_size=5))
def test_whatever_the_schema_allows_is_taken_or_refused_one_by_one(alerts: list[dict[str, Any]]) -> None:
    found = posted(alerts)
    assert len(found.said) + len(found.wrong) == len(alerts)
    assert set(found.wrong) <= {"at least one label pair required", "start time must be before end time", SHOWN}


SHOWN = "has no label that can be shown"
JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
KEYS = st.sampled_from(
    (
        *("alerts", "labels", "annotations", "status", "startsAt", "endsAt", "generatorURL", "truncatedAlerts"),
        *("name", "severity", "summary", "starts_at", "ends_at", "url", "title", "tags", "date", "transition"),
        *("alert_type", "monitor_id", "monitor_name", "scope"),
    )
)
HOSTILE = st.recursive(JSON, lambda one: st.dictionaries(KEYS, one, max_size=6) | st.lists(one, max_size=3))


def looked(kind: SourceKind | None, body: bytes) -> Heard:
    """What comes of a body; nothing of one that is refused, in a way that can be answered."""
    refused: Refused | None = None
    try:
        return upstream.read(body, NOW) if kind is None else read(kind, body, NOW)
    except Refused as error:
        refused = error
    assert 400 <= refused.status < 500
    assert json.dumps(refused.answer)
    return Heard(())


@given(st.sampled_from([None, *KINDS]), HOSTILE | st.builds(lambda one: {"alerts": one}, st.lists(HOSTILE, max_size=3)))
def test_nothing_hostile_gets_through_unclean_or_unnamed(kind: SourceKind | None, found: object) -> None:
    heard = looked(kind, json.dumps(found).encode("utf-8", "surrogatepass"))
    for one in heard.said:
        assert one.summary
        assert 0 < len(one.labels) <= MOST_LABELS
        for text in (*one.labels, *one.labels.values(), one.summary, one.link):
            assert clean(text, 4_000) == text
    assert all(clean(why, 4_000) == why for why in heard.wrong)


@given(st.sampled_from([None, *KINDS]), st.binary(max_size=200))
def test_no_bytes_are_an_error_of_ours(kind: SourceKind | None, body: bytes) -> None:
    heard = looked(kind, body)
    assert all(one.labels and one.summary for one in heard.said)
