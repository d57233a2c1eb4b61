"""What follows from being blind: one alert, a hole in history, every other clock stands still; and the way back."""

from __future__ import annotations

from collections.abc import Sequence

from standby.domain.text import clean
from standby.engine.inbound.signals import Signals
from standby.engine.judge import Judge
from standby.engine.recorder import Recorder
from standby.engine.rules.watches import BLIND_WATCH
from standby.engine.timeline import Timeline
from standby.store.rows import GapRow


class Blindness:
    """`since` is when the present blindness began (ns since 1970), `None` while we see."""

    def __init__(self, timeline: Timeline, recorder: Recorder, *, judge: Judge, signals: Signals) -> None:
        self.since: int | None = None
        self.targets: Sequence[str] = ()
        self._timeline = timeline
        self._recorder = recorder
        self._judge = judge
        self._signals = signals

    def begin(self) -> None:
        """No target answers."""
        now = self._timeline.now()
        self.since = now
        text = clean(f"our own network is gone: none of {', '.join(self.targets)} answers")
        self._recorder.buffer.gaps[now] = GapRow(now, None, "blind")
        self._recorder.say("blind", "engine", text, now)
        self._judge.go_blind(f"{text}; every result is unknown")

    def end(self) -> None:
        """A target answers again."""
        now = self._timeline.now()
        if self.since is not None:
            self._recorder.buffer.gaps[self.since] = GapRow(self.since, now, "blind")
            self._signals.deaf(self.since, now)
        self.since = None
        text = "our own network is back: results count again"
        self._recorder.say("blind", "engine", text, now)
        self._judge.see()

    def resume(self, *, guarded: bool) -> bool:
        """Whether the last engine ended blind, and so this one begins, until a target answers. Without targets
        (`guarded`) nothing could ever tell that it is over: then it is over now."""
        if not self._judge.alerts.is_live(BLIND_WATCH.key):
            return False
        if not guarded:
            self._judge.see()
            return False
        self.since = self._timeline.now()
        self._recorder.buffer.gaps[self.since] = GapRow(self.since, None, "blind")
        self._judge.stay_blind()
        return True

    def shift(self, by: int) -> None:
        """The wall clock was stepped by `by` ns. The hole's row keeps its beginning: it is what it is found by."""
        if self.since is not None and by < 0:
            self._recorder.buffer.gaps[self.since] = GapRow(self.since, self.since, "blind")
            self.since = self._timeline.now()
            self._recorder.buffer.gaps[self.since] = GapRow(self.since, None, "blind")
