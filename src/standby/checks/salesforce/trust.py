"""Salesforce's Trust status of one instance: its word, its open incidents and its maintenances, as one page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from standby.checks.api import unreadable
from standby.checks.documents import Table, every, first_text, rows, table, text
from standby.checks.instants import instant
from standby.checks.statuspage.page import NAME, WORD, Incident, Indicator, Maintenance, Page
from standby.domain.outcome import Outcome
from standby.domain.text import clean

STATUSES: Mapping[str, Outcome] = {
    "OK": Outcome.UP,
    "INFORMATIONAL_CORE": Outcome.UP,
    "INFORMATIONAL_NONCORE": Outcome.UP,
    "MINOR_INCIDENT_CORE": Outcome.DEGRADED,
    "MINOR_INCIDENT_NONCORE": Outcome.DEGRADED,
    "MAJOR_INCIDENT_CORE": Outcome.DOWN,
    "MAJOR_INCIDENT_NONCORE": Outcome.DEGRADED,
    "MAINTENANCE_CORE": Outcome.MAINTENANCE,
    "MAINTENANCE_NONCORE": Outcome.UP,
}
MEND = "write the org's current instance: its InstanceName in Setup, Company Information, or SELECTed from Organization"
_MAJOR = frozenset({"major", "critical", "disruption", "outage"})
_OVER = frozenset({"resolved", "closed", "completed", "cancelled", "canceled"})
_CORE = "coreService"
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Instance:
    """One instance. `retired`: what is to be said when it serves nobody any more; empty when it does."""

    key: str
    page: Page
    retired: str = ""


def decode(document: Any, now: int) -> Instance:  # noqa: ANN401 - whatever JSON holds
    """The instance of `/instances/KEY/status` as of `now` (ns since 1970). Raises Trouble for another document."""
    found = table(document)
    if "status" not in found or not any(key in found for key in ("key", "isActive", "Incidents", "Services")):
        raise unreadable("the answer is no status of a Salesforce instance")
    key = text(found.get("key"), WORD)
    word = text(found.get("status"), WORD)
    plans = [one for one in rows(found.get("Maintenances")) if not _over(one)]
    incidents = [incident(one) for one in every(found.get("Incidents")) if is_open(one)]
    incidents += [_notice(one) for one in rows(found.get("GeneralMessage")) if _shown(one, now)]
    incidents += [_aside(one) for one in plans if not _interrupts(one) and _maintenance(one).runs(now)]
    page = Page(
        name=f"Salesforce {key}".rstrip(),
        indicator=Indicator(STATUSES.get(word, Outcome.UNKNOWN), word or "nothing of its state"),
        incidents=tuple(incidents),
        maintenances=tuple(_maintenance(one) for one in plans if _interrupts(one) or _maintenance(one).comes(now)),
        by_incidents=True,
        speaker="the instance",
    )
    return Instance(key, page, _retired(found, key))


def _retired(found: Table, key: str) -> str:
    if found.get("isActive") is not False:
        return ""
    release = text(found.get("releaseVersion"), WORD)
    still = f", it stands still at {release}" if release else ""
    return f"Salesforce {key} is retired{still}: its orgs were migrated; {MEND}"


def is_open(one: Table) -> bool:
    """Whether an incident is open: by its status; older ones have none and are open while an impact has no end."""
    status = text(one.get("status"), WORD)
    if status:
        return status.casefold() not in _OVER
    impacts = rows(one.get("IncidentImpacts"))
    return not impacts or any(not impact.get("endTime") for impact in impacts)


def incident(one: Table) -> Incident:
    """An incident. It has no title: one is made of its impact and services, and the newest sentence."""
    impacts = rows(one.get("IncidentImpacts"))
    current = [impact for impact in impacts if not impact.get("endTime")] or impacts
    words = [text(impact.get("severity"), WORD) for impact in current] or [""]
    said = [word for word in words if word] or [text(one.get("type"), WORD)]
    major = any(word.casefold() in _MAJOR for word in said)
    services = _texts(one.get("serviceKeys"))
    kind = next(filter(None, (text(impact.get("type"), WORD) for impact in current)), "") or text(one.get("type"), WORD)
    core = is_core(one)
    events = rows(one.get("IncidentEvents"))
    latest = max(events, key=lambda event: instant(event.get("createdAt")) or 0, default={})
    sentence = first_text(latest, "message") or text(one.get("additionalInformation"))
    of = f" of {', '.join(services[:3])}" if services else ""
    title = (_plain(kind) or "incident") + of
    return Incident(
        name=clean(f"{title}: {sentence}" if sentence else title, NAME).replace("\\n", " "),
        outcome=Outcome.DOWN if major and core else Outcome.DEGRADED,
        phase=", ".join([*dict.fromkeys(word for word in said if word), "core" if core else "not core"]),
        scope=services,
    )


def is_core(one: Table) -> bool:
    """Whether an incident touches the core: as it says, or by its services where it does not."""
    said = one.get("isCore")
    return said if isinstance(said, bool) else _CORE in _texts(one.get("serviceKeys"))


def _over(one: Table) -> bool:
    return _event_status(one) in _OVER


def _event_status(one: Table) -> str:
    found = one.get("message")
    return first_text(found if isinstance(found, dict) else one, "eventStatus", limit=WORD).casefold()


def _interrupts(one: Table) -> bool:
    """Whether a maintenance takes the org away: one of the core that is not said to leave it available."""
    found = one.get("message")
    availability = first_text(found if isinstance(found, dict) else one, "availability", limit=WORD).casefold()
    return one.get("isCore") is not False and "available" not in availability.replace("unavailable", "")


def _maintenance(one: Table) -> Maintenance:
    status = _event_status(one).replace(" ", "").replace("_", "")
    return Maintenance(
        name=first_text(one, "name", "id", limit=NAME) or "without a name",
        running=True if status in ("inprogress", "started") else None,
        starts=instant(one.get("plannedStartTime")),
        ends=instant(one.get("plannedEndTime")),
        scope=_texts(one.get("serviceKeys")),
    )


def _aside(one: Table) -> Incident:
    return Incident(_maintenance(one).name, Outcome.UP, "maintenance that leaves the core available")


def _shown(one: Table, now: int) -> bool:
    starts, ends = instant(one.get("startDate")), instant(one.get("endDate"))
    return one.get("isVisible") is not False and (starts or 0) <= now and (ends is None or now < ends)


def _notice(one: Table) -> Incident:
    return Incident(first_text(one, "subject", "body", limit=NAME) or "without a subject", Outcome.UP, "message")


def _texts(found: object) -> tuple[str, ...]:
    return tuple(filter(None, (text(one, WORD) for one in found))) if isinstance(found, list) else ()


def _plain(word: str) -> str:
    """`featurePerfDegradation` as people write it."""
    return _CAMEL.sub(" ", word).lower()
