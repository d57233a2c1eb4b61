"""Alerts of a check that comes and goes stay quiet: one alert says that it does (S51)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from standby.config.builtin import FLAPPING
from standby.domain.muting import Mute, MuteKind
from standby.domain.outcome import Outcome
from standby.engine.alerting.alerts import Live
from standby.engine.judge import Judge
from standby.engine.rules.watches import Sort

_BAD = frozenset({Outcome.DOWN, Outcome.DEGRADED})


class Flaps:
    """A `Muter`. It mutes nothing while another check of the same alert is bad and does not flap."""

    def __init__(self, judge: Judge, changed: Callable[[], None]) -> None:
        self._judge = judge
        self._changed = changed

    def mutes(self, live: Live, now: int) -> Iterator[Mute]:  # noqa: ARG002 - it does not depend on the time
        """The checks that flap."""
        watch = live.watch
        if watch.sort is not Sort.DOWN or not self._judge.is_told(watch.integration, {Sort.FLAPPING}):
            return
        told = self._judge.watches[(watch.integration, FLAPPING)].checks
        memories = [self._judge.checks[name] for name in watch.checks]
        flap = [memory for memory in memories if memory.flapping.flaps and memory.id in told]
        if any(memory.outcome in _BAD and memory not in flap for memory in memories):
            return
        for memory in flap:
            yield Mute(MuteKind.FLAPPING, memory.id, None, f"{memory.id} comes and goes")

    def settled(self, integration: str) -> None:
        """What is believed of one of its checks changed, perhaps of one that does not flap."""
        if self._judge.is_told(integration, {Sort.FLAPPING}):
            self._changed()

    def follow(self, live: Live, *, fires: bool) -> bool:  # noqa: ARG002
        """Whether it is the one that says so for the others."""
        return live.watch.sort is Sort.FLAPPING

    def next_change(self, now: int) -> int | None:  # noqa: ARG002
        """Time alone changes nothing."""
        return None
