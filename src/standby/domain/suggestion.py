"""Which other setting of a rule would have spoken less and missed nothing, as far as history can tell.

Settings are tried in the direction of silence only: that a rule should speak more often no history can say.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from standby.domain.units import HOUR, MINUTE, SECOND

FOR_NS = (MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE)
KEEP_NS = (5 * MINUTE, 15 * MINUTE, 30 * MINUTE)
FACTORS = (1.25, 1.5, 2.0, 3.0)
LATEST_NS = 5 * MINUTE
"""An incident may be told so much later than it was."""
EARLY_NS = 5 * MINUTE
"""An alert that began so much before an incident tells of it; one that fires for longer is looked at no more."""
_NEAR_NS = MINUTE  # sums of minutes know no better
_LONGEST_NS = 2 * HOUR  # that alerts may be made to last by being joined
_LONGER = 4  # times as long, all together
_WORTH = 0.6  # of what it fired, that a setting may still fire
_FEWER = 3
_SHARES = frozenset({"error_rate", "availability"})
_DIGITS = 2

Span = tuple[int, int]
"""From when to when, ns since 1970."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What one setting would have done: the spans in which it fired. `step` tells how far it is from the present."""

    key: str
    step: int
    fired: Sequence[Span]


@dataclass(frozen=True, slots=True)
class Effect:
    """What a setting would have changed. `incidents` are those that the present one tells of; `later` the longest that
    one of them would have been told of later, ns."""

    key: str
    fired: int
    before: int
    incidents: int
    later: int

    def __str__(self) -> str:
        noun = "time" if self.fired == 1 else "times"
        said = f"would have fired {self.fired} {noun} rather than {self.before}, "
        if not self.incidents:
            return said + "and there was no incident to miss"
        said += "not missing the incident" if self.incidents == 1 else f"missing none of the {self.incidents} incidents"
        return said + (f", told {_span(self.later)} later at most" if self.later else "")


def stricter(name: str, number: float, *, upward: bool, whole: bool) -> list[str]:
    """Numbers to try in a comparison, each a little more silent than the one before, as they are written.

    Of a share (0..1) what is left of it grows, so that 99 % becomes 98 % and not 50 %.
    """
    found: list[str] = []
    share = name.rpartition(".")[2] in _SHARES  # of one check too
    for factor in FACTORS:
        if share and 0 < number < 1:
            wanted = min(0.95, number * factor) if upward else 1 - min(0.95, (1 - number) * factor)
        elif number > 0:
            wanted = number * factor if upward else number / factor
        else:
            continue
        written = _written(wanted, whole=whole, upward=upward)
        changed = float(written) > number if upward else float(written) < number
        if changed and written not in found:
            found.append(written)
    return found


def longer(now: int, ladder: Iterable[int]) -> list[int]:
    """The spans of a ladder that are longer than `now`, ns."""
    return [span for span in ladder if span > now]


def choose(present: Sequence[Span], tried: Iterable[Tried], incidents: Sequence[Span]) -> Effect | None:
    """The setting nearest to the present one of those that speak about as little as any, and miss nothing."""
    caught = [(span, at) for span in incidents if (at := _told_at(present, span)) is not None]
    good: list[tuple[Tried, int]] = []
    for one in tried:
        later = _later(one.fired, caught)
        fewer = len(present) - len(one.fired)
        worth = fewer >= _FEWER and len(one.fired) <= _WORTH * len(present)
        if later is not None and worth and not _drags(one.fired, present):
            good.append((one, later))
    if not good:
        return None
    least = min(len(one.fired) for one, _ in good)
    enough = [pair for pair in good if len(pair[0].fired) <= least + max(1, len(present) // 10)]
    best, later = min(enough, key=lambda pair: (pair[0].step, pair[1], len(pair[0].fired)))
    return Effect(best.key, len(best.fired), len(present), len(caught), later)


def _later(fired: Sequence[Span], caught: Iterable[tuple[Span, int]]) -> int | None:
    """How much later the worst is told; `None` when one is missed, or told too late."""
    worst = 0
    for span, before in caught:
        at = _told_at(fired, span)
        if at is None or at - before > LATEST_NS:
            return None
        worst = max(worst, at - before)
    return worst


def _told_at(fired: Sequence[Span], incident: Span) -> int | None:
    """When somebody would have heard of an incident."""
    start, end = incident
    return min(
        (began for began, over in fired if start - EARLY_NS <= began <= end and over + _NEAR_NS >= start), default=None
    )


def _drags(fired: Sequence[Span], present: Sequence[Span]) -> bool:
    """Whether it says less by never being over."""
    lasted, now = ([over - began for began, over in spans] for spans in (fired, present))
    return sum(lasted) > _LONGER * sum(now) or max(lasted, default=0) > max(_LONGEST_NS, *now)


def _written(number: float, *, whole: bool, upward: bool) -> str:
    if whole:
        return str(int(number) + (1 if upward and number % 1 else 0))
    rounded = float(f"{number:.{_DIGITS + 1}g}") if number >= 1 else round(number, 4)
    text = format(rounded, "f").rstrip("0")
    return text + "0" if text.endswith(".") else text


def _span(ns: int) -> str:
    if ns >= HOUR:
        return f"{ns / HOUR:.1f} h"
    return f"{ns // MINUTE} min" if ns >= 2 * MINUTE else f"{max(1, ns // SECOND)} s"
