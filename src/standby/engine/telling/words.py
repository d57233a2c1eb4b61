"""What a message about alerts says: what a person needs first when the telephone rings at three."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from standby.domain.cause import ACTIONS, Cause
from standby.domain.outcome import loudest
from standby.domain.text import clean
from standby.domain.units import format_instant
from standby.engine.alerting.alerts import Live
from standby.engine.alerting.groups import Group
from standby.notify.base import Message
from standby.store.escalations import NotificationRow

if TYPE_CHECKING:
    from standby.config.models import Integration
    from standby.config.whole import Config

MOST_LISTED = 20
_SAID = {"firing": "FIRING", "resolved": "RESOLVED", "exhausted": "NOBODY ANSWERED", "reminder": "STILL YOURS"}


class Said(NamedTuple):
    """What is to be told: alerts that fire, what is over since the last time, and as which level of a policy."""

    kind: str
    calling: Sequence[Live]
    over: Mapping[int, str]
    place: str
    cause: Cause | None


def words(config: Config, group: Group, said: Said) -> tuple[str, str]:
    """Subject (one line) and text (some lines), clean."""
    settings, lives = config.settings, list(said.calling) or group.subjects()
    one = _integration(config, lives)
    severity = loudest(live.watch.severity for live in lives)
    what = _what(said, lives)
    head = f"[{settings.name} {settings.environment}] {_SAID[said.kind]} {severity}: {_name(one, lives)}: {what}"
    lines = [f"what: {what}", *_body(one, said, lives)]
    return clean(head, 200), "\n".join(clean(line, 400) for line in lines if line)


def _what(said: Said, lives: Sequence[Live]) -> str:
    if said.kind == "resolved" and len(said.over) > 1:
        return f"{len(said.over)} alerts are over"
    if len(said.calling) > 1:
        return f"{len(said.calling)} alerts: {said.calling[0].summary}"
    return lives[0].summary


def _body(one: Integration | None, said: Said, lives: Sequence[Live]) -> Iterator[str]:
    calls = said.kind != "resolved"
    first = lives[0]
    yield f"integration: {_name(one, lives)}{_details(one)}"
    if len(said.calling) > 1:
        yield from _listed([f"#{live.id} {live.watch.severity} {_told(live)}" for live in said.calling], "alerts")
    else:
        yield f"rule: {first.watch.id}"
        origin = first.watch.origin
        yield f"look at: {origin.link}" if origin is not None and origin.link else ""
    if said.over and (calls or len(said.over) > 1):
        yield from _listed([f"#{alert} {summary}" for alert, summary in said.over.items()], "over")
    yield f"whose: {said.cause}" if said.cause is not None and calls else ""
    yield f"first: {ACTIONS[said.cause]}" if said.cause is not None and calls else ""
    yield f"since: {format_instant(min(live.since for live in lives))}"
    yield f"told as: {said.place}" if said.place else ""
    yield f"runbook: {one.runbook}" if one is not None and one.runbook else ""
    yield f"{_take(said)}: standby ack {' '.join(str(live.id) for live in lives[:MOST_LISTED])}" if calls else ""


def _take(said: Said) -> str:
    ack = said.calling[0].ack if said.kind == "reminder" and said.calling else None
    if ack is None or ack.until is None:
        return "take it"
    return f"given back at {format_instant(ack.until)} unless you keep it"


def _told(live: Live) -> str:
    return f"{live.watch.integration}/{live.watch.id}: {live.summary}"


def _listed(lines: Sequence[str], title: str) -> Iterator[str]:
    yield f"{title}: {len(lines)}"
    yield from (f"  {line}" for line in lines[:MOST_LISTED])
    if len(lines) > MOST_LISTED:
        yield f"  and {len(lines) - MOST_LISTED} more"


def _integration(config: Config, lives: Sequence[Live]) -> Integration | None:
    """The one that all of them are about."""
    names = {live.watch.integration for live in lives}
    return config.integration_by_id.get(names.pop()) if len(names) == 1 else None


def _name(one: Integration | None, lives: Sequence[Live]) -> str:
    if one is not None:
        return one.title
    names = sorted({live.watch.integration for live in lives})
    if len(names) == 1:
        return names[0]
    return f"{len(names)} integrations ({', '.join(names[:3])}{', ...' if len(names) > 3 else ''})"


def _details(one: Integration | None) -> str:
    if one is None:
        return ""
    return f" ({one.criticality}, owner {one.owner})" if one.owner else f" ({one.criticality})"


def message(rows: Sequence[NotificationRow], now: int) -> Message:
    """What is sent for one row, or for several to the same address."""
    first, keys = rows[0], [_key(row) for row in rows]
    data = {"alerts": [part for row, key in zip(rows, keys, strict=True) for part in _parts(row, key)]}
    if len(rows) == 1:
        return Message(keys[0], first.kind, now, first.subject, first.text, data)
    subject = clean(f"{len(rows)} messages: {first.subject}", 200)
    text = "\n\n".join(f"{row.subject}\n{row.text}" for row in rows)
    # Put together anew it would be another message: the key of its first would hide what was added.
    digest = hashlib.sha256("\n".join(keys).encode()).hexdigest()[:32]
    return Message(f"bundle.{digest}", first.kind, now, subject, text, data)


def _key(row: NotificationRow) -> str:
    """The same for the same message, and for no other of any store: a new one begins with escalation 1 again."""
    return f"{row.key}.{row.created_at:x}"


def _parts(row: NotificationRow, key: str) -> list[dict[str, Any]]:
    """One entry an alert: what a program that knew single alerts reads as before."""
    return [
        {
            "id": alert,
            "integration": row.integration,
            "severity": row.severity,
            "kind": row.kind,
            "level": row.level + 1,
            "summary": row.subject,
            "key": key,
        }
        for alert in row.alerts
    ]
