"""An instance's word and its open incidents: the worse, core or not; retired ones are unknown with the mend."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checks.payloads import payload
from standby.checks.salesforce import trust, trust_center
from standby.checks.statuspage.judge import judge
from standby.domain.outcome import Outcome
from standby.domain.units import DAY, parse_instant
from standby.net.trouble import Trouble

NOW = parse_instant("2026-09-03T10:00:00Z")
UP, DEGRADED, DOWN, MAINTENANCE, UNKNOWN = (
    Outcome.UP,
    Outcome.DEGRADED,
    Outcome.DOWN,
    Outcome.MAINTENANCE,
    Outcome.UNKNOWN,
)


def instance(status: object = "OK", **more: Any) -> dict[str, Any]:
    return {"key": "EU45", "status": status, "isActive": True, "Incidents": [], "Maintenances": [], **more}


def incident(severity: object = "minor", ends: object = None, **more: Any) -> dict[str, Any]:
    impact = {"startTime": "2026-09-03T08:00:00.000Z", "endTime": ends, "type": "featurePerfDegradation"}
    events = [
        {"type": "update", "message": "We look.\\nStill.", "createdAt": "2026-09-03T09:00:00Z"},
        {"type": "investigating", "message": "Old", "createdAt": "2026-09-03T08:00:00Z"},
    ]
    row = {"id": 7, "serviceKeys": ["search"], "IncidentEvents": events}
    return {**row, "IncidentImpacts": [{**impact, "severity": severity}], **more}


def outcome(document: Any, *services: str) -> Outcome:
    return judge(trust.decode(document, NOW).page, services, NOW).outcome


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("OK", UP),
        ("INFORMATIONAL_CORE", UP),
        ("INFORMATIONAL_NONCORE", UP),
        ("MINOR_INCIDENT_CORE", DEGRADED),
        ("MINOR_INCIDENT_NONCORE", DEGRADED),
        ("MAJOR_INCIDENT_CORE", DOWN),
        ("MAJOR_INCIDENT_NONCORE", DEGRADED),
        ("MAINTENANCE_CORE", MAINTENANCE),
        ("MAINTENANCE_NONCORE", UP),
        ("SOMETHING_NEW", UNKNOWN),
        (None, UNKNOWN),
    ],
)
def test_the_word_of_an_instance(status: object, expected: Outcome) -> None:
    found = judge(trust.decode(instance(status), NOW).page, (), NOW)
    assert found.outcome is expected
    assert f"Salesforce EU45: the instance says {status or 'nothing of its state'}" in found.message


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (incident("minor"), DEGRADED),
        (incident("major", isCore=True), DOWN),
        (incident("major", isCore=False), DEGRADED),
        (incident("major", serviceKeys=["coreService"]), DOWN),
        (incident("major", serviceKeys=["coreService"], isCore=False), DEGRADED),
        (incident("minor", isCore=True), DEGRADED),
        (incident(None, type="Disruption", isCore=True), DOWN),
        (incident(None, type="Degradation", isCore=True), DEGRADED),
        (incident("odd"), DEGRADED),
        (incident("major", isCore=True, status="Resolved"), UP),
        (incident("major", "2026-09-03T09:00:00Z", isCore=True), UP),
        (incident("major", "", isCore=True), DOWN),
        (incident("major", "2026-09-03T09:00:00Z", isCore=True, status="Active"), DOWN),
        ({}, DEGRADED),
    ],
)
def test_an_open_incident_speaks_beside_the_word(row: dict[str, Any], expected: Outcome) -> None:
    assert outcome(instance("OK", Incidents=[row])) is expected
    worse = instance("MINOR_INCIDENT_NONCORE", Incidents=[row])
    assert outcome(worse) is (DOWN if expected is DOWN else DEGRADED)


def test_both_are_told_when_they_disagree() -> None:
    document = instance("MAJOR_INCIDENT_NONCORE", Incidents=[incident("major", isCore=True)])
    found = judge(trust.decode(document, NOW).page, (), NOW)
    assert found.message == (
        "Salesforce EU45: the instance says MAJOR_INCIDENT_NONCORE; "
        'incident "feature perf degradation of search: We look. Still." (major, core)'
    )


def test_incidents_of_chosen_services() -> None:
    document = instance("OK", Incidents=[incident("minor")])
    assert outcome(document, "coreService") is UP
    assert outcome(document, "SEARCH") is DEGRADED


def plan(starts: str, ends: str, **more: Any) -> dict[str, Any]:
    return {"id": 1, "name": "Release", "plannedStartTime": starts, "plannedEndTime": ends, "isCore": True, **more}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (plan("2026-09-03T09:00:00Z", "2026-09-03T11:00:00Z"), MAINTENANCE),
        (plan("2026-09-03T09:00:00Z", "2026-09-03T11:00:00Z", message={"availability": "unavailable"}), MAINTENANCE),
        (plan("2026-09-03T09:00:00Z", "2026-09-03T11:00:00Z", message={"availability": "fullyAvailable"}), UP),
        (plan("2026-09-03T09:00:00Z", "2026-09-03T11:00:00Z", isCore=False), UP),
        (plan("2026-09-03T09:00:00Z", "2026-09-03T11:00:00Z", message={"eventStatus": "completed"}), UP),
        (plan("2026-09-04T09:00:00Z", "2026-09-04T11:00:00Z", message={"eventStatus": "inProgress"}), MAINTENANCE),
        (plan("2026-09-04T10:00:00Z", "2026-09-04T11:00:00Z"), UP),
    ],
)
def test_maintenance(row: dict[str, Any], expected: Outcome) -> None:
    found = judge(trust.decode(instance(Maintenances=[row]), NOW).page, (), NOW)
    assert found.outcome is expected
    if row["plannedStartTime"] > "2026-09-04T10":
        assert found.metrics["maintenance_in_h"] == 24.0


def test_a_retired_instance_is_unknown_with_the_mend() -> None:
    found = trust.decode(json.loads(payload("salesforce/trust-instance-CS96-inactive-2024.json")), NOW)
    assert found.retired.startswith(
        "Salesforce CS96 is retired, it stands still at Spring '23 Patch 7.1: its orgs were"
    )
    assert "current instance" in found.retired
    assert judge(found.page, (), NOW).outcome is UP  # what it says for ever


def test_messages_count_while_they_are_shown() -> None:
    rows = [{"subject": "Now", "startDate": "2026-09-01T00:00:00Z", "endDate": "2026-09-09T00:00:00Z"}]
    rows.append({"subject": "Over", "startDate": "2024-09-01T00:00:00Z", "endDate": "2024-09-09T00:00:00Z"})
    found = judge(trust.decode(instance(GeneralMessage=rows), NOW).page, (), NOW)
    assert (found.outcome, found.message) == (UP, 'Salesforce EU45: the instance says OK; notice "Now" (message)')


@pytest.mark.parametrize("document", [None, [], {}, "OK", {"status": "ok"}, {"message": "Not Found"}, 7])
def test_another_document_is_not_read(document: object) -> None:
    with pytest.raises(Trouble, match="no status of a Salesforce instance"):
        trust.decode(document, NOW)


def test_the_incidents_of_2026() -> None:
    rows = json.loads(payload("salesforce/trust-incidents-list-2026.json"))
    assert [trust.is_open(row) for row in rows] == [False, True]
    found = trust.incident(rows[1])
    assert (found.outcome, found.name) == (
        DEGRADED,
        "service disruption of marketingCloud: We are investigating a disruption.",
    )


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(["status", "isActive", "Incidents", "Maintenances", "GeneralMessage", "key", "Services"]), ANYTHING
)
def test_whatever_stands_in_a_field_is_no_error(key: str, found: Any) -> None:
    document = instance("MAJOR_INCIDENT_CORE", Incidents=[incident("major")])
    document[key] = found
    assert outcome(document) is not UP or found == "OK"
    for place in (incident(), plan("2026-09-03T09:00:00Z", "2026-09-03T11:00:00Z")):
        for inner in place:
            rows = [{**place, inner: found}]
            outcome(instance(Incidents=rows, Maintenances=rows, GeneralMessage=rows))


def snapshot(**groups: Any) -> dict[str, Any]:
    return {"data": {"incidents": [], "maintenances": [], **groups}}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (snapshot(), UP),
        (snapshot(incidents=[incident("minor", title="Slow")]), DEGRADED),
        (snapshot(incidents=[{"status": "Active"}]), DEGRADED),
        (snapshot(incidents=[{"status": "Resolved"}]), UP),
        (snapshot(maintenances=[{"name": "M", "startTime": "2026-09-03T09:00:00Z", "endTime": "2026-09-03T11:00:00Z"}]),
         MAINTENANCE),
        (snapshot(informational_messages=[{"subject": "Hello"}]), UP),
    ],
)  # fmt: skip
def test_a_snapshot_of_my_trust_center(document: Any, expected: Outcome) -> None:
    assert judge(trust_center.decode(document), (), NOW).outcome is expected


@pytest.mark.parametrize("document", [{}, [], {"data": {}}, {"incidents": "none"}, None])
def test_what_holds_no_events_is_no_snapshot(document: object) -> None:
    with pytest.raises(Trouble, match="no snapshot"):
        trust_center.decode(document)


def test_when_a_personal_access_token_ends() -> None:
    body = base64.urlsafe_b64encode(json.dumps({"exp": (NOW + 5 * DAY) // 10**9}).encode()).decode().rstrip("=")
    assert trust_center.token_days(f"h.{body}.s", NOW) == 5.0
    for bad in ("", "a.b", "a.b.c", "a.!!!.c", f"h.{body}"):
        assert trust_center.token_days(bad, NOW) is None
