"""When each group is looked at again: its next message and the end of somebody's time to answer.

While our own network is gone nobody could be told: deadlines of third parties' troubles stand still, those of our own
go on.
"""

from __future__ import annotations

from collections.abc import Callable

from standby.domain import escalation as ladder
from standby.domain import grouping
from standby.domain.escalation import Escalation, Stage
from standby.engine.alerting.groups import Group, Groups
from standby.engine.clock import EngineClock
from standby.engine.timeline import Timeline


class Deadlines:
    """The timers of all groups. `look` and `answer_due` are what they ring for, `put` keeps a group's new deadlines."""

    def __init__(
        self,
        clock: EngineClock,
        timeline: Timeline,
        groups: Groups,
        *,
        look: Callable[[Group], None],
        answer_due: Callable[[Group], None],
        put: Callable[[Group, Escalation], None],
    ) -> None:
        self._clock = clock
        self._timeline = timeline
        self._groups = groups
        self._look = look
        self._answer_due = answer_due
        self._put = put
        self._frozen_at: int | None = None  # monotonic: up to here the deadlines were put off

    def freeze(self) -> None:
        """They stand still from now on."""
        self._frozen_at = self._clock.monotonic()
        self._arm_all()

    def thaw(self) -> None:
        """They go on: everybody has as much time left as before."""
        self.put_off()
        self._frozen_at = None
        self._arm_all()

    def put_off(self) -> None:
        """Move those that stand still to where they are now."""
        if self._frozen_at is None:
            return
        now = self._clock.monotonic()
        by, self._frozen_at = now - self._frozen_at, now
        for group in self._groups:
            if by and not group.ourselves():
                self._move(group, by)

    def shift(self, by: int) -> None:
        """The wall clock was stepped by `by` ns."""
        for group in self._groups:
            self._move(group, by)

    def arm(self, group: Group) -> None:
        """Set a group's timers by its deadlines."""
        for timer in (group.answer, group.flush):
            if timer is not None:
                timer.cancel()
        group.answer = group.flush = None
        if self._frozen_at is not None and not group.ourselves():
            return
        if group.state.stage is Stage.ACTIVE and group.state.next_at is not None:
            group.answer = self._clock.call_at(self.at(group.state.next_at), lambda: self._answer_due(group))
        if group.log.flush_at is not None:
            group.flush = self._clock.call_at(self.at(group.log.flush_at), lambda: self._look(group))

    def at(self, instant: int) -> int:
        """An instant on the monotonic clock; what has passed is now."""
        return max(self._timeline.monotonic_at(instant), self._clock.monotonic())

    def _move(self, group: Group, by: int) -> None:
        group.log = grouping.shift(group.log, by)
        self._put(group, ladder.shift(group.state, by))

    def _arm_all(self) -> None:
        for group in self._groups:
            self.arm(group)
