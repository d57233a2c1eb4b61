"""The routes in force: what moves their traffic, where it goes now, and how the places are that it can go to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from standby.checks.base import Context
from standby.directors.base import Director, DirectorError
from standby.domain.outcome import Outcome
from standby.domain.prechecks import Target
from standby.domain.text import clean
from standby.domain.units import SECOND
from standby.engine.clock import EngineClock
from standby.engine.judge import Judge
from standby.engine.recorder import Recorder
from standby.engine.timeline import Timeline
from standby.store.failovers import RouteStateRow

if TYPE_CHECKING:
    from standby.config.models import CheckModel, Route
    from standby.config.whole import Config

Direct = Callable[["Route"], Director]
LOOK_EVERY_NS = 30 * SECOND
_LOOKS_TO_BE_FRESH = 3


@dataclass(frozen=True, slots=True)
class Known:
    """One route, what moves its traffic, and the spans between two looks at its targets. `title` is what people call
    its integration."""

    model: Route
    title: str
    director: Director
    fresh_for: Mapping[str, int]  # target id -> how old a look may be, ns
    every: Mapping[str, int]  # target id -> how often its check looks, ns


class Routes:
    """Looks at each route every half minute, so that every console sees where traffic goes and what drifted."""

    def __init__(
        self,
        clock: EngineClock,
        timeline: Timeline,
        recorder: Recorder,
        judge: Judge,
        build: Direct,
    ) -> None:
        self._clock = clock
        self._timeline = timeline
        self._recorder = recorder
        self._judge = judge
        self._build = build
        self._known: dict[str, Known] = {}
        self._retired: list[Director] = []  # a run may still use one
        self._task: asyncio.Task[None] | None = None

    def __iter__(self) -> Iterator[Known]:
        return iter(list(self._known.values()))

    def get(self, route: str) -> Known | None:
        """The route with this id."""
        return self._known.get(route)

    def keep(self, config: Config) -> set[str]:
        """Have exactly the routes of `config`; returns the ids of those that changed or went."""
        changed = {name for name, known in self._known.items() if config.route_by_id.get(name) != known.model}
        for name in changed:
            self._retired.append(self._known.pop(name).director)
        gone = changed - config.route_by_id.keys()
        self._recorder.buffer.forget_routes |= gone
        for name in gone:
            self._recorder.buffer.route_states.pop(name, None)
        for route in config.routes:
            if route.id not in self._known:
                title = config.integration_by_id[route.integration].title
                self._known[route.id] = _known(route, title, config.check_by_id, self._build(route))
        return changed

    def start(self) -> None:
        """Begin to look."""
        self._task = asyncio.create_task(self._run(), name="routes")

    async def stop(self) -> None:
        """Stop looking and let go of every director."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        for director in [*self._retired, *(known.director for known in self._known.values())]:
            await director.close()

    async def look(self, known: Known) -> RouteStateRow:
        """Ask the director where traffic goes and what drifted, and record it."""
        route = known.model
        serving, trouble = "", ""
        drift: tuple[str, ...] = ()
        try:
            serving = await known.director.where()
            drift = await known.director.drift()
        except DirectorError as error:
            trouble = str(error)
        except Exception as error:  # noqa: BLE001 - one director's fault must not end the looking at others
            trouble = clean(f"a fault of ours: {type(error).__name__}: {error}")
        state = RouteStateRow(route.id, route.integration, serving, self._timeline.now(), drift, trouble)
        if self._known.get(route.id) is known:
            self._recorder.buffer.route_states[route.id] = state
            self._recorder.soon()
        return state

    def moved(self, known: Known, serving: str) -> None:
        """A run has read back that traffic goes there: recorded with its next row, not when the next look is due."""
        route = known.model
        if self._known.get(route.id) is known:
            state = RouteStateRow(route.id, route.integration, serving, self._timeline.now())
            self._recorder.buffer.route_states[route.id] = state

    def targets(self, known: Known) -> dict[str, Target]:
        """What is known of each target, by its id."""
        found = {}
        for target in known.model.target:
            memory = self._judge.checks.get(target.check)
            if memory is None or memory.settled is None:
                found[target.id] = Target(target.id, fresh_for=known.fresh_for[target.id])
                continue
            settled = memory.settled
            # One bad look is enough to doubt a place that traffic is to be moved to; it takes more to believe it down.
            outcome = Outcome.DOWN if settled.raw is Outcome.DOWN else settled.outcome
            found[target.id] = Target(
                target.id, outcome, memory.at, settled.since, memory.message, known.fresh_for[target.id]
            )
        return found

    def others(self, known: Known) -> tuple[int, int]:
        """How many integrations have nothing to do with the route, and how many of them are down."""
        checks = {target.check for target in known.model.target}
        mine = {known.model.integration} | {
            memory.integration for name in checks if (memory := self._judge.checks.get(name)) is not None
        }
        others = [one for name, one in self._judge.integrations.items() if name not in mine]
        return len(others), sum(one.outcome is Outcome.DOWN for one in others)

    async def _run(self) -> None:
        while True:
            await asyncio.gather(*(self.look(known) for known in list(self._known.values())))
            await self._clock.sleep_until(self._clock.monotonic() + LOOK_EVERY_NS)


def directing(context: Context) -> Direct:
    """Makes directors that read secrets and start from the folder as the checks do."""
    from standby.directors import base, registry

    shared = base.Context(context.secrets, context.base, context.places)

    def direct(route: Route) -> Director:
        if route.director is None:  # cannot be: loading asks for one
            raise ValueError(f"route {route.id} has no director")
        return registry.build(route.director, {one.id: one.place for one in route.target}, shared)

    return direct


def _known(route: Route, title: str, checks: Mapping[str, CheckModel], director: Director) -> Known:
    every = {target.id: checks[target.check].every for target in route.target}
    fresh = {name: route.stale_after or _LOOKS_TO_BE_FRESH * span for name, span in every.items()}
    return Known(route, title, director, fresh, every)
