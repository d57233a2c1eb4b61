"""Silences: somebody does not want to be told about what their matchers choose, for a reason and for a while (S24).

The matchers of one set hold all together, of several sets any. A silence is never deleted: it expires, and stays in the
log of what was kept quiet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from standby.domain.matchers import Matcher, match_all
from standby.domain.units import DAY, MINUTE, format_duration

LONGEST_NS = 7 * DAY
WARN_NS = 15 * MINUTE
"""So long before its end a silence says that it ends."""


class SilenceState(StrEnum):
    """By time alone."""

    PENDING = "pending"
    ACTIVE = "active"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Silence:
    """From `starts_at` to before `ends_at`, ns since 1970."""

    id: int
    matchers: Sequence[Sequence[Matcher]]
    starts_at: int
    ends_at: int
    by: str = ""
    origin: str = ""
    why: str = ""

    def state(self, now: int) -> SilenceState:
        """Whether it holds at `now`."""
        if now < self.starts_at:
            return SilenceState.PENDING
        return SilenceState.ACTIVE if now < self.ends_at else SilenceState.EXPIRED

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether something with these labels is meant, whenever it holds."""
        return any(match_all(one, labels) for one in self.matchers)

    def mutes(self, labels: Mapping[str, str], now: int) -> bool:
        """Whether something with these labels is kept quiet at `now`."""
        return self.state(now) is SilenceState.ACTIVE and self.matches(labels)


def may_become(old: Silence, new: Silence, now: int) -> bool:
    """Whether `old` may be changed in place: only what has not taken effect yet. Else it expires and `new` is made."""
    if old.matchers != new.matchers:
        return False
    state = old.state(now)
    if state is SilenceState.EXPIRED:
        return False
    if state is SilenceState.PENDING:
        return new.starts_at >= now
    return new.starts_at == old.starts_at and new.ends_at >= now


def expire(silence: Silence, now: int) -> Silence:
    """It ends now; one that is over stays as it is, one that has not begun never begins."""
    if silence.state(now) is SilenceState.EXPIRED:
        return silence
    return replace(silence, starts_at=min(silence.starts_at, now), ends_at=now)


def mistake(silence: Silence, longest_ns: int = LONGEST_NS) -> str:
    """Why nobody may set this one, with the mend; empty when they may."""
    if not silence.matchers or not all(silence.matchers):
        return "a silence without matchers would keep everything quiet; write one like vendor=acme"
    if all(one.accepts("") for matchers in silence.matchers for one in matchers):
        return "a silence whose matchers fit an empty label keeps everything quiet; name a label that is there"
    if silence.ends_at <= silence.starts_at:
        return "a silence that ends before it begins keeps nothing quiet; write a longer time"
    if silence.ends_at - silence.starts_at > longest_ns:
        return f"a silence is for {format_duration(longest_ns)} at most; extend it when it nears its end"
    if not silence.why.strip():
        return "a silence needs a reason; write what is being done meanwhile"
    return ""


@dataclass(slots=True)
class _Asked:
    """One thing: its labels when it was asked about, and the silences that match them."""

    labels: Mapping[str, str]
    matching: dict[int, None]


@dataclass(slots=True)
class Silences:
    """Those that are not over, and which things each matches: every pair is asked about once, however often.

    A new silence is held against all things that are known, a new thing against all silences; time changes neither.
    """

    _all: dict[int, Silence] = field(default_factory=dict)
    _asked: dict[int, _Asked] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Silence]:
        return iter(list(self._all.values()))

    def get(self, id: int) -> Silence | None:  # noqa: A002 - what it is called everywhere
        """One that is not over."""
        return self._all.get(id)

    def keep(self, silence: Silence) -> None:
        """A new one, or what one became."""
        before, self._all[silence.id] = self._all.get(silence.id), silence
        if before is not None and before.matchers == silence.matchers:
            return
        for thing in self._asked.values():
            if silence.matches(thing.labels):
                thing.matching[silence.id] = None
            else:
                thing.matching.pop(silence.id, None)

    def drop(self, id: int) -> None:  # noqa: A002
        """It is over; what it matches is forgotten when that is asked for."""
        self._all.pop(id, None)

    def muting(self, thing: int, labels: Mapping[str, str], now: int) -> list[Silence]:
        """Those that keep it quiet at `now`. `thing` names it; other labels than before are asked about anew."""
        known = self._asked.get(thing)
        if known is None or known.labels is not labels:
            matching = {one.id: None for one in self._all.values() if one.matches(labels)}
            known = self._asked[thing] = _Asked(labels, matching)
        if not known.matching:
            return []
        over = known.matching.keys() - self._all.keys()
        for id_ in over:
            del known.matching[id_]
        return [one for id_ in known.matching if (one := self._all[id_]).state(now) is SilenceState.ACTIVE]

    def forget(self, thing: int) -> None:
        """It is over."""
        self._asked.pop(thing, None)
