"""The messages of each escalation: to whom, in which words, and who has to hear the end because of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from standby.domain.cause import Cause
from standby.domain.escalation import Escalation, Policy, Tell
from standby.domain.outcome import Severity, loudest
from standby.domain.text import clean
from standby.engine.alerting.alerts import Live
from standby.engine.alerting.groups import Group
from standby.engine.telling.outbox import Outbox
from standby.engine.telling.words import Said, words
from standby.engine.timeline import Timeline
from standby.store.escalations import Fate, NotificationRow

if TYPE_CHECKING:
    from standby.config.whole import Config

CALLS = ("firing", "exhausted")
"""What asks somebody to take an alert."""


class Telling:
    """`config` gives the configuration in force, `cause` whose trouble the worst of some checks shows."""

    def __init__(
        self,
        timeline: Timeline,
        outbox: Outbox,
        config: Callable[[], Config],
        cause: Callable[[Sequence[str]], Cause | None],
    ) -> None:
        self._timeline = timeline
        self._outbox = outbox
        self._config = config
        self._cause = cause
        self._rows: dict[int, dict[int, NotificationRow]] = {}  # escalation -> message number -> its row, as it was put

    def remember(self, rows: Iterable[NotificationRow]) -> None:
        """Who was told by the last engine."""
        for row in rows:
            self._rows.setdefault(row.escalation, {})[row.id] = row

    def reachable(self) -> frozenset[str]:
        """Every person and channel that can be told."""
        config = self._config()
        return frozenset(one.id for one in config.people if one.reach) | {one.id for one in config.channels}

    def call(self, group: Group, policy: Policy, tell: Tell, calling: Sequence[Live]) -> None:
        """Tell these targets what fires, and what is over since they were told."""
        kind = "exhausted" if tell.exhausted else "firing"
        place = f"level {tell.level + 1} of {len(policy.levels)} of policy {policy.id}"
        for target in dict.fromkeys(tell.targets):
            for contact in self._contacts(target):
                self._message(group, kind, target, contact, tell, (calling, place))

    def owe(self, group: Group) -> None:
        """`resolved` is owed to an address if and only if `firing` reached it, or may have."""
        state = group.state
        last = Tell((), state.level, state.loop, state.episode)
        reached = {
            (row.channel, row.address): row.target
            for row in self._rows.get(group.id, {}).values()
            if row.kind in CALLS and self._outbox.may_have_arrived(row)
        }
        for contact, target in reached.items():
            self._message(group, "resolved", target, contact, last, ((), ""))

    def remind(self, group: Group, live: Live) -> None:
        """Whoever has an alert is told that it is given back soon; only somebody whom the configuration knows."""
        ack = live.ack
        if ack is None or ack.until is None:
            return
        state = group.state
        tell = Tell((ack.by,), state.level, state.loop, state.episode)
        for contact in self._contacts(ack.by):
            key = f"{group.id}.{live.id}.reminder.{ack.by}.{contact[0]}.{ack.until:x}"
            self._message(group, "reminder", ack.by, contact, tell, ((live,), ""), key)

    def remark(self, channel: str, kind: str, subject: str, text: str) -> None:
        """Say something that is about no alert in a channel; nothing where no channel is called so. Nobody's own
        address is written to: that would be a call."""
        config, now = self._config(), self._timeline.now()
        if not any(one.id == channel for one in config.channels):
            return
        head = f"[{config.settings.name} {config.settings.environment}] {subject}"
        number = self._outbox.last_id + 1
        row = NotificationRow(
            number, f"0.{kind}.{channel}.{now:x}", 0, "", Severity.INFO.value, kind, channel, channel, "", 0, 0, 0,
            next_at=now, created_at=now, subject=clean(head, 200), text=clean(text, 2_000),
        )  # fmt: skip
        self._outbox.put(row)

    def withdraw(self, group: Group, why: str) -> None:
        """Nobody has to be called any more."""
        self._outbox.cancel(group.id, CALLS, why)

    def withdraw_all_but(self, escalations: Iterable[int]) -> None:
        """Nobody is called any more for another escalation: it was over while the last engine was still sending."""
        for other in self._rows.keys() - set(escalations):
            self._outbox.cancel(other, CALLS, "it was over before the engine died")

    def forget(self, group: Group) -> None:
        """It is over."""
        self._rows.pop(group.id, None)
        self._outbox.forget(group.id)

    def came_to_end(self, row: NotificationRow) -> None:
        """What became of a message."""
        if row.escalation in self._rows:
            self._rows[row.escalation][row.id] = row

    def nobody_reached(self, row: NotificationRow, state: Escalation) -> bool:
        """Whether every message of the level that this one was for was given up, and it is that level's turn."""
        if (state.episode, state.loop, state.level) != (row.episode, row.loop, row.level):
            return False
        mine = [
            one
            for one in self._rows.get(row.escalation, {}).values()
            if (one.episode, one.loop, one.level, one.kind) == (row.episode, row.loop, row.level, "firing")
        ]
        return all(one.state is Fate.FAILED for one in mine)

    def _contacts(self, target: str) -> list[tuple[str, str]]:
        """The channels and addresses behind a name of a policy."""
        config = self._config()
        person = next((one for one in config.people if one.id == target), None)
        if person is not None:
            return [(reach.channel, reach.to) for reach in person.reach]
        return [(one.id, "") for one in config.channels if one.id == target]

    def _message(
        self,
        group: Group,
        kind: str,
        target: str,
        contact: tuple[str, str],
        tell: Tell,
        what: tuple[Sequence[Live], str],
        key: str = "",
    ) -> None:
        calling, place = what
        now = self._timeline.now()
        first = calling[0] if calling else next(iter(group.subjects()), None)
        said = Said(kind, tuple(calling), dict(group.words), place, self._cause(first.watch.checks if first else ()))
        subject, text = words(self._config(), group, said)
        row = NotificationRow(
            id=self._outbox.last_id + 1,
            key=key or self._key(group, kind, target, contact[0], tell),
            escalation=group.id,
            integration=first.watch.integration if first else "",
            severity=loudest(live.watch.severity for live in group.subjects()).value,
            kind=kind,
            target=target,
            channel=contact[0],
            address=contact[1],
            level=tell.level,
            loop=tell.loop,
            episode=tell.episode,
            next_at=now,
            created_at=now,
            subject=subject,
            text=text,
            alerts=tuple(live.id for live in calling) or tuple(group.words),
        )
        self._rows.setdefault(group.id, {})[row.id] = row
        self._outbox.put(row)

    def _key(self, group: Group, kind: str, target: str, channel: str, tell: Tell) -> str:
        """The same for the same message; a level that is told more gets one more number."""
        key = f"{group.id}.{tell.episode}.{tell.loop}.{tell.level}.{kind}.{target}.{channel}"
        more = sum(1 for row in self._rows.get(group.id, {}).values() if row.key.startswith(key))
        return f"{key}.{more}" if more else key
