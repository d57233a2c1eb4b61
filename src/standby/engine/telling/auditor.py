"""What was forgotten: every alert that nobody has is on its way to somebody, or has nobody left and says so (T17)."""

from __future__ import annotations

from standby.domain import escalation as ladder
from standby.domain import grouping
from standby.domain.outcome import AlertState
from standby.domain.units import SECOND
from standby.engine.alerting.alerts import Live
from standby.engine.alerting.groups import Group, Groups
from standby.engine.alerting.ways import Ways
from standby.engine.rules.watches import LOUD

SLACK_NS = 30 * SECOND


class Auditor:
    """Looks at one alert after the other; what it finds is for others to mend."""

    def __init__(self, groups: Groups, ways: Ways) -> None:
        self._groups = groups
        self._ways = ways

    def forgotten(self, live: Live, now: int) -> str:
        """Why nobody will ever hear of it; empty when somebody will, or need not."""
        if live.mutes or live.state is not AlertState.FIRING or live.watch.severity not in LOUD:
            return ""
        if self._ways.of(live) and not self.follows(live):
            return "it has no escalation"
        groups = [group for group in self._groups.of(live) if group.hush is None]
        return next((why for group in groups if (why := _overdue(group, live, now))), "")

    def follows(self, live: Live) -> bool:
        """Whether it is in a group whose policy exists."""
        return any(self._ways.policy(group.place.policy) is not None for group in self._groups.of(live))


def _overdue(group: Group, live: Live, now: int) -> str:
    """Why a group forgot an alert; empty when it did not."""
    flush_at = group.log.flush_at
    if flush_at is not None and now - flush_at > SLACK_NS:
        return "its group was to be told and nothing happened"
    told = group.log.entry.firing if group.log.entry is not None else grouping.NONE
    if live.id not in told and flush_at is not None:
        return ""  # it is told when its group is looked at next
    return ladder.overdue(group.state, now, SLACK_NS)
