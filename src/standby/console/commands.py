"""Commands of this console: made here, `sent` until their receipt, then told in one line."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from standby.console.snapshot import Sent
from standby.domain.clock import Clock
from standby.link.protocol import Command, CommandKind, Receipt, Status

TIMEOUT_S = 10.0


class Sender(Protocol):
    """The way to the engine; `link.client.Client` is one."""

    def send(self, command: Command, timeout: float = ...) -> Awaitable[Receipt]:
        """The engine's receipt, or one of `link.client`'s own when there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Told:
    """One line for the person, and the style it deserves."""

    text: str
    style: str


class Outbox:
    """What this console asked for and has no final answer to. `on_change` is called after every change."""

    def __init__(self, clock: Clock, *, user: str | None, origin: str, on_change: Callable[[], None]) -> None:
        self.sent: Mapping[str, Sent] = {}
        self._clock = clock
        self._user = user
        self._origin = origin
        self._on_change = on_change

    def command(self, kind: CommandKind, args: Mapping[str, Any]) -> Command:
        """A new command of this person, made now."""
        return Command(
            id=uuid.uuid4().hex,
            kind=kind,
            args=args,
            made_at=self._clock.now(),
            user=self._user,
            origin=self._origin,
        )

    async def send(self, sender: Sender, command: Command, subject: str) -> Told:
        """Send, wait for the receipt, and say what came of it. `subject` is how a person calls what it is about."""
        alert, integration = command.args.get("alert"), command.args.get("integration")
        self._put(Sent(command.id, command.kind, alert, integration, command.made_at))
        try:
            receipt = await sender.send(command, timeout=TIMEOUT_S)
        except BaseException:
            self.forget(command.id)
            raise
        if receipt.status is Status.KEPT:
            self._put(replace(self.sent[command.id], status=receipt.status, reason=receipt.reason))
        else:
            self.forget(command.id)
        return told(command, receipt, subject)

    def forget(self, command_id: str) -> None:
        """It has its final receipt."""
        if command_id in self.sent:
            self.sent = {key: one for key, one in self.sent.items() if key != command_id}
            self._on_change()

    def _put(self, one: Sent) -> None:
        self.sent = {**self.sent, one.id: one}
        self._on_change()


_DONE = {
    CommandKind.ACK: "acknowledged",
    CommandKind.UNACK: "acknowledgement taken back",
    CommandKind.NOTE: "note written",
    CommandKind.REHEARSE: "the bad minute starts",
    CommandKind.FAILOVER_PLAN: "the plan is ready",
    CommandKind.FAILOVER_RUN: "the failover has begun",
    CommandKind.FAILOVER_CANCEL: "the plan is dropped",
    CommandKind.SILENCE_THERE: "silenced in Alertmanager",
    CommandKind.SILENCE: "silenced",
    CommandKind.SILENCE_EXPIRE: "the silence is over",
    CommandKind.SILENCE_EXTEND: "the silence lasts longer",
    CommandKind.CONTRACT_PIN: "the contract is pinned",
    CommandKind.RULE_REVIEWED: "reviewed",
    CommandKind.RULE_TUNE: "applied",
    CommandKind.BASELINE_ACCEPT: "taken as the new normal",
    CommandKind.BASELINE_EXCLUDE: "learned without it",
    CommandKind.REPLACE: "the engine ends",
}


def told(command: Command, receipt: Receipt, subject: str) -> Told:
    """What a receipt says, in one line."""
    if receipt.status is Status.DONE:
        return Told(f"{_DONE[command.kind]}: {subject}" if subject else _DONE[command.kind], "flash.done")
    if receipt.status is Status.KEPT:
        return Told(f"{command.kind.value} {subject}: {receipt.reason or 'kept until an engine is back'}", "flash.kept")
    word = "refused" if receipt.status is Status.REFUSED else "not done"
    return Told(f"{command.kind.value} {subject} {word}: {receipt.reason or 'no reason given'}", "flash.refused")
