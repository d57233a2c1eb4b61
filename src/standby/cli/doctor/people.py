"""What `standby doctor` says of people: whether an alert would reach somebody. It sends nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from standby.cli.doctor import Finding, Level
from standby.domain.outcome import Criticality

if TYPE_CHECKING:
    from standby.config.people import Policy
    from standby.config.whole import Config

_PRECIOUS = (Criticality.CRITICAL, Criticality.HIGH)


def policies(config: Config) -> Iterator[Finding]:
    """Levels with nobody, policies that reach nobody at all, integrations whose alerts stay on the screen."""
    reachable = {one.id for one in config.people if one.reach} | {one.id for one in config.channels}
    for policy in config.policies:
        yield from _policy(policy, reachable)
    silent = [one.id for one in config.integrations if config.policy_of(one.id) is None]
    if not silent:
        yield Finding(
            "ok", "policies", f"an alert of each of {len(config.integrations)} integrations is told to somebody"
        )
        return
    precious = [one.id for one in config.integrations if one.id in silent and one.criticality in _PRECIOUS]
    level: Level = "warn" if precious else "ok"
    shown = ", ".join((precious or silent)[:5]) + (f" and {len(precious) - 5} more" if len(precious) > 5 else "")
    mend = 'Write policy = "..." in [standby] or in each; see docs/escalation.md' if precious else ""
    yield Finding(level, "policies", f"alerts of {shown} are shown on the screen and told to nobody", mend)


def _policy(policy: Policy, reachable: set[str]) -> Iterator[Finding]:
    empty = [number for number, level in enumerate(policy.level, 1) if reachable.isdisjoint(level.targets)]
    last = "" if not reachable.isdisjoint(policy.fallback) else " and its fallback"
    if len(empty) == len(policy.level):
        detail = f"{policy.id}: none of its {len(policy.level)} levels{last} can tell anybody"
        yield Finding("FAIL" if last else "warn", "policy", detail, "Give the persons in it a `reach`")
        return
    for number in empty:
        detail = f"{policy.id}: level {number} of {len(policy.level)} has nobody who can be told; it is passed at once"
        yield Finding("warn", "policy", detail, "Give its persons a `reach`, or take the level out")
