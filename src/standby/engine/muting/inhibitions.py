"""The inhibition rules of the configuration, kept by what fires (S23)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from standby.domain.alerting import Phase
from standby.domain.inhibition import Inhibition
from standby.domain.muting import Mute, MuteKind
from standby.engine.alerting.alerts import Alerts, Live

if TYPE_CHECKING:
    from standby.config.whole import Config


class Inhibitions:
    """A `Muter`. `config` gives the configuration in force."""

    def __init__(self, alerts: Alerts, config: Callable[[], Config]) -> None:
        self._alerts = alerts
        self._config = config
        self._for: Config | None = None
        self._known: dict[int, tuple[str, Mapping[str, str]]] = {}  # what fires: its name, the labels it is known by
        self._inhibition = Inhibition((), {})

    def mutes(self, live: Live, now: int) -> Iterator[Mute]:  # noqa: ARG002 - it does not depend on the time
        """The alerts that say already what this one would say."""
        self._follow_config()
        rules = self._config().inhibitions
        for place, source in self._inhibition.sources_of(live.watch.labels):
            why = f"{self._known[source][0]} says it already ({rules[place].id})"
            yield Mute(MuteKind.INHIBITED, str(source), None, why)

    def next_change(self, now: int) -> int | None:  # noqa: ARG002
        """Time alone changes nothing."""
        return None

    def follow(self, live: Live, *, fires: bool) -> bool:
        """Whether it keeps others quiet, or did."""
        was = self._drop(live.id)
        return (fires and self._add(live)) or was

    def _follow_config(self) -> None:
        """Another configuration has other rules, and perhaps gives alerts other labels."""
        config = self._config()
        if self._for is not config:
            self._for, self._known = config, {}
            self._inhibition = Inhibition((one.rule() for one in config.inhibitions), {})
            for live in self._alerts:
                if live.machine.phase is Phase.FIRING:
                    self._add(live)

    def _add(self, live: Live) -> bool:
        name = f"alert {live.id}, {live.watch.integration}/{live.watch.id},"
        self._known[live.id] = name, live.watch.labels
        return self._inhibition.add(live.id, live.watch.labels)

    def _drop(self, alert: int) -> bool:
        found = self._known.pop(alert, None)
        return found is not None and self._inhibition.drop(alert, found[1])
