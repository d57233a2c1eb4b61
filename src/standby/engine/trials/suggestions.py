"""Other settings for a rule, tried over stored history by the engine's own judge: the one that speaks less and misses
nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from standby.config.models import Rule
from standby.config.tunable import Change, Threshold, thresholds
from standby.config.whole import Config
from standby.domain.review import Firing
from standby.domain.suggestion import FOR_NS, KEEP_NS, Effect, Span, Tried, choose, longer, stricter
from standby.domain.units import format_duration, parse_duration
from standby.engine.trials.backtest import RuleTrial, backtest
from standby.store.failovers import FailoverRow
from standby.store.reader import Reader

_MOST_RUNS = 1_000
_MARK = "~"  # no id has one: what is tried cannot be taken for a rule


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Another value for a key of a rule, and what it would have changed over the last `span_ns`, of which is known."""

    rule: Rule
    change: Change
    effect: Effect
    span_ns: int

    @property
    def keys(self) -> Mapping[str, str]:
        """The key as it would be written."""
        return self.change.keys(self.rule)


@dataclass(frozen=True, slots=True)
class _Setting:
    """A rule as it might be; `step` tells how far that is from how it is."""

    rule: Rule
    change: Change
    step: int


def suggest(config: Config, store: Path, rule: Rule, start: int, end: int) -> Suggestion | None:
    """The best other setting of one rule, by what the store has of `[start, end)` (ns since 1970); `None` when there is
    none that is worth it. Of a rule that fires without end the newer half is enough. Raises StoreError."""
    settings = list(_settings(rule))
    if not settings:
        return None
    trial = replace(config, rules=(rule, *(setting.rule for setting in settings)))
    keys = [(rule.integration, one.id) for one in trial.rules]
    done = backtest(trial, store, start, end, keys)
    present = done.of((rule.integration, rule.id))
    if present is None or done.known_from is None:
        return None
    if present.fired > len(present.firings):
        return suggest(config, store, rule, (start + end) // 2, end)
    fired = {one.watch.id: _spans(one, end) for one in done.rules if one.fired == len(one.firings)}
    tried = [Tried(one.rule.id, one.step, fired[one.rule.id]) for one in settings if one.rule.id in fired]
    effect = choose(fired[rule.id], tried, _incidents(store, rule.integration, start, end))
    if effect is None:
        return None
    best = next(one for one in settings if one.rule.id == effect.key)
    return Suggestion(rule, best.change, effect, end - max(done.known_from, present.judged_from))


def _settings(rule: Rule) -> Iterator[_Setting]:
    """Spans first: they change when a rule speaks, a number changes of what."""
    for number, (step, change) in enumerate(_changes(rule)):
        keys = change.keys(rule)
        fields = {"for_" if key == "for" else key: _field(key, text) for key, text in keys.items()}
        yield _Setting(rule.model_copy(update={**fields, "id": f"{rule.id}{_MARK}{number}"}), change, step)


def _changes(rule: Rule) -> Iterator[tuple[int, Change]]:
    for step, ns in enumerate(longer(rule.keep_firing_for, KEEP_NS)):
        yield step, Change("keep_firing_for", format_duration(ns))
    for step, ns in enumerate(longer(rule.for_, FOR_NS)):
        yield step, Change("for", format_duration(ns))
    for threshold in thresholds(rule.when):
        for step, number in enumerate(_numbers(threshold)):
            yield step, Change("when", number, threshold.start)


def _field(key: str, text: str) -> object:
    return text if key == "when" else parse_duration(text)


def _numbers(threshold: Threshold) -> Sequence[str]:
    return stricter(threshold.name, threshold.value, upward=threshold.upward, whole=threshold.whole)


def _spans(one: RuleTrial, end: int) -> list[Span]:
    return [(each.began, end if each.ended is None else each.ended) for each in one.firings]


def _incidents(store: Path, integration: str, start: int, end: int) -> list[Span]:
    """What must not be missed: alerts of the integration that somebody took or that were critical, and failovers."""
    reader = Reader(store)
    try:
        fired, runs = reader.tuning(start).firings, reader.failovers(_MOST_RUNS)
    finally:
        reader.close()
    found = [*_taken(fired, integration, end), *_moved(runs, integration, start, end)]
    return sorted(set(found))


def _taken(fired: Iterable[Firing], integration: str, end: int) -> Iterator[Span]:
    for one in fired:
        if one.mattered and one.fired_at < end and one.rule.partition("/")[0] == integration:
            yield one.fired_at, end if one.resolved_at is None else one.resolved_at


def _moved(runs: Iterable[FailoverRow], integration: str, start: int, end: int) -> Iterator[Span]:
    for run in runs:
        if run.integration == integration and run.started_by and start <= run.armed_at < end:
            yield run.armed_at, end if run.ended_at is None else run.ended_at
