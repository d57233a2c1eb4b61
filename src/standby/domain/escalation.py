"""Who is told next while nobody has an alert: levels, loops, the end of a policy that everybody sees.

`step` functions are pure: an escalation and a policy in, an escalation and what has to be said out. A level with nobody
in it is passed at once and said so (unlike GoAlert: S30); a policy that has run through is `exhausted`, which is red
(S29). An acknowledgement stops it; giving the alert back tells the level where it stopped once more, as a new episode,
because whoever was told then believes that somebody has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from enum import StrEnum


class Stage(StrEnum):
    """Where an escalation is."""

    GATHERING = "gathering"  # nobody was told yet: what fires together is told together
    ACTIVE = "active"  # a level was told, and its time runs
    ACKNOWLEDGED = "acknowledged"
    MUTED = "muted"  # everything that fires is to be kept quiet; it goes on when that ends
    EXHAUSTED = "exhausted"  # every level was told as often as it should be, and nobody answered
    ENDED = "ended"  # resolved


@dataclass(frozen=True, slots=True)
class Level:
    """Who is told, and how long they have (ns)."""

    targets: Sequence[str]
    respond_within: int


@dataclass(frozen=True, slots=True)
class Policy:
    """Levels in their order; they begin again `repeat` times; `fallback` is told once at the end."""

    id: str
    levels: Sequence[Level]
    repeat: int = 0
    fallback: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Escalation:
    """Some alerts on their way through a policy. `next_at` is when the level's time is over, ns since 1970."""

    policy: str
    level: int = 0
    loop: int = 0
    episode: int = 0
    stage: Stage = Stage.ACTIVE
    next_at: int | None = None


@dataclass(frozen=True, slots=True)
class Tell:
    """These targets have to be told now."""

    targets: Sequence[str]
    level: int
    loop: int
    episode: int
    exhausted: bool = False  # they are the fallback: nobody answered


@dataclass(frozen=True, slots=True)
class Passed:
    """A level with nobody in it."""

    level: int
    loop: int


Effect = Tell | Passed
Told = tuple[Escalation, list[Effect]]


def begin(policy: Policy, now: int, reachable: AbstractSet[str], *, episode: int = 0) -> Told:
    """Something fires: the first level that has somebody is told. `reachable` are the targets that can be told.

    `episode` is a new number when this escalation ran before: what is said now is said anew.
    """
    return _enter(Escalation(policy.id, episode=episode), policy, now, reachable)


def again(state: Escalation, policy: Policy, reachable: AbstractSet[str]) -> list[Effect]:
    """There is more to say to the level that was told last; its time runs on."""
    if state.stage is not Stage.ACTIVE or state.level >= len(policy.levels):
        return []
    targets = [target for target in policy.levels[state.level].targets if target in reachable]
    return [Tell(targets, state.level, state.loop, state.episode)] if targets else []


def due(state: Escalation, policy: Policy, now: int, reachable: AbstractSet[str]) -> Told:
    """The time of the level may be over: then the next is told. Before that, nothing."""
    if state.stage is not Stage.ACTIVE or state.next_at is None or now < state.next_at:
        return state, []
    return _onward(state, policy, now, reachable)


def hurry(state: Escalation, policy: Policy, now: int, reachable: AbstractSet[str]) -> Told:
    """Nobody of the level could be told: the next is told at once."""
    if state.stage is not Stage.ACTIVE:
        return state, []
    return _onward(state, policy, now, reachable)


def acknowledge(state: Escalation) -> Escalation:
    """Somebody has it."""
    if state.stage is Stage.ENDED:
        return state
    return replace(state, stage=Stage.ACKNOWLEDGED, next_at=None)


def pause(state: Escalation) -> Escalation:
    """Nobody is to be told for now."""
    if state.stage is Stage.ENDED:
        return state
    return replace(state, stage=Stage.MUTED, next_at=None)


def give_back(state: Escalation, policy: Policy, now: int, reachable: AbstractSet[str]) -> Told:
    """Nobody has it any more, or it need not be quiet any more: the level where it stopped is told again."""
    if state.stage not in {Stage.ACKNOWLEDGED, Stage.MUTED}:
        return state, []
    again = replace(state, stage=Stage.ACTIVE, episode=state.episode + 1)
    return _enter(again, policy, now, reachable)


def end(state: Escalation) -> Escalation:
    """Resolved."""
    return replace(state, stage=Stage.ENDED, next_at=None)


def shift(state: Escalation, by: int) -> Escalation:
    """The wall clock was stepped by `by` ns: the time that is left stays."""
    return state if state.next_at is None else replace(state, next_at=state.next_at + by)


def overdue(state: Escalation | None, now: int, slack: int) -> str:
    """Why an alert that nobody has is forgotten; empty when it is not: it has a next deadline or its policy is over."""
    if state is None or state.stage is Stage.ENDED:
        return "it has no escalation"
    if state.stage is Stage.ACKNOWLEDGED:
        return "its escalation stands still as if somebody had it"
    if state.stage in {Stage.EXHAUSTED, Stage.GATHERING}:
        return ""
    if state.stage is Stage.MUTED:
        return "its escalation stands still as if it had to be quiet"
    if state.next_at is None:
        return "it has no next deadline"
    return "its deadline has passed and nothing happened" if now - state.next_at > slack else ""


def _onward(state: Escalation, policy: Policy, now: int, reachable: AbstractSet[str]) -> Told:
    return _enter(replace(state, level=state.level + 1), policy, now, reachable)


def _enter(state: Escalation, policy: Policy, now: int, reachable: AbstractSet[str]) -> Told:
    """Tell the level, or the next one that has somebody; at the end of the last loop nobody is left.

    A level that was deleted under us is taken as the end of its loop: the policy goes on with its first level (S28).
    """
    effects: list[Effect] = []
    level, loop = state.level, state.loop
    while True:
        if level >= len(policy.levels):
            level, loop = 0, loop + 1
            if loop > policy.repeat:
                break
        if not policy.levels:
            break
        found = policy.levels[level]
        targets = [target for target in found.targets if target in reachable]
        if targets:
            told = replace(
                state, policy=policy.id, level=level, loop=loop, stage=Stage.ACTIVE, next_at=now + found.respond_within
            )
            return told, [*effects, Tell(targets, level, loop, state.episode)]
        effects.append(Passed(level, loop))
        level += 1
    last = max(0, len(policy.levels) - 1)
    rounds = min(loop, policy.repeat)
    over = replace(state, policy=policy.id, level=last, loop=rounds, stage=Stage.EXHAUSTED, next_at=None)
    left = [target for target in policy.fallback if target in reachable]
    if left:
        effects.append(Tell(left, last, over.loop, state.episode, exhausted=True))
    return over, effects
