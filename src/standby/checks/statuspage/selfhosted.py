"""Pages that people run themselves: Cachet, Uptime Kuma."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from standby.checks.documents import Table, every, first_text, number, rows, table, text
from standby.checks.instants import instant
from standby.checks.statuspage.page import NAME, WORD, Component, Incident, Indicator, Maintenance, Page, named
from standby.domain.outcome import Outcome

_CACHET: Mapping[float, Outcome] = {1: Outcome.UP, 2: Outcome.DEGRADED, 3: Outcome.DEGRADED, 4: Outcome.DOWN}
_CACHET_WORDS = {1.0: "operational", 2.0: "performance issues", 3.0: "partial outage", 4.0: "major outage"}
_CACHET_WHOLE: Mapping[str, Outcome] = {
    "success": Outcome.UP,
    "info": Outcome.DEGRADED,
    "warning": Outcome.DEGRADED,
    "danger": Outcome.DOWN,
}
_CACHET_SCHEDULED, _CACHET_FIXED = 0, 4
_KUMA: Mapping[float, tuple[Outcome, str]] = {
    0: (Outcome.DOWN, "down"),
    1: (Outcome.UP, "up"),
    2: (Outcome.UNKNOWN, "pending"),
    3: (Outcome.MAINTENANCE, "under maintenance"),
}


def cachet_fits(document: Any) -> bool:  # noqa: ANN401 - whatever JSON holds
    """Whether it is one of Cachet's v1 documents: components, incidents or the whole."""
    if not isinstance(document, dict):
        return False
    data = document.get("data")
    if isinstance(data, dict):
        return isinstance(data.get("status"), str) and "message" in data
    return isinstance(data, list) and isinstance(document.get("meta"), dict)


def cachet(documents: Sequence[Any]) -> Page:
    """Cachet's page, as far as the document tells it."""
    document = table(documents[0])
    data = document.get("data")
    if isinstance(data, dict):
        word = text(data.get("status"), WORD)
        says = text(data.get("message"), NAME) or word
        return Page("", indicator=Indicator(_CACHET_WHOLE.get(word, Outcome.UNKNOWN), says))
    if any("message" in one for one in rows(data)):
        return _cachet_incidents(every(data))
    pages = number(table(table(document.get("meta")).get("pagination")).get("total_pages"))
    indicator = None
    if pages is not None and pages > 1:
        indicator = Indicator(Outcome.UNKNOWN, "more on further pages: write ?per_page=1000 behind the url")
    # What is not enabled is shown to nobody and counts for nothing.
    components = tuple(_cachet_component(one) for one in every(data) if one.get("enabled") is not False)
    return Page("", indicator=indicator, components=components, lists=True)


def _cachet_incidents(found: Sequence[Table]) -> Page:
    phases = [(one, number(one.get("status"))) for one in found]
    return Page(
        "",
        incidents=tuple(
            Incident(named(one), Outcome.DEGRADED, first_text(one, "human_status"))
            for one, phase in phases
            if phase not in (_CACHET_SCHEDULED, _CACHET_FIXED)
        ),
        maintenances=tuple(
            Maintenance(named(one), None, instant(one.get("scheduled_at")))
            for one, phase in phases
            if phase == _CACHET_SCHEDULED
        ),
        by_incidents=True,
    )


def _cachet_component(one: Table) -> Component:
    code = number(one.get("status"))
    outcome = Outcome.UNKNOWN if code is None else _CACHET.get(code, Outcome.UNKNOWN)
    says = _CACHET_WORDS.get(code if code is not None else -1.0) or text(one.get("status_name"), WORD) or "unknown"
    return Component(text(one.get("name"), NAME) or "?", outcome, says.lower())


def kuma_fits(document: Any) -> bool:  # noqa: ANN401 - whatever JSON holds
    """Whether it is the heartbeats of an Uptime Kuma page, or the page itself."""
    return isinstance(document, dict) and (
        isinstance(document.get("heartbeatList"), dict) or isinstance(document.get("publicGroupList"), list)
    )


def kuma(documents: Sequence[Any]) -> Page:
    """Uptime Kuma's page. Heartbeats are oldest first; the names of the monitors come with the page itself."""
    beats = next((table(one["heartbeatList"]) for one in documents if "heartbeatList" in table(one)), {})
    own = next((table(one) for one in documents if "publicGroupList" in table(one)), {})
    names, groups = {}, {}
    for group in rows(own.get("publicGroupList")):
        for one in rows(group.get("monitorList")):
            key = text(one.get("id"), WORD)
            names[key], groups[key] = text(one.get("name"), NAME), text(group.get("name"), NAME)
    ids = list(dict.fromkeys([*beats, *names]))
    found = own.get("incidents", own.get("incident"))
    incidents = every(found) if isinstance(found, list) else [table(found)] if found else []
    return Page(
        name=text(table(own.get("config")).get("title"), NAME),
        components=tuple(
            _kuma_component(names.get(key) or f"monitor {text(key, WORD)}", groups.get(key, ""), beats.get(key))
            for key in ids
        ),
        incidents=tuple(Incident(named(one, "title"), Outcome.UP, text(one.get("style"), WORD)) for one in incidents),
        maintenances=tuple(
            _kuma_maintenance(one)
            for one in rows(own.get("maintenanceList"))
            if one.get("status") in ("under-maintenance", "scheduled")
        ),
        lists=True,
    )


def _kuma_maintenance(one: Table) -> Maintenance:
    slot = next(iter(rows(one.get("timeslotList"))), {})
    running = one.get("status") == "under-maintenance"
    return Maintenance(named(one, "title"), running, instant(slot.get("startDate")), instant(slot.get("endDate")))


def _kuma_component(name: str, group: str, found: object) -> Component:
    beats = every(found)
    code = number(beats[-1].get("status")) if beats else None
    outcome, says = _KUMA.get(-1.0 if code is None else code, (Outcome.UNKNOWN, "not checked yet"))
    return Component(name, outcome, says, group)
