"""What has to hold before traffic is moved, and again when the word is typed. Each says what it was judged by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from standby.domain.outcome import Outcome
from standby.domain.units import MINUTE, SECOND, format_duration

RATE_SPAN = 10 * MINUTE
RATE_MOST = 3
"""More runs than this in `RATE_SPAN`, over all routes, look like one fault that many have: ours."""
UNRELATED_LEAST = 3
FOREVER = frozenset({"reachable", "never-zero", "nobody-else", "elsewhere"})
"""Rules that nobody may override."""


class Verdict(StrEnum):
    """What a rule says."""

    PASS = "pass"  # noqa: S105 - no password
    WARN = "warn"  # worth knowing before the word is typed; it does not block
    FAIL = "fail"
    UNKNOWN = "unknown"  # its readings are not there; it does not pass


@dataclass(frozen=True, slots=True)
class Precheck:
    """One rule, judged."""

    rule: str
    verdict: Verdict
    text: str
    overridden: str = ""  # the reason that a person gave

    @property
    def blocks(self) -> bool:
        """Whether nothing may move."""
        return self.verdict in {Verdict.FAIL, Verdict.UNKNOWN} and not self.overridden


@dataclass(frozen=True, slots=True)
class Target:
    """What is known of a place that traffic can go to. `at` is when its check last looked, 0: never."""

    id: str
    outcome: Outcome = Outcome.UNKNOWN
    at: int = 0
    since: int = 0
    message: str = ""
    fresh_for: int = 0  # how old a look may be, ns


@dataclass(frozen=True, slots=True)
class Readings:
    """Everything that the rules look at, at one instant. `serving` is the target in service, "" when it is not known.

    `others_red` of `others` integrations that have nothing to do with the route are down. `last_at` is when the last
    run on the route ended, `lately` when runs on any route were started. `acting` says who else is at it.
    """

    now: int
    to: str
    serving: str
    targets: Mapping[str, Target]
    primary: str
    failback: bool = False
    steps: int = 0
    unreachable: str = ""
    drift: Sequence[str] = ()
    blind: bool = False
    others: int = 0
    others_red: int = 0
    last_at: int | None = None
    cool_down: int = 0
    soak: int = 0
    lately: Sequence[int] = ()
    acting: str = ""
    previous: int | None = None
    forced: Mapping[str, str] = field(default_factory=dict)


def prechecks(readings: Readings) -> tuple[Precheck, ...]:
    """Every rule, in the order in which a person wants to read them."""
    found = [
        _reachable(readings),
        _elsewhere(readings),
        _never_zero(readings),
        _healthy(readings),
        _fresh(readings),
        _own_network(readings),
        _nobody_else(readings),
        _cool_down(readings),
        _rate(readings),
        _drift(readings),
    ]
    if readings.failback:
        found.append(_soaked(readings))
    return tuple(_overridden(one, readings.forced) for one in found)


def blocking(found: Sequence[Precheck]) -> str:
    """One line about what speaks against it; empty when nothing does."""
    return "; ".join(f"{one.rule}: {one.text}" for one in found if one.blocks)


def _overridden(check: Precheck, forced: Mapping[str, str]) -> Precheck:
    reason = forced.get(check.rule, "")
    if not reason or check.rule in FOREVER or not check.blocks:
        return check
    return replace(check, overridden=reason)


def _say(rule: str, text: str, *, good: bool | None) -> Precheck:
    verdict = Verdict.UNKNOWN if good is None else Verdict.PASS if good else Verdict.FAIL
    return Precheck(rule, verdict, text)


def _target(readings: Readings) -> Target:
    return readings.targets.get(readings.to) or Target(readings.to)


def _reachable(readings: Readings) -> Precheck:
    if readings.unreachable:
        return _say("reachable", readings.unreachable, good=False)
    return _say("reachable", f"the director answers; {readings.steps} steps are planned", good=True)


def _elsewhere(readings: Readings) -> Precheck:
    if readings.unreachable:
        return _say("elsewhere", "where traffic is now cannot be read", good=None)
    if readings.serving == readings.to:
        return _say("elsewhere", f"traffic goes to {readings.to} already", good=False)
    if readings.failback and readings.previous is None:
        return Precheck("elsewhere", Verdict.WARN, f"no run of ours sent traffic to {readings.serving}")
    serving = readings.serving or "a place that is no target of ours"
    return _say("elsewhere", f"traffic goes to {serving} now", good=True)


def _never_zero(readings: Readings) -> Precheck:
    target = _target(readings)
    if target.outcome in {Outcome.DOWN, Outcome.MAINTENANCE}:
        return _say("never-zero", f"{target.id} is {target.outcome}: nothing would serve", good=False)
    return _say("never-zero", f"{target.id} serves afterwards", good=True)


def _healthy(readings: Readings) -> Precheck:
    target = _target(readings)
    good = {Outcome.UP: True, Outcome.UNKNOWN: None}.get(target.outcome, False)
    told = f"{target.id} is {target.outcome}" + (f": {target.message}" if target.message else "")
    serving = readings.targets.get(readings.serving)
    if target.outcome is Outcome.DEGRADED and serving is not None and serving.outcome is Outcome.DOWN:
        return Precheck("healthy", Verdict.WARN, f"{told}; better than {serving.id}, which is down")
    return _say("healthy", told, good=good)


def _fresh(readings: Readings) -> Precheck:
    target = _target(readings)
    if not target.at:
        return _say("fresh", f"{target.id} was not looked at yet", good=None)
    age = max(0, readings.now - target.at)
    told = f"{target.id} was looked at {_ago(age)} ago, at most {format_duration(target.fresh_for)} counts"
    return _say("fresh", told, good=age <= target.fresh_for)


def _own_network(readings: Readings) -> Precheck:
    if readings.blind:
        return _say("own-network", "our own network is gone: what looks like their fault may be ours", good=False)
    red, others = readings.others_red, readings.others
    told = f"{red} of {others} other integrations are down"
    if others >= UNRELATED_LEAST and red * 2 >= others:
        return _say("own-network", f"{told}: the fault may be ours", good=False)
    return _say("own-network", told, good=True)


def _nobody_else(readings: Readings) -> Precheck:
    return _say("nobody-else", readings.acting or "nobody else is at it", good=not readings.acting)


def _cool_down(readings: Readings) -> Precheck:
    if readings.last_at is None:
        return _say("cool-down", "no run on this route before", good=True)
    age = max(0, readings.now - readings.last_at)
    told = f"the last run ended {_ago(age)} ago, {format_duration(readings.cool_down)} must pass"
    return _say("cool-down", told, good=age >= readings.cool_down)


def _rate(readings: Readings) -> Precheck:
    lately = sum(1 for at in readings.lately if readings.now - at < RATE_SPAN)
    told = f"{lately} runs on all routes in {format_duration(RATE_SPAN)}, at most {RATE_MOST}"
    return _say("rate", told, good=lately < RATE_MOST)


def _drift(readings: Readings) -> Precheck:
    if readings.unreachable:
        return _say("drift", "the director does not say", good=None)
    if readings.drift:
        return Precheck("drift", Verdict.WARN, "; ".join(readings.drift))
    return _say("drift", "what runs is what the files say", good=True)


def _soaked(readings: Readings) -> Precheck:
    target = _target(readings)
    if target.outcome is not Outcome.UP:
        return _say("soaked", f"{target.id} is {target.outcome}", good=False)
    age = max(0, readings.now - target.since)
    told = f"{target.id} is up for {_ago(age)}, {format_duration(readings.soak)} is wanted"
    return _say("soaked", told, good=age >= readings.soak)


def _ago(ns: int) -> str:
    return format_duration(ns // SECOND * SECOND) if ns >= SECOND else "0s"
