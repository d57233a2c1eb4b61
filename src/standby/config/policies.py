"""Channels, persons and escalation policies together: everybody who is named exists, and can be told."""

from __future__ import annotations

from standby.config.entries import Entries
from standby.config.lines import KeyPath
from standby.config.problems import Problems, did_you_mean
from standby.domain.text import clean


def check_policies(entries: Entries, problems: Problems) -> None:
    """Note names of nobody, and names that mean two."""
    channels, people = entries.known("channel"), entries.known("person")
    for person in entries.people:
        for index, reach in enumerate(person.model.reach):
            if reach.channel not in channels:
                message = f'there is no channel "{clean(reach.channel, 64)}"'
                mend = did_you_mean(reach.channel, channels, "channel ids")
                person.complain(problems, ("reach", index, "channel"), message, mend)
        if person.model.id in channels:
            person.complain(problems, ("id",), "is a channel's id as well", "give one of them another id")
    known = [*people, *channels]
    for policy in entries.policies:
        if not policy.model.level:
            policy.complain(problems, ("level",), "tells nobody", "write at least one [[policy.level]]")
        named: list[tuple[KeyPath, str]] = [
            (("level", number, "targets", index), target)
            for number, level in enumerate(policy.model.level)
            for index, target in enumerate(level.targets)
        ]
        named += [(("fallback", index), target) for index, target in enumerate(policy.model.fallback)]
        for keys, target in named:
            if target not in known:
                message = f'there is no person or channel "{clean(target, 64)}"'
                policy.complain(problems, keys, message, did_you_mean(target, known, "ids"))
    _default(entries, problems)


def _default(entries: Entries, problems: Problems) -> None:
    settings, source, known = entries.settings, entries.settings_source, entries.known("policy")
    if settings is None or source is None or settings.policy is None or settings.policy in known:
        return
    message = f'there is no policy "{clean(settings.policy, 64)}"'
    line = source.line(("standby", "policy"))
    mend = did_you_mean(settings.policy, known, "policy ids")
    problems.add(source.document.shown, line, "standby.policy", message, mend)
