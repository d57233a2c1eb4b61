"""Silences of our own: set and ended by people, kept over restarts, asked about every alert that fires."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from standby.domain.matchers import Matcher, parse_matchers
from standby.domain.muting import Mute, MuteKind
from standby.domain.silence import WARN_NS, Silence, Silences, SilenceState, expire, mistake
from standby.domain.text import clean
from standby.domain.units import SECOND, format_duration, format_instant
from standby.engine.alerting.alerts import Live
from standby.engine.clock import EngineClock, Timer
from standby.engine.deeds import Deed, Person, RefusedError
from standby.engine.recorder import Recorder
from standby.engine.timeline import Timeline

if TYPE_CHECKING:
    from standby.config.whole import Config

_LATE_NS = 30 * SECOND  # a command is that long on its way: a beginning so far back is now


class OwnSilences:
    """A muter (`engine.mutes`), and the wishes of people about it. `changed` has every alert looked at again."""

    def __init__(
        self,
        clock: EngineClock,
        timeline: Timeline,
        recorder: Recorder,
        config: Callable[[], Config],
        changed: Callable[[], None],
    ) -> None:
        self.last_id = 0
        self._changed = changed
        self._clock = clock
        self._timeline = timeline
        self._recorder = recorder
        self._config = config
        self._silences = Silences()
        self._warned: set[int] = set()
        self._timer: Timer | None = None

    def remember(self, rows: Iterable[Silence], last_id: int) -> None:
        """What the last engine kept quiet."""
        for row in rows:
            self._silences.keep(row)
        self.last_id = last_id

    # -- a muter ----------------------------------------------------------------------------------------------------

    def mutes(self, live: Live, now: int) -> Iterable[Mute]:
        """The silences that an alert is under."""
        for one in self._silences.muting(live.id, live.watch.labels, now):
            yield Mute(MuteKind.SILENCE, str(one.id), one.ends_at, f"silenced by {one.by}: {one.why}")

    def next_change(self, now: int) -> int | None:
        """When the next begins or ends."""
        return min((at for one in self._silences for at in (one.starts_at, one.ends_at) if at > now), default=None)

    def follow(self, live: Live, *, fires: bool) -> bool:
        """Of no other alert it says anything; nobody asks again about one that is over."""
        if not fires:
            self._silences.forget(live.id)
        return False

    # -- wishes -----------------------------------------------------------------------------------------------------

    def make(self, args: Mapping[str, Any], person: Person) -> Deed:
        """A new one. Raises RefusedError."""
        now = self._timeline.now()
        starts = args.get("starts") or now
        if starts < now - _LATE_NS:
            raise RefusedError("a silence cannot begin in the past: what was told is told")
        why = clean(str(args.get("comment") or ""), 300)
        matchers = (_matchers(args.get("matchers")),)
        wanted = Silence(self.last_id + 1, matchers, max(starts, now), args["ends"], person.name, person.origin, why)
        refusal = mistake(wanted, self._config().alerting.silence_max)
        if refusal:
            raise RefusedError(refusal)
        self.last_id = wanted.id
        return self._put(wanted, None, f"silenced {_said(wanted)}")

    def expire(self, args: Mapping[str, Any]) -> Deed:
        """It ends now."""
        old, now = self._known(args), self._timeline.now()
        return self._put(expire(old, now), old, f"ended before its time, {_said(old)}")

    def extend(self, args: Mapping[str, Any]) -> Deed:
        """It ends later, or sooner."""
        old, now = self._known(args), self._timeline.now()
        new = replace(old, ends_at=args["ends"])
        refusal = mistake(replace(new, starts_at=max(new.starts_at, now)), self._config().alerting.silence_max)
        if refusal:
            raise RefusedError(refusal)
        self._warned.discard(old.id)
        return self._put(new, old, f"now {_said(new)}")

    def _known(self, args: Mapping[str, Any]) -> Silence:
        number = args.get("silence")
        found = self._silences.get(number) if isinstance(number, int) else None
        if found is None or found.state(self._timeline.now()) is SilenceState.EXPIRED:
            there = f"silence {number} is over" if isinstance(number, int) and 0 < number <= self.last_id else ""
            raise RefusedError(
                there or f"there is no silence {clean(str(number), 40)}; `standby silence list` has them"
            )
        return found

    def _put(self, new: Silence, old: Silence | None, message: str) -> Deed:
        self._keep(new)

        def undo() -> None:
            self._keep(old if old is not None else expire(new, new.starts_at))

        return Deed("silence", f"silence:{new.id}", message, undo, f"silence {new.id}: {message}", done=self.look)

    def _keep(self, silence: Silence) -> None:
        self._silences.keep(silence)
        self._recorder.buffer.silences[silence.id] = silence
        self._recorder.soon()

    # -- time -------------------------------------------------------------------------------------------------------

    def look(self) -> None:
        """Say what ends soon, forget what is over; again when time alone changes something."""
        now = self._timeline.now()
        for one in self._silences:
            if one.state(now) is SilenceState.EXPIRED:
                self._silences.drop(one.id)
                self._warned.discard(one.id)
                self._say(one, f"over, {_said(one)}")
            elif one.id not in self._warned and one.starts_at <= now and one.ends_at - now <= WARN_NS:
                self._warned.add(one.id)
                left = format_duration(max(SECOND, (one.ends_at - now) // SECOND * SECOND))
                self._say(one, f"ends in {left}, {_said(one)}; extend it, or what it hides is told again")
        self._changed()
        self._arm(now)

    def stop(self) -> None:
        """No clock runs any more."""
        if self._timer is not None:
            self._timer.cancel()

    def _arm(self, now: int) -> None:
        self.stop()
        marks = [at for one in self._silences for at in (one.starts_at, one.ends_at - WARN_NS, one.ends_at)]
        coming = [at for at in marks if at > now]
        self._timer = None
        if coming:
            self._timer = self._clock.call_at(self._timeline.monotonic_at(min(coming)), self.look)

    def _say(self, silence: Silence, text: str) -> None:
        self._recorder.say("silence", f"silence:{silence.id}", text)


def _matchers(written: object) -> tuple[Matcher, ...]:
    try:
        return tuple(parse_matchers(str(written or "")))
    except ValueError as error:
        raise RefusedError(str(error)) from None


def _said(silence: Silence) -> str:
    matchers = " or ".join(", ".join(map(str, one)) for one in silence.matchers)
    return clean(f"{matchers} until {format_instant(silence.ends_at)} by {silence.by}: {silence.why}", 500)
