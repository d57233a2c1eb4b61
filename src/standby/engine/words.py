"""What a message about an alert says: what a person needs first when the telephone rings at three."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standby.domain.text import clean
from standby.domain.units import format_instant
from standby.engine.alerts import Live
from standby.engine.watches import OURSELVES

if TYPE_CHECKING:
    from standby.config.models import Config, Integration

_SAID = {"firing": "FIRING", "resolved": "RESOLVED", "exhausted": "NOBODY ANSWERED"}


def words(config: Config, live: Live, kind: str, place: str) -> tuple[str, str]:
    """Subject (one line) and text (some lines), clean. `place` says as which level of a policy one is told."""
    watch, settings = live.watch, config.settings
    one = config.integration_by_id.get(watch.integration)
    name = one.title if one is not None else OURSELVES
    head = f"[{settings.name} {settings.environment}] {_SAID[kind]} {watch.severity}"
    lines = [
        f"what: {live.summary}",
        f"integration: {name}{_details(one)}",
        f"rule: {watch.id}",
        f"since: {format_instant(live.since)}",
        f"told as: {place}" if place else "",
        f"runbook: {one.runbook}" if one is not None and one.runbook else "",
        f"take it: standby ack {live.id}" if kind != "resolved" else "",
    ]
    return clean(f"{head}: {name}: {live.summary}", 200), "\n".join(clean(line, 400) for line in lines if line)


def _details(one: Integration | None) -> str:
    if one is None:
        return ""
    return f" ({one.criticality}, owner {one.owner})" if one.owner else f" ({one.criticality})"
