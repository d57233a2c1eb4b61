"""Atlassian Statuspage v2 and who speaks like it (incident.io's compatible documents, Rootly).

`summary.json` is whole; `status.json`, `components.json` and `incidents.json` say part of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from standby.checks.documents import Table, every, first_text, rows, table, text
from standby.checks.instants import instant
from standby.checks.statuspage.page import (
    NAME,
    WORD,
    Component,
    Incident,
    Indicator,
    Maintenance,
    Page,
    named,
    names_of,
)
from standby.domain.outcome import Outcome

INDICATORS: Mapping[str, Outcome] = {
    "none": Outcome.UP,
    "minor": Outcome.DEGRADED,
    "major": Outcome.DEGRADED,  # down when a component says so
    "critical": Outcome.DOWN,
    "maintenance": Outcome.MAINTENANCE,
}
STATUSES: Mapping[str, Outcome] = {
    "operational": Outcome.UP,
    "degraded_performance": Outcome.DEGRADED,
    "partial_outage": Outcome.DEGRADED,
    "major_outage": Outcome.DOWN,
    "full_outage": Outcome.DOWN,  # incident.io's word
    "under_maintenance": Outcome.MAINTENANCE,
}
_LISTS = ("incidents", "components", "scheduled_maintenances")
_OVER = frozenset({"resolved", "postmortem", "completed", "cancelled", "canceled"})
_RUNNING = frozenset({"in_progress", "verifying"})


def fits(document: Any) -> bool:  # noqa: ANN401 - whatever JSON holds
    """Whether it is one of the v2 documents."""
    if not isinstance(document, dict):
        return False
    found = {key: document[key] for key in _LISTS if document.get(key) is not None}
    if not all(isinstance(one, list) for one in found.values()):
        return False
    if list(found) == ["incidents"] and found["incidents"] and not any(map(_is_incident, found["incidents"])):
        return False
    lists = list(found)
    if isinstance(document.get("status"), dict) and isinstance(document.get("page"), dict):
        return "indicator" in document["status"] or bool(lists)
    if isinstance(document.get("page"), dict):
        return bool(lists)
    return lists in (["incidents"], ["components"]) or isinstance(document.get("incident_updates"), list)


def decode(documents: Sequence[Any]) -> Page:
    """The page. `documents[0]` is one that fits."""
    document = table(documents[0])
    if "incident_updates" in document:  # one incident alone
        document = {"incidents": [document]}
    components = document.get("components")
    incidents = document.get("incidents")
    plans = document.get("scheduled_maintenances")
    indicator = _indicator(document)
    if indicator is None and isinstance(components, list) and (incidents is not None or plans is not None):
        indicator = Indicator(Outcome.UNKNOWN, "nothing of its state")  # a summary without the word that it is for
    return Page(
        name=text(table(document.get("page")).get("name"), NAME),
        indicator=indicator,
        components=_components(components),
        incidents=tuple(_incident(one) for one in every(incidents) if _open(one) and not _planned(one)),
        maintenances=tuple(
            _maintenance(one) for one in [*rows(plans), *filter(_planned, rows(incidents))] if _open(one)
        ),
        lists=isinstance(components, list),
        by_incidents=indicator is None and isinstance(incidents, list),
    )


def _indicator(document: Table) -> Indicator | None:
    if "status" not in document:
        return None
    status = table(document["status"])
    word = text(status.get("indicator"), WORD)
    says = text(status.get("description"), NAME)
    outcome = INDICATORS.get(word, Outcome.UNKNOWN)
    told = f'"{says}" ({word or "without an indicator"})' if says else word or "nothing of its state"
    return Indicator(outcome, told)


def _components(found: object) -> tuple[Component, ...]:
    if not isinstance(found, list):
        return ()
    headings = {
        one["id"]: text(one.get("name"), NAME)
        for one in found
        if isinstance(one, dict) and one.get("group") is True and isinstance(one.get("id"), str)
    }
    return tuple(_component(one, headings) for one in found)


def _component(found: object, headings: Mapping[str, str]) -> Component:
    one = table(found)
    word = one.get("status")
    says = word if isinstance(word, str) and word in STATUSES else text(word, WORD)
    group = one.get("group_id")
    return Component(
        name=text(one.get("name"), NAME) or "?",
        outcome=STATUSES.get(says, Outcome.UNKNOWN),
        says=says,
        group=headings.get(group, "") if isinstance(group, str) else "",
        heading=one.get("group") is True,
    )


def is_incidentio(one: Table) -> bool:
    """Whether an incident comes from the list that incident.io's pages ask for themselves."""
    return "status_page_id" in one


def _is_incident(found: object) -> bool:
    one = table(found)
    return bool(first_text(one, "id", "name")) and not is_incidentio(one)


def _open(one: Table) -> bool:
    return text(one.get("status"), WORD).casefold() not in _OVER


def _planned(one: Table) -> bool:
    return one.get("impact") == "maintenance"


def _incident(one: Table) -> Incident:
    impact = text(one.get("impact"), WORD)
    phase = text(one.get("status"), WORD)
    return Incident(
        name=named(one, "name", "title"),
        outcome=INDICATORS.get(impact, Outcome.DEGRADED),
        phase=f"{phase}, {impact}" if phase and impact not in ("", "none") else phase,
        scope=names_of(rows(one.get("components"))),
    )


def _maintenance(one: Table) -> Maintenance:
    status = text(one.get("status"), WORD)
    return Maintenance(
        name=named(one, "name", "title"),
        running=status in _RUNNING if status in _RUNNING or status == "scheduled" else None,
        starts=instant(one.get("scheduled_for")),
        ends=instant(one.get("scheduled_until")),
        scope=names_of(rows(one.get("components"))),
    )
