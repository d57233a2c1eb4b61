"""Channels, persons and escalation policies together: everybody who is named exists, and can be told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from standby.config.alerting import AlertRoute
from standby.config.entries import Entries, Entry, key_text
from standby.config.lines import KeyPath
from standby.config.people import ChannelModel, Policy
from standby.config.problems import Problems, did_you_mean
from standby.domain.text import clean


def check_policies(entries: Entries, problems: Problems) -> None:
    """Note names of nobody, names that mean two, and addresses that their channel cannot use."""
    channels, people = entries.known("channel"), entries.known("person")
    ways = {one.model.id: one.model for one in entries.channels}
    for person in entries.people:
        for index, reach in enumerate(person.model.reach):
            if reach.channel not in channels:
                message = f'there is no channel "{clean(reach.channel, 64)}"'
                mend = did_you_mean(reach.channel, channels, "channel ids")
                person.complain(problems, ("reach", index, "channel"), message, mend)
            elif reach.channel in ways:
                _address(person, problems, ("reach", index, "to"), ways[reach.channel].mistake_in(reach.to))
        if person.model.id in channels:
            person.complain(problems, ("id",), "is a channel's id as well", "give one of them another id")
    for policy in entries.policies:
        _targets(policy, [*people, *channels], ways, problems)
    _default(entries, problems)
    _alert_routes(entries, problems)


def _targets(policy: Entry[Policy], known: Sequence[str], ways: Mapping[str, ChannelModel], problems: Problems) -> None:
    if not policy.model.level:
        policy.complain(problems, ("level",), "tells nobody", "write at least one [[policy.level]]")
    for keys, target in _named(policy.model):
        if target not in known:
            message = f'there is no person or channel "{clean(target, 64)}"'
            policy.complain(problems, keys, message, did_you_mean(target, known, "ids"))
        elif target in ways:
            _address(policy, problems, keys, ways[target].mistake_in(""))


def _named(policy: Policy) -> Iterator[tuple[KeyPath, str]]:
    """Everybody whom a policy names, and where."""
    for number, level in enumerate(policy.level):
        for index, target in enumerate(level.targets):
            yield ("level", number, "targets", index), target
    for index, target in enumerate(policy.fallback):
        yield ("fallback", index), target


def _address(entry: Entry[Any], problems: Problems, keys: KeyPath, mistake: str | None) -> None:
    if mistake is not None:
        message, _, mend = mistake.partition("; ")
        entry.complain(problems, keys, message, mend)


def _alert_routes(entries: Entries, problems: Problems) -> None:
    source = entries.settings_source
    if entries.alerting is None or source is None:
        return
    known = {table: entries.known(table) for table in ("policy", "time_interval")}
    for keys, route in _within(("alerting",), entries.alerting.route):
        for at, table, name in _of_route(route):
            if name not in known[table]:
                words, there = table.replace("_", " "), (*keys, *at)
                message = f'there is no {words} "{clean(name, 64)}"'
                mend = did_you_mean(name, known[table], f"{words} ids")
                problems.add(source.document.shown, source.line(there), key_text(there), message, mend)


def _of_route(route: AlertRoute) -> Iterator[tuple[KeyPath, str, str]]:
    """What a route names: where, of which table, which id."""
    if route.policy is not None:
        yield ("policy",), "policy", route.policy
    for key, names in (("quiet", route.quiet), ("active", route.active)):
        for index, name in enumerate(names or ()):
            yield (key, index), "time_interval", name


def _within(keys: KeyPath, routes: Sequence[AlertRoute]) -> Iterator[tuple[KeyPath, AlertRoute]]:
    for index, route in enumerate(routes):
        here = (*keys, "route", index)
        yield here, route
        yield from _within(here, route.route)


def _default(entries: Entries, problems: Problems) -> None:
    settings, source, known = entries.settings, entries.settings_source, entries.known("policy")
    if settings is None or source is None or settings.policy is None or settings.policy in known:
        return
    message = f'there is no policy "{clean(settings.policy, 64)}"'
    line = source.line(("standby", "policy"))
    mend = did_you_mean(settings.policy, known, "policy ids")
    problems.add(source.document.shown, line, "standby.policy", message, mend)
