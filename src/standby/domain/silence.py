"""Silences: somebody does not want to be told about what their matchers choose, for a reason and for a while (S24).

The matchers of one set hold all together, of several sets any. A silence is never deleted: it expires, and stays in the
log of what was kept quiet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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
