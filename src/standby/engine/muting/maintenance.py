"""The maintenance windows of the configuration: while one is on, nobody is told about what it covers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from standby.domain.muting import Mute, MuteKind
from standby.engine.alerting.alerts import Live

if TYPE_CHECKING:
    from standby.config.maintenance import Maintenance
    from standby.config.whole import Config


class Windows:
    """A `Muter`. `config` gives the configuration in force."""

    def __init__(self, config: Callable[[], Config]) -> None:
        self._config = config
        self._for: Config | None = None
        self._asked = 0  # what is kept holds from then
        self._until: int | None = None  # and to before then
        self._on: list[tuple[Maintenance, int | None]] = []  # with their ends

    def mutes(self, live: Live, now: int) -> Iterator[Mute]:
        """The windows that an alert is in."""
        self._look(now)
        watch = live.watch
        vendor = self._config().vendor_of.get(watch.integration, "")
        for one, end in self._on:
            if one.covers(watch.integration, vendor, watch.labels):
                why = f"maintenance {one.id}" + (f": {one.reason}" if one.reason else "")
                yield Mute(MuteKind.MAINTENANCE, one.id, end, why)

    def covers(self, integration: str, now: int) -> bool:
        """Whether an integration is in one as a whole, whatever its alert is called."""
        self._look(now)
        vendor = self._config().vendor_of.get(integration, "")
        return any(
            one.covers(integration, vendor, {"integration": integration, "vendor": vendor}) for one, _ in self._on
        )

    def next_change(self, now: int) -> int | None:
        """When the next begins or ends."""
        self._look(now)
        return self._until

    def follow(self, live: Live, *, fires: bool) -> bool:  # noqa: ARG002
        """No alert changes a calendar."""
        return False

    def _look(self, now: int) -> None:
        """Read the calendar, unless what it said still holds: a storm of alerts asks thousands of times."""
        config = self._config()
        if self._for is config and self._asked <= now and (self._until is None or now < self._until):
            return
        self._for, self._asked = config, now
        changes = [(one, one.next_change(now)) for one in config.maintenance]
        self._on = [(one, at) for one, at in changes if one.is_on(now)]
        self._until = min((at for _, at in changes if at is not None), default=None)
