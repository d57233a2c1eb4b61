"""What a message about an alert says: what a person needs first when the telephone rings at three."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from standby.domain.cause import ACTIONS, Cause
from standby.domain.text import clean
from standby.domain.units import format_instant
from standby.engine.alerts import Live
from standby.engine.watches import OURSELVES
from standby.notify.base import Message
from standby.store.escalations import NotificationRow

if TYPE_CHECKING:
    from standby.config.models import Config, Integration

_SAID = {"firing": "FIRING", "resolved": "RESOLVED", "exhausted": "NOBODY ANSWERED"}


def words(config: Config, live: Live, kind: str, place: str, cause: Cause | None) -> tuple[str, str]:
    """Subject (one line) and text (some lines), clean. `place` says as which level of a policy one is told."""
    watch, settings = live.watch, config.settings
    one = config.integration_by_id.get(watch.integration)
    name = one.title if one is not None else OURSELVES
    head = f"[{settings.name} {settings.environment}] {_SAID[kind]} {watch.severity}"
    lines = [
        f"what: {live.summary}",
        f"integration: {name}{_details(one)}",
        f"rule: {watch.id}",
        f"whose: {cause}" if cause is not None and kind != "resolved" else "",
        f"first: {ACTIONS[cause]}" if cause is not None and kind != "resolved" else "",
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


def message(rows: Sequence[NotificationRow], now: int) -> Message:
    """What is sent for one row, or for several to the same address."""
    first, keys = rows[0], [_key(row) for row in rows]
    data = {"alerts": [_part(row, key) for row, key in zip(rows, keys, strict=True)]}
    if len(rows) == 1:
        return Message(keys[0], first.kind, now, first.subject, first.text, data)
    subject = clean(f"{len(rows)} messages: {first.subject}", 200)
    text = "\n\n".join(f"{row.subject}\n{row.text}" for row in rows)
    # Put together anew it would be another message: the key of its first would hide what was added.
    digest = hashlib.sha256("\n".join(keys).encode()).hexdigest()[:32]
    return Message(f"bundle.{digest}", first.kind, now, subject, text, data)


def _key(row: NotificationRow) -> str:
    """The same for the same message, and for no other of any store: a new one begins with alert 1 again."""
    return f"{row.key}.{row.created_at:x}"


def _part(row: NotificationRow, key: str) -> dict[str, Any]:
    return {
        "id": row.alert,
        "integration": row.integration,
        "severity": row.severity,
        "kind": row.kind,
        "level": row.level + 1,
        "summary": row.subject,
        "key": key,
    }
