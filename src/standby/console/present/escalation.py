"""Who was told about each alert and what became of it, who is next and when; red where nobody is left to be told."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

from standby.console.estate import Estate, Policy
from standby.console.present import figures
from standby.console.present.alerts import PREFIX
from standby.console.present.cells import Cell, Column, Row, Slot, lay_out, line, place, titles
from standby.console.present.glyphs import ALERTS
from standby.console.present.moment import Moment
from standby.console.present.ranking import matching, up_to
from standby.console.present.recovery import countdown
from standby.domain.escalation import Stage
from standby.domain.outcome import AlertState
from standby.store.escalations import EscalationRow, Fate, NotificationRow
from standby.store.rows import AlertRow

NOTIFICATION = "notification:"
FATES = {
    Fate.PENDING: ("~", "waits", "soft"),
    Fate.SENDING: ("→", "sending", "soft"),
    Fate.SENT: ("✓", "sent", "up"),
    Fate.FAILED: ("✗", "failed", "down"),
    Fate.CANCELLED: ("·", "not needed", "dim"),
}
_COLUMNS = (
    Column("cursor", "", 1),
    Column("state", "told", 12, most=14),
    Column("who", "who", 14, weight=2, most=30),
    Column("how", "how", 8, weight=1, most=16, drop=2),
    Column("at", "when", 8, right=True),
    Column("level", "level", 7, right=True, drop=1),
    Column("next", "what became of it", 20, weight=4),
)


class Next(NamedTuple):
    """What happens to an alert by itself: in words, and when (ns since 1970, `None` when never)."""

    text: str
    style: str
    at: int | None = None


def next_of(estate: Estate, alert: AlertRow, row: EscalationRow | None) -> Next:
    """Who is told next about one alert."""
    if alert.state is AlertState.ACKNOWLEDGED:
        holder = f"{alert.acked_by or 'somebody'} has it"
        return Next(f"{holder}, for" if alert.acked_until is not None else holder, "acked", alert.acked_until)
    if alert.mutes:
        mute = alert.mutes[0]
        return Next(f"quiet, {mute.why}" + ("; until" if mute.until is not None else ""), "dim", mute.until)
    if row is None:
        return Next("nobody is told: no policy", "dim")
    if row.state.stage is Stage.GATHERING:
        return Next("told with what else fires, in", "text", row.log.flush_at)
    if row.state.stage is Stage.EXHAUSTED:
        return Next("exhausted: nobody answered", "down")
    if row.state.stage is not Stage.ACTIVE or row.state.next_at is None:
        return Next("", "dim")
    policy = estate.policies.get(row.state.policy)
    return Next(_after(estate, policy, row), "text", row.state.next_at)


def escalation_of(alert: AlertRow, rows: Mapping[int, EscalationRow]) -> EscalationRow | None:
    """Of the escalations that an alert is in, the one that comes first; one that is over when there is no other."""
    found = [row for row in map(rows.get, alert.escalations) if row is not None]
    return min(
        found, key=lambda row: (row.state.stage is Stage.ENDED, row.state.next_at or 2**63, -row.id), default=None
    )


def _first(row: EscalationRow) -> tuple[bool, int, int]:
    at = row.state.next_at
    return row.state.stage is Stage.ENDED, at if at is not None else sys.maxsize, -row.id


def escalations(moment: Moment, width: int) -> list[Row]:
    """Each open alert, with everybody who was told below it; what needs somebody first."""
    slots = lay_out(_COLUMNS, width)
    snapshot = moment.snapshot
    found = matching(snapshot.alerts, snapshot.estate, moment.words)
    shown = found[: up_to(found, AlertState.PENDING)]  # before these: what fires, acknowledged or muted or neither
    rows = [titles(slots, width)]
    if not shown:
        said = "no alert matches the filter" if moment.words else "no alert is open: nobody is told anything"
        rows.append(line([Cell(f"  {said}", "dim")], width))
    messages = _by_escalation(snapshot.notifications)
    for group, alerts in _together(moment, shown):
        for alert in alerts:
            rows.append(Row(partial(_alert, moment, width, alert, group), f"{PREFIX}{alert.id}"))
            rows += _passed(width, group)
        numbers = {number for alert in alerts for number in alert.escalations}
        told = sorted((one for number in numbers for one in messages.get(number, ())), key=lambda one: -one.id)
        rows += [Row(partial(_message, moment, slots, width, one), f"{NOTIFICATION}{one.id}") for one in told]
    return rows


def _together(moment: Moment, alerts: Sequence[AlertRow]) -> list[tuple[EscalationRow | None, list[AlertRow]]]:
    """The alerts that are told together, in the order of the first of each."""
    found: dict[str, tuple[EscalationRow | None, list[AlertRow]]] = {}
    for alert in alerts:
        group = escalation_of(alert, moment.snapshot.escalations)
        key = f"alert {alert.id}" if group is None else f"group {group.id}"
        found.setdefault(key, (group, []))[1].append(alert)
    return list(found.values())


def _alert(moment: Moment, width: int, alert: AlertRow, row: EscalationRow | None) -> tuple[Cell, ...]:
    snapshot = moment.snapshot
    coming = next_of(snapshot.estate, alert, row)
    held = alert.state is AlertState.ACKNOWLEDGED
    style = "acked" if held else "down"
    left = f" {countdown(max(0, coming.at - moment.now))}" if coming.at is not None else ""
    cells = [
        Cell(" ", "text"),
        Cell(f"{ALERTS[alert.state]} {'acked' if held else 'firing'}", style),
        Cell(f" #{alert.id} {snapshot.estate.name_of(alert.integration)} ", "name"),
        Cell(f" {_level(snapshot.estate, row)}", "dim"),
        Cell(f" {coming.text}", coming.style),
        Cell(left, "down" if left else "text"),
        Cell(f"  {alert.summary}", "dim"),
    ]
    return line(cells, width).cells


def _passed(width: int, row: EscalationRow | None) -> list[Row]:
    passed = row.passed if row is not None else ()
    empty = (f"   ✗ level {level + 1} has nobody: passed at once" for level in passed)
    return [line([Cell(text, "down")], width) for text in empty]


def _level(estate: Estate, row: EscalationRow | None) -> str:
    policy = estate.policies.get(row.state.policy) if row is not None else None
    if row is None or policy is None:
        return ""
    loop = f", round {row.state.loop + 1} of {policy.repeat + 1}" if policy.repeat and row.state.loop else ""
    return f"level {row.state.level + 1} of {len(policy.levels)}{loop} "


def _after(estate: Estate, policy: Policy | None, row: EscalationRow) -> str:
    """Who comes when this level's time is over."""
    if policy is None or not policy.levels:
        return "next level in"
    level, loop = row.state.level + 1, row.state.loop
    if level >= len(policy.levels):
        level, loop = 0, loop + 1
    if loop > policy.repeat:
        names = [estate.person(one) for one in policy.fallback]
        return f"then exhausted, {', '.join(names)} in" if names else "then exhausted, in"
    return f"next {', '.join(estate.person(one) for one in policy.levels[level]) or 'nobody'} in"


def _by_escalation(messages: Mapping[int, NotificationRow]) -> Mapping[int, list[NotificationRow]]:
    found: dict[int, list[NotificationRow]] = {}
    for one in messages.values():
        found.setdefault(one.escalation, []).append(one)
    return found


def _message(moment: Moment, slots: Sequence[Slot], width: int, one: NotificationRow) -> tuple[Cell, ...]:
    return place(slots, _told(moment, one), width).cells


def _told(moment: Moment, one: NotificationRow) -> dict[str, Cell]:
    sign, word, style = FATES[one.state]
    tries = f"try {one.attempts}: " if one.attempts > 1 else ""
    retry = (
        f", again in {countdown(max(0, one.next_at - moment.now))}"
        if one.state is Fate.PENDING and one.attempts
        else ""
    )
    kind = "" if one.kind == "firing" else f"{one.kind}: "
    return {
        "state": Cell(f"  {sign} {word}", style),
        "who": Cell(moment.snapshot.estate.person(one.target), "text"),
        "how": Cell(one.channel, "dim"),
        "at": Cell(figures.clock(one.done_at or one.created_at, moment.zone, seconds=True), "dim"),
        "level": Cell(f"{one.level + 1}.{one.loop + 1}" if one.loop else str(one.level + 1), "dim"),
        "next": Cell(f"{kind}{tries}{one.fate}{retry}", "down" if one.state is Fate.FAILED else "dim"),
    }
