"""What the trouble of a parent looks like from its children is not told once for each of them (S53, S54).

A parent mutes while it is down and somebody is told so: it has an alert of its own. It mutes no alert that began before
it can have been down, and none when anything about it is unknown. When it is back, its children stay quiet until they
were looked at once more, because they may only not have noticed yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from standby.domain.dependency import gone_because
from standby.domain.muting import Mute, MuteKind
from standby.domain.outcome import Outcome
from standby.domain.units import SECOND
from standby.engine.alerting.alerts import Live
from standby.engine.judge import Judge
from standby.engine.rules.watches import Sort

if TYPE_CHECKING:
    from standby.config.whole import Config

WAIT_NS = 5 * SECOND  # for its turn among the checks of its vendor
_TELLING = frozenset({Sort.DOWN, Sort.RULE})


class Dependencies:
    """A `Muter`. `config` gives the configuration in force, `soon` has a check look now unless it did just before."""

    def __init__(
        self, judge: Judge, config: Callable[[], Config], soon: Callable[[str], None], changed: Callable[[], None]
    ) -> None:
        self._judge = judge
        self._config = config
        self._soon = soon
        self._changed = changed

    def mutes(self, live: Live, now: int) -> Iterator[Mute]:
        """What is down that its integration needs."""
        config = self._config()
        roots = gone_because(live.watch.integration, config.needs, lambda name: self._down(name, live))
        for root in roots:
            yield Mute(MuteKind.DEPENDENCY, root, None, f"because {config.integration_by_id[root].title} is down")
        if not roots:
            yield from self._returning(live, now)

    def next_change(self, now: int) -> int | None:  # noqa: ARG002 - each alert says until when it waits
        """When the first alert is told though it was not looked at since its parent is back."""
        waits = (mute.until for live in self._judge.alerts for mute in live.mutes if mute.kind is MuteKind.DEPENDENCY)
        return min((until for until in waits if until is not None), default=None)

    def follow(self, live: Live, *, fires: bool) -> bool:  # noqa: ARG002
        """Whether others need what it is about."""
        return bool(self._config().needed_by.get(live.watch.integration))

    def failed(self, integration: str) -> None:
        """A look at it failed that did not before: what it needs is asked now, since that may fail as well."""
        for group in self._config().needs.get(integration, ()):
            for parent in group:
                self._ask(parent, unless=Outcome.DOWN)

    def settled(self, integration: str) -> None:
        """What is believed of it changed: others are muted by it, or are looked at before they are told."""
        config = self._config()
        children = config.needed_by.get(integration, ())
        if not children:
            return
        if self._judge.integrations[integration].outcome is not Outcome.DOWN:
            for child in children:
                self._ask(child, unless=Outcome.UP)
        self._changed()

    def _ask(self, integration: str, *, unless: Outcome) -> None:
        for check in self._config().checks_of.get(integration, ()):
            memory = self._judge.checks.get(check.id)
            if memory is not None and memory.outcome is not unless:
                self._soon(check.id)

    def _down(self, name: str, live: Live) -> bool | None:
        """What is believed of a parent, as far as it can be why this alert fires."""
        memory = self._judge.integrations.get(name)
        if memory is None or memory.outcome in {Outcome.UNKNOWN, Outcome.MAINTENANCE}:
            return None
        if memory.outcome is not Outcome.DOWN:
            return False
        if memory.since - self._noticed_within(name) > live.since:
            return False
        return True if self._judge.is_told(name, _TELLING) else None

    def _noticed_within(self, name: str) -> int:
        """How long it can have been down before that was believed."""
        checks = self._config().checks_of.get(name, ())
        return max((one.every + one.attempts * (one.retry_every + one.timeout) for one in checks), default=0)

    def _returning(self, live: Live, now: int) -> Iterable[Mute]:
        before = [mute for mute in live.mutes if mute.kind is MuteKind.DEPENDENCY]
        known = [memory for mute in before if (memory := self._judge.integrations.get(mute.by)) is not None]
        if not known or len(known) < len(before):
            return ()
        back_at = max(memory.since for memory in known)
        checks = [self._judge.checks[name] for name in live.watch.checks]
        until = back_at + self._patience(live)
        if now >= until or all(memory.slot >= back_at for memory in checks):
            return ()
        names = self._config().integration_by_id
        return [
            Mute(MuteKind.DEPENDENCY, mute.by, until, f"{names[mute.by].title} is back: looked at once more first")
            for mute in before
        ]

    def _patience(self, live: Live) -> int:
        models = self._config().check_by_id
        return WAIT_NS + max((models[name].timeout for name in live.watch.checks), default=0)
