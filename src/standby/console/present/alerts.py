"""The alert feed: state, severity, where, what, since when, who has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from standby.console.present import figures
from standby.console.present.cells import Cell, Column, Row, Rows, lay_out, line, place, titles
from standby.console.present.glyphs import ALERTS, DASH
from standby.console.present.moment import Moment
from standby.console.present.ranking import matching, muted, place_of, rank, text_of, up_to
from standby.console.snapshot import Sent
from standby.domain.muting import Mute, MuteKind
from standby.domain.outcome import AlertState
from standby.domain.units import DAY
from standby.link.protocol import CommandKind, Status
from standby.store.rows import AlertRow

PREFIX = "alert:"
_LAST = 10  # that are over, below what is open
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
_WORDS = {state: state.value for state in AlertState} | {AlertState.ACKNOWLEDGED: "acked"}
_LIVE = (AlertState.FIRING, AlertState.ACKNOWLEDGED)
_THEIRS = "vendor:"  # work that a vendor announces
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


def feed(moment: Moment, width: int, alerts: Sequence[AlertRow] | None = None) -> Rows:
    """A line of titles, then one line an alert; `alerts` `None` means all that the snapshot holds."""
    if alerts is None:
        return _listed(moment, width, _matching(moment), bool(moment.snapshot.alerts))
    shown = [alert for alert in sorted(alerts, key=rank) if _matches(moment, alert)]
    return _listed(moment, width, shown, bool(alerts))


def live(moment: Moment, width: int) -> Rows:
    """The same of what is open, and of the last ten that are over."""
    found = _matching(moment)
    return _listed(moment, width, found[: up_to(found, AlertState.RESOLVED) + _LAST], bool(moment.snapshot.alerts))


def _matching(moment: Moment) -> Sequence[AlertRow]:
    return matching(moment.snapshot.alerts, moment.snapshot.estate, moment.words)


def _listed(moment: Moment, width: int, shown: Sequence[AlertRow], known: bool) -> Rows:  # noqa: FBT001
    """Lines that are made when they are looked at: in a storm there are thousands, and the screen asks for forty."""
    slots = lay_out(_COLUMNS, width)
    sent = _sent(moment.snapshot.sent)
    first = [titles(slots, width)]
    if not shown:
        first.append(line([Cell(f"  {_nothing(moment, known)}", "dim")], width))

    def make(at: int) -> Row:
        alert = shown[at]
        return place(slots, _cells(moment, alert, sent.get(alert.id)), width, id=f"{PREFIX}{alert.id}")

    def find(key: str) -> int:
        number = key.removeprefix(PREFIX)
        known = moment.snapshot.alerts.get(int(number)) if key.startswith(PREFIX) and number.isdigit() else None
        return place_of(shown, known)

    return Rows(first, len(shown), make, find)


def _nothing(moment: Moment, known: bool) -> str:  # noqa: FBT001
    if known:
        return f"no alert matches {moment.filter}; esc clears the filter"
    return "no data yet" if moment.snapshot.seq == 0 else "no alerts"


def _matches(moment: Moment, alert: AlertRow) -> bool:
    text = text_of(alert, moment.snapshot.estate)
    return all(word in text for word in moment.words)


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
    """What keeps quiet, as people call it: `silence 7`, `alert 12`, `maintenance of acme`."""
    theirs = mute.by.removeprefix(_THEIRS)
    return f"{_MUTERS[mute.kind]} of {theirs}" if theirs != mute.by else f"{_MUTERS[mute.kind]} {mute.by}"


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
