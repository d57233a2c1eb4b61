"""Google Cloud's (and Workspace's) incidents and AWS's current events: lists of what is not well, nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from standby.checks.documents import Table, every, number, rows, table, text
from standby.checks.statuspage.page import NAME, WORD, Incident, Page, named, names_of
from standby.domain.outcome import Outcome
from standby.domain.text import clean

_GOOGLE: Mapping[str, Outcome] = {
    "SERVICE_INFORMATION": Outcome.UP,
    "SERVICE_DISRUPTION": Outcome.DEGRADED,
    "SERVICE_OUTAGE": Outcome.DOWN,
}
_AWS: Mapping[float, tuple[Outcome, str]] = {
    0: (Outcome.UP, "ok"),
    1: (Outcome.UP, "informational"),
    2: (Outcome.DEGRADED, "degradation"),
    3: (Outcome.DOWN, "disruption"),
}


def google_fits(document: Any) -> bool:  # noqa: ANN401 - whatever JSON holds
    """Whether it is `incidents.json`."""
    return _list_of(document, "status_impact", "external_desc", "affected_products", "most_recent_update")


def google(documents: Sequence[Any]) -> Page:
    """Google's page. An incident is open as long as it has no `end`."""
    open_ = [one for one in every(documents[0]) if not one.get("end")]
    return Page("Google", incidents=tuple(map(_google_incident, open_)), by_incidents=True)


def _google_incident(one: Table) -> Incident:
    impact = text(one.get("status_impact"), WORD)
    affected = [*rows(one.get("affected_products")), *rows(one.get("currently_affected_locations"))]
    return Incident(
        name=named(one, "external_desc", "service_name"),
        outcome=_GOOGLE.get(impact, Outcome.DEGRADED),
        phase=text(table(one.get("most_recent_update")).get("status"), WORD) or impact,
        scope=names_of([*affected, one], "title", "service_name", "id"),
    )


def aws_fits(document: Any) -> bool:  # noqa: ANN401 - whatever JSON holds
    """Whether it is `public/currentevents`; the `data.json` of old is dead and no list."""
    return _list_of(document, "arn", "event_log", "impacted_services", "region_name", "service_name")


def aws(documents: Sequence[Any]) -> Page:
    """AWS's page. What has recovered (`0`) is listed for a while and not open any more."""
    found = [_aws_incident(one) for one in every(documents[0]) if number(one.get("status")) != 0]
    return Page("AWS", incidents=tuple(found), by_incidents=True)


def _aws_incident(one: Table) -> Incident:
    code = number(one.get("status"))
    outcome, says = _AWS.get(-1.0 if code is None else code, (Outcome.DEGRADED, ""))
    services = {key: table(of) for key, of in table(one.get("impacted_services")).items()}
    affected = {key: of for key, of in services.items() if number(of.get("current")) != 0}
    where = text(one.get("region_name"), WORD)
    region = text(one.get("arn"), 500).split(":")[3:4]  # arn:aws:health:eu-west-1::event/...
    name = named(one, "summary", "service_name")
    return Incident(
        name=f"{name} in {where}" if where else name,
        outcome=outcome,
        phase=says,
        scope=(
            *(clean(each, NAME) for each in (*affected, *region) if each),
            *names_of(affected.values(), "service_name"),
            *names_of([one], "region_name", "service", "service_name"),
        ),
    )


def _list_of(document: object, *keys: str) -> bool:
    """A list whose every entry is an object and has at least two of these keys."""
    if not isinstance(document, list) or not document:
        return False
    return all(isinstance(one, dict) and sum(key in one for key in keys) >= 2 for one in document)
