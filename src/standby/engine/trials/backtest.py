"""What rules would have done with what is stored: how often they had fired, for how long, against what really fired.

The rules are judged by the engine's own judge (see `engine.trial`), so whatever a rule can say counts here as well.
"""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from standby.domain.burnrate import RULES
from standby.domain.observation import Observation
from standby.domain.outcome import AlertState, Severity
from standby.domain.units import HOUR, MINUTE, SECOND
from standby.engine.rules import names
from standby.engine.rules.watches import Watch, watches
from standby.engine.trials.trial import Deed, Key, Trial
from standby.engine.trials.unrolled import Span, unrolled
from standby.store.reader import Reader
from standby.store.rows import AlertRow, GapRow

if TYPE_CHECKING:
    from standby.config.whole import Config

MOST_FIRINGS = 2_000  # of one rule, kept one by one; all are counted
NEAR_NS = 2 * MINUTE
"""A real alert so close to a firing is met by it: sums know no better than a minute."""
_NOT_IN_SUMS = frozenset({"metrics", "failure", "certificate_days", "domain_days", "contract_breaks"})
_WORD = re.compile(r"\w+")
_SHORTEST_RUN_UP = HOUR
_OF_BUDGETS = max(rule.long_ns for rule in RULES)


@dataclass(frozen=True, slots=True)
class Firing:
    """Once that a rule would have fired. Instants are ns since 1970; `ended` is `None` of one that still does."""

    began: int
    ended: int | None
    summary: str
    met: tuple[int, ...]  # the real alerts of the integration meanwhile, by id
    muted: bool  # nobody would have been told: maintenance, inhibited, what it depends on


@dataclass(slots=True)
class RuleTrial:
    """What one rule would have done within the span. Counts are exact, `firings` are the first ones."""

    watch: Watch
    judged_from: int  # ns since 1970: before, its names were not known
    own: Sequence[AlertRow]  # the alerts that this rule really had
    others: Sequence[AlertRow]  # those of the same integration's other rules
    fired: int = 0
    lasted: int = 0  # ns, all firings together
    muted: int = 0
    new: int = 0  # firings that meet no alert of its own
    idle: int = 0  # ... and none of the others either
    firings: list[Firing] = field(default_factory=list)
    met: set[int] = field(default_factory=set)  # ids of real alerts

    @property
    def key(self) -> Key:
        """Integration and rule."""
        return self.watch.key

    @property
    def severity(self) -> Severity:
        """How loudly it speaks."""
        return self.watch.severity

    @property
    def missed(self) -> list[AlertRow]:
        """The real alerts of its own that it would not have had, oldest first."""
        return [row for row in self.own if row.id not in self.met]

    @property
    def met_others(self) -> list[AlertRow]:
        """The real alerts of the other rules that it would have fired beside."""
        return [row for row in self.others if row.id in self.met]

    def take(self, row: AlertRow, start: int, end: int) -> None:
        """One alert of it that is over, or still fires at `end`."""
        began = row.fired_at
        if began is None or began >= end or (row.resolved_at is not None and row.resolved_at <= start):
            return
        over = end if row.resolved_at is None else min(end, row.resolved_at)
        own = [one.id for one in self.own if _meets(one, began, over, end)]
        others = [one.id for one in self.others if _meets(one, began, over, end)]
        self.fired += 1
        self.lasted += over - max(start, began)
        self.muted += bool(row.mutes)
        self.new += not own
        self.idle += not (own or others)
        self.met.update(own, others)
        if len(self.firings) < MOST_FIRINGS:
            met = tuple(sorted([*own, *others]))
            self.firings.append(Firing(began, row.resolved_at, row.summary, met, bool(row.mutes)))


@dataclass(frozen=True, slots=True)
class Backtest:
    """`[start, end)` in ns since 1970. `from_sums` of the `observations` were taken apart from sums of minutes."""

    start: int
    end: int
    rules: Sequence[RuleTrial]
    observations: int
    from_sums: int
    single_from: int | None  # the first that was not; `None`: all were
    known_from: int | None  # when the oldest that is stored was seen; `None`: nothing is

    def of(self, key: Key) -> RuleTrial | None:
        """What one rule would have done."""
        return next((one for one in self.rules if one.key == key), None)


def backtest(
    config: Config, store: Path, start: int, end: int, rules: Collection[Key] | None = None, *, workers: int = 1
) -> Backtest:
    """Judge what the store at `store` has of `[start, end)` (ns since 1970) by these rules of `config` (all: `None`).

    `rules` are pairs of integration and rule id, built-in ones too. To compare candidates give `config` several
    rules at once (`dataclasses.replace(config, rules=...)`, each with an id of its own): history is read once. One
    core judges about 10,000 observations a second; `workers` are processes, which share the integrations. The judge
    runs up over the rules' longest window before `start`. Raises StoreError.
    """
    chosen = [watch for watch in watches(config) if rules is None or watch.key in rules]
    shares = _shares(config, chosen, workers)
    if len(shares) <= 1:
        return _judged(config, store, start, end, [watch.key for watch in chosen])
    plain = dataclasses.replace(config)  # what it has worked out for itself stays here
    with ProcessPoolExecutor(len(shares), get_context("spawn"), _step_back) as pool:
        running = [pool.submit(_judged, plain, store, start, end, share) for share in shares]
        return _together([one.result() for one in running], [watch.key for watch in chosen])


def _step_back() -> None:
    """The polls of an engine on this machine come first."""
    os.nice(10)


def _judged(config: Config, store: Path, start: int, end: int, rules: Sequence[Key]) -> Backtest:
    wanted = set(rules)
    chosen = [watch for watch in watches(config) if watch.key in wanted]
    reader = Reader(store)
    try:
        return _Run(config, reader, chosen, start, end).result()
    finally:
        reader.close()


def _shares(config: Config, chosen: Sequence[Watch], workers: int) -> list[list[Key]]:
    """The rules in `workers` shares of about as many looks; integrations that may mute each other stay together."""
    group: dict[str, str] = {one.id: one.id for one in config.integrations}
    if config.inhibitions:
        group = dict.fromkeys(group, "")
    for child, groups in config.needs.items():
        for parent in chain.from_iterable(groups):
            old, new = group[child], group[parent]
            group = {name: new if one == old else one for name, one in group.items()}
    members: dict[str, list[Watch]] = {}
    for watch in chosen:
        members.setdefault(group[watch.integration], []).append(watch)
    shares: list[tuple[float, list[Key]]] = [(0.0, []) for _ in range(max(1, workers))]
    for found in sorted(members.values(), key=lambda one: -_looks(config, one)):
        cost, keys = min(shares, key=lambda share: share[0])
        shares[shares.index((cost, keys))] = (cost + _looks(config, found), [*keys, *(one.key for one in found)])
    return [keys for _, keys in shares if keys]


def _looks(config: Config, found: Sequence[Watch]) -> float:
    """How often the checks of these rules look, a second."""
    checks = {check for watch in found for check in watch.checks}
    return sum(SECOND / config.check_by_id[check].every for check in checks)


def _together(parts: Sequence[Backtest], order: Sequence[Key]) -> Backtest:
    rules = {one.key: one for part in parts for one in part.rules}
    return Backtest(
        parts[0].start,
        parts[0].end,
        [rules[key] for key in order],
        sum(part.observations for part in parts),
        sum(part.from_sums for part in parts),
        min((part.single_from for part in parts if part.single_from is not None), default=None),
        min((part.known_from for part in parts if part.known_from is not None), default=None),
    )


class _Run:
    def __init__(self, config: Config, reader: Reader, chosen: Sequence[Watch], start: int, end: int) -> None:
        self._past = past = reader.past()
        self._start, self._end = start, end
        self._begin = start - max([_SHORTEST_RUN_UP, *map(_run_up, chosen)])
        self._trial = Trial(config, self._begin, only=chosen, changed=self._changed, history=reader.path)
        self._single_from = {check: past.single_from(check) for check in self._trial.checks}
        self._from_sums = 0
        real = past.fired(start, end)
        self._rules = {watch.key: self._rule(watch, real) for watch in chosen}
        self._firing: dict[int, AlertRow] = {}

    def result(self) -> Backtest:
        holes = self._past.holes(self._begin, self._end)
        seen = {check: self._seen(check, holes) for check in self._single_from}
        count = self._trial.run(seen, _deeds(self._trial, holes, self._begin, self._end), until=self._end)
        for row in self._firing.values():
            self._take(row)
        singles = [at for at in self._single_from.values() if at is not None]
        known = [at for check in self._single_from if (at := self._past.first(check)) is not None]
        return Backtest(
            self._start,
            self._end,
            list(self._rules.values()),
            count,
            self._from_sums,
            min(singles, default=None),
            min(known, default=None),
        )

    def _rule(self, watch: Watch, real: Sequence[AlertRow]) -> RuleTrial:
        here = [row for row in real if row.integration == watch.integration]
        own = [row for row in here if row.rule == watch.id]
        judged_from = self._start
        if _NOT_IN_SUMS & set(_WORD.findall(watch.when)):
            singles = [self._single_from[check] or self._end for check in watch.checks]
            judged_from = max(self._start, min(singles, default=self._start))
        return RuleTrial(watch, judged_from, own, [row for row in here if row.rule != watch.id])

    def _seen(self, check: str, holes: Sequence[GapRow]) -> Iterator[Observation]:
        """What is kept one by one, and before it what is in sums."""
        single_from = self._single_from[check] or self._end
        blind = [_span(hole, self._end) for hole in holes if hole.reason == "blind"]
        sums = self._past.minutes(check, self._begin, min(self._end, single_from))
        singles = self._past.observations(check, max(self._begin, single_from), self._end)
        return chain(self._counted(unrolled(sums, blind)), singles)

    def _counted(self, seen: Iterator[Observation]) -> Iterator[Observation]:
        for one in seen:
            self._from_sums += 1
            yield one

    def _changed(self, row: AlertRow) -> None:
        if row.state is AlertState.RESOLVED:
            self._firing.pop(row.id, None)
            self._take(row)
        elif row.fired_at is not None:
            self._firing[row.id] = row

    def _take(self, row: AlertRow) -> None:
        rule = self._rules.get((row.integration, row.rule))
        if rule is not None:
            rule.take(row, self._start, self._end)


def _run_up(watch: Watch) -> int:
    """How long before the span a rule has to have seen what happened, ns."""
    spends = names.BURNING & set(_WORD.findall(watch.when))
    return max(watch.window_ns, _OF_BUDGETS if spends else 0)


def _meets(real: AlertRow, began: int, over: int, end: int) -> bool:
    if real.fired_at is None:
        return False
    real_over = end if real.resolved_at is None else real.resolved_at
    return real.fired_at <= over + NEAR_NS and began <= real_over + NEAR_NS


def _span(hole: GapRow, end: int) -> Span:
    return hole.from_at, end if hole.to_at is None else hole.to_at


def _deeds(trial: Trial, holes: Sequence[GapRow], begin: int, end: int) -> list[Deed]:
    """When we saw nothing, rules neither fire nor resolve; in between the clocks stand still."""
    found: list[Deed] = []
    for hole in holes:
        left, back = max(begin, hole.from_at), min(end, _span(hole, end)[1])
        if hole.reason == "blind":
            found += [(left, trial.go_blind), (back, trial.see_again)]
        else:
            found += [(left, trial.leave), (back, partial(trial.come_back, left))]
    return found
