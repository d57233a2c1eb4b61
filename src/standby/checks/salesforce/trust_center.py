"""My Trust Center, which is to replace the Trust status: what concerns the tenants of one token.

Experimental: only its overview was at hand, no recording. A snapshot groups events by type; whatever groups there are
is looked through, and what is not understood is unknown.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from typing import Any

from standby.checks.api import unreadable
from standby.checks.documents import Table, every, first_text, table, text
from standby.checks.instants import instant
from standby.checks.salesforce.trust import incident, is_open
from standby.checks.statuspage.page import NAME, WORD, Incident, Maintenance, Page
from standby.domain.calendar import DIGITS
from standby.domain.outcome import Outcome
from standby.domain.units import DAY

_GROUPS = {
    "incidents": "incident",
    "maintenances": "maintenance",
    "maintenance": "maintenance",
    "patchreleases": "release",
    "informationalmessages": "message",
    "generalmessages": "message",
}


def decode(document: Any) -> Page:  # noqa: ANN401 - whatever JSON holds
    """The page of a snapshot. Raises Trouble when it holds none of the groups of events."""
    groups = list(_groups(document))
    if not groups:
        raise unreadable("the answer is no snapshot of My Trust Center")
    incidents: list[Incident] = []
    plans: list[Maintenance] = []
    for kind, found in groups:
        for one in every(found):
            if kind == "incident" and is_open(one):
                incidents.append(_titled(one))
            elif kind == "message":
                incidents.append(Incident(_name(one), Outcome.UP, "message"))
            elif kind == "maintenance" and is_open(one):
                plans.append(_maintenance(one))
    return Page("Salesforce", incidents=tuple(incidents), maintenances=tuple(plans), by_incidents=True)


def token_days(token: str, now: int) -> float | None:
    """Days until a personal access token ends, by its own payload; None when it does not tell."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        payload = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return None
    ends = instant(table(payload).get("exp"))
    return None if ends is None else round((ends - now) / DAY, DIGITS)


def _groups(document: Any, depth: int = 0) -> Iterator[tuple[str, list[Any]]]:  # noqa: ANN401 - whatever JSON holds
    for key, found in table(document).items():
        kind = _GROUPS.get(key.casefold().replace("_", ""))
        if kind is not None and isinstance(found, list):
            yield kind, found
        elif isinstance(found, dict) and depth < 2:
            yield from _groups(found, depth + 1)


def _titled(one: Table) -> Incident:
    made = incident(one)
    title = first_text(one, "title", "name", "subject", limit=NAME)
    return Incident(title or made.name, made.outcome, made.phase, made.scope)


def _name(one: Table) -> str:
    return first_text(one, "title", "subject", "name", "id", limit=NAME) or "without a name"


def _maintenance(one: Table) -> Maintenance:
    status = text(one.get("status"), WORD).casefold().replace(" ", "").replace("_", "")
    return Maintenance(
        _name(one),
        True if status in ("inprogress", "active", "ongoing") else None,
        instant(one.get("plannedStartTime") or one.get("startTime")),
        instant(one.get("plannedEndTime") or one.get("endTime")),
    )
