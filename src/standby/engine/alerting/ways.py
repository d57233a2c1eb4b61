"""Where the routes of the configuration in force lead an alert."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from standby.domain.escalation import Level, Policy
from standby.domain.grouping import Pace
from standby.domain.muting import Mute
from standby.domain.routing import Options, Route, group_labels, routes_of
from standby.engine.alerting.alerts import Live
from standby.engine.alerting.groups import Group, Place, Way
from standby.engine.muting.hours import Hours
from standby.store.escalations import EscalationRow

if TYPE_CHECKING:
    from standby.config.whole import Config


class Ways:
    """`config` gives the configuration in force; its routes are grown once for each. `hours`: when they are quiet."""

    def __init__(self, config: Callable[[], Config]) -> None:
        self.hours = Hours(config, self._told_on)
        self._config = config
        self._grown: tuple[Config, Route] | None = None

    def of(self, live: Live) -> list[Way]:
        """The groups in which it is told; none for an alert that no policy hears of."""
        labels = live.watch.labels
        found = []
        for route in self._told_on(live):
            policy = route.options.receiver or self._own_policy(live)
            common = tuple(group_labels(route, labels).items())
            found.append(Way(Place(route.key, policy, common), _pace(route.options)))
        return found

    def hush(self, place: Place, now: int) -> Mute | None:
        """Why nobody is told of a group now; `None` when somebody is, also of one whose route is gone."""
        route = _find(self._tree(), place.route)
        return None if route is None else self.hours.of(route.options, now)

    def back(self, row: EscalationRow) -> Way:
        """The way of a group of before; a route that is gone has the pace of the root."""
        tree = self._tree()
        route = _find(tree, row.route) or tree
        return Way(Place(row.route, row.state.policy, tuple(row.labels.items())), _pace(route.options))

    def instead(self, group: Group) -> Way | None:
        """The way of a group whose policy is no more; `None` when it has its own, or there is no other."""
        if self.policy(group.place.policy) is not None:
            return None
        ways = [way for live in group.members.values() for way in self.of(live)]
        place = group.place
        alike = [way for way in ways if (way.place.route, way.place.labels) == (place.route, place.labels)]
        return next(iter(alike or ways), None)

    def policy(self, id: str) -> Policy | None:  # noqa: A002 - what it is called everywhere
        """An escalation policy that is in force."""
        found = self._config().policy_by_id.get(id)
        if found is None:
            return None
        levels = [Level(level.targets, level.respond_within) for level in found.level]
        return Policy(found.id, levels, found.repeat, found.fallback)

    def _told_on(self, live: Live) -> list[Route]:
        """Its routes, without those on which nobody would hear of it."""
        routes = routes_of(self._tree(), live.watch.labels)
        return [one for one in routes if self.policy(one.options.receiver or self._own_policy(live)) is not None]

    def _own_policy(self, live: Live) -> str:
        found = self._config().policy_of(live.watch.integration)
        return found.id if found is not None else ""

    def _tree(self) -> Route:
        config = self._config()
        if self._grown is None or self._grown[0] is not config:
            self._grown = (config, config.alerting.tree())
        return self._grown[1]


def _pace(options: Options) -> Pace:
    return Pace(options.group_wait_ns, options.group_interval_ns, options.repeat_interval_ns)


def _find(route: Route, key: str) -> Route | None:
    if route.key == key:
        return route
    return next((found for child in route.routes if (found := _find(child, key)) is not None), None)
