"""A whole engine on a fake clock: stub checks that answer what a test says, a real store, the real configuration."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal
from unittest.mock import patch

from standby.checks.alertmanager.check import AlertmanagerModel
from standby.checks.alertmanager.silencing import Wanted
from standby.checks.base import Check, Context
from standby.checks.heartbeat import HeartbeatCheck, HeartbeatModel
from standby.checks.webhook import WebhookCheck, WebhookModel
from standby.config.entries import Kinds
from standby.config.load import load
from standby.config.models import CheckModel, DirectorModel, Route
from standby.config.people import ChannelModel
from standby.config.secrets import Secrets
from standby.config.whole import Config
from standby.domain.announced import Announced, Belief
from standby.domain.observation import Failure, Observation
from standby.domain.outcome import AlertState, Outcome
from standby.domain.units import MILLISECOND, SECOND
from standby.engine.failover import failovers
from standby.engine.process.term import Identity
from standby.engine.service import Engine
from standby.engine.telling import outbox
from standby.link.protocol import Command, CommandKind, Peer, Receipt
from standby.notify.base import Message, NotifyError
from standby.store.errors import StoreError
from standby.store.reader import Reader
from standby.store.rows import AlertRow, AuditRow, Batch, Changes
from standby.store.writer import Writer
from stores import put_empty_store

from .fakeclock import FakeClock
from .traffic import Traffic, TrafficDirector

ALICE = Peer(1000, 1000, 4711, "alice")
BOB = Peer(1001, 1001, 4712, "bob")


class StubChannelModel(ChannelModel):
    kind: Literal["stub"] = "stub"


class StubDirector(DirectorModel):
    kind: Literal["stub"] = "stub"


class StubModel(CheckModel):
    kind: Literal["stub", "hearsay"] = "stub"
    announced: Belief | None = None


class HearsayModel(StubModel):
    @property
    def stated(self) -> bool:
        return True


KINDS = Kinds(
    checks={
        "stub": StubModel,
        "hearsay": HearsayModel,
        "heartbeat": HeartbeatModel,
        "webhook": WebhookModel,
        "alertmanager": AlertmanagerModel,
    },
    directors={"stub": StubDirector},
    channels={"stub": StubChannelModel},
)


@dataclass(frozen=True)
class Answer:
    """What a stub check says, and after how long."""

    outcome: Outcome = Outcome.UP
    message: str = "fine"
    failure: Failure | None = None
    latency_ms: float | None = 20.0
    takes: int = 20 * MILLISECOND
    retry_after_s: float | None = None
    announced: tuple[Announced, ...] | None = None


UP = Answer()
DOWN = Answer(Outcome.DOWN, "status == 200: status is 503", Failure.EXPECTATION)
REFUSED = Answer(Outcome.DOWN, "connection refused", Failure.REFUSED, None)
TIMED_OUT = Answer(Outcome.DOWN, "no answer within 4s", Failure.TIMEOUT, None, takes=4 * SECOND)
UNKNOWN = Answer(Outcome.UNKNOWN, "the resolver did not answer", Failure.RESOLVE, None)


class StubCheck:
    def __init__(self, world: World, model: CheckModel) -> None:
        self.model = model
        self._world = world

    async def run(self, context: Context, slot: int) -> Observation:
        world = self._world
        world.runs.append((self.model.id, slot, world.clock.mono))
        world.inside += 1
        world.most_inside = max(world.most_inside, world.inside)
        try:
            answer = world.answers.get(self.model.id, UP)
            if answer.takes:
                await world.clock.sleep_until(world.clock.mono + answer.takes)
        finally:
            world.inside -= 1
        return Observation(
            self.model.id,
            slot,
            world.clock.now(),
            answer.outcome,
            answer.message,
            answer.failure,
            answer.latency_ms,
            retry_after_s=answer.retry_after_s,
            announced=answer.announced,
        )


@dataclass(frozen=True)
class Told:
    """A message that arrived."""

    at: int
    channel: str
    to: str
    message: Message


class Telephone:
    """A channel that a test can listen to."""

    def __init__(self, world: World, name: str) -> None:
        self._world = world
        self._name = name

    async def send(self, message: Message, to: str) -> str:
        world = self._world
        takes = world.slow_to.get(to) or world.takes.get(self._name)
        if takes:
            await world.clock.sleep_until(world.clock.mono + takes)
        if self._name in world.deaf:
            raise world.deaf[self._name]
        world.told.append(Told(world.clock.now(), self._name, to, message))
        return "taken"

    async def close(self) -> None:
        return None


class Store:
    """The real writer, which can be made to fail; knows what is under way."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.path = writer.path
        self.fail: StoreError | None = None
        self.commits: list[Batch] = []
        self.meanwhile: Callable[[Batch], Awaitable[None]] | None = None  # what happens before a batch is on disk
        self._under_way = 0
        self._done = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.writer, name)

        async def call(*args: Any, **named: Any) -> Any:
            if self.fail is not None:
                raise self.fail
            self._under_way += 1
            try:
                return await method(*args, **named)
            finally:
                self._under_way -= 1
                self._done.set()

        return call

    async def commit(self, batch: Batch) -> int:
        if self.meanwhile is not None:
            await self.meanwhile(batch)
        seq: int = await self.__getattr__("commit")(batch)
        self.commits.append(batch)
        return seq

    def is_busy(self) -> bool:
        return self._under_way > 0

    async def rest(self) -> None:
        if not self._under_way:
            return
        async with asyncio.timeout(20):
            while self._under_way:
                self._done.clear()
                await self._done.wait()


def at_once(writer: Writer) -> Writer:
    """The writer with its transactions in the event loop's own thread, so that no test waits for another one to wake.

    A caller still waits through some rounds of the loop, as a task of its own does the work.
    """

    async def execute(work: Callable[[], Any]) -> Any:
        if not writer._connection._running:
            raise ValueError("Connection closed")
        return work()

    writer._connection._execute = execute  # type: ignore[method-assign]
    return writer


class World:
    """`toml` is what follows `[standby]`'s name, environment and store."""

    def __init__(self, folder: Path, toml: str, settings: str = "") -> None:
        self.clock = FakeClock()
        self.answers: dict[str, Answer] = {}
        self.runs: list[tuple[str, int, int]] = []
        self.inside = 0
        self.most_inside = 0
        self.learns = False  # whether to wait for what is read and written of baselines
        self.network = True  # whether reference targets answer
        self.knocks = 0
        self.environ = {"TOKEN": "t0ken-of-the-backup-job"}
        self.rehearsals: list[dict[str, Any]] = []
        self.traffic = Traffic()
        self.told: list[Told] = []  # every message that arrived
        self.deaf: dict[str, NotifyError] = {}  # channels that take nothing, and what they say
        self.takes: dict[str, int] = {}  # channels that are slow: ns
        self.slow_to: dict[str, int] = {}  # addresses that are
        self.silences: list[Wanted] = []  # what an Alertmanager was asked for
        self.hushes: Callable[[Wanted], Awaitable[str]] | None = None  # what it does then
        self.looked_for: list[str] = []  # marks of silences that were looked for there
        self.finds: Callable[[str], Awaitable[str]] | None = None  # what is found
        self._commands = 0
        self._reader: Reader | None = None
        self._seen = -1  # the store's version in `_changes`
        self._changes: Changes
        self._file = folder / "config.toml"
        self._db = folder / "standby.db"
        self.write(toml, settings)

    def write(self, toml: str, settings: str = "") -> None:
        head = f'[standby]\nname = "test"\nenvironment = "development"\nstore = "{self._db}"\n{settings}\n'
        self._file.write_text(head + toml)

    def load(self) -> Config:
        return load(self._file, KINDS)

    def build(self, model: CheckModel) -> Check:
        if isinstance(model, WebhookModel):
            return WebhookCheck(model)
        return HeartbeatCheck(model) if isinstance(model, HeartbeatModel) else StubCheck(self, model)

    def direct(self, route: Route) -> TrafficDirector:
        return TrafficDirector(self.traffic)

    async def start(self) -> None:
        put_empty_store(self._db)
        self.store = Store(at_once(await Writer.open(self._db, now=self.clock.now())))
        self.context = Context(self.clock, Secrets(environ=self.environ))
        self.clock.busy, self.clock.is_busy = self._rest, self._is_busy
        self.engine = Engine(
            self.load(),
            self.store,  # type: ignore[arg-type]
            self.clock,
            identity=Identity("service", 42, "host", "standby", "0.0.0"),
            context=self.context,
            load=self.load,
            rehearse=self._rehearse,
            build=self.build,
            knock=self._knock,
            direct=self.direct,
            reach=lambda model: Telephone(self, model.id),
            hush=self,
        )
        await self.engine.start()
        await self.clock.rest()

    def _is_busy(self) -> bool:
        return self.learns or self.store.is_busy()

    async def _rest(self) -> None:
        await self.store.rest()
        if self.learns:
            await self.engine._baselines.rest()

    async def stop(self) -> None:
        await self.engine.stop()
        await self.close()

    async def close(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None
        await self.context.close()
        await self.store.writer.close()

    async def die(self) -> None:
        """Like kill -9: nothing is said, nothing is flushed, and nobody waits for what is under way."""
        await self.clock.rest()
        self.store.fail = StoreError("missing", "dead")
        with patch.object(failovers, "STOP_WAITS_S", 0.0), patch.object(outbox, "_STOP_WAITS_S", 0.0):
            await self.engine.stop()
        await self.close()

    async def pass_time(self, ns: int) -> None:
        await self.clock.advance(ns)

    async def until(self, condition: Callable[[], bool], within: int = 600 * SECOND) -> int:
        """Let time pass in steps of 100 ms until it holds; how long it took."""
        start = self.clock.mono
        while not condition():
            assert self.clock.mono - start < within, "it never came"
            await self.clock.advance(100 * MILLISECOND)
        return self.clock.mono - start

    def changes(self) -> Changes:
        """All that the store shows; read anew only when something was written since the last call."""
        if self._reader is None:
            self._reader, self._seen = Reader(self._db), -1
        version = self._reader.data_version()
        if version != self._seen:
            self._changes, self._seen = self._reader.changes(0), version
        return self._changes

    def alerts(self, rule: str | None = None) -> list[AlertRow]:
        return [row for row in self.changes().alerts if rule is None or row.rule == rule]

    def open_alerts(self) -> list[AlertRow]:
        return [row for row in self.alerts() if row.state is not AlertState.RESOLVED]

    def audits(self, kind: str) -> list[AuditRow]:
        return [row for row in self.changes().audits if row.kind == kind]

    def observations(self, check_id: str, limit: int = 1000) -> list[Observation]:
        reader = Reader(self._db)
        try:
            return reader.observations(check_id, limit)
        finally:
            reader.close()

    def live(self, rule: str) -> bool:
        return any(live.watch.id == rule for live in self.engine._alerts)

    def fired(self, rule: str) -> bool:
        return any(live.watch.id == rule and live.fired_at is not None for live in self.engine._alerts)

    def outcome(self, check_id: str) -> Outcome:
        return self.engine._judge.checks[check_id].outcome

    async def ask(self, kind: CommandKind, peer: Peer = ALICE, **args: Any) -> Receipt:
        self._commands += 1
        command = Command(f"c{self._commands}", kind, args, self.clock.now(), origin="cli, host pts/1")
        return await self.send(command, peer)

    async def send(self, command: Command, peer: Peer = ALICE) -> Receipt:
        return await self.engine.handle(command, peer)

    async def _rehearse(self, args: Any) -> str:
        if args.get("scenario") == "unknown":
            raise ValueError("there is no scenario 'unknown'")
        self.rehearsals.append(dict(args))
        return "the bad minute begins"

    async def make(self, model: AlertmanagerModel, wanted: Wanted) -> str:
        self.silences.append(wanted)
        return await self.hushes(wanted) if self.hushes is not None else "s1"

    async def made_before(self, model: AlertmanagerModel, mark: str) -> str:
        self.looked_for.append(mark)
        return await self.finds(mark) if self.finds is not None else ""

    async def _knock(self, host: str, port: int) -> bool:
        self.knocks += 1
        return self.network


def slowly(answer: Answer, ns: int) -> Answer:
    return replace(answer, takes=ns)


def config(
    *, every: str = "10s", attempts: int = 1, criticality: str = "critical", rules: str = "", more: str = ""
) -> str:
    """One vendor, one integration, one check, and what else a test wants."""
    return f"""
[[vendor]]
id = "acme"

[[integration]]
id = "payments"
vendor = "acme"
criticality = "{criticality}"

[[check]]
id = "pay"
integration = "payments"
kind = "stub"
every = "{every}"
attempts = {attempts}
{more}
{rules}
"""


def rule(when: str, *, for_: str = "0s", keep: str = "0s", window: str = "1m", more: str = "") -> str:
    return f"""
[[rule]]
id = "r"
integration = "payments"
when = "{when}"
window = "{window}"
for = "{for_}"
keep_firing_for = "{keep}"
severity = "warning"
{more}
"""
