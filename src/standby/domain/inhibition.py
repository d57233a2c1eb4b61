"""One alert keeps another quiet: the source says already what the target would say (S23).

A rule has matchers for both sides and labels that must be equal on both, where a label that is not there equals an
empty one. An alert that matches both sides of a rule is a source for others, and is itself inhibited only by sources
that are not targets: so no alert inhibits itself, and no two inhibit each other by one rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from standby.domain.matchers import Matcher, match_all

Labels = Mapping[str, str]
_Table = dict[tuple[str, ...], dict[int, None]]


@dataclass(frozen=True, slots=True)
class Rule:
    """Alerts that match `source` inhibit those that match `target` with equal values of all labels in `equal`."""

    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: tuple[str, ...] = ()

    def common(self, labels: Labels) -> tuple[str, ...]:
        """What must be the same on both sides."""
        return tuple(labels.get(name, "") for name in self.equal)


@dataclass(frozen=True, slots=True)
class _Sources:
    """The firing sources of one rule, by what they have in common with their targets; the first of each is named."""

    any: _Table = field(default_factory=dict)
    pure: _Table = field(default_factory=dict)  # those that are no target of the rule


class Inhibition:
    """The alerts that fire and are a source of some rule, found in the same time however many they are.

    Alerts that nobody is told about belong to them: what is silenced still inhibits.
    """

    def __init__(self, rules: Iterable[Rule], firing: Mapping[int, Labels]) -> None:
        self._rules = [(rule, _Sources()) for rule in rules]
        for alert, labels in firing.items():
            self.add(alert, labels)

    def add(self, alert: int, labels: Labels) -> bool:
        """It fires. Whether it is a source of any rule."""
        places = list(self._places(labels))
        for table, common in places:
            table.setdefault(common, {})[alert] = None
        return bool(places)

    def drop(self, alert: int, labels: Labels) -> bool:
        """It fires no more; `labels` are those that it was added with. Whether it was a source of any rule."""
        places = list(self._places(labels))
        for table, common in places:
            sources = table.get(common, {})
            sources.pop(alert, None)
            if not sources:
                table.pop(common, None)
        return bool(places)

    def sources_of(self, labels: Labels) -> Iterator[tuple[int, int]]:
        """What inhibits an alert with these labels: each rule that does, by its place, and the id of one source."""
        for place, (rule, sources) in enumerate(self._rules):
            if match_all(rule.target, labels):
                known = sources.pure if match_all(rule.source, labels) else sources.any
                source = next(iter(known.get(rule.common(labels), ())), None)
                if source is not None:
                    yield place, source

    def _places(self, labels: Labels) -> Iterator[tuple[_Table, tuple[str, ...]]]:
        """Where an alert with these labels stands as a source."""
        for rule, sources in self._rules:
            if match_all(rule.source, labels):
                common = rule.common(labels)
                yield sources.any, common
                if not match_all(rule.target, labels):
                    yield sources.pure, common
