"""One group of alerts that are told together, as Alertmanager tells them (S15 to S20), with nothing lost to a mute.

The first alert waits `group_wait` for company (one that fires for longer already is told at once), then the group is
looked at each `group_interval`. A look (`flush`) gives a batch when there is something to say. The batch is on its way
until `delivered` or `failed` is called; only then the log knows of it, so that a crash in between says it twice rather
than never. A failed batch is made anew at the next look.

The log holds what people believe: `firing` are the alerts that they were told about and not yet told the end of.
Hence "resolved" is owed for an alert if and only if its "firing" was delivered, whatever muted it in between (T11).
An end that comes in a planned quiet time is `held` until that is over; when the same thing fires again by then, both
cancel, and people believe of the new alert what they believed of the old one (`domain.owed`).

`now` is when the look was due, or later: integer ns of the caller's one clock. Ids are never used again.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Any

from standby.domain.owed import Owed, owed

Ids = frozenset[int]
NONE: Ids = frozenset()


@dataclass(frozen=True, slots=True)
class Pace:
    """How a group is told. Durations in ns; without `send_resolved` an end is never said, and never owed."""

    group_wait_ns: int
    group_interval_ns: int
    repeat_interval_ns: int
    send_resolved: bool = True


@dataclass(frozen=True, slots=True)
class Entry:
    """The log of a group: `firing` is what is believed to fire, `resolved` the ends told last, `at` when that was."""

    firing: Ids
    resolved: Ids
    at: int


@dataclass(frozen=True, slots=True)
class Batch:
    """What has to be told together; `at` is the `now` of the look that made it."""

    firing: Ids
    resolved: Ids
    at: int


@dataclass(frozen=True, slots=True)
class Held:
    """An end of which nobody hears before `until` (ns since 1970), with what will be said then.

    `said` is what people were told, in one word: `integration/rule severity`.
    """

    until: int
    said: str
    summary: str = ""
    since: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """The state of a group. Alerts that neither fire nor are owed an end leave it at the next look."""

    alerts: Mapping[int, int | None] = field(default_factory=dict)  # id -> when it ended, `None` while it fires
    entry: Entry | None = None
    sending: Batch | None = None
    flush_at: int | None = None  # when to look; `None`: the group is over, or has not begun
    looked: bool = False  # the first wait is behind it
    held: Mapping[int, Held] = field(default_factory=dict)  # ends that are owed, and told later

    @property
    def over(self) -> bool:
        """Nothing fires and nothing is owed or on its way: the group can be forgotten."""
        return self.flush_at is None


def fire(group: Group, alert: int, since: int, now: int, pace: Pace, said: str = "") -> Group:
    """An alert fires since `since`: the group waits for others, or not if this one waited long enough elsewhere.

    `said` is what would be told of it: when people believe just that because an end of before is held, it is no news.
    """
    group = _instead(group, alert, said)
    flush_at = now + pace.group_wait_ns if group.flush_at is None else group.flush_at
    if not group.looked and since + pace.group_wait_ns < now:
        flush_at = min(flush_at, now)
    return replace(group, alerts={**group.alerts, alert: None}, flush_at=flush_at)


def resolve(group: Group, alert: int, at: int, held: Held | None = None) -> Group:
    """An alert ended at `at`; one that is not of this group, or ended before, changes nothing.

    With `held` nobody hears of it before its time; of what nobody was told nothing is held.
    """
    if group.alerts.get(alert, at) is not None:
        return group
    group = replace(group, alerts={**group.alerts, alert: at})
    told = [one.firing for one in (group.entry, group.sending) if one is not None]
    if held is None or not any(alert in firing for firing in told):
        return group
    return _soon(replace(group, held={**group.held, alert: held}), at)


def hold_on(group: Group, alert: int, until: int) -> Group:
    """It is not settled yet whether a held end is one: it is held longer."""
    found = group.held.get(alert)
    return group if found is None else replace(group, held={**group.held, alert: replace(found, until=until)})


def withdraw(group: Group, alert: int) -> Group:
    """An alert is as if it had never fired: its end is owed to nobody, and if it fires again that is news."""
    entry = group.entry
    if entry is not None:
        entry = replace(entry, firing=entry.firing - {alert})
    return _without(replace(group, entry=entry), frozenset({alert}))


def flush(group: Group, now: int, pace: Pace, muted: AbstractSet[int] = NONE) -> tuple[Group, Batch | None]:
    """Look at the group: what has to be told now, and when to look again.

    Nothing is said about the `muted` ids, neither that they fire nor that they ended; both stay owed. While a batch is
    on its way there is no other. A group without alerts is over.
    """
    if group.flush_at is None or group.sending is not None:
        return _again(group, now, pace), None
    group = _tidied(group, pace)
    if not group.alerts:
        return Group(), None
    group = _soon(_again(group, now, pace), now)
    muted = muted | {alert for alert, end in group.held.items() if end.until > now}
    firing = frozenset(alert for alert, ended in group.alerts.items() if ended is None) - muted
    resolved = frozenset(alert for alert, ended in group.alerts.items() if ended is not None) - muted
    if not (firing or resolved) or not needs_update(group.entry, firing, resolved, now, pace):
        return group, None
    batch = Batch(firing, resolved, now)
    return replace(group, sending=batch), batch


def delivered(group: Group) -> Group:
    """The batch that was on its way arrived, or may have: it goes into the log, and the ends in it out of the group."""
    batch = group.sending
    if batch is None:
        return group
    believed = group.entry.firing if group.entry is not None else NONE
    entry = Entry((believed | batch.firing) - batch.resolved, batch.resolved, batch.at)
    over = frozenset(alert for alert in batch.resolved if group.alerts.get(alert) is not None)
    return _without(replace(group, entry=entry, sending=None), over)


def failed(group: Group) -> Group:
    """It reached nobody: the next look makes it anew."""
    return replace(group, sending=None)


def shift(group: Group, by: int) -> Group:
    """The wall clock was stepped by `by` ns: the time that is left stays, and so does the time since the last batch.

    What is held is held until the wall clock says that it is time.
    """
    return _soon(
        replace(
            group,
            flush_at=None if group.flush_at is None else group.flush_at + by,
            entry=None if group.entry is None else replace(group.entry, at=group.entry.at + by),
            sending=None if group.sending is None else replace(group.sending, at=group.sending.at + by),
        ),
        0,
    )


def needs_update(
    entry: Entry | None, firing: AbstractSet[int], resolved: AbstractSet[int], now: int, pace: Pace
) -> bool:
    """Whether there is something to say after what the log holds (S19): subsets say nothing new, time does."""
    if entry is None:
        return bool(firing)
    if not firing <= entry.firing:
        return True
    if not firing:  # the last end is news whatever the pace says; ends of what nobody heard of are not
        return bool(entry.firing)
    if pace.send_resolved and not resolved <= entry.resolved:
        return True
    return entry.at < now - pace.repeat_interval_ns


def to_json(group: Group) -> dict[str, Any]:
    """A JSON-able object that `from_json` reads back."""
    return {
        "alerts": [[alert, ended] for alert, ended in group.alerts.items()],
        "entry": _said(group.entry),
        "sending": _said(group.sending),
        "flush_at": group.flush_at,
        "looked": group.looked,
        "held": [[alert, one.until, one.said, one.summary, one.since] for alert, one in group.held.items()],
    }


def from_json(doc: Mapping[str, Any]) -> Group:
    """The group in `doc`; an empty object is one that has not begun. Raises ValueError when it is not one of ours.

    A batch in it was on its way when the last engine ended: `delivered` or `failed` has to be called.
    """
    try:
        alerts = {_whole(alert): _instant(ended) for alert, ended in map(_pair, doc.get("alerts") or ())}
        entry, sending = _heard(doc.get("entry")), _heard(doc.get("sending"))
        flush_at = _instant(doc.get("flush_at"))
        held = dict(map(_kept, doc.get("held") or ()))
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"group state: {error}") from None
    if flush_at is None and (alerts or sending is not None):
        raise ValueError("group state: alerts and no flush_at")
    return Group(
        alerts,
        None if entry is None else Entry(*entry),
        None if sending is None else Batch(*sending),
        flush_at,
        looked=doc.get("looked") is True,
        held={alert: one for alert, one in held.items() if alerts.get(alert) is not None},
    )


def _again(group: Group, now: int, pace: Pace) -> Group:
    if group.flush_at is None:
        return group
    return replace(group, flush_at=now + pace.group_interval_ns, looked=True)


def _tidied(group: Group, pace: Pace) -> Group:
    """The group without the alerts that ended and of whose end nobody has to hear."""
    believed = group.entry.firing if group.entry is not None else NONE
    owed = believed if pace.send_resolved else NONE
    gone = {alert for alert, ended in group.alerts.items() if ended is not None and alert not in owed}
    if not gone:
        return group
    entry = None if group.entry is None else replace(group.entry, firing=believed - gone)
    return _without(replace(group, entry=entry), gone)


def _without(group: Group, gone: AbstractSet[int]) -> Group:
    alerts = {alert: ended for alert, ended in group.alerts.items() if alert not in gone}
    return replace(group, alerts=alerts, held={alert: one for alert, one in group.held.items() if alert not in gone})


def _instead(group: Group, alert: int, said: str) -> Group:
    """The end that is held of the same, and this beginning, cancel."""
    old = next((one for one, end in group.held.items() if owed(end.said, said) is Owed.NOTHING), None)
    if old is None or group.entry is None:
        return group
    entry = replace(group.entry, firing=(group.entry.firing - {old}) | {alert})
    return _without(replace(group, entry=entry), frozenset({old}))


def _soon(group: Group, now: int) -> Group:
    """Looked at again when the first end is held no longer, if not before."""
    times = [one.until for one in group.held.values() if one.until > now]
    return replace(group, flush_at=min(*times, group.flush_at)) if times and group.flush_at is not None else group


def _said(said: Entry | Batch | None) -> dict[str, Any] | None:
    if said is None:
        return None
    return {"firing": sorted(said.firing), "resolved": sorted(said.resolved), "at": said.at}


def _heard(doc: Mapping[str, Any] | None) -> tuple[Ids, Ids, int] | None:
    if doc is None:
        return None
    return frozenset(map(_whole, doc["firing"])), frozenset(map(_whole, doc["resolved"])), _whole(doc["at"])


def _pair(value: object) -> tuple[object, object]:
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError(f"group state: {str(value)[:40]!r} is not an alert and its end")
    return value[0], value[1]


def _kept(value: object) -> tuple[int, Held]:
    if not isinstance(value, list) or len(value) != 5:
        raise ValueError(f"group state: {str(value)[:40]!r} is no end that is held")
    alert, until, said, summary, since = value
    return _whole(alert), Held(_whole(until), str(said), str(summary), _whole(since))


def _instant(value: object) -> int | None:
    return None if value is None else _whole(value)


def _whole(value: object) -> int:
    if type(value) is not int:
        raise ValueError(f"group state: {str(value)[:40]!r} is not a whole number")
    return value
