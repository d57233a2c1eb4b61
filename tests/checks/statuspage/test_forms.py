"""Each form's own words, by tables; what no recording shows comes from the vendors' descriptions."""

from __future__ import annotations

from typing import Any

import pytest

from checks.statuspage.pages import NOW, found, page, page_of
from standby.checks.statuspage import forms
from standby.checks.statuspage.judge import judge
from standby.domain.outcome import Outcome
from standby.net.trouble import Trouble

UP, DEGRADED, DOWN, MAINTENANCE, UNKNOWN = (
    Outcome.UP,
    Outcome.DEGRADED,
    Outcome.DOWN,
    Outcome.MAINTENANCE,
    Outcome.UNKNOWN,
)


def widget(impact: object = None, **more: Any) -> dict[str, Any]:
    affected = [{"id": "1", "name": "API", "group_name": "Core", "current_status": impact}]
    incident = {"name": "Errors", "status": "investigating", "current_worst_impact": impact}
    return {
        "page_title": "Acme",
        "ongoing_incidents": [{**incident, "affected_components": affected}] if impact else [],
        "in_progress_maintenances": [],
        "scheduled_maintenances": [],
        **more,
    }


@pytest.mark.parametrize(
    ("impact", "outcome"),
    [(None, UP), ("degraded_performance", DEGRADED), ("partial_outage", DEGRADED), ("full_outage", DOWN),
     ("operational", DEGRADED), ("odd", DEGRADED)],
)  # fmt: skip
def test_incidentio_widget(impact: str | None, outcome: Outcome) -> None:
    assert found(widget(impact)).outcome is outcome
    assert found(widget(impact), "core").outcome is outcome
    assert found(widget(impact), "Website").outcome is UP  # healthy ones are not listed
    running = [{"name": "Move", "started_at": "2026-08-09T13:00:00Z", "affected_components": [{"name": "Web"}]}]
    assert found(widget(in_progress_maintenances=running)).outcome is MAINTENANCE
    assert found(widget(in_progress_maintenances=running), "API").outcome is UP
    assert found({"page_title": "Acme", "ongoing_incidents": [], "scheduled_maintenances": None}).outcome is UP
    coming = [{"name": "Move", "starts_at": "2026-08-09T20:00:00Z", "ends_at": "2026-08-09T21:00:00Z"}]
    assert found(widget(scheduled_maintenances=coming)).metrics["maintenance_in_h"] == 6.0


@pytest.mark.parametrize(
    ("status", "outcome"),
    [("UP", UP), ("HASISSUES", DEGRADED), ("UNDERMAINTENANCE", MAINTENANCE), ("ODD", UNKNOWN), (None, UNKNOWN)],
)
def test_instatus(status: object, outcome: Outcome) -> None:
    assert found({"page": {"name": "Acme", "status": status}}).outcome is outcome
    both = {"page": {"name": "Acme"}, "status": {"type": status, "text": "Words"}}
    assert found(both).outcome is outcome
    plan = {"name": "Move", "start": "2026-08-09T13:30:00Z", "duration": "60", "status": "INPROGRESS"}
    seen = found({"page": {"status": "UP"}, "activeMaintenances": [plan]})
    assert (seen.outcome, "until 2026-08-09 14:30 UTC" in seen.message) == (MAINTENANCE, True)
    plan |= {"status": "NOTSTARTEDYET", "start": "2026-08-09T16:00:00Z"}
    assert found({"page": {"status": "UP"}, "activeMaintenances": [plan]}).metrics["maintenance_in_h"] == 2.0


@pytest.mark.parametrize(
    ("status", "outcome"),
    [("OPERATIONAL", UP), ("DEGRADEDPERFORMANCE", DEGRADED), ("PARTIALOUTAGE", DEGRADED), ("MINOROUTAGE", DEGRADED),
     ("MAJOROUTAGE", DOWN), ("UNDERMAINTENANCE", MAINTENANCE), ("ODD", UNKNOWN)],
)  # fmt: skip
def test_instatus_components(status: str, outcome: Outcome) -> None:
    listed = {"components": [{"name": "API", "status": status}, {"name": "Web", "status": "OPERATIONAL"}]}
    assert found(listed).outcome is outcome
    assert found(listed, "web").outcome is UP


def slack(status: object, *incidents: dict[str, Any]) -> dict[str, Any]:
    return {"status": status, "date_updated": "2026-08-09T06:00:00-07:00", "active_incidents": list(incidents)}


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [("notice", UP), ("incident", DEGRADED), ("outage", DOWN), ("maintenance", MAINTENANCE), ("odd", DEGRADED)],
)
def test_slack(kind: str, outcome: Outcome) -> None:
    one = {"title": "Trouble", "type": kind, "status": "active", "services": ["Messaging"]}
    assert found(slack("active", one)).outcome is outcome
    assert found(slack("ok", one)).outcome is outcome  # the word alone does not make it well
    assert found(slack("active", one), "Calls").outcome is UP
    assert found(slack("active", {**one, "services": []}), "Calls").outcome is outcome  # not told is not "nothing"
    for over in ("resolved", "completed", "cancelled"):
        assert found(slack("ok", {**one, "status": over})).outcome is UP


def test_slack_without_incidents() -> None:
    assert found(slack("ok")).outcome is UP
    assert found(slack("active")).outcome is DEGRADED
    assert found(slack("broken")).outcome is UNKNOWN
    flat = {"title": "v1", "type": "incident", "services": [], "notes": [], "status": "active"}
    assert page_of(b'{"title": "v1", "type": "incident", "services": [], "notes": []}') is None
    assert forms.form_of(flat, "https://status.slack.com/api/v1.0.0/current") is None


def google(impact: object, **more: Any) -> list[dict[str, Any]]:
    return [
        {
            "id": "x",
            "external_desc": "Errors",
            "status_impact": impact,
            "affected_products": [{"title": "Cloud Run", "id": "1"}],
            "currently_affected_locations": [{"title": "Belgium (europe-west1)", "id": "europe-west1"}],
            "most_recent_update": {"status": impact},
            **more,
        }
    ]


@pytest.mark.parametrize(
    ("impact", "outcome"),
    [("SERVICE_INFORMATION", UP), ("SERVICE_DISRUPTION", DEGRADED), ("SERVICE_OUTAGE", DOWN), ("ODD", DEGRADED),
     (None, DEGRADED)],
)  # fmt: skip
def test_google(impact: object, outcome: Outcome) -> None:
    for still in ({}, {"end": None}, {"end": ""}):
        assert found(google(impact, **still)).outcome is outcome
    assert found(google(impact, end="2026-08-09T12:00:00Z")).outcome is UP
    assert found(google(impact), "europe-west1").outcome is outcome
    assert found(google(impact), "cloud run").outcome is outcome
    assert found(google(impact), "BigQuery", "us-*").outcome is UP


def aws(status: object) -> list[dict[str, Any]]:
    return [
        {
            "arn": "arn:aws:health:me-central-1::event/MULTIPLE_SERVICES/X",
            "region_name": "UAE",
            "status": status,
            "service": "multipleservices-me-central-1",
            "service_name": "Multiple services",
            "summary": "Increased Error Rates",
            "date": "1772369485",
            "event_log": [{"status": 3, "summary": "Increased Error Rates"}],
            "impacted_services": {
                "ec2-me-central-1": {"service_name": "Amazon Elastic Compute Cloud", "current": "3", "max": "3"},
                "s3-me-central-1": {"service_name": "Amazon Simple Storage Service", "current": "0", "max": "2"},
            },
        }
    ]


@pytest.mark.parametrize(
    ("status", "outcome"),
    [("0", UP), ("1", UP), ("2", DEGRADED), ("3", DOWN), (3, DOWN), ("9", DEGRADED), (None, DEGRADED)],
)
def test_aws(status: object, outcome: Outcome) -> None:
    assert found(aws(status)).outcome is outcome
    assert found(aws(status), "*elastic compute*").outcome is outcome
    assert found(aws(status), "me-central-1").outcome is outcome
    assert found(aws(status), "s3-me-central-1").outcome is UP  # has recovered
    assert found(aws(status), "eu-west-1").outcome is UP
    if outcome is DOWN:
        assert '"Increased Error Rates in UAE" (disruption)' in found(aws(status)).message


def test_aws_speaks_utf16() -> None:
    raw = "\ufeff[]".encode("utf-16-be")
    seen = page_of(raw, "https://health.aws.amazon.com/public/currentevents")
    assert seen is not None
    assert judge(seen, (), NOW).outcome is UP
    assert page_of(raw, "https://status.acme.example/list") is None  # an empty list of whatever


@pytest.mark.parametrize(
    ("word", "outcome"), [("green", UP), ("yellow", DEGRADED), ("red", DOWN), ("blue", MAINTENANCE), ("pink", UNKNOWN)]
)
def test_heroku(word: str, outcome: Outcome) -> None:
    document = {"status": [{"system": "Apps", "status": word}, {"system": "Tools", "status": "green"}]}
    document |= {"incidents": [{"title": "Errors", "state": "open"}, {"title": "Old", "state": "resolved"}]}
    seen = found(document, "Apps")
    assert seen.outcome is outcome
    assert 'incident "Errors" (open)' in seen.message
    assert found(document, "tools").outcome is UP


@pytest.mark.parametrize(
    ("word", "outcome"),
    [("operational", UP), ("degraded", DEGRADED), ("downtime", DOWN), ("maintenance", MAINTENANCE), ("odd", UNKNOWN)],
)
def test_betterstack(word: str, outcome: Outcome) -> None:
    def document(whole: str, one: str) -> dict[str, Any]:
        resource = {"public_name": "API", "status": one, "status_page_section_id": 4}
        included = [
            {"id": "1", "type": "status_page_resource", "attributes": resource},
            {"id": "2", "type": "status_page_resource", "attributes": {"public_name": "X", "status": "not_monitored"}},
            {"id": "4", "type": "status_page_section", "attributes": {"name": "EU"}},
        ]
        return {"data": {"type": "status_page", "attributes": {"aggregate_state": whole}}, "included": included}

    assert found(document(word, "operational")).outcome is outcome
    assert found(document("operational", word)).outcome is outcome
    assert found(document("operational", word), "eu").outcome is outcome
    assert found(document("operational", "operational"), "X").outcome is UNKNOWN


@pytest.mark.parametrize(
    ("code", "outcome"),
    [(100, UP), (200, MAINTENANCE), (300, DEGRADED), (400, DEGRADED), (500, DOWN), (600, DEGRADED), (700, UNKNOWN),
     ("500", DOWN), (None, UNKNOWN)],
)  # fmt: skip
def test_statusio(code: object, outcome: Outcome) -> None:
    def document(whole: object, container: object) -> dict[str, Any]:
        places = [{"name": "EU", "status": "Odd", "status_code": container}]
        row = {"name": "API", "status": "Operational", "status_code": 100, "containers": places}
        return {"result": {"status_overall": {"status": "Words", "status_code": whole}, "status": [row]}}

    assert found(document(code, 100)).outcome is outcome
    assert found(document(100, code)).outcome is outcome  # the worst place wins
    plans = {
        "active": [{"name": "Move"}],
        "upcoming": [{"name": "Next", "datetime_planned_start": "2026-08-09T15:00:00Z"}],
    }
    whole = document(100, 100)
    whole["result"]["maintenance"] = plans
    assert (found(whole).outcome, found(whole).metrics["maintenance_in_h"]) == (MAINTENANCE, 1.0)


@pytest.mark.parametrize(
    ("code", "outcome"), [(1, UP), (2, DEGRADED), (3, DEGRADED), (4, DOWN), (0, UNKNOWN), ("1", UP)]
)
def test_cachet(code: object, outcome: Outcome) -> None:
    def document(pages: int = 1) -> dict[str, Any]:
        rows = [
            {"name": "API", "status": code, "enabled": True, "tags": []},
            {"name": "Old", "status": 4, "enabled": False},
        ]
        return {"meta": {"pagination": {"total_pages": pages}}, "data": rows}

    assert found(document()).outcome is outcome
    assert found(document(2)).outcome is (UNKNOWN if outcome is UP else outcome)  # not all of it is here


def test_cachet_incidents_and_the_whole() -> None:
    rows = [{"name": "Fixed", "message": "", "status": 4}, {"name": "Plan", "message": "", "status": 0}]
    rows[1]["scheduled_at"] = "2026-08-09 15:00:00"
    seen = found({"meta": {}, "data": rows})
    assert (seen.outcome, seen.metrics["maintenance_in_h"]) == (UP, 1.0)
    assert found({"meta": {}, "data": [{"name": "Now", "message": "", "status": 2}]}).outcome is DEGRADED
    assert found({"data": {"status": "danger", "message": "Bad"}}).outcome is DOWN
    assert found({"data": {"status": "odd", "message": "Bad"}}).outcome is UNKNOWN


@pytest.mark.parametrize(
    ("beats", "outcome"),
    [([1], UP), ([0, 1], UP), ([1, 0], DOWN), ([2], UNKNOWN), ([3], MAINTENANCE), ([], UNKNOWN), ([9], UNKNOWN)],
)
def test_uptimekuma(beats: list[int], outcome: Outcome) -> None:
    document = {"heartbeatList": {"7": [{"status": code} for code in beats]}, "uptimeList": {}}
    assert found(document).outcome is outcome
    names = {
        "config": {"title": "Acme"},
        "incident": {"title": "We know", "style": "danger"},
        "publicGroupList": [{"name": "Core", "monitorList": [{"id": 7, "name": "API"}]}],
        "maintenanceList": [{"title": "Move", "status": "under-maintenance"}],
    }
    whole = forms.BY_NAME["uptimekuma"].decode([document, names])
    assert whole == forms.BY_NAME["uptimekuma"].decode([names, document])
    assert [(one.name, one.group) for one in whole.components] == [("API", "Core")]
    seen = judge(whole, ["core"], NOW)
    assert 'notice "We know"' in seen.message
    assert 'maintenance in progress "Move"' in seen.message
    assert seen.outcome is (MAINTENANCE if outcome is UP else outcome)


def zendesk(**attributes: Any) -> dict[str, Any]:
    related = {"incidentServices": {"data": [{"type": "incidentService", "id": "5"}]}}
    return {
        "data": [
            {"id": "1", "type": "incident", "attributes": {"title": "Slow", **attributes}, "relationships": related}
        ],
        "included": [
            {
                "id": "5",
                "type": "incidentService",
                "relationships": {"service": {"data": {"type": "service", "id": "9"}}},
            },
            {"id": "9", "type": "service", "attributes": {"name": "Support", "slug": "support"}},
        ],
    }


@pytest.mark.parametrize(
    ("attributes", "outcome"),
    [({"impact": "minor"}, DEGRADED), ({"outage": True}, DOWN), ({"impact": "critical"}, DOWN), ({}, DEGRADED),
     ({"impact": "none"}, UP), ({"resolvedAt": "2026-08-09T13:00:00Z"}, UP),
     ({"maintenanceStartTime": "2026-08-09T13:00:00Z"}, MAINTENANCE)],
)  # fmt: skip
def test_zendesk(attributes: dict[str, Any], outcome: Outcome) -> None:
    assert found(zendesk(**attributes)).outcome is outcome
    assert found(zendesk(**attributes), "support").outcome is outcome
    assert found(zendesk(**attributes), "Talk").outcome is UP


def test_zendesk_tells_an_outage_of_one_service_beside_it() -> None:
    whole = zendesk(impact="minor")
    tie = whole["included"][0]
    tie["attributes"] = {"outage": True, "degradation": False, "resolved_at": None}
    assert found(whole).outcome is DOWN
    tie["attributes"]["resolved_at"] = "2026-08-09T13:00:00Z"
    assert found(whole).outcome is DEGRADED


@pytest.mark.parametrize(
    ("document", "outcome"),
    [
        ({"status": "operational", "message": "All good"}, UP),
        ({"health": "healthy"}, UP),
        ({"state": {"description": "Partial outage"}}, DEGRADED),
        ({"status": "down"}, DOWN),
        ({"status": "frobnicated"}, UNKNOWN),
    ],
)
def test_pages_of_nobodys_form_are_read_by_their_words(document: dict[str, Any], outcome: Outcome) -> None:
    assert judge(page(document, form="json"), (), NOW).outcome is outcome
    assert forms.form_of(document, "https://acme.example/status") is None  # never unasked


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ('<p class="status">All good: operational</p>', UP),
        ('<p class="status">Degraded</p><![<![<!', DEGRADED),
        ('<div data-status="down">', DOWN),
        ('<meta name="Status" content="Partial outage">', DEGRADED),
        ("<![<![", UNKNOWN),
        ("<p>operational</p>", UNKNOWN),
    ],
)
def test_html_is_read_by_its_marks(text: str, outcome: Outcome) -> None:
    seen = page_of(f"<!doctype html>{text}".encode(), form="html")
    assert seen is not None
    assert judge(seen, (), NOW).outcome is outcome


def test_another_form_than_the_user_says_is_not_read() -> None:
    with pytest.raises(Trouble, match='no document of the form "slack"'):
        page({"page": {"name": "Acme"}, "status": {"indicator": "none"}}, form="slack")


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://www.githubstatus.com", None),
        ("https://acme.statuspage.io/", "https://acme.statuspage.io/api/v2/summary.json"),
        ("https://acme.instatus.com", "https://acme.instatus.com/summary.json"),
        ("https://status.slack.com/", "https://status.slack.com/api/v2.0.0/current"),
        ("https://status.cloud.google.com/summary", "https://status.cloud.google.com/incidents.json"),
        ("https://health.aws.amazon.com/health/status", "https://health.aws.amazon.com/public/currentevents"),
        ("https://azure.status.microsoft/en-us/status", "https://azure.status.microsoft/en-us/status/feed/"),
        ("https://status.zendesk.com", "https://status.zendesk.com/api/incidents/active"),
        ("https://status.heroku.com", "https://status.heroku.com/api/v4/current-status"),
        ("https://status.io/pages/5b36dc65", "https://api.status.io/1.0/status/5b36dc65"),
        ("https://acme.betteruptime.com", "https://acme.betteruptime.com/index.json"),
    ],
)
def test_where_a_page_keeps_its_document(url: str, address: str | None) -> None:
    form = forms.form_of_host(url)
    assert (form and forms.address_of(form, url)) == address
    assert not forms.is_document(url)


def test_where_pages_on_anybodys_host_keep_it() -> None:
    kuma, google_ = forms.BY_NAME["uptimekuma"], forms.BY_NAME["google"]
    assert forms.address_of(kuma, "https://up.acme.example/status/shop") == (
        "https://up.acme.example/api/status-page/heartbeat/shop"
    )
    assert forms.address_of(google_, "https://www.google.com/appsstatus/dashboard/") == (
        "https://www.google.com/appsstatus/dashboard/incidents.json"
    )
    assert forms.address_of(forms.BY_NAME["aws-rss"], "https://status.aws.amazon.com/") is None


@pytest.mark.parametrize(
    "url",
    [
        "https://www.githubstatus.com/api/v2/summary.json",
        "https://api.status.io/1.0/status/5b36",
        "https://status.aws.amazon.com/rss/ec2-eu-west-1.rss",
        "https://azure.status.microsoft/en-us/status/feed/",
        "https://health.aws.amazon.com/public/currentevents",
        "https://up.acme.example/api/status-page/heartbeat/shop",
        "https://status.acme.example/history.atom",
        "https://status.acme.example/index?format=json",
    ],
)
def test_a_document_is_asked_as_it_is(url: str) -> None:
    assert forms.is_document(url)
