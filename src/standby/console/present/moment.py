"""What every presenter is given: the snapshot, the instant, the filter, and how the engine is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo

from standby.console.present.figures import exact_age
from standby.console.snapshot import Snapshot
from standby.domain.units import SECOND

ALIVE_NS = 4 * SECOND  # the engine writes its heartbeat every second; the screen looks ten times a second


@dataclass(frozen=True, slots=True)
class Guided:
    """What a newcomer to the demonstration has done in this console."""

    pressed: bool = False  # a key: the bad minute was asked for
    detail: bool = False  # the detail of an integration was opened


@dataclass(frozen=True, slots=True)
class Moment:
    """One instant of the screen. `now` is wall nanoseconds; `zone` `None` means the machine's own."""

    snapshot: Snapshot
    now: int
    zone: tzinfo | None = None
    heartbeat_age: int | None = None  # by this console's monotonic clock, once it has seen the heartbeat move
    filter: str = ""
    first: bool = False  # nothing was looked at yet but the store
    guided: Guided = Guided()

    @property
    def engine_age(self) -> int | None:
        """Nanoseconds since the engine's last heartbeat; `None` when there never was one."""
        engine = self.snapshot.engine
        if engine is None:
            return None
        if self.heartbeat_age is not None:
            return self.heartbeat_age  # a step of the wall clock neither kills nor revives an engine
        return max(0, self.now - engine.heartbeat_at)

    @property
    def engine_alive(self) -> bool:
        """Whether an engine has spoken lately and has not said goodbye."""
        age, engine = self.engine_age, self.snapshot.engine
        return engine is not None and engine.state != "stopped" and age is not None and age < ALIVE_NS

    @property
    def words(self) -> list[str]:
        """The words of the filter, casefolded."""
        return self.filter.casefold().split()

    def shows(self, *texts: str) -> bool:
        """Whether each word of the filter is in one of `texts`."""
        words = self.words
        return not words or all(any(word in text.casefold() for text in texts) for word in words)


@dataclass(frozen=True, slots=True)
class Engine:
    """The engine as the header tells it."""

    text: str
    style: str
    alarm: str = ""  # a whole line for the top of the screen, when nothing is polled


def engine(moment: Moment) -> Engine:
    """Which of the engine's conditions this is."""
    row, link, age = moment.snapshot.engine, moment.snapshot.link, moment.engine_age
    if moment.engine_alive and row is not None:
        return Engine(f"{row.kind} 0 s", "ok")
    successor = link.held and link.holder not in (0, row.pid if row else 0)
    if link.starting or (successor and not link.trouble):
        return Engine("engine starting", "degraded")
    mend = link.reason or ("--read-only never starts an engine" if moment.snapshot.read_only else "")
    if row is None or age is None:
        alarm = "" if moment.first else f"no engine has run on this store yet{_after(mend)}"
        return Engine("no engine yet", "unknown", alarm)
    told = exact_age(age)
    if moment.first or link.held is None:
        return Engine(f"stored {told} ago", "unknown")
    if link.connected and link.trouble:
        return Engine(f"{row.kind} 0 s", "degraded", link.trouble)
    if link.held:
        mend = f"pid {row.pid} holds the store and says nothing; `standby engine --replace` ends it"
        return Engine(f"engine stuck {told}", "down", f"engine stuck {told}: {mend}")
    word = "stopped" if row.state == "stopped" else "dead"
    return Engine(f"engine {word} {told}", "down", f"engine {word} {told}: nothing is polled{_after(mend)}")


def _after(text: str) -> str:
    return f"; {text}" if text else ""
