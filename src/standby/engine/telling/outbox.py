"""Messages on their way: sent at least once, tried again with patience, their fate written down.

A row is on disk before its message leaves (`sending`), and after. An engine that dies in between leaves `sending` rows:
the next one sends them again under the same key, so that nothing is lost and a double can be told. One bad channel or
address keeps no other waiting.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace

from standby.domain.text import clean
from standby.domain.units import HOUR, MINUTE, SECOND, format_duration
from standby.engine.clock import EngineClock, Timer
from standby.engine.recorder import Recorder
from standby.engine.telling.words import message
from standby.engine.timeline import Timeline
from standby.notify.base import Channel, NotifyError
from standby.store.errors import StoreError
from standby.store.escalations import DOUBT, Fate, NotificationRow

BACKOFF_NS = (15 * SECOND, 15 * SECOND, 15 * SECOND, MINUTE, 2 * MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR)
GIVE_UP_NS = 6 * HOUR
MOST_AT_ONCE = 50  # messages in a bundle
LANES = 8  # addresses of one channel that are written to at the same time
_STOP_WAITS_S = 5.0
_DIED = f"{DOUBT}: the engine died before that was known"

Contact = tuple[str, str]
"""A channel and an address in it."""


class Outbox:
    """`channel` gives a channel by its id (`None`: it left the configuration) and its spacing in ns.

    `on_end` hears what became of each message.
    """

    def __init__(
        self,
        clock: EngineClock,
        timeline: Timeline,
        recorder: Recorder,
        channel: Callable[[str], tuple[Channel, int] | None],
    ) -> None:
        self.last_id = 0
        self.trouble = ""
        self._clock = clock
        self._timeline = timeline
        self._recorder = recorder
        self._channel = channel
        self.on_end: Callable[[NotificationRow], None] = lambda _: None
        self._open: dict[int, NotificationRow] = {}
        self._unwanted: dict[int, str] = {}  # what is being sent and would not be tried again, and why
        self._keys: set[str] = set()
        self._spoken: dict[Contact, int] = {}  # monotonic: when an address was written to last
        self._lanes: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(LANES))
        self._timers: dict[Contact, Timer] = {}
        self._tasks: dict[Contact, asyncio.Task[None]] = {}
        self._resting = True

    # -- from one engine to the next --------------------------------------------------------------------------------

    def remember(self, rows: Sequence[NotificationRow], last_id: int) -> None:
        """What the last engine left: `rows` are all that are open, and all of escalations that are not over.

        Nothing is sent yet.
        """
        self.last_id = last_id
        self._keys = {row.key for row in rows}
        for row in rows:
            if row.state is Fate.SENDING:
                self._keep(replace(row, state=Fate.PENDING, fate=f"sent again, {_DIED}"))
            elif row.state is Fate.PENDING:
                self._keep(row)

    def start(self) -> None:
        """Send what is due."""
        self._resting = False
        for contact in {(row.channel, row.address) for row in self._open.values()}:
            self._serve(contact)

    async def stop(self) -> None:
        """Let what is being sent come to its end, for a while; the rest is the next engine's."""
        self._resting = True
        for timer in self._timers.values():
            timer.cancel()
        tasks = list(self._tasks.values())
        if tasks:
            await asyncio.wait(tasks, timeout=_STOP_WAITS_S)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # -- what is said, and what needs not be said any more ----------------------------------------------------------

    def put(self, row: NotificationRow) -> None:
        """One more message; one whose key was there already is none. It is stored with whatever is in the buffer."""
        if row.key in self._keys:
            return
        self.last_id = max(self.last_id, row.id)
        self._keys.add(row.key)
        self._keep(row)
        self._recorder.urgent()
        self._serve((row.channel, row.address))

    def cancel(self, escalation: int, kinds: Sequence[str], why: str) -> None:
        """What waits for this escalation needs not be said any more; what is being sent is not tried again."""
        for row in list(self._open.values()):
            if row.escalation != escalation or row.kind not in kinds:
                continue
            if row.state is Fate.SENDING:
                self._unwanted[row.id] = why
            else:
                self._withdraw(row, why)

    def may_have_arrived(self, row: NotificationRow) -> bool:
        """Whether somebody perhaps read this message, as far as is known now."""
        now = self._open.get(row.id, row)
        return now.state in {Fate.SENT, Fate.SENDING} or now.doubtful

    def forget(self, escalation: int) -> None:
        """It is over: its keys come never again."""
        self._keys = {key for key in self._keys if not key.startswith(f"{escalation}.")}

    def shift(self, by: int) -> None:
        """The wall clock was stepped by `by` ns: the waiting that is left stays."""
        for row in list(self._open.values()):
            self._keep(replace(row, next_at=row.next_at + by))

    def _keep(self, row: NotificationRow) -> None:
        self._open[row.id] = self._recorder.buffer.notifications[row.id] = row

    def _end(self, row: NotificationRow, state: Fate, fate: str) -> None:
        done = replace(row, state=state, done_at=self._timeline.now(), fate=clean(fate))
        self._open.pop(row.id, None)
        self._unwanted.pop(row.id, None)
        self._recorder.buffer.notifications[row.id] = done
        self._recorder.soon()
        self.on_end(done)

    def _withdraw(self, row: NotificationRow, why: str) -> None:
        self._end(row, Fate.CANCELLED, f"{why}; before: {row.fate}" if row.doubtful else why)

    # -- one worker an address, so that nothing overtakes what was said there before ----------------------------------

    def _serve(self, contact: Contact) -> None:
        """Have a worker on this address, unless everything rests or one is at work."""
        if self._resting or contact in self._tasks:
            return
        task = asyncio.create_task(self._work(contact), name=f"outbox {contact[0]}")
        self._tasks[contact] = task
        task.add_done_callback(lambda _: self._rest(contact))

    def _rest(self, contact: Contact) -> None:
        """Nothing is due: come back when the next is."""
        self._tasks.pop(contact, None)
        timer = self._timers.pop(contact, None)
        if timer is not None:
            timer.cancel()
        waiting = [self._due(row) for row in self._of(contact)]
        if waiting and not self._resting:
            self._timers[contact] = self._clock.call_at(min(waiting), lambda: self._serve(contact))

    def _of(self, contact: Contact) -> list[NotificationRow]:
        return [row for row in self._open.values() if (row.channel, row.address) == contact]

    def _due(self, row: NotificationRow) -> int:
        """The monotonic reading at which it may be sent: its own time, and the spacing of its address."""
        found = self._channel(row.channel)
        spacing = found[1] if found is not None else 0
        spoken = self._spoken.get((row.channel, row.address))
        free = spoken + spacing if spoken is not None else 0
        return max(self._timeline.monotonic_at(row.next_at), free)

    async def _work(self, contact: Contact) -> None:
        more = True
        while more:
            async with self._lanes[contact[0]]:
                more = await self._turn(contact)

    async def _turn(self, contact: Contact) -> bool:
        """Send what is due first; whether there may be more."""
        now = self._clock.monotonic()
        due = sorted((row for row in self._of(contact) if self._due(row) <= now), key=lambda row: (row.next_at, row.id))
        if not due or self._resting:
            return False
        found = self._channel(contact[0])
        if found is None:
            self._end(due[0], Fate.FAILED, f"channel {contact[0]} left the configuration")
            return True
        channel, spacing = found
        return await self._send(channel, due[:MOST_AT_ONCE] if spacing else due[:1])

    async def _send(self, channel: Channel, rows: Sequence[NotificationRow]) -> bool:
        """One message for these rows; whether the store took it, so that more may follow."""
        sending = [replace(row, state=Fate.SENDING, attempts=row.attempts + 1) for row in rows]
        try:
            for row in sending:
                self._open[row.id] = row
            await self._recorder.submit(notifications=sending)
        except StoreError as error:
            self._not_recorded(rows, error)
            return False
        self.trouble = ""
        sending = self._still_wanted(sending)
        if not sending:
            return True
        self._spoken[(rows[0].channel, rows[0].address)] = self._clock.monotonic()
        try:
            fate = await channel.send(message(sending, self._timeline.now()), rows[0].address)
        except NotifyError as error:
            self._failed(sending, error)
        except Exception as error:  # noqa: BLE001 - a channel's fault is one message's fate, and no more
            self._failed(sending, NotifyError(f"a fault of ours: {type(error).__name__}: {error}"))
        else:
            for row in sending:
                self._end(row, Fate.SENT, f"{fate}; before: {row.fate}" if row.doubtful else fate)
        self._recorder.urgent()
        return True

    def _still_wanted(self, rows: Sequence[NotificationRow]) -> list[NotificationRow]:
        """Without what was taken back while it was being recorded."""
        for row in rows:
            if row.id in self._unwanted:
                self._withdraw(row, self._unwanted[row.id])
        return [row for row in rows if row.id in self._open]

    def _not_recorded(self, rows: Sequence[NotificationRow], error: StoreError) -> None:
        """Nothing leaves that is not on disk."""
        for row in rows:
            self._open[row.id] = replace(row, next_at=self._timeline.now() + SECOND)
            if row.id in self._unwanted:
                self._withdraw(row, self._unwanted[row.id])
        self.trouble = clean(f"{len(self._open)} messages wait, they cannot be recorded: {error}")

    def _failed(self, rows: Sequence[NotificationRow], error: NotifyError) -> None:
        now = self._timeline.now()
        for row in rows:
            said = str(error)
            if error.perhaps or row.doubtful:
                said = f"{said}; {DOUBT}"
            if row.id in self._unwanted:
                self._end(row, Fate.CANCELLED, f"{self._unwanted[row.id]}; the last try: {said}")
            elif not error.temporary:
                self._end(row, Fate.FAILED, said)
            elif now - row.created_at >= GIVE_UP_NS:
                self._end(row, Fate.FAILED, f"given up after {format_duration(GIVE_UP_NS)}: {said}")
            else:
                pause = BACKOFF_NS[min(row.attempts, len(BACKOFF_NS)) - 1]
                pause = max(pause, round(min(error.retry_after_s or 0.0, 3600.0) * SECOND))
                self._keep(replace(row, state=Fate.PENDING, next_at=now + pause, fate=said))
