"""Messages on their way: sent at least once, tried again with patience, their fate written down.

A row is on disk before its message leaves (`sending`), and after. An engine that dies in between leaves `sending` rows:
the next one sends them again under the same key, so that nothing is lost and a double can be told. One bad channel
keeps no other waiting.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from standby.domain.text import clean
from standby.domain.units import HOUR, MINUTE, SECOND, format_duration
from standby.engine.clock import EngineClock, Timer
from standby.engine.recorder import Recorder
from standby.engine.timeline import Timeline
from standby.notify.base import Channel, Message, NotifyError
from standby.store.errors import StoreError
from standby.store.escalations import Fate, NotificationRow

BACKOFF_NS = (15 * SECOND, 15 * SECOND, 15 * SECOND, MINUTE, 2 * MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR)
GIVE_UP_NS = 6 * HOUR
MOST_AT_ONCE = 50
_STOP_WAITS_S = 5.0
_AGAIN = "sent again: the engine died before it was known whether it had left"


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
        self._keys: set[str] = set()
        self._spoken: dict[tuple[str, str], int] = {}  # monotonic: when an address was written to last
        self._timers: dict[str, Timer] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._stopping = False

    def resume(self, rows: Sequence[NotificationRow], last_id: int) -> None:
        """Go on with what the last engine left; `rows` are all of open alerts and all that are open."""
        self.last_id = last_id
        self._keys = {row.key for row in rows}
        for row in rows:
            if row.open:
                again = row.state is Fate.SENDING
                self._keep(replace(row, state=Fate.PENDING, fate=_AGAIN if again else row.fate))
                self._serve(row.channel)

    def put(self, row: NotificationRow) -> None:
        """One more message; one whose key was there already is none. It is stored with whatever is in the buffer."""
        if row.key in self._keys:
            return
        self.last_id = max(self.last_id, row.id)
        self._keys.add(row.key)
        self._keep(row)
        self._recorder.urgent()
        self._serve(row.channel)

    def cancel(self, alert: int, kind: str, why: str) -> None:
        """What waits for this alert needs not be said any more. What is being sent is on its way."""
        for row in list(self._open.values()):
            if row.alert == alert and row.kind == kind and row.state is Fate.PENDING:
                self._end(row, Fate.CANCELLED, why)

    def sending(self, number: int) -> bool:
        """Whether this message is on its way right now."""
        row = self._open.get(number)
        return row is not None and row.state is Fate.SENDING

    def forget(self, alert: int) -> None:
        """The alert is over: its keys come never again."""
        self._keys = {key for key in self._keys if not key.startswith(f"{alert}.")}

    def shift(self, by: int) -> None:
        """The wall clock was stepped by `by` ns: the waiting that is left stays."""
        for row in list(self._open.values()):
            self._keep(replace(row, next_at=row.next_at + by))

    async def stop(self) -> None:
        """Let what is being sent come to its end, for a while; the rest is the next engine's."""
        self._stopping = True
        for timer in self._timers.values():
            timer.cancel()
        tasks = list(self._tasks.values())
        if tasks:
            await asyncio.wait(tasks, timeout=_STOP_WAITS_S)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _keep(self, row: NotificationRow) -> None:
        self._open[row.id] = self._recorder.buffer.notifications[row.id] = row

    def _end(self, row: NotificationRow, state: Fate, fate: str) -> None:
        done = replace(row, state=state, done_at=self._timeline.now(), fate=clean(fate))
        self._open.pop(row.id, None)
        self._recorder.buffer.notifications[row.id] = done
        self._recorder.soon()
        self.on_end(done)

    def _serve(self, channel: str) -> None:
        """Have a worker on this channel, unless it stands still or one is at work."""
        if self._stopping or channel in self._tasks:
            return
        task = asyncio.create_task(self._work(channel), name=f"outbox {channel}")
        self._tasks[channel] = task
        task.add_done_callback(lambda _: self._rest(channel))

    def _rest(self, channel: str) -> None:
        """Nothing is due: come back when the next is."""
        self._tasks.pop(channel, None)
        waiting = [self._due(row) for row in self._open.values() if row.channel == channel]
        if waiting and not self._stopping:
            timer = self._timers.pop(channel, None)
            if timer is not None:
                timer.cancel()
            self._timers[channel] = self._clock.call_at(min(waiting), lambda: self._serve(channel))

    def _due(self, row: NotificationRow) -> int:
        """The monotonic reading at which it may be sent: its own time, and the spacing of its address."""
        found = self._channel(row.channel)
        spacing = found[1] if found is not None else 0
        spoken = self._spoken.get((row.channel, row.address))
        free = spoken + spacing if spoken is not None else 0
        return max(self._timeline.monotonic_at(row.next_at), free)

    async def _work(self, channel: str) -> None:
        while True:
            now = self._clock.monotonic()
            due = [row for row in self._open.values() if row.channel == channel and self._due(row) <= now]
            if not due or self._stopping:
                return
            first = min(due, key=lambda row: (row.next_at, row.id))
            found = self._channel(channel)
            if found is None:
                self._end(first, Fate.FAILED, f"channel {channel} left the configuration")
                continue
            together = [row for row in due if row.address == first.address][:MOST_AT_ONCE] if found[1] else [first]
            if not await self._send(found[0], together):
                return

    async def _send(self, channel: Channel, rows: Sequence[NotificationRow]) -> bool:
        """One message for these rows; whether the store took it, so that more may follow."""
        sending = [replace(row, state=Fate.SENDING, attempts=row.attempts + 1) for row in rows]
        try:
            for row in sending:
                self._open[row.id] = row
            await self._recorder.submit(notifications=sending)
        except StoreError as error:
            for row in rows:  # nothing leaves that is not on disk
                self._open[row.id] = replace(row, next_at=self._timeline.now() + SECOND)
            self.trouble = clean(f"{len(self._open)} messages wait, they cannot be recorded: {error}")
            return False
        self.trouble = ""
        self._spoken[(rows[0].channel, rows[0].address)] = self._clock.monotonic()
        try:
            fate = await channel.send(message(sending, self._timeline.now()), rows[0].address)
        except NotifyError as error:
            self._failed(sending, error)
        except Exception as error:  # noqa: BLE001 - a channel's fault is one message's fate, and no more
            self._failed(sending, NotifyError(f"a fault of ours: {type(error).__name__}: {error}"))
        else:
            for row in sending:
                again = f" ({row.fate})" if row.fate == _AGAIN else ""
                self._end(row, Fate.SENT, f"{fate}{again}")
        self._recorder.urgent()
        return True

    def _failed(self, rows: Sequence[NotificationRow], error: NotifyError) -> None:
        now = self._timeline.now()
        for row in rows:
            if not error.temporary:
                self._end(row, Fate.FAILED, str(error))
            elif now - row.created_at >= GIVE_UP_NS:
                self._end(row, Fate.FAILED, f"given up after {format_duration(GIVE_UP_NS)}: {error}")
            else:
                pause = BACKOFF_NS[min(row.attempts, len(BACKOFF_NS)) - 1]
                pause = max(pause, round(min(error.retry_after_s or 0.0, 3600.0) * SECOND))
                self._keep(replace(row, state=Fate.PENDING, next_at=now + pause, fate=str(error)))


def message(rows: Sequence[NotificationRow], now: int) -> Message:
    """What is sent for one row, or for several to the same address."""
    first = rows[0]
    alerts = [
        {
            "id": row.alert,
            "integration": row.integration,
            "severity": row.severity,
            "kind": row.kind,
            "level": row.level + 1,
            "summary": row.subject,
            "key": row.key,
        }
        for row in rows
    ]
    data = {"key": first.key, "kind": first.kind, "alerts": alerts}
    if len(rows) == 1:
        return Message(first.key, first.kind, now, first.subject, first.text, data)
    subject = clean(f"{len(rows)} messages: {first.subject}", 200)
    text = "\n\n".join(f"{row.subject}\n{row.text}" for row in rows)
    return Message(first.key, first.kind, now, subject, text, data)
