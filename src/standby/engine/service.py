"""The engine: puts scheduler, judge, recorder and the rest together and keeps them going."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from standby.checks.base import Check, Context
from standby.checks.registry import build as build_check
from standby.config.cel import compile_rule
from standby.config.diff import diff
from standby.domain.text import clean
from standby.domain.units import SECOND, format_duration
from standby.engine.alerting.alerts import Alerts
from standby.engine.attributions import Attributions
from standby.engine.clock import EngineClock
from standby.engine.commands import Commands
from standby.engine.contracts import Contracts
from standby.engine.failover.proof import Prover
from standby.engine.failover.routes import Direct, directing
from standby.engine.housekeeping import Housekeeping
from standby.engine.inbound.ears import Ears
from standby.engine.inbound.signals import Signals
from standby.engine.judge import Judge
from standby.engine.kinds import kinds
from standby.engine.learning.baselines import Baselines
from standby.engine.muting.alertmanager import Hush, Hushing, Silences
from standby.engine.muting.maintenance import Windows
from standby.engine.muting.muters import add_muters
from standby.engine.polling.blind import Knock, knocker
from standby.engine.polling.looks import Polling
from standby.engine.process.deadman import DeadMan, caller
from standby.engine.process.ending import Ending
from standby.engine.process.reload import Changeover, Prepared
from standby.engine.process.restart import SHORTEST_GAP_NS, Return
from standby.engine.process.term import Identity, Term
from standby.engine.recorder import Recorder
from standby.engine.rules.refill import refill, restore_counts
from standby.engine.rules.reviews import Reviews
from standby.engine.rules.tuner import Tuner
from standby.engine.rules.watches import compiled, watches
from standby.engine.rules.windows import Scope
from standby.engine.telling.channels import Reach, reaching
from standby.engine.telling.response import Response
from standby.engine.timeline import Timeline
from standby.link.protocol import Command, Peer, Receipt
from standby.store.retention import Retention
from standby.store.rows import ConfigRow, EngineRow

if TYPE_CHECKING:
    from standby.config.models import CheckModel
    from standby.config.whole import Config
    from standby.store.writer import Writer

LATE_NS = 3 * SECOND


class Engine:
    """One engine on one store. `start`, `run_until`, `stop`, in this order, on one event loop.

    `load` reads the configuration again for `reload` (raises ConfigError); `rehearse` passes a rehearsal's arguments to
    the simulated third parties and returns one line that says what it did (raises ValueError with the reason).
    `build` makes a check of its model, `knock` tries a reference target, `direct` makes the director of a route,
    `reach` a channel of its model, `hush` makes silences in an Alertmanager.
    Context and writer stay the caller's to close.
    """

    def __init__(
        self,
        config: Config,
        writer: Writer,
        clock: EngineClock,
        *,
        identity: Identity,
        context: Context,
        load: Callable[[], Config] | None = None,
        rehearse: Callable[[Mapping[str, Any]], Awaitable[str]] | None = None,
        build: Callable[[CheckModel], Check] = build_check,
        knock: Knock | None = None,
        direct: Direct | None = None,
        reach: Reach | None = None,
        hush: Hush | None = None,
    ) -> None:
        self.config = config
        self._writer = writer
        self._clock = clock
        self._context = context
        self._load = load
        self._build = build
        self._words: list[str] = []
        self._reloading = asyncio.Lock()
        self._beat_at = clock.monotonic()
        self._ending = Ending()
        self._timeline = Timeline(clock)
        self._term = Term(identity, self._timeline)
        self._signals = Signals()
        self._recorder = Recorder(writer, clock, self._timeline, on_fenced=self._ending.fenced)
        self._alerts = Alerts(clock, self._timeline, self._recorder, self._running)
        self._judge = Judge(self._timeline, self._recorder, self._alerts)
        self._attributions = Attributions(self._timeline, self._recorder, self._judge, self._in_force)
        self._judge.on_settled.append(self._attributions.look)
        self._polling = Polling(
            clock,
            self._timeline,
            self._recorder,
            context=context,
            judge=self._judge,
            signals=self._signals,
            knock=knock or knocker(context.resolver),
            before=self._follow_clock,
        )
        self._changeover = Changeover(
            self._timeline, self._recorder, judge=self._judge, scheduler=self._polling.scheduler, signals=self._signals
        )
        self._response = Response(
            clock,
            self._timeline,
            self._recorder,
            self._judge,
            config=self._in_force,
            direct=direct or directing(context),
            reach=reach or reaching(context),
            prove=Prover(clock, context, self._model, build),
        )
        add_muters(self._response.mutes, self._judge, self._in_force, self._polling.scheduler.soon)
        self._silences = Silences(clock, self._timeline, self._recorder, self._in_force, hush or Hushing(context))
        self._reviews = Reviews(clock, self._timeline, self._recorder, self._in_force, self._response.remark)
        self._baselines = Baselines(
            clock, self._timeline, self._recorder, writer, self._judge, config=self._in_force,
            planned=Windows(self._in_force).covers,
        )  # fmt: skip
        self._commands = Commands(
            writer, self._recorder, self._timeline, self._judge, self._response.failovers,
            self._silences,
            self._response.leases,
            self._response.silences,
            Contracts(self._timeline, self._recorder, self._polling.scheduler.check, self._base),
            self._reviews, Tuner(self._timeline, self._recorder, self._in_force, kinds),
            self._baselines.decisions,
            end=self._ending.ask, rehearse=rehearse,
        )  # fmt: skip
        on_fenced = self._ending.fenced
        self._housekeeping = Housekeeping(clock, self._timeline, writer, beat=self._beat, on_fenced=on_fenced)
        self._ears = Ears(clock, self._timeline, self._recorder, self._signals, context.secrets, self._judge)
        self._ears.door.told_by = self._response.told_by
        self._deadman = DeadMan(clock, self._works)

    @property
    def fence(self) -> int:
        """This term's number, given by the store in `start`; 0 before."""
        return self._term.fence

    async def start(self) -> None:
        """Begin the term, go on where the last engine stopped, open the receiver, plan every check.

        Raises StoreError when the store cannot be read or a newer engine holds it.
        """
        loaded = await self._writer.load()
        self._term.fence = await self._writer.begin_term(self._row())
        prepared = self._prepare(self.config)
        identity, came = self._term.identity, Return(loaded, self._timeline, self._recorder)
        fresh = self._changeover.know(prepared)
        came.remember(self._judge)
        self._attributions.remember(loaded.judged)
        self._changeover.listen_for_jobs(self.config)
        for ping in loaded.pings:
            self._signals.take(ping)
        if came.now - came.left >= SHORTEST_GAP_NS:
            self._signals.deaf(came.left, came.now)
        self._context.pings = self._signals.of
        self._context.tallies = self._ears.hooks.tally
        await self._refill(fresh)
        await self._baselines.start()
        self._response.remember(self.config, loaded)
        self._reviews.remember(loaded.reviews)
        came.revive(self._alerts, self._judge.watches)
        came.leave_gap()
        who = f"{identity.kind} engine, pid {identity.pid} on {identity.host},"
        came.tell(who)
        self._record_config()
        await self._apply_settings()
        self._polling.resume()
        self._changeover.plan(None, prepared)
        self._term.state = "running"
        self._recorder.buffer.engine = self._row()
        self._recorder.start()
        self._recorder.urgent()
        self._response.start(loaded, who)
        self._silences.resume(loaded.asked_there)
        self._reviews.keep()
        self._polling.lag.start()
        self._housekeeping.start()

    async def run_until(self, stop: asyncio.Event) -> None:
        """Poll until `stop` is set or somebody asked for a replacement (`ending` then says why).

        Raises StoreError of kind `fenced` when a newer engine took the store: nothing more is written.
        """
        await self._ending.wait(stop)

    async def stop(self) -> None:
        """End runs, write what is buffered, mark the term stopped. Never raises; `last_words` say what was lost."""
        self._term.state = "stopped"
        await self._silences.stop()
        await self._response.stop()
        await self._polling.stop()
        await self._ears.close()
        await self._deadman.stop()
        await self._housekeeping.stop()
        await self._baselines.stop()
        self._alerts.stop()
        self._reviews.stop()
        why = f": {self.ending}" if self.ending else ""
        self._recorder.say("stopped", "engine", f"{self._term.identity.kind} engine stopped{why}")
        self._recorder.buffer.engine = self._row()
        self._words = await self._recorder.close()

    async def handle(self, command: Command, peer: Peer) -> Receipt:
        """Carry out one command; the same id always gets the same receipt, given after it is on disk."""
        return await self._commands.handle(command, peer)

    async def reload(self) -> list[str]:
        """Read the configuration again and change only what changed; lines for people.

        Raises ConfigError, and keeps the configuration that is in force. The store's place and the simulated third
        parties are not changed by a reload: the lines say so.
        """
        if self._load is None:
            return []
        async with self._reloading:
            new = await asyncio.to_thread(self._load)
            prepared = self._prepare(new)
            self._context.secrets.forget()
            lines = list(diff(self.config, new).lines)
            if new.store != self.config.store or new.simulator != self.config.simulator:
                lines.append("the store and the simulated third parties stay as they are until a restart")
            await self._change_over(new, prepared)
            what = f"{len(lines)} changes: {'; '.join(lines)}" if lines else "nothing changed"
            self._recorder.say("reload", "engine", f"configuration read again, {what}")
            return lines

    def refusal(self, peer: Peer) -> str:
        """Why this person may not act (`operators`); empty when they may. For `Welcome`."""
        return self._commands.refusal(peer)

    def welcome_extra(self) -> dict[str, Any]:
        """What a console should know even when the store cannot be written:
        {"trouble": str, "blind_since": int | None}.
        """
        return {"trouble": self.trouble, "blind_since": self._polling.blindness.since}

    @property
    def ending(self) -> str:
        """Why the engine ends by itself (a replacement was asked for); empty while it does not."""
        return self._ending.why

    @property
    def trouble(self) -> str:
        """One line about what is wrong with the engine itself; empty when all is well."""
        parts = [
            self._recorder.trouble,
            self._polling.trouble,
            self._ears.trouble,
            self._deadman.trouble,
            self._response.trouble,
        ]
        return clean("; ".join(part for part in parts if part))

    def healthy(self, monotonic: int) -> bool:
        """Whether the loop turned and slots began in time within the last 3 s of the monotonic clock (ns).

        For the watchdog. A store that cannot be written is trouble, not ill health: a restart would not mend it.
        """
        return monotonic - self._beat_at <= LATE_NS

    def last_words(self) -> list[str]:
        """Lines for stderr at the end: what could not be stored, and why. Empty when nothing was lost."""
        return list(self._words)

    def report(self) -> dict[str, Any]:
        """The run's figures, as INTERFACES names them."""
        seconds = self._term.lasted / SECOND
        alerts = {**self._alerts.counts, "open": sum(1 for _ in self._alerts)}
        return self._polling.figures.report(seconds, self._writer.path, alerts)

    def _prepare(self, config: Config) -> Prepared:
        found = watches(config)
        checks = {model.id: self._build(model) for model in config.checks}
        return Prepared(config, checks, tuple(found), compiled(found, compile_rule))

    async def _change_over(self, new: Config, prepared: Prepared) -> None:
        old = self.config
        self._changeover.settle_alerts({watch.key: watch for watch in prepared.watches})
        # Checks that left are planned away before their memory goes: no run of theirs comes back to nobody.
        self._changeover.retire(old, new)
        fresh = self._changeover.know(prepared)
        self._changeover.listen_for_jobs(new)
        self._changeover.plan(old, prepared)
        self.config = new
        self._response.keep(new)
        self._reviews.keep()
        self._baselines.keep(new)
        await self._refill(fresh)
        for name in self._judge.integrations:
            self._judge.refresh(name)
            self._judge.reconsider(name)
        self._record_config()
        await self._apply_settings()

    async def _refill(self, fresh: set[Scope]) -> None:
        every = {model.id: min(model.every, model.retry_every) for model in self.config.checks}
        await refill(self._writer.path, self._timeline, self._judge.windows, fresh, every)
        await restore_counts(self._writer.path, self._timeline, self._judge.rules.burning)

    async def _apply_settings(self) -> None:
        settings = self.config.settings
        kept = settings.retention
        self._housekeeping.retention = Retention(kept.raw, kept.minutes, kept.hours, kept.max_size)
        self._commands.operators = frozenset(settings.operators)
        self._polling.watch(settings.reference_targets)
        url = settings.heartbeat_url
        self._deadman.watch(caller(self._context.secrets, url) if url else None)
        await self._ears.open(self.config)

    def _record_config(self) -> None:
        from standby.config.view import view

        row = ConfigRow(self._timeline.now(), self.config.digest, view(self.config))
        self._recorder.buffer.config = row

    def _row(self) -> EngineRow:
        lag_ms, blind_since = self._polling.lag.worst_ms(), self._polling.blindness.since
        return self._term.row(digest=self.config.digest, lag_ms=lag_ms, blind_since=blind_since, trouble=self.trouble)

    def _beat(self) -> None:
        self._follow_clock()
        if self._polling.scheduler.overdue() <= LATE_NS:
            self._beat_at = self._clock.monotonic()
        self._alerts.prune(self._timeline.now())
        self._judge.tick()
        self._recorder.buffer.engine = self._row()
        self._recorder.soon()

    def _follow_clock(self) -> None:
        """The wall clock was stepped: everything that remembers instants moves along, nothing fires or resolves."""
        by = self._timeline.stepped()
        if not by:
            return
        self._timeline.follow(by)
        self._alerts.shift(by)
        self._judge.shift(by)
        self._baselines.shift()
        self._signals.shift(by)
        self._polling.shift(by)
        self._response.shift(by)
        self._reviews.look()
        way = "forward" if by > 0 else "back"
        span = format_duration(abs(by) // SECOND * SECOND)
        self._recorder.say(
            "clock", "engine", f"the wall clock was stepped {way} by {span}; schedules and alert clocks moved along"
        )

    def _running(self, check_ids: Iterable[str]) -> bool:
        return self._polling.scheduler.running(check_ids)

    def _base(self) -> Path:
        return self.config.base

    def _in_force(self) -> Config:
        return self.config

    def _model(self, check_id: str) -> CheckModel | None:
        return self.config.check_by_id.get(check_id)

    def _works(self) -> bool:
        storing = self._clock.monotonic() - self._recorder.committed_at <= 10 * SECOND
        return storing and self.healthy(self._clock.monotonic())
