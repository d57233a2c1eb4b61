"""Work that vendors announced before: while it lasts, alerts about what they do for us are quiet, as far as believed.

What a check reads of the parts that it looks at is about its integration; work on everything is about all integrations
of the vendor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from standby.domain.announced import Announced, Belief
from standby.domain.muting import Mute, MuteKind
from standby.engine.alerting.alerts import Live
from standby.engine.judge import Judge

if TYPE_CHECKING:
    from standby.config.models import CheckModel, Vendor
    from standby.config.whole import Config


class _Told(NamedTuple):
    """One plan, who told it, and how far they are believed."""

    plan: Announced
    vendor: Vendor
    belief: Belief


class Announcements:
    """A `Muter`. `config` gives the configuration in force; `changed` has every alert looked at again."""

    def __init__(self, judge: Judge, config: Callable[[], Config], changed: Callable[[], None]) -> None:
        self._judge = judge
        self._config = config
        self._changed = changed
        self._for: Config | None = None
        self._plans: dict[str, dict[_Told, None]] = {}  # by integration

    def mutes(self, live: Live, now: int) -> Iterator[Mute]:
        """The work on what it is about."""
        watch = live.watch
        for plan, vendor, belief in self._known().get(watch.integration, ()):
            if plan.is_on(now) and belief.mutes(watch.severity):
                why = f"announced by {vendor.title}: {plan.name}"
                yield Mute(MuteKind.MAINTENANCE, f"vendor:{vendor.id}", plan.until, why)

    def next_change(self, now: int) -> int | None:
        """When the next begins or ends."""
        plans = (one.plan for found in self._known().values() for one in found)
        return min((at for plan in plans for at in (plan.starts, plan.until) if at > now), default=None)

    def follow(self, live: Live, *, fires: bool) -> bool:  # noqa: ARG002
        """No alert changes what is announced."""
        return False

    def told(self) -> None:
        """A vendor announces other work than before."""
        self._for = None
        self._changed()

    def _known(self) -> dict[str, dict[_Told, None]]:
        """Sorted once until something is told anew: a storm of alerts asks thousands of times."""
        config = self._config()
        if self._for is not config:
            self._for, self._plans = config, {}
            for check in config.checks:
                self._sort(config, check)
        return self._plans

    def _sort(self, config: Config, check: CheckModel) -> None:
        memory = self._judge.checks.get(check.id)
        for plan in memory.announced if memory is not None else ():
            vendor = config.vendor_by_id[config.vendor_of[check.integration]]
            belief = getattr(check, "announced", None) or vendor.announced
            if not plan.believed or belief is Belief.NONE:
                continue
            whose = [one for one in config.vendor_of if config.vendor_of[one] == vendor.id]
            for integration in whose if plan.whole else [check.integration]:
                self._plans.setdefault(integration, {})[_Told(plan, vendor, belief)] = None
