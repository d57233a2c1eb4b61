"""Who hears of an alert: a tree of routes as Alertmanager walks it (S14), and which alerts are told together (S15).

Depth first: the first child whose matchers hold takes the alert, unless it says `go_on`: then its later siblings are
asked too. A route of which no child takes the alert takes it itself. What a route does not say it inherits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from standby.domain.matchers import Matcher, match_all
from standby.domain.units import HOUR, MINUTE, SECOND

ALL_LABELS = "..."


@dataclass(frozen=True, slots=True)
class Written:
    """One route as it is configured; `None` is what its parent says. Durations in ns."""

    matchers: Sequence[Matcher] = ()
    go_on: bool = False
    routes: Sequence[Written] = ()
    receiver: str | None = None
    group_by: Sequence[str] | None = None  # names of labels, or `...` for all of them
    group_wait_ns: int | None = None
    group_interval_ns: int | None = None
    repeat_interval_ns: int | None = None
    quiet: Sequence[str] | None = None  # names of time intervals in any of which nobody is told
    active: Sequence[str] | None = None  # ... outside all of which nobody is told


@dataclass(frozen=True, slots=True)
class Options:
    """What a route does with its alerts. Durations in ns; an empty `active` is always."""

    receiver: str = ""
    group_by: frozenset[str] | None = frozenset()  # `None`: all labels, so that each alert is told alone
    group_wait_ns: int = 30 * SECOND
    group_interval_ns: int = 5 * MINUTE
    repeat_interval_ns: int = 4 * HOUR
    quiet: tuple[str, ...] = ()
    active: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Route:
    """A route with all it inherits. `key` is its own among all routes, and the same while its matchers are."""

    key: str  # `{}/{owner="team-A"}`
    options: Options
    matchers: tuple[Matcher, ...] = ()
    go_on: bool = False
    routes: tuple[Route, ...] = ()


def grow(root: Written) -> Route:
    """The tree of a configuration; the matchers of its root are not asked, it takes what nobody else takes."""
    return _grow(root, "{}", Options())


def routes_of(route: Route, labels: Mapping[str, str]) -> list[Route]:
    """The routes that take an alert with these labels, in the order of the tree; at least the root."""
    found: list[Route] = []
    for child in route.routes:
        if not match_all(child.matchers, labels):
            continue
        found += routes_of(child, labels)
        if not child.go_on:
            break
    return found or [route]


def group_labels(route: Route, labels: Mapping[str, str]) -> dict[str, str]:
    """What all alerts of its group have in common; a label that is not there is in no group's name."""
    names = labels.keys() if route.options.group_by is None else labels.keys() & route.options.group_by
    return {name: labels[name] for name in sorted(names)}


def group_key(route: Route, labels: Mapping[str, str]) -> str:
    """The name of the group that an alert with these labels is told in: `{}/{owner="team-A"}:{a="1", job="pay"}`."""
    common = group_labels(route, labels)
    return f"{route.key}:{{{', '.join(str(Matcher(name, value)) for name, value in common.items())}}}"


def _grow(written: Written, key: str, inherited: Options) -> Route:
    options = _options(written, inherited)
    taken: dict[str, int] = {}
    routes = []
    for child in written.routes:
        name = _braced(sorted(child.matchers, key=lambda one: (one.name, str(one))))
        taken[name] = count = taken.get(name, 0) + 1
        routes.append(_grow(child, f"{key}/{name}" + (f"#{count}" if count > 1 else ""), options))
    return Route(key, options, tuple(written.matchers), written.go_on, tuple(routes))


def _options(written: Written, inherited: Options) -> Options:
    by = inherited.group_by
    if written.group_by is not None:
        by = None if ALL_LABELS in written.group_by else frozenset(written.group_by)
    return Options(
        receiver=inherited.receiver if written.receiver is None else written.receiver,
        group_by=by,
        group_wait_ns=_or(written.group_wait_ns, inherited.group_wait_ns),
        group_interval_ns=_or(written.group_interval_ns, inherited.group_interval_ns),
        repeat_interval_ns=_or(written.repeat_interval_ns, inherited.repeat_interval_ns),
        quiet=inherited.quiet if written.quiet is None else tuple(written.quiet),
        active=inherited.active if written.active is None else tuple(written.active),
    )


def _or(written: int | None, inherited: int) -> int:
    return inherited if written is None else written


def _braced(matchers: Iterable[Matcher]) -> str:
    return "{" + ",".join(map(str, matchers)) + "}"
