"""incident.io: the widget's summary (only what is not well is named) and the page's own list of incidents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from standby.checks.documents import Table, every, rows, table, text
from standby.checks.instants import instant
from standby.checks.statuspage.atlassian import STATUSES
from standby.checks.statuspage.page import NAME, WORD, Incident, Maintenance, Page, named, names_of
from standby.domain.outcome import Outcome, worst

_INCIDENTS, _RUNNING, _COMING = "ongoing_incidents", "in_progress_maintenances", "scheduled_maintenances"


def fits(document: Any) -> bool:  # noqa: ANN401 - whatever JSON holds
    """Whether it is the widget's summary."""
    if not isinstance(document, dict) or not isinstance(document.get(_INCIDENTS), list):
        return False
    return all(isinstance(document.get(key) or [], list) for key in (_RUNNING, _COMING))


def decode(documents: Sequence[Any]) -> Page:
    """The page. Healthy components are not listed."""
    document = table(documents[0])
    plans = [(one, True) for one in every(document.get(_RUNNING))]
    plans += [(one, False) for one in rows(document.get(_COMING))]
    return Page(
        name=text(document.get("page_title"), NAME),
        incidents=tuple(_incident(one) for one in every(document[_INCIDENTS])),
        maintenances=tuple(_maintenance(one, running=running) for one, running in plans),
        by_incidents=True,
    )


def fits_list(document: Any) -> bool:  # noqa: ANN401 - whatever JSON holds
    """Whether it is the list that the page itself asks for (undocumented)."""
    found = rows(document.get("incidents")) if isinstance(document, dict) else []
    return bool(found) and all("status_page_id" in one for one in found)


def decode_list(documents: Sequence[Any]) -> Page:
    """The page, from its incidents alone."""
    found = every(table(documents[0]).get("incidents"))
    return Page(
        name="",
        incidents=tuple(_listed(one) for one in found if text(one.get("status"), WORD) != "resolved"),
        by_incidents=True,
    )


def _incident(one: Table) -> Incident:
    affected = rows(one.get("affected_components"))
    words = [one.get("current_worst_impact"), *(each.get("current_status") for each in affected)]
    known = [STATUSES[word] for word in words if isinstance(word, str) and word in STATUSES]
    outcome = worst(known) if known else Outcome.DEGRADED
    impact = text(one.get("current_worst_impact"), WORD)
    return Incident(
        name=named(one),
        outcome=Outcome.DEGRADED if outcome is Outcome.UP else outcome,
        phase=", ".join(filter(None, (text(one.get("status"), WORD), impact))),
        scope=names_of(affected, "name", "group_name"),
    )


def _maintenance(one: Table, *, running: bool) -> Maintenance:
    return Maintenance(
        name=named(one),
        running=running,
        starts=instant(one.get("starts_at") or one.get("started_at")),
        ends=instant(one.get("ends_at") or one.get("scheduled_end_at")),
        scope=names_of(rows(one.get("affected_components")), "name", "group_name"),
    )


def _listed(one: Table) -> Incident:
    affected = rows(one.get("affected_components"))
    known = [STATUSES.get(text(each.get("status"), WORD), Outcome.DEGRADED) for each in affected]
    return Incident(
        name=named(one),
        outcome=max(worst(known), Outcome.DEGRADED, key=lambda found: found.badness),
        phase=text(one.get("status"), WORD),
        scope=names_of(table(each.get("component")) for each in affected),
    )
