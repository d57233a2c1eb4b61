"""Pages that monitoring services make: Better Stack, Status.io, Uptime Robot."""

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

_BETTERSTACK: Mapping[str, Outcome] = {
    "operational": Outcome.UP,
    "degraded": Outcome.DEGRADED,
    "downtime": Outcome.DOWN,
    "maintenance": Outcome.MAINTENANCE,
}
_STATUSIO: Mapping[float, Outcome] = {
    100: Outcome.UP,
    200: Outcome.MAINTENANCE,
    300: Outcome.DEGRADED,
    400: Outcome.DEGRADED,  # part of it is out
    500: Outcome.DOWN,
    600: Outcome.DEGRADED,  # a security event
}
_UPTIMEROBOT: Mapping[str, Outcome] = {
    "success": Outcome.UP,
    "warning": Outcome.DEGRADED,
    "danger": Outcome.DOWN,
    "info": Outcome.MAINTENANCE,
    "paused": Outcome.MAINTENANCE,
}


def betterstack_fits(document: Any) -> bool:  # noqa: ANN401 - whatever JSON holds
    """Whether it is Better Stack's `index.json` (JSON:API)."""
    data = table(document.get("data")) if isinstance(document, dict) else {}
    attributes = table(data.get("attributes"))
    return "aggregate_state" in attributes or (bool(attributes) and data.get("type") == "status_page")


def betterstack(documents: Sequence[Any]) -> Page:
    """Better Stack's page. What is included and does not tell its type is taken for a resource."""
    document = table(documents[0])
    attributes = table(table(document["data"]).get("attributes"))
    of_type: dict[str, list[Table]] = {}
    for one in every(document.get("included")):
        of_type.setdefault(text(one.get("type"), WORD), []).append(one)
    sections = {text(one.get("id"), WORD): _attribute(one, "name") for one in of_type.get("status_page_section", [])}
    resources = [*of_type.get("status_page_resource", []), *of_type.get("", [])]
    reports = [table(one.get("attributes")) for one in of_type.get("status_report", [])]
    state = text(attributes.get("aggregate_state"), WORD)
    return Page(
        name=text(attributes.get("company_name"), NAME),
        indicator=Indicator(_BETTERSTACK.get(state, Outcome.UNKNOWN), state or "nothing of its state"),
        components=tuple(_betterstack_component(one, sections) for one in resources),
        incidents=tuple(
            Incident(named(one, "title"), Outcome.DEGRADED, text(one.get("aggregate_state"), WORD))
            for one in reports
            if one.get("report_type") != "maintenance" and not one.get("ends_at")
        ),
        maintenances=tuple(
            Maintenance(named(one, "title"), None, instant(one.get("starts_at")), instant(one.get("ends_at")))
            for one in reports
            if one.get("report_type") == "maintenance"
        ),
        lists="included" in document,
    )


def _attribute(one: Table, key: str) -> str:
    return text(table(one.get("attributes")).get(key), NAME)


def _betterstack_component(one: Table, sections: Mapping[str, str]) -> Component:
    word = _attribute(one, "status")
    return Component(
        name=_attribute(one, "public_name") or "?",
        outcome=_BETTERSTACK.get(word, Outcome.UNKNOWN),
        says=word,
        group=sections.get(_attribute(one, "status_page_section_id"), ""),
        idle=word == "not_monitored",
    )


def statusio_fits(document: Any) -> bool:  # noqa: ANN401 - whatever JSON holds
    """Whether it is Status.io's public status."""
    result = table(document.get("result")) if isinstance(document, dict) else {}
    return "status_overall" in result and isinstance(result.get("status", []), list)


def statusio(documents: Sequence[Any]) -> Page:
    """Status.io's page: components with a container for each region, the worst of which wins."""
    result = table(table(documents[0]).get("result"))
    whole = table(result.get("status_overall"))
    plans = table(result.get("maintenance"))
    return Page(
        name="",
        indicator=Indicator(_statusio(whole), text(whole.get("status"), NAME) or "nothing of its state"),
        components=tuple(_statusio_component(one) for one in every(result.get("status"))),
        incidents=tuple(
            Incident(named(one), Outcome.DEGRADED, scope=_statusio_scope(one))
            for one in rows(result.get("incidents"))
            if one.get("current_active") is not False
        ),
        maintenances=(
            *(_statusio_maintenance(one, running=True) for one in every(plans.get("active"))),
            *(_statusio_maintenance(one, running=False) for one in every(plans.get("upcoming"))),
        ),
        lists="status" in result,
    )


def _statusio(one: Table) -> Outcome:
    code = number(one.get("status_code"))
    return Outcome.UNKNOWN if code is None else _STATUSIO.get(code, Outcome.UNKNOWN)


def _statusio_component(one: Table) -> Component:
    outcome = worst([_statusio(one), *(_statusio(each) for each in every(one.get("containers")))])
    bad = [each for each in rows(one.get("containers")) if _statusio(each) is outcome is not Outcome.UP]
    says = text((bad[0] if bad else one).get("status"), WORD)
    where = text(bad[0].get("name"), WORD) if bad else ""
    return Component(text(one.get("name"), NAME) or "?", outcome, f"{says} in {where}" if where else says)


def _statusio_maintenance(one: Table, *, running: bool) -> Maintenance:
    return Maintenance(
        named(one),
        running,
        instant(one.get("datetime_planned_start")),
        instant(one.get("datetime_planned_end")),
        _statusio_scope(one),
    )


def _statusio_scope(one: Table) -> tuple[str, ...]:
    return names_of(rows(one.get("components_affected")))


def uptimerobot_fits(document: Any) -> bool:  # noqa: ANN401 - whatever JSON holds
    """Whether it is the list of monitors of an Uptime Robot page."""
    return isinstance(document, dict) and document.get("status") == "ok" and _monitors(document) is not None


def uptimerobot(documents: Sequence[Any]) -> Page:
    """Uptime Robot's page: monitors alone, no word about the whole."""
    document = table(documents[0])
    components = tuple(_uptimerobot_component(one) for one in every(_monitors(document)))
    return Page(name=text(table(document.get("psp")).get("name"), NAME), components=components, lists=True)


def _monitors(document: Table) -> list[Any] | None:
    found = document.get("data", table(document.get("psp")).get("monitors"))
    return found if isinstance(found, list) else None


def _uptimerobot_component(one: Table) -> Component:
    word = text(one.get("statusClass"), WORD)
    name = first_text(one, "name", "friendly_name", limit=NAME) or "?"
    return Component(name, _UPTIMEROBOT.get(word, Outcome.UNKNOWN), word)
