"""What the screen knows of the configuration: the stored view (see `config.view`) as values.

The view was written by an engine, perhaps of another version: what is missing or odd gets a plain default, because a
screen that refuses to start at night helps nobody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from standby.domain.outcome import Criticality
from standby.domain.silence import LONGEST_NS
from standby.domain.text import clean
from standby.domain.units import SECOND
from standby.store.rows import ConfigRow

CRITICALITIES = tuple(Criticality)
_NAME_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Integration:
    """One use of one vendor. Durations are nanoseconds or `None`."""

    id: str
    name: str
    vendor: str
    criticality: Criticality = Criticality.MEDIUM
    owner: str = ""
    rto_ns: int | None = None
    rpo_ns: int | None = None
    runbook: str = ""
    data: Sequence[str] = ()  # the classes of data that the vendor sees
    depends_on: Sequence[str] = ()
    runs_on: Sequence[str] = ()  # what its vendor stands on
    order: int = 0  # its place in the configuration


@dataclass(frozen=True, slots=True)
class Check:
    """One way of looking at an integration. Durations are nanoseconds."""

    id: str
    integration: str
    kind: str
    every_ns: int
    timeout_ns: int
    target: str
    risks: Sequence[str] = ()  # what is unsafe about how it asks, a line each
    stated: bool = False  # it asks somebody who says so; it does not measure
    contract: str = ""  # the file in which it is pinned what its answers look like


@dataclass(frozen=True, slots=True)
class Route:
    """Traffic that can be moved: the ids of its targets, and the check that proves each."""

    id: str
    integration: str
    primary: str
    director: str
    targets: Mapping[str, str]  # target id -> check id


@dataclass(frozen=True, slots=True)
class Policy:
    """Who is told about an alert: the targets of each level, in order."""

    id: str
    levels: Sequence[Sequence[str]]
    repeat: int
    fallback: Sequence[str]


@dataclass(frozen=True, slots=True)
class Window:
    """Planned maintenance: on once (from, to; ns since 1970), or whenever what is `written` holds in `zone`."""

    id: str
    reason: str
    vendors: Sequence[str]
    integrations: Sequence[str]
    match: Sequence[str]
    zone: str
    once: tuple[int, int] | None
    written: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Estate:
    """Everything that is watched, in the order of the configuration."""

    name: str = ""
    environment: str = ""
    simulated: bool = False
    digest: str = ""
    integrations: Mapping[str, Integration] = field(default_factory=dict)
    checks: Mapping[str, Check] = field(default_factory=dict)
    checks_of: Mapping[str, Sequence[Check]] = field(default_factory=dict)
    routes: Mapping[str, Route] = field(default_factory=dict)
    people: Mapping[str, str] = field(default_factory=dict)  # id -> name
    policies: Mapping[str, Policy] = field(default_factory=dict)
    silence_max: int = LONGEST_NS
    windows: Mapping[str, Window] = field(default_factory=dict)

    def person(self, target: str) -> str:
        """What people call a target of a policy: a person's name, or the id of a channel."""
        return self.people.get(target, target)

    def routes_of(self, integration: str) -> list[Route]:
        """The routes of one integration."""
        return [route for route in self.routes.values() if route.integration == integration]

    def name_of(self, integration: str) -> str:
        """What people call an integration; its id when it left the configuration."""
        found = self.integrations.get(integration)
        return found.name if found else clean(integration, 100)


def estate_of(row: ConfigRow | None, fallback: Estate) -> Estate:
    """The estate that `row` describes; `fallback` (what a peek at the file gave) without a row."""
    if row is None:
        return fallback
    doc = row.doc
    integrations = {entry.id: entry for entry in map(_integration, *_numbered(doc.get("integrations")))}
    checks = {entry.id: entry for entry in map(_check, _entries(doc.get("checks")))}
    grouped: dict[str, list[Check]] = {}
    for check in checks.values():
        grouped.setdefault(check.integration, []).append(check)
    return Estate(
        name=_text(doc, "name") or fallback.name,
        environment=_text(doc, "environment") or fallback.environment,
        simulated=bool(doc.get("simulated")),
        digest=row.digest,
        integrations=integrations,
        checks=checks,
        checks_of=grouped,
        routes={entry.id: entry for entry in map(_route, _entries(doc.get("routes")))},
        people={
            _text(entry, "id"): _text(entry, "name") or _text(entry, "id") for entry in _entries(doc.get("people"))
        },
        policies={entry.id: entry for entry in map(_policy, _entries(doc.get("policies")))},
        silence_max=_whole(doc.get("silence_max_ns")) or LONGEST_NS,
        windows={entry.id: entry for entry in map(_window, _entries(doc.get("maintenance")))},
    )


def _numbered(value: object) -> tuple[Sequence[Mapping[str, Any]], Sequence[int]]:
    entries = _entries(value)
    return entries, range(len(entries))


def _entries(value: object) -> list[Mapping[str, Any]]:
    items = value if isinstance(value, list) else []
    return [item for item in items if isinstance(item, Mapping) and item.get("id")]


def _integration(entry: Mapping[str, Any], order: int) -> Integration:
    key = _text(entry, "id")
    criticality = _text(entry, "criticality")
    return Integration(
        id=key,
        name=_text(entry, "name") or key,
        vendor=_text(entry, "vendor_name") or _text(entry, "vendor"),
        criticality=Criticality(criticality) if criticality in CRITICALITIES else Criticality.MEDIUM,
        owner=_text(entry, "owner"),
        rto_ns=_whole(entry.get("rto_ns")),
        rpo_ns=_whole(entry.get("rpo_ns")),
        runbook=_text(entry, "runbook"),
        data=_names(entry.get("data")),
        depends_on=_names(entry.get("depends_on")),
        runs_on=_names(entry.get("runs_on")),
        order=order,
    )


def _check(entry: Mapping[str, Any]) -> Check:
    return Check(
        id=_text(entry, "id"),
        integration=_text(entry, "integration"),
        kind=_text(entry, "kind"),
        every_ns=_whole(entry.get("every_ns")) or 60 * SECOND,
        timeout_ns=_whole(entry.get("timeout_ns")) or 10 * SECOND,
        target=_text(entry, "target"),
        risks=_names(entry.get("risks")),
        stated=entry.get("stated") is True,
        contract=_text(entry, "contract"),
    )


def _route(entry: Mapping[str, Any]) -> Route:
    targets = _entries(entry.get("targets"))
    return Route(
        id=_text(entry, "id"),
        integration=_text(entry, "integration"),
        primary=_text(entry, "primary"),
        director=_text(entry, "director"),
        targets={_text(target, "id"): _text(target, "check") for target in targets},
    )


def _policy(entry: Mapping[str, Any]) -> Policy:
    written = entry.get("levels")
    levels = (
        [_names(level.get("targets")) for level in written if isinstance(level, Mapping)]
        if isinstance(written, list)
        else []
    )
    return Policy(_text(entry, "id"), levels, _whole(entry.get("repeat")) or 0, _names(entry.get("fallback")))


def _window(entry: Mapping[str, Any]) -> Window:
    once, written = entry.get("once"), entry.get("written")
    marks = [_whole(mark) for mark in once] if isinstance(once, list) else []
    begin, end = marks if len(marks) == 2 else (None, None)
    return Window(
        id=_text(entry, "id"),
        reason=_text(entry, "reason"),
        vendors=_names(entry.get("vendors")),
        integrations=_names(entry.get("integrations")),
        match=_names(entry.get("match")),
        zone=_text(entry, "zone"),
        once=(begin, end) if begin is not None and end is not None else None,
        written={str(key): _names(value) for key, value in written.items()} if isinstance(written, Mapping) else {},
    )


def _names(value: object) -> list[str]:
    return [clean(str(name), _NAME_LIMIT) for name in value] if isinstance(value, list) else []


def _text(entry: Mapping[str, Any], key: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str):
        return ""
    return value if len(value) <= _NAME_LIMIT else clean(value, _NAME_LIMIT)  # it came in by the store's door: clean


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None
