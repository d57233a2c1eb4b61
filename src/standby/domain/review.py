"""What its alerts say about a rule: how often it spoke, who listened, and when somebody is to look at it again.

A firing that nobody was told about (muted, or only `info`) counts as fired and as nothing else: nobody could have
taken it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise

from standby.domain.outcome import Severity
from standby.domain.units import DAY, MINUTE

EVERY_NS = 90 * DAY
"""How often a rule is looked at when nothing else is said."""
REMIND_NS = DAY
BRIEF_NS = 5 * MINUTE
"""An alert that nobody took and that ended within this time was over by itself."""
FLAP_NS = 15 * MINUTE
"""A rule that fires so soon after its alert before has ended comes and goes."""
TOGETHER_NS = 5 * MINUTE
"""Two rules that fire within this time tell the same trouble."""

_FEW = 3  # firings, below which a share says nothing
_MANY = 5
_MOSTLY = 0.8
_SELDOM = 0.2
_OFTEN = 0.3
_STORM = 30  # rules that fire together


@dataclass(frozen=True, slots=True)
class Firing:
    """One alert that fired. `rule` is `integration/rule`; instants are ns since 1970, `None` while it has not come."""

    rule: str
    severity: Severity
    fired_at: int
    resolved_at: int | None = None
    acked_at: int | None = None
    muted: bool = False

    @property
    def told(self) -> bool:
        """Whether somebody heard of it."""
        return not self.muted and self.severity is not Severity.INFO

    @property
    def mattered(self) -> bool:
        """Whether it was an incident: somebody took it, or it was critical and lasted."""
        return self.acked_at is not None or (self.severity is Severity.CRITICAL and not self.brief)

    @property
    def brief(self) -> bool:
        """Whether it was over by itself within minutes."""
        if self.acked_at is not None or self.resolved_at is None:
            return False
        return self.resolved_at - self.fired_at <= BRIEF_NS


class Verdict(StrEnum):
    """What to think of a rule, the worst first."""

    IGNORED = "ignored"  # told often, and hardly anybody takes it
    FLAPS = "comes and goes"
    DOUBLED = "doubled"  # another rule nearly always says it too
    GOOD = "good"
    NEVER = "never fired"  # it keeps nobody awake
    NEW = "new"  # it has not fired, and was not in force for all the time that is looked at


_ORDER = tuple(Verdict)


@dataclass(frozen=True, slots=True)
class Overlap:
    """The rule that fires with this one most often, and the share (0..1) of its firings that it does."""

    rule: str
    share: float


@dataclass(frozen=True, slots=True)
class Figures:
    """One rule over a span; counts of alerts, spans in ns."""

    rule: str
    fired: int = 0
    acked: int = 0
    ignored: int = 0  # told, lasted, and ended without anybody having taken it
    brief: int = 0  # over by itself within minutes
    muted: int = 0
    flaps: int = 0
    told: int = 0
    new: bool = False  # in force for a part of the span only
    to_ack_ns: int | None = None  # the median
    lasted_ns: int | None = None  # the median of those that ended
    overlap: Overlap | None = None

    @property
    def share_acked(self) -> float | None:
        """Of what somebody was told about, 0..1; `None` when that was nothing."""
        return self.acked / self.told if self.told else None

    @property
    def verdict(self) -> Verdict:
        """The worst that can be said of it."""
        share = self.share_acked
        if self.told >= _MANY and share is not None and share < _SELDOM:
            return Verdict.IGNORED
        if self.flaps >= _FEW and self.flaps >= _OFTEN * self.fired:
            return Verdict.FLAPS
        if self.overlap is not None and self.fired >= _FEW and self.overlap.share >= _MOSTLY:
            return Verdict.DOUBLED
        if self.fired:
            return Verdict.GOOD
        return Verdict.NEW if self.new else Verdict.NEVER

    @property
    def advice(self) -> str:
        """One line: what may be done about it; empty for a good rule."""
        verdict = self.verdict
        if verdict is Verdict.IGNORED:
            if self.brief * 2 >= self.told:
                return f"{self.brief} of {self.fired} were over by themselves within minutes: a longer `for`"
            return "hardly anybody takes it: a threshold that matters, or severity info"
        if verdict is Verdict.FLAPS:
            return f"{self.flaps} of {self.fired} came right after the one before: a longer `keep_firing_for`"
        if verdict is Verdict.DOUBLED and self.overlap is not None:
            return f"{self.overlap.share:.0%} come with {self.overlap.rule}: one of them, or an [[inhibit]]"
        return "test it, loosen it, or take it out" if verdict is Verdict.NEVER else ""


def figures(rules: Iterable[str], firings: Sequence[Firing], new: Collection[str] = ()) -> list[Figures]:
    """Of every rule, those without a firing too, the worst first; `new` names those that came into force meanwhile."""
    by_rule: dict[str, list[Firing]] = {rule: [] for rule in rules}
    for one in sorted(firings, key=lambda one: one.fired_at):
        if one.rule in by_rule:
            by_rule[one.rule].append(one)
    overlaps = _overlaps(by_rule)
    judged = [
        replace(_counted(rule, found), overlap=overlaps.get(rule), new=rule in new) for rule, found in by_rule.items()
    ]
    return sorted(judged, key=lambda one: (_ORDER.index(one.verdict), -one.fired, one.rule))


def _counted(rule: str, found: Sequence[Firing]) -> Figures:
    told = [one for one in found if one.told]
    waits = [one.acked_at - one.fired_at for one in told if one.acked_at is not None]
    ended = [one.resolved_at - one.fired_at for one in found if one.resolved_at is not None]
    return Figures(
        rule=rule,
        fired=len(found),
        acked=len(waits),
        ignored=sum(one.acked_at is None and one.resolved_at is not None and not one.brief for one in told),
        brief=sum(one.brief for one in found),
        muted=sum(one.muted for one in found),
        flaps=_flaps(found),
        told=len(told),
        to_ack_ns=_median(waits),
        lasted_ns=_median(ended),
    )


def _median(spans: Sequence[int]) -> int | None:
    return max(0, sorted(spans)[(len(spans) - 1) // 2]) if spans else None


def _flaps(found: Sequence[Firing]) -> int:
    return sum(
        one.resolved_at is not None and after.fired_at - one.resolved_at <= FLAP_NS for one, after in pairwise(found)
    )


def _overlaps(by_rule: Mapping[str, Sequence[Firing]]) -> dict[str, Overlap]:
    """The closest companion of each rule that fired often enough."""
    found: dict[str, Overlap] = {}
    for rule, others in _together(
        sorted((one.fired_at, rule) for rule, them in by_rule.items() for one in them)
    ).items():
        count = len(by_rule[rule])
        if count >= _FEW and others:
            best = max(others, key=lambda other: (others[other], other))
            found[rule] = Overlap(best, others[best] / count)
    return found


def _together(fired: Sequence[tuple[int, str]]) -> dict[str, Counter[str]]:
    """How many firings of each rule have one of each other rule near; `fired` is in order.

    What fires in a storm of many rules says nothing about a pair of them.
    """
    found: dict[str, Counter[str]] = {}
    near: Counter[str] = Counter()
    first = last = 0
    for at, rule in fired:
        while last < len(fired) and fired[last][0] <= at + TOGETHER_NS:
            near[fired[last][1]] += 1
            last += 1
        while fired[first][0] < at - TOGETHER_NS:
            near[fired[first][1]] -= 1
            if not near[fired[first][1]]:
                del near[fired[first][1]]
            first += 1
        if len(near) <= _STORM:
            found.setdefault(rule, Counter()).update(other for other in near if other != rule)
    return found


@dataclass(frozen=True, slots=True)
class Review:
    """When a rule was looked at, and when it is to be again; instants are ns since 1970.

    `due_at` is `None` for a rule that is never due, or not in force any more.
    """

    rule: str
    owner: str
    since: int  # in force
    due_at: int | None = None
    reviewed_at: int | None = None
    by: str = ""
    note: str = ""
    reminded_at: int | None = None

    def scheduled(self, owner: str, every_ns: int) -> Review:
        """As its configuration has it now; `every_ns` 0: never due."""
        start = self.since if self.reviewed_at is None else self.reviewed_at
        return replace(self, owner=owner, due_at=start + every_ns if every_ns else None)

    def is_due(self, now: int) -> bool:
        """Whether somebody has to look at it."""
        return self.due_at is not None and now >= self.due_at

    def to_remind(self, now: int) -> bool:
        """Whether it is due and nobody was reminded of it for a day."""
        return self.is_due(now) and (self.reminded_at is None or now - self.reminded_at >= REMIND_NS)
