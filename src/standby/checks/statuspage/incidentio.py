"""incident.io: documents that are compatible with Atlassian's, the widget's summary, and the page's own incidents.

Only the compatible ones list what is well, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from standby.checks.documents import Table, every, rows, table, text
from standby.checks.instants import instant
from standby.checks.statuspage import atlassian
from standby.checks.statuspage.atlassian import STATUSES
from standby.checks.statuspage.page import NAME, WORD, Incident, Maintenance, Page, named, names_of
from standby.domain.outcome import Outcome, worst

_INCIDENTS, _RUNNING, _COMING = "ongoing_incidents", "in_progress_maintenances", "scheduled_maintenances"


def fits(document: Any) -> bool:  # noqa: ANN401 - whatever JSON holds
    """Whether it is the compatible summary, the widget's or the page's own list."""
    return atlassian.fits(document) or _is_widget(document) or _is_list(document)


def decode(documents: Sequence[Any]) -> Page:
    """The page, from whichever of its documents."""
    if _is_widget(documents[0]):
        return _widget(table(documents[0]))
    return _list(every(documents[0]["incidents"])) if _is_list(documents[0]) else atlassian.decode(documents)


def _is_widget(document: Any) -> bool:  # noqa: ANN401 - whatever JSON holds
    if not isinstance(document, dict) or not isinstance(document.get(_INCIDENTS), list):
        return False
    return all(isinstance(document.get(key) or [], list) for key in (_RUNNING, _COMING))


def _is_list(document: Any) -> bool:  # noqa: ANN401 - whatever JSON holds
    found = rows(document.get("incidents")) if isinstance(document, dict) else []
    return bool(found) and all(map(atlassian.is_incidentio, found))


def _widget(document: Table) -> Page:
    """Healthy components are not listed."""
    plans = [(one, True) for one in every(document.get(_RUNNING))]
    plans += [(one, False) for one in rows(document.get(_COMING))]
    return Page(
        name=text(document.get("page_title"), NAME),
        incidents=tuple(_incident(one) for one in every(document[_INCIDENTS])),
        maintenances=tuple(_maintenance(one, running=running) for one, running in plans),
        by_incidents=True,
    )


def _list(found: Sequence[Table]) -> Page:
    open_ = (one for one in found if text(one.get("status"), WORD) != "resolved")
    return Page("", incidents=tuple(map(_listed, open_)), by_incidents=True)


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
