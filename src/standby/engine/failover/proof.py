"""Whether a target answers through the real path: the route's `verify` check, asked at once and again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from standby.checks.base import Check, Context, observe
from standby.domain.observation import Observation
from standby.domain.outcome import Outcome
from standby.domain.units import MILLISECOND
from standby.engine.clock import EngineClock
from standby.engine.failover.routes import Known
from standby.engine.failover.switch import Proof

if TYPE_CHECKING:
    from standby.config.models import CheckModel

PAUSE_NS = 200 * MILLISECOND
_GOOD = frozenset({Outcome.UP, Outcome.DEGRADED})


class Prover:
    """`model` gives a check's model by its id, `build` makes a check of one."""

    def __init__(
        self,
        clock: EngineClock,
        context: Context,
        model: Callable[[str], CheckModel | None],
        build: Callable[[CheckModel], Check],
    ) -> None:
        self._clock = clock
        self._context = context
        self._model = model
        self._build = build

    async def __call__(self, known: Known, target: str) -> Proof:
        """So many good looks in a row within the route's time, by the named target where it can be told."""
        route = known.model
        model = self._model(route.verify) if route.verify else None
        if model is None:
            return await self._read_back(known, target)
        answers = route.targets[target].answers
        if answers is not None:
            model = model.model_copy(update={"expect": [*getattr(model, "expect", ()), answers]})
        check = self._build(model)
        until = self._clock.monotonic() + route.verify_within
        good, since, last = 0, 0, "no look was made"
        while self._clock.monotonic() < until:
            seen = await observe(check, self._context, self._clock.now())
            good, since, last = (good + 1, since or seen.at, last) if _good(seen) else (0, 0, seen.message)
            if good >= route.verify_good:
                return Proof(since, f"{good} good answers in a row through {model.id}")
            await self._clock.sleep_until(self._clock.monotonic() + PAUSE_NS)
        return Proof(None, f"{model.id} was not good {route.verify_good} times in a row: {last}")

    async def _read_back(self, known: Known, target: str) -> Proof:
        """Without a check through the real path the director's word is all there is, and the proof says so."""
        try:
            serving = await known.director.where()
        except Exception as error:  # noqa: BLE001 - whatever a director does, the run goes on to its end
            return Proof(None, f"where traffic goes cannot be read: {error}")
        if serving != target:
            return Proof(None, f"the director says {serving or 'no target'} serves")
        return Proof(self._clock.now(), "by the director's word alone, the route has no `verify` check")


def _good(seen: Observation) -> bool:
    return seen.outcome in _GOOD
