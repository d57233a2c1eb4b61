"""The alert feed: state, severity, where, what, since when, who has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from standby.console.present import figures
from standby.console.present.cells import Cell, Column, Row, Slot, lay_out, line, place, titles
from standby.console.present.glyphs import ALERTS, DASH
from standby.console.present.moment import Moment
from standby.console.snapshot import Sent
from standby.domain.muting import Mute, MuteKind
from standby.domain.outcome import AlertState
from standby.domain.units import DAY
from standby.link.protocol import CommandKind, Status
from standby.store.rows import AlertRow

PREFIX = "alert:"
_COLUMNS = (
    Column("cursor", "", 1),
    Column("state", "alerts", 10, most=14),
    Column("severity", "severity", 8),
    Column("integration", "integration", 12, weight=1, most=24),
    Column("what", "what", 18, weight=5),
    Column("rule", "rule", 14, weight=1, most=26, drop=5),
    Column("number", "no", 5, right=True, drop=4),
    Column("at", "at", 12, right=True, drop=3),
    Column("since", "since", 6, right=True),
    Column("who", "who", 10, weight=1, most=20, drop=2),
)
_STATES = {AlertState.FIRING: 0, AlertState.ACKNOWLEDGED: 1, AlertState.PENDING: 3, AlertState.RESOLVED: 4}
_MUTED = 2  # nobody has to do anything about it for now, but it is true
_WORDS = {state: state.value for state in AlertState} | {AlertState.ACKNOWLEDGED: "acked"}
_LIVE = (AlertState.FIRING, AlertState.ACKNOWLEDGED)
_MUTERS = {
    MuteKind.SILENCE: "silence",
    MuteKind.MAINTENANCE: "maintenance",
    MuteKind.INHIBITED: "alert",
    MuteKind.DEPENDENCY: "dependency on",
    MuteKind.FLAPPING: "flapping of",
    MuteKind.INTERVAL: "quiet hours",
}
_STYLES = {
    AlertState.FIRING: "down",
    AlertState.ACKNOWLEDGED: "acked",
    AlertState.PENDING: "soft",
    AlertState.RESOLVED: "dim",
}


def ordered(alerts: Sequence[AlertRow]) -> list[AlertRow]:
    """What needs somebody first: firing by severity and age, acknowledged, muted, pending, and the newest resolved."""
    return sorted(
        alerts,
        key=lambda alert: (
            _MUTED if muted(alert) else _STATES[alert.state],
            alert.severity.loudness if alert.state is not AlertState.RESOLVED else 0,
            alert.since if alert.state is not AlertState.RESOLVED else -(alert.resolved_at or 0),
            alert.id,
        ),
    )


def muted(alert: AlertRow) -> bool:
    """Whether it fires and nobody is to be told."""
    return bool(alert.mutes) and alert.state is AlertState.FIRING


def feed(moment: Moment, width: int, alerts: Sequence[AlertRow] | None = None) -> list[Row]:
    """A line of titles, then one line an alert; `alerts` `None` means all that the snapshot holds."""
    slots = lay_out(_COLUMNS, width)
    known = list(moment.snapshot.alerts.values()) if alerts is None else list(alerts)
    shown = [alert for alert in ordered(known) if _matches(moment, alert)]
    sent = _sent(moment.snapshot.sent)
    rows = [titles(slots, width)]
    if not shown:
        rows.append(line([Cell(f"  {_nothing(moment, known)}", "dim")], width))
    return [*rows, *(_row(moment, slots, width, alert, sent.get(alert.id)) for alert in shown)]


def _row(moment: Moment, slots: Sequence[Slot], width: int, alert: AlertRow, sent: Sent | None) -> Row:
    """A line that is made when it is looked at: in a storm there are thousands, and the screen asks for forty."""
    return Row(lambda: place(slots, _cells(moment, alert, sent), width).cells, f"{PREFIX}{alert.id}")


def _nothing(moment: Moment, known: Sequence[AlertRow]) -> str:
    if known:
        return f"no alert matches {moment.filter}; esc clears the filter"
    return "no data yet" if moment.snapshot.seq == 0 else "no alerts"


def _matches(moment: Moment, alert: AlertRow) -> bool:
    name = moment.snapshot.estate.name_of(alert.integration)
    said = (alert.integration, name, alert.summary, alert.rule, alert.severity, alert.state, alert.acked_by or "")
    return moment.shows(*said) or moment.shows(*said, *(f"{label}={value}" for label, value in alert.labels.items()))


def _cells(moment: Moment, alert: AlertRow, sent: Sent | None) -> dict[str, Cell]:
    resolved = alert.state is AlertState.RESOLVED
    quiet = "dim" if resolved else "text"
    word, style = ("muted", "dim") if muted(alert) else (_WORDS[alert.state], _STYLES[alert.state])
    return {
        "state": Cell(f"{ALERTS[alert.state]} {word}", style),
        "severity": Cell(alert.severity.value, "dim" if resolved else f"severity.{alert.severity}"),
        "integration": Cell(moment.snapshot.estate.name_of(alert.integration), quiet if resolved else "name"),
        "what": Cell(f"{_quiet(moment, alert)}{alert.summary}", quiet),
        "rule": Cell(alert.rule, "dim"),
        "number": Cell(f"#{alert.id}", "dim"),
        "at": Cell(figures.stamp(alert.since, moment.now, moment.zone), "dim"),
        "since": Cell(_since(moment, alert), quiet),
        "who": _who(alert, sent),
    }


def _quiet(moment: Moment, alert: AlertRow) -> str:
    """By what it is kept quiet, and until when, in a few words: `silence 7 until 04:10; `."""
    if not alert.mutes or alert.state not in _LIVE:
        return ""
    mute = alert.mutes[0]
    word = "" if muted(alert) else "muted by "  # the column before says it already
    return f"{word}{named(mute)}{_until(moment, mute)}; "


def why_muted(moment: Moment, alert: AlertRow) -> str:
    """Every reason why nobody is told, in full; empty for an alert that may be told."""
    if not alert.mutes or alert.state not in _LIVE:
        return ""
    said = (f"{named(mute)}{_until(moment, mute)}{f' ({mute.why})' if mute.why else ''}" for mute in alert.mutes)
    return f"muted by {' and by '.join(said)}; "


def named(mute: Mute) -> str:
    """What keeps quiet, as people call it: `silence 7`, `alert 12`."""
    return f"{_MUTERS[mute.kind]} {mute.by}"


def _until(moment: Moment, mute: Mute) -> str:
    if mute.until is None:
        return ""
    if 0 <= mute.until - moment.now < DAY:
        return f" until {figures.clock(mute.until, moment.zone)}"
    return f" until {figures.stamp(mute.until, moment.now, moment.zone)}"


def _since(moment: Moment, alert: AlertRow) -> str:
    if alert.state is AlertState.RESOLVED and alert.resolved_at is not None:
        return figures.age(moment.now - alert.resolved_at)
    return figures.age(moment.now - alert.since)


def _who(alert: AlertRow, sent: Sent | None) -> Cell:
    if sent is not None:
        told = "kept" if sent.status is Status.KEPT else "sent"
        return Cell(f"{sent.kind.value} {told}", "sent")
    if alert.acked_by:
        return Cell(alert.acked_by, "acked" if alert.state is AlertState.ACKNOWLEDGED else "dim")
    needed = alert.state is AlertState.FIRING and not alert.mutes
    return Cell("nobody", "down") if needed else Cell(DASH, "dim")


def _sent(sent: Mapping[str, Sent]) -> dict[int, Sent]:
    """The newest acknowledgement under way of each alert."""
    return {
        one.alert: one
        for one in sent.values()
        if one.alert is not None
        and one.kind in (CommandKind.ACK, CommandKind.UNACK)
        and one.status is not Status.REFUSED
    }
