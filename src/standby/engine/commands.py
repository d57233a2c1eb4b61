"""What people may ask: each wish carried out once, recorded before it is answered, refused with the reason."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol

from standby.domain.outcome import AlertState
from standby.domain.text import clean
from standby.domain.units import DAY, SECOND, format_duration, format_instant
from standby.engine.alerting.alerts import Ack, Live
from standby.engine.alerting.leases import Leases
from standby.engine.contracts import Contracts
from standby.engine.deeds import Deed, Person, RefusedError
from standby.engine.failover.failovers import Failovers
from standby.engine.judge import Judge
from standby.engine.learning.decisions import Decisions
from standby.engine.muting.alertmanager import Silences
from standby.engine.muting.own_silences import OwnSilences
from standby.engine.recorder import Recorder
from standby.engine.rules.reviews import Reviews
from standby.engine.rules.tuner import Tuner
from standby.engine.timeline import Timeline
from standby.link.protocol import Command, CommandKind, NotNowError, Peer, Receipt, Status
from standby.store.errors import StoreError
from standby.store.rows import AuditRow, ReceiptRow

NOTE_LIMIT = 2_000
_ID_LIMIT = 100
_NAME_LIMIT = 64
_LONGEST_LEASE = 7 * DAY
_OF_BASELINES = frozenset({CommandKind.BASELINE_ACCEPT, CommandKind.BASELINE_EXCLUDE})
_OF_FILES = frozenset({CommandKind.CONTRACT_PIN, CommandKind.RULE_REVIEWED, CommandKind.RULE_TUNE})
_OF_FAILOVERS = frozenset({CommandKind.FAILOVER_PLAN, CommandKind.FAILOVER_RUN, CommandKind.FAILOVER_CANCEL})
_OF_SILENCES = frozenset(
    {CommandKind.SILENCE_THERE, CommandKind.SILENCE, CommandKind.SILENCE_EXPIRE, CommandKind.SILENCE_EXTEND}
)

Rehearse = Callable[[Mapping[str, Any]], Awaitable[str]]


class Receipts(Protocol):
    """What is asked of the store about commands of before."""

    async def receipt(self, command_id: str) -> ReceiptRow | None:
        """What became of a command. Raises StoreError."""
        ...


class Commands:
    """Carries commands out. `end` is called for a replacement."""

    def __init__(
        self,
        receipts: Receipts,
        recorder: Recorder,
        timeline: Timeline,
        judge: Judge,
        failovers: Failovers,
        silences: Silences,
        leases: Leases,
        own_silences: OwnSilences,
        contracts: Contracts,
        reviews: Reviews,
        tuner: Tuner,
        baselines: Decisions,
        *,
        end: Callable[[str], None],
        rehearse: Rehearse | None = None,
    ) -> None:
        self.operators: frozenset[str] = frozenset()
        self._receipts = receipts
        self._recorder = recorder
        self._timeline = timeline
        self._judge = judge
        self._alerts = judge.alerts
        self._failovers = failovers
        self._silences = silences
        self._leases = leases
        self._own_silences = own_silences
        self._contracts = contracts
        self._reviews = reviews
        self._tuner = tuner
        self._baselines = baselines
        self._end = end
        self._rehearse = rehearse
        self._under_way: dict[str, asyncio.Task[Receipt]] = {}

    def refusal(self, peer: Peer) -> str:
        """Why this person may not act; empty when they may."""
        if not self.operators or peer.name in self.operators:
            return ""
        return f"{peer.name} is not among the operators of this engine (`operators` in [standby])"

    async def handle(self, command: Command, peer: Peer) -> Receipt:
        """The receipt of a command; the same one however often and however concurrently it is sent.

        Raises NotNowError while the store cannot take it: nothing was done, and the sender asks again.
        """
        if not 0 < len(command.id) <= _ID_LIMIT or not command.id.isprintable():
            return Receipt(command.id[:_ID_LIMIT], Status.REFUSED, "the command has no usable id")
        task = self._under_way.get(command.id)
        if task is None:
            task = asyncio.create_task(self._carry_out(command, peer), name=f"command {command.kind}")
            self._under_way[command.id] = task
            task.add_done_callback(lambda _: self._under_way.pop(command.id, None))
        # The sender may hang up; what was begun is finished.
        return await asyncio.shield(task)

    async def _carry_out(self, command: Command, peer: Peer) -> Receipt:
        try:
            known = await self._receipts.receipt(command.id)
        except StoreError as error:
            raise NotNowError(f"it cannot be recorded, so it was not done: {error}") from None
        if known is not None:
            return Receipt(command.id, Status(known.status), known.reason)
        person = self._person(command, peer)
        try:
            self._admit(command, peer)
            deed = await self._do(command, person)
        except RefusedError as refusal:
            return await self._record(command, person, Status.REFUSED, clean(str(refusal)), None)
        return await self._record(command, person, deed.status, deed.answer, deed)

    async def _record(
        self, command: Command, person: Person, status: Status, reason: str, deed: Deed | None
    ) -> Receipt:
        now = self._timeline.now()
        receipt = ReceiptRow(command.id, now, person.name, command.kind, _kept(command.args), status, reason)
        audits = []
        if deed is not None:
            lines = [(deed.kind, deed.subject, deed.message), *deed.also]
            audits = [AuditRow(now, person.name, person.origin, *line, command.id) for line in lines]
        try:
            runs = deed.failovers if deed is not None else ()
            seq = await self._recorder.submit(audits=audits, receipts=[receipt], failovers=runs)
        except StoreError as error:
            if deed is not None:
                deed.undo()
            raise NotNowError(f"it cannot be recorded, so it was not done: {error}") from None
        if deed is not None:
            deed.done()
        if command.kind is CommandKind.REPLACE and status is Status.DONE:
            self._end(f"{person.name} asked for a replacement")
        return Receipt(command.id, status, reason, seq)

    def _person(self, command: Command, peer: Peer) -> Person:
        name = clean(command.user or "", _NAME_LIMIT) or peer.name
        pid = f" pid {peer.pid}" if peer.pid is not None else ""
        where = clean(command.origin, 120)
        return Person(name, f"unix:{peer.name}{pid}" + (f", {where}" if where else ""))

    def _admit(self, command: Command, peer: Peer) -> None:
        refusal = self.refusal(peer)
        if refusal:
            raise RefusedError(refusal)
        now = self._timeline.now()
        if command.not_after is not None and now > command.not_after:
            late = format_duration(max(SECOND, (now - command.not_after) // SECOND * SECOND))
            raise RefusedError(f"it came {late} too late to be done; look again and repeat it if it still fits")

    async def _do(self, command: Command, person: Person) -> Deed:
        if command.kind is CommandKind.ACK:
            return self._ack(command.args, person)
        if command.kind is CommandKind.UNACK:
            return self._unack(command.args)
        if command.kind is CommandKind.NOTE:
            return self._note(command.args)
        if command.kind is CommandKind.REPLACE:
            return Deed("replace", "engine", "asked this engine to end")
        if command.kind in _OF_FAILOVERS:
            return await self._move(command, person)
        if command.kind in _OF_SILENCES:
            return await self._quiet(command, person)
        if command.kind in _OF_FILES:
            return await self._tend(command, person)
        if command.kind in _OF_BASELINES:
            accepts = command.kind is CommandKind.BASELINE_ACCEPT
            decide = self._baselines.accept if accepts else self._baselines.exclude
            return decide(command.args, person)
        return await self._rehearsal(command.args)

    async def _tend(self, command: Command, person: Person) -> Deed:
        if command.kind is CommandKind.RULE_REVIEWED:
            return self._reviews.reviewed(command.args, person)
        if command.kind is CommandKind.RULE_TUNE:
            return await self._tuner.tune(command, person)
        return await self._contracts.pin(command, person)

    async def _move(self, command: Command, person: Person) -> Deed:
        if command.kind is CommandKind.FAILOVER_PLAN:
            return await self._failovers.plan(command, person)
        if command.kind is CommandKind.FAILOVER_RUN:
            return await self._failovers.run(command.args, person)
        return self._failovers.cancel(command.args, person)

    async def _quiet(self, command: Command, person: Person) -> Deed:
        if command.kind is CommandKind.SILENCE_THERE:
            return await self._silences.make(command, person)
        if command.kind is CommandKind.SILENCE:
            return self._own_silences.make(command.args, person)
        if command.kind is CommandKind.SILENCE_EXPIRE:
            return self._own_silences.expire(command.args)
        return self._own_silences.extend(command.args)

    def _ack(self, args: Mapping[str, Any], person: Person) -> Deed:
        live = self._live(args)
        subject, note = f"alert:{live.id}", _note(args.get("note"))
        now = self._timeline.now()
        if live.state is AlertState.PENDING:
            raise RefusedError(
                f"alert {live.id} is still pending: it has not fired, there is nothing to acknowledge yet"
            )
        if live.ack is not None:
            ago = format_duration(max(0, now - live.ack.at) // SECOND * SECOND)
            if live.ack.by != person.name:
                raise RefusedError(
                    f"alert {live.id} is acknowledged by {live.ack.by} since {ago}; unacknowledge it first"
                )
            return self._renew(live, live.ack, _span(args.get("for")), note, ago)
        until = self._leases.until(live, _span(args.get("for")))
        self._alerts.acknowledge(live, Ack(person.name, now, person.origin, until))
        said, answer = note or "acknowledged" + _ends(until), f"yours{_ends(until)}"
        return Deed(
            "ack", subject, said, lambda: self._alerts.acknowledge(live, None), answer=answer, done=self._leases.look
        )

    def _renew(self, live: Live, ack: Ack, wanted: int | None, note: str, ago: str) -> Deed:
        """The same person again: the lease begins anew."""
        until = self._leases.until(live, wanted)
        live.ack = replace(ack, until=until)
        self._alerts.put(live)

        def undo() -> None:
            live.ack = ack
            self._alerts.put(live)

        kind, said = ("note", note) if note else ("ack", "acknowledged again" + _ends(until))
        answer = f"yours since {ago}{_ends(until)}"
        return Deed(kind, f"alert:{live.id}", said, undo, answer, done=self._leases.look)

    def _unack(self, args: Mapping[str, Any]) -> Deed:
        live = self._live(args)
        ack = live.ack
        if ack is None:
            raise RefusedError(f"alert {live.id} is not acknowledged")
        self._alerts.acknowledge(live, None)
        text = _note(args.get("note")) or f"unacknowledged; {ack.by} had it"
        return Deed("unack", f"alert:{live.id}", text, lambda: self._alerts.acknowledge(live, ack))

    def _note(self, args: Mapping[str, Any]) -> Deed:
        text = _note(args.get("text"))
        if not text:
            raise RefusedError("the note is empty")
        if args.get("alert") is not None:
            number = _number(args["alert"])
            if not 0 < number <= self._alerts.last_id:
                raise RefusedError(f"there is no alert {number}")
            return Deed("note", f"alert:{number}", text)
        integration = args.get("integration")
        if not isinstance(integration, str) or integration not in self._judge.integrations:
            raise RefusedError(f"there is no integration {clean(str(integration), 80)!r}")
        return Deed("note", f"integration:{integration}", text)

    async def _rehearsal(self, args: Mapping[str, Any]) -> Deed:
        if self._rehearse is None:
            raise RefusedError("there are no simulated third parties here: nothing to rehearse with")
        try:
            said = await self._rehearse(args)
        except ValueError as error:
            raise RefusedError(str(error)) from None
        return Deed("rehearse", "engine", clean(said), answer=clean(said))

    def _live(self, args: Mapping[str, Any]) -> Live:
        number = _number(args.get("alert"))
        live = self._alerts.by_id(number)
        if live is not None:
            return live
        if not 0 < number <= self._alerts.last_id:
            raise RefusedError(f"there is no alert {number}")
        at = self._alerts.resolved_at(number)
        since = ""
        if at is not None:
            since = f" since {format_duration(max(0, self._timeline.now() - at) // SECOND * SECOND)}"
        raise RefusedError(f"alert {number} is resolved{since}; it needs nobody any more")


def _number(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise RefusedError(f"{clean(str(value), 40)!r} is no alert's number")


def _span(value: object) -> int | None:
    """How long somebody wants to have it, ns; `None` when they do not say."""
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LONGEST_LEASE:
        return value
    raise RefusedError(f"{clean(str(value), 40)!r} is no time that somebody can have an alert for; at most 7d")


def _ends(until: int | None) -> str:
    return "" if until is None else f", until {format_instant(until)}"


def _note(value: object) -> str:
    return clean(value, NOTE_LIMIT) if isinstance(value, str) else ""


def _kept(args: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments as the receipt keeps them: plain values, cleaned."""
    kept: dict[str, Any] = {}
    for name, value in list(args.items())[:20]:
        plain = value is None or isinstance(value, bool | int | float)
        kept[clean(str(name), 40)] = value if plain else clean(str(value), NOTE_LIMIT)
    return kept
