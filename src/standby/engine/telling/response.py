"""What a trouble sets in motion: people who are told level by level, traffic that is moved when one says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from standby.engine.alerting.alerts import Live
from standby.engine.alerting.leases import Leases
from standby.engine.alerting.ways import Ways
from standby.engine.clock import EngineClock
from standby.engine.failover.failovers import Failovers, Prove
from standby.engine.failover.routes import Direct, Routes
from standby.engine.judge import Judge
from standby.engine.muting.mutes import Mutes
from standby.engine.muting.own_silences import OwnSilences
from standby.engine.recorder import Recorder
from standby.engine.telling.channels import Channels, Reach
from standby.engine.telling.escalations import Escalations
from standby.engine.telling.messages import Telling
from standby.engine.telling.outbox import Outbox
from standby.engine.timeline import Timeline
from standby.store.rows import Loaded

if TYPE_CHECKING:
    from standby.config.whole import Config


class Response:
    """Escalations and failovers with what carries them out. `config` gives the configuration in force."""

    def __init__(
        self,
        clock: EngineClock,
        timeline: Timeline,
        recorder: Recorder,
        judge: Judge,
        *,
        config: Callable[[], Config],
        direct: Direct,
        reach: Reach,
        prove: Prove,
    ) -> None:
        self._judge = judge
        self._channels = Channels(reach)
        self._outbox = Outbox(clock, timeline, recorder, self._channels.get)
        telling, ways = Telling(timeline, self._outbox, config, judge.cause), Ways(config)
        self.remark = telling.remark
        self._escalations = Escalations(
            clock, timeline, recorder, judge.alerts, telling=telling, ways=ways, blind=self._blind,
            unsettled=lambda live: judge.unsettled(live.watch.key),
        )  # fmt: skip
        self._outbox.on_end = self._escalations.came_to_end
        judge.alerts.hearer = self._escalations
        self.mutes = Mutes(clock, timeline, judge.alerts)
        self.silences = OwnSilences(clock, timeline, recorder, config, self.mutes.changed)
        self.mutes.add(self.silences)
        self.mutes.add(ways.hours, planned=True)
        self._escalations.planned_of = self.mutes.planned
        self._ways = ways
        self.leases = Leases(clock, timeline, recorder, judge.alerts, config=config, remind=self._escalations.remind)
        self._routes = Routes(clock, timeline, recorder, judge, direct)
        self.failovers = Failovers(
            clock, timeline, recorder, judge.alerts, self._routes, prove=prove, blind=self._blind
        )

    def remember(self, config: Config, loaded: Loaded) -> None:
        """What the last engine had begun, before any alert is revived: one may end because its rule is gone."""
        self._routes.keep(config)
        self._channels.keep(config)
        self._outbox.remember(loaded.notifications, loaded.last_notification)
        self.silences.remember(loaded.silences, loaded.last_silence)
        self._escalations.remember(loaded.escalations, loaded.notifications, loaded.last_escalation)

    def start(self, loaded: Loaded, who: str) -> None:
        """Go on with it, once the recorder writes; `who` is how this engine is called."""
        self.failovers.resume(loaded.failovers, who)
        self._routes.start()
        self._escalations.resume()
        self.silences.look()
        self.mutes.look()
        self.leases.look()
        self._outbox.start()

    def keep(self, config: Config) -> None:
        """The configuration changed: what was armed on a route that changed is not what would be done."""
        self.failovers.disarm(self._routes.keep(config))
        self._channels.keep(config)
        self._escalations.keep()
        self.mutes.changed()
        self.leases.look()

    def shift(self, by: int) -> None:
        """The wall clock was stepped by `by` ns."""
        self.failovers.shift(by)
        self._outbox.shift(by)
        self._escalations.shift(by)
        self.mutes.changed()
        self.leases.shift(by)
        self.silences.look()  # they are of the wall clock: some may have begun or ended by it

    async def stop(self) -> None:
        """What is under way comes to its end, for a while; the rest is the next engine's."""
        await self.failovers.stop()
        await self._routes.stop()
        self.mutes.stop()
        self.leases.stop()
        self.silences.stop()
        self._escalations.stop()
        await self._outbox.stop()
        await self._channels.close()

    def told_by(self, live: Live) -> list[str]:
        """The policies by which people hear of an alert."""
        return list(dict.fromkeys(way.place.policy for way in self._ways.of(live)))

    @property
    def trouble(self) -> str:
        """One line; empty when all is well."""
        parts = (self.failovers.trouble, self._outbox.trouble, self._escalations.trouble)
        return "; ".join(part for part in parts if part)

    def _blind(self) -> bool:
        return self._judge.blind
