"""Pages of one vendor or product each: Instatus, Slack, Zendesk, Heroku."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from standby.checks.documents import Table, every, first_text, number, rows, table, text
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
from standby.domain.outcome import Outcome, worst
from standby.domain.units import MINUTE

_INSTATUS: Mapping[str, Outcome] = {
    "UP": Outcome.UP,
    "OPERATIONAL": Outcome.UP,
    "HASISSUES": Outcome.DEGRADED,
    "DEGRADEDPERFORMANCE": Outcome.DEGRADED,
    "PARTIALOUTAGE": Outcome.DEGRADED,
    "MINOROUTAGE": Outcome.DEGRADED,
    "MAJOROUTAGE": Outcome.DOWN,
    "UNDERMAINTENANCE": Outcome.MAINTENANCE,
}
_SLACK: Mapping[str, Outcome] = {
    "notice": Outcome.UP,
    "incident": Outcome.DEGRADED,
    "outage": Outcome.DOWN,
    "maintenance": Outcome.MAINTENANCE,
}
_SLACK_OVER = frozenset({"resolved", "completed", "cancelled", "canceled"})
_HEROKU: Mapping[str, Outcome] = {
    "green": Outcome.UP,
    "yellow": Outcome.DEGRADED,
    "red": Outcome.DOWN,
    "blue": Outcome.MAINTENANCE,
}
_ZENDESK: Mapping[str, Outcome] = {"none": Outcome.UP, "critical": Outcome.DOWN, "outage": Outcome.DOWN}


def instatus_fits(document: Any) -> bool:  # noqa: ANN401 - whatever JSON holds
    """Whether it is Instatus's `summary.json` or `v2/components.json`."""
    if not isinstance(document, dict):
        return False
    lists = [document.get(key) for key in ("activeIncidents", "activeMaintenances") if key in document]
    if not all(one is None or isinstance(one, list) for one in lists):
        return False
    if isinstance(document.get("page"), dict):
        return "status" in document["page"] or "type" in table(document.get("status"))
    components = rows(document.get("components"))
    return bool(components) and all(text(one.get("status"), WORD).isupper() for one in components)


def instatus(documents: Sequence[Any]) -> Page:
    """Instatus's page, from its summary and perhaps its components. Arrays are absent when empty."""
    summary = next((table(one) for one in documents if "page" in table(one)), {})
    listed = next((table(one)["components"] for one in documents if "components" in table(one)), None)
    words = [table(summary.get("page")).get("status"), table(summary.get("status")).get("type")]
    said = [text(word, WORD) for word in words if word is not None]
    indicator = None
    if summary:
        outcome = worst(_INSTATUS.get(word, Outcome.UNKNOWN) for word in said)
        indicator = Indicator(outcome, first_text(table(summary.get("status")), "text") or " ".join(said))
    return Page(
        name=text(table(summary.get("page")).get("name"), NAME),
        indicator=indicator,
        components=tuple(_instatus_component(one) for one in every(listed)),
        incidents=tuple(
            _instatus_incident(one) for one in every(summary.get("activeIncidents")) if one.get("status") != "RESOLVED"
        ),
        maintenances=tuple(
            _instatus_maintenance(one)
            for one in rows(summary.get("activeMaintenances"))
            if one.get("status") != "COMPLETED"
        ),
        lists=isinstance(listed, list),
        by_incidents=bool(summary),
    )


def _instatus_component(one: Table) -> Component:
    word = text(one.get("status"), WORD)
    group = one.get("group")
    return Component(
        name=text(one.get("name"), NAME) or "?",
        outcome=_INSTATUS.get(word, Outcome.UNKNOWN),
        says=word,
        group=text(table(group).get("name"), NAME) or text(group, NAME),
        heading=one.get("isParent") is True,
    )


def _instatus_incident(one: Table) -> Incident:
    impact = text(one.get("impact"), WORD)
    phase = text(one.get("status"), WORD).lower()
    return Incident(
        name=named(one),
        outcome=_INSTATUS.get(impact, Outcome.DEGRADED),
        phase=", ".join(filter(None, (phase, impact))),
        scope=names_of(rows(one.get("components"))),
    )


def _instatus_maintenance(one: Table) -> Maintenance:
    starts, minutes = instant(one.get("start")), number(one.get("duration"))
    status = text(one.get("status"), WORD)
    planned = starts is not None and minutes is not None and 0 <= minutes < 1e6
    return Maintenance(
        name=named(one),
        running={"NOTSTARTEDYET": False, "INPROGRESS": True, "VERIFYING": True}.get(status),
        starts=starts,
        ends=starts + round(minutes * MINUTE) if planned and starts is not None and minutes is not None else None,
        scope=names_of(rows(one.get("components"))),
    )


def slack_fits(document: Any) -> bool:  # noqa: ANN401 - whatever JSON holds
    """Whether it is `current` or `history` of version 2; version 1 has one incident flattened into the document."""
    if isinstance(document, dict):
        return isinstance(document.get("active_incidents"), list) and "status" in document
    return isinstance(document, list) and bool(document) and all("services" in one for one in every(document))


def slack(documents: Sequence[Any]) -> Page:
    """Slack's page. `ok` with open incidents is no more than those; `active` without any is not well."""
    whole = table(documents[0])
    found = every(whole["active_incidents"] if whole else documents[0])
    open_ = [one for one in found if text(one.get("status"), WORD) not in _SLACK_OVER]
    indicator = None
    if whole:
        word = text(whole.get("status"), WORD)
        quiet = Outcome.UP if open_ else Outcome.DEGRADED
        indicator = Indicator({"ok": Outcome.UP, "active": quiet}.get(word, Outcome.UNKNOWN), word)
    return Page(
        name="Slack",
        indicator=indicator,
        incidents=tuple(_slack_incident(one) for one in open_ if not _slack_planned(one)),
        maintenances=tuple(_slack_maintenance(one) for one in open_ if _slack_planned(one)),
        by_incidents=True,
    )


def _slack_planned(one: Table) -> bool:
    return one.get("type") == "maintenance" or one.get("status") == "scheduled"


def _slack_incident(one: Table) -> Incident:
    kind = text(one.get("type"), WORD)
    return Incident(
        name=named(one, "title"),
        outcome=_SLACK.get(kind, Outcome.DEGRADED),
        phase=kind,
        scope=_texts(one.get("services")),
    )


def _slack_maintenance(one: Table) -> Maintenance:
    return Maintenance(
        name=named(one, "title"),
        running=one.get("status") == "active",
        starts=instant(one.get("date_start") or one.get("date_created")),
        scope=_texts(one.get("services")),
    )


def _texts(found: object) -> tuple[str, ...]:
    return tuple(filter(None, (text(one, NAME) for one in found))) if isinstance(found, list) else ()


def heroku_fits(document: Any) -> bool:  # noqa: ANN401 - whatever JSON holds
    """Whether it is Heroku's `current-status`."""
    found = document.get("status") if isinstance(document, dict) else None
    return isinstance(found, list) and bool(found) and any("system" in one for one in rows(found))


def heroku(documents: Sequence[Any]) -> Page:
    """Heroku's page: a colour for each system."""
    document = table(documents[0])
    return Page(
        name="Heroku",
        components=tuple(
            Component(
                text(one.get("system"), NAME) or "?",
                _HEROKU.get(text(one.get("status"), WORD), Outcome.UNKNOWN),
                text(one.get("status"), WORD),
            )
            for one in every(document.get("status"))
        ),
        incidents=tuple(
            Incident(named(one, "title", "name"), Outcome.DEGRADED, state)
            for one in rows(document.get("incidents"))
            if (state := text(one.get("state"), WORD)) != "resolved"
        ),
        maintenances=tuple(
            Maintenance(
                named(one, "title", "name"),
                True if one.get("state") == "open" else None if "state" not in one else False,
                starts=instant(one.get("scheduled_start") or one.get("created_at")),
            )
            for one in rows(document.get("scheduled"))
            if one.get("state") not in ("resolved", "completed")
        ),
        lists=True,
    )


def zendesk_fits(document: Any) -> bool:  # noqa: ANN401 - whatever JSON holds
    """Whether it is a list of Zendesk's incidents or maintenances (JSON:API)."""
    if not isinstance(document, dict) or not isinstance(document.get("data"), list):
        return False
    kinds = {text(one.get("type"), WORD) for one in rows(document["data"])}
    return kinds <= {"incident", "maintenance"} and (bool(kinds) or isinstance(document.get("included"), list))


def zendesk(documents: Sequence[Any]) -> Page:
    """Zendesk's page: only what is open or planned is ever listed."""
    incidents: list[Incident] = []
    plans: list[Maintenance] = []
    for document in map(table, documents):
        included = {_key(one): one for one in rows(document.get("included"))}
        for one in every(document.get("data")):
            attributes = table(one.get("attributes"))
            linked = _linked(one, included)
            scope = names_of(table(each.get("attributes")) for each in linked if each.get("type") == "service")
            starts = instant(attributes.get("maintenanceStartTime") or attributes.get("maintenance_start_time"))
            name = named(attributes, "title", "name")
            if starts is not None or one.get("type") == "maintenance":
                ends = instant(attributes.get("maintenanceEndTime") or attributes.get("maintenance_end_time"))
                plans.append(Maintenance(name, None, starts, ends, scope))
            elif not _resolved(attributes):
                outage = any(_out(each) for each in (one, *linked))
                incidents.append(_zendesk_incident(name, attributes, scope, outage=outage))
    return Page("Zendesk", incidents=tuple(incidents), maintenances=tuple(plans), by_incidents=True)


def _resolved(attributes: Table) -> bool:
    return bool(attributes.get("resolvedAt") or attributes.get("resolved_at"))


def _out(record: Table) -> bool:
    """Whether an incident, or its tie to one service, says that it is an outage and not over."""
    attributes = table(record.get("attributes"))
    return attributes.get("outage") is True and not _resolved(attributes)


def _zendesk_incident(name: str, attributes: Table, scope: tuple[str, ...], *, outage: bool) -> Incident:
    impact = text(attributes.get("impact"), WORD).lower()
    outcome = Outcome.DOWN if outage else _ZENDESK.get(impact, Outcome.DEGRADED)
    return Incident(name, outcome, first_text(attributes, "status", "impact", limit=WORD), scope)


def _linked(one: Table, included: Mapping[str, Table]) -> list[Table]:
    """The records that an incident is tied to, directly or over one between."""
    found: dict[str, Table] = {}
    for record in _related(one, included):
        found[_key(record)] = record
        found.update((_key(each), each) for each in _related(record, included))
    return list(found.values())


def _related(one: Table, included: Mapping[str, Table]) -> list[Table]:
    keys = []
    for related in table(one.get("relationships")).values():
        data = table(related).get("data")
        keys += [_key(link) for link in (rows(data) or [table(data)])]
    return [included[key] for key in keys if key in included]


def _key(record: Table) -> str:
    return f"{text(record.get('type'), WORD)} {text(record.get('id'), WORD)}"
