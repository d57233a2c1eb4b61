"""When each check runs: slots on a grid of its own, stable over restarts, waited for on the monotonic clock.

The grid is in wall time (`domain.schedule`), the waiting is not: a step of the wall clock moves the grid (`replan`) but
starts no run and skips none but the one it moved.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from standby.checks.base import Check
from standby.config.models import CheckModel
from standby.domain import schedule
from standby.domain.observation import Observation
from standby.domain.units import HOUR, SECOND
from standby.engine.clock import EngineClock, Timer
from standby.engine.polling.lanes import Lane
from standby.engine.timeline import Timeline

FIRST_WITHIN_NS = 5 * SECOND
LONGEST_WAIT_NS = HOUR  # of a Retry-After: a third party may ask for patience, not for silence
_NEVER = -1


class Run(NamedTuple):
    """One run: the slot it stands for (wall ns) and where that, its start and its end lie on the monotonic clock."""

    check_id: str
    slot: int
    due: int
    started: int
    ended: int


@dataclass(slots=True, eq=False)
class Entry:
    """One check and its place in time. Instants named `..._due` and `not_before` are monotonic."""

    scheduler: Scheduler
    model: CheckModel
    check: Check
    lane: Lane
    offset: int  # of its grid
    next_slot: int = 0
    next_due: int = 0
    generation: int = 0  # of what is in the heap: older items are void
    slot: int = 0  # of the run that waits or runs
    due: int = 0
    waiting: bool = False
    not_before: int = 0
    task: asyncio.Task[None] | None = None
    retry: Timer | None = None

    def go(self) -> None:
        """Its turn in the lane has come."""
        self.scheduler.begin(self)


@dataclass(slots=True)
class Hooks:
    """What the scheduler calls: to look, with what was seen, when a slot was not run."""

    look: Callable[[Check, int], Awaitable[Observation]]
    seen: Callable[[Run, Observation], None]
    missed: Callable[[str, int], None]
    started_late: Callable[[int], None] = field(default=lambda _: None)


class Scheduler:
    """One heap of slots, one timer for the nearest."""

    def __init__(self, clock: EngineClock, timeline: Timeline, hooks: Hooks) -> None:
        self._clock = clock
        self._timeline = timeline
        self._hooks = hooks
        self._entries: dict[str, Entry] = {}
        self._lanes: dict[str, Lane] = {}
        self._heap: list[tuple[int, int, int, Entry]] = []  # due, tie breaker, generation, entry
        self._ties = itertools.count()
        self._timer: Timer | None = None
        self._timer_due = _NEVER
        self._stopped = False

    def lane(self, vendor: str, limit: int) -> None:
        """At most `limit` runs at a time look at this vendor."""
        if vendor in self._lanes:
            self._lanes[vendor].resize(limit)
        else:
            self._lanes[vendor] = Lane(limit)

    def add(self, check: Check, vendor: str) -> None:
        """Plan a check: its first run within 5 s, then its grid."""
        model = check.model
        entry = Entry(self, model, check, self._lanes[vendor], schedule.offset(model.id, model.every))
        self._entries[model.id] = entry
        now = self._timeline.now()
        slot = schedule.slot_after(model.id, model.every, now)
        if slot - now > FIRST_WITHIN_NS:
            slot = now + schedule.offset(model.id, min(model.every, FIRST_WITHIN_NS))
        self._plan(entry, slot)

    def check(self, check_id: str) -> Check | None:
        """What looks, by its id."""
        entry = self._entries.get(check_id)
        return entry.check if entry is not None else None

    def replace(self, check: Check, vendor: str) -> None:
        """The same check looks another way from now on; its grid and what it has missed stay."""
        entry = self._entries[check.model.id]
        every = entry.model.every
        self._halt(entry)
        entry.model, entry.check, entry.lane = check.model, check, self._lanes[vendor]
        if check.model.every != every:
            entry.offset = schedule.offset(check.model.id, check.model.every)
            self._plan(entry, schedule.slot_after(check.model.id, check.model.every, self._timeline.now()))

    def remove(self, check_id: str) -> None:
        """It runs no more; a run under way is ended unheard."""
        entry = self._entries.pop(check_id)
        entry.generation += 1
        self._halt(entry)

    def running(self, check_ids: Iterable[str]) -> bool:
        """Whether one of them is looking right now."""
        return any(entry.task is not None for name in check_ids if (entry := self._entries.get(name)) is not None)

    def retry(self, check_id: str, run: Run) -> None:
        """Look again soon after a soft failure, unless the next slot comes first. The grid does not move."""
        entry = self._entries.get(check_id)
        if entry is None or entry.retry is not None or self._stopped:
            return
        due = max(run.due + entry.model.retry_every, run.ended)
        if due < entry.next_due and due >= entry.not_before:
            entry.retry = self._clock.call_at(due, lambda: self._again(entry, due))

    def soon(self, check_id: str) -> None:
        """Look now, off the grid, because of what something else saw. Not when it does so anyway, was asked for
        patience, or looked within its `retry_every`: what it saw is new enough."""
        entry, now = self._entries.get(check_id), self._clock.monotonic()
        if entry is None or self._stopped or entry.retry is not None or now < entry.not_before:
            return
        if entry.task is None and not entry.waiting and (not entry.slot or now - entry.due >= entry.model.retry_every):
            self._enter(entry, self._timeline.instant_at(now), now, 0)

    def hold_off(self, check_id: str, seconds: float) -> int:
        """The third party asked for patience: no run for that long, an hour at most. Returns until when (wall ns)."""
        entry = self._entries[check_id]
        wait = min(max(0, round(min(seconds, 1e9) * SECOND)), LONGEST_WAIT_NS)
        entry.not_before = max(entry.not_before, self._clock.monotonic() + wait)
        return self._timeline.instant_at(entry.not_before)

    def hold_off_until(self, check_id: str, instant: int) -> None:
        """The same, remembered from before a restart."""
        self.hold_off(check_id, (instant - self._timeline.now()) / SECOND)

    def timeout(self, check_id: str) -> int:
        """How long one run of it may take, ns."""
        return self._entries[check_id].model.timeout

    def next_due(self, check_id: str) -> int:
        """When its next slot is due, monotonic ns."""
        return self._entries[check_id].next_due

    def replan(self) -> None:
        """The wall clock was stepped: every check goes on at the next slot of the moved grid."""
        now = self._timeline.now()
        for entry in self._entries.values():
            self._plan(entry, schedule.slot_after(entry.model.id, entry.model.every, now))

    def overdue(self) -> int:
        """By how many nanoseconds the nearest slot is late."""
        self._prune()
        return max(0, self._clock.monotonic() - self._heap[0][0]) if self._heap else 0

    async def stop(self) -> None:
        """Plan nothing more and end every run."""
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()
        tasks = [entry.task for entry in self._entries.values() if entry.task is not None]
        for entry in self._entries.values():
            self._halt(entry)
        await asyncio.gather(*tasks, return_exceptions=True)

    def begin(self, entry: Entry) -> None:
        """Start the run whose turn it is (called by the lane)."""
        entry.waiting = False
        started = self._clock.monotonic()
        self._hooks.started_late(started - entry.due)
        entry.task = asyncio.create_task(self._look(entry, entry.lane, started), name=entry.model.id)

    async def _look(self, entry: Entry, lane: Lane, started: int) -> None:
        task, slot, due = entry.task, entry.slot, entry.due
        try:
            observation = await self._hooks.look(entry.check, slot)
        finally:
            if entry.task is task:
                entry.task = None
            lane.leave()
        if not self._stopped:
            self._hooks.seen(Run(entry.model.id, slot, due, started, self._clock.monotonic()), observation)

    def _plan(self, entry: Entry, slot: int) -> None:
        entry.next_slot = slot
        entry.next_due = self._timeline.monotonic_at(slot)
        entry.generation += 1
        heapq.heappush(self._heap, (entry.next_due, next(self._ties), entry.generation, entry))
        self._arm()

    def _arm(self) -> None:
        self._prune()
        if not self._heap or self._stopped:
            return
        due = self._heap[0][0]
        if due == self._timer_due:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_due = due
        self._timer = self._clock.call_at(due, self._turn)

    def _prune(self) -> None:
        while self._heap and self._heap[0][2] != self._heap[0][3].generation:
            heapq.heappop(self._heap)

    def _turn(self) -> None:
        """The nearest slot has come, and perhaps others with it."""
        self._timer_due = _NEVER
        now = self._clock.monotonic()
        self._prune()
        while self._heap and self._heap[0][0] <= now:
            entry = heapq.heappop(self._heap)[3]
            self._slot(entry)
            self._prune()
        self._arm()

    def _slot(self, entry: Entry) -> None:
        slot, due = entry.next_slot, entry.next_due
        every = entry.model.every
        following = slot + every
        if slot % every != entry.offset or following <= self._timeline.now():
            following = schedule.slot_after(entry.model.id, every, max(slot, self._timeline.now()))
        entry.next_slot, entry.next_due = following, self._timeline.monotonic_at(following)
        entry.generation += 1
        heapq.heappush(self._heap, (entry.next_due, next(self._ties), entry.generation, entry))
        if self._clock.monotonic() < entry.not_before:
            return
        if entry.retry is not None:
            entry.retry.cancel()
            entry.retry = None
        skipped = schedule.missed(slot, following, every)
        self._enter(entry, slot, due, skipped)

    def _again(self, entry: Entry, due: int) -> None:
        entry.retry = None
        if self._stopped or entry.task is not None or entry.waiting or self._clock.monotonic() < entry.not_before:
            return
        self._enter(entry, self._timeline.instant_at(due), due, 0)

    def _enter(self, entry: Entry, slot: int, due: int, skipped: int) -> None:
        """Wait for a turn. A run still under way costs this slot; one still waiting keeps its place and takes this."""
        if entry.task is not None:
            skipped += 1
        else:
            entry.slot, entry.due = slot, due
            if entry.waiting:
                skipped += 1
            else:
                entry.waiting = True
                entry.lane.enter(entry)
        if skipped:
            self._hooks.missed(entry.model.id, skipped)

    def _halt(self, entry: Entry) -> None:
        if entry.waiting:
            entry.lane.forget(entry)
            entry.waiting = False
        if entry.retry is not None:
            entry.retry.cancel()
            entry.retry = None
        if entry.task is not None:
            entry.task.cancel()
            entry.task = None
