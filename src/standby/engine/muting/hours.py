"""The hours of routes in which nobody is told: `quiet` and `active` of `[[alerting.route]]`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from standby.domain.hours import Hush, Named, hush, turns
from standby.domain.muting import Mute, MuteKind
from standby.domain.routing import Options, Route
from standby.engine.alerting.alerts import Live

if TYPE_CHECKING:
    from standby.config.whole import Config

_Hours = tuple[tuple[str, ...], tuple[str, ...]]


class _Read(NamedTuple):
    """What the calendar said of some hours: holds from `asked` to before `until`."""

    asked: int
    until: int | None
    mute: Mute | None


class Hours:
    """A `Muter`: an alert is quiet when it is on all of its routes (`routes`). `config` gives what is in force."""

    def __init__(self, config: Callable[[], Config], routes: Callable[[Live], list[Route]]) -> None:
        self._config = config
        self._routes = routes
        self._for: Config | None = None
        self._read: dict[_Hours, _Read] = {}

    def of(self, options: Options, now: int) -> Mute | None:
        """Why nobody is told on a route now; `None` when somebody is."""
        self._follow_config(now)
        hours = (options.quiet, options.active)
        return self._at(hours, now).mute if any(hours) else None

    def mutes(self, live: Live, now: int) -> Iterator[Mute]:
        """The hours of all its routes; nothing while one of them tells it."""
        self._follow_config(now)
        if not self._read:
            return
        found = [self.of(route.options, now) for route in self._routes(live)]
        if None not in found:
            yield from dict.fromkeys(mute for mute in found if mute is not None)

    def next_change(self, now: int) -> int | None:
        """When the next begin or end."""
        self._follow_config(now)
        times = (self._at(hours, now).until for hours in list(self._read))
        return min((time for time in times if time is not None), default=None)

    def follow(self, live: Live, *, fires: bool) -> bool:  # noqa: ARG002
        """No alert changes a calendar."""
        return False

    def _follow_config(self, now: int) -> None:
        config = self._config()
        if self._for is not config:
            self._for, self._read = config, {}
            for options in _all(config.alerting.tree()):
                if options.quiet or options.active:
                    self._at((options.quiet, options.active), now)

    def _at(self, hours: _Hours, now: int) -> _Read:
        """The calendar, unless what it said still holds: a storm of alerts asks thousands of times."""
        found = self._read.get(hours)
        if found is None or now < found.asked or (found.until is not None and now >= found.until):
            quiet, active = map(self._named, hours)
            one = hush(quiet, active, now)
            mute = None if one is None else Mute(MuteKind.INTERVAL, one.name, one.until, self._why(one))
            self._read[hours] = found = _Read(now, turns(quiet, active, now), mute)
        return found

    def _why(self, one: Hush) -> str:
        known = self._config().interval_by_id.get(one.name)
        return f"{one.why}: {known.reason}" if known is not None and known.reason else one.why

    def _named(self, names: tuple[str, ...]) -> Named:
        known = self._config().interval_by_id
        return {name: known[name].interval for name in names if name in known}


def _all(route: Route) -> Iterator[Options]:
    yield route.options
    for child in route.routes:
        yield from _all(child)
