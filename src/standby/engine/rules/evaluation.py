"""The rules in force: what each asks for is gathered, its condition told, K of N counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from standby.config.cel.checks import OF_CHECK
from standby.domain import threshold
from standby.domain.threshold import NOTHING
from standby.domain.units import SECOND
from standby.engine.alerting.alerts import Verdict
from standby.engine.learning.learned import Learned, Nothing
from standby.engine.memory import CheckMemory
from standby.engine.rules import names
from standby.engine.rules.burning import Burning
from standby.engine.rules.watches import Expression, Sort, Watch
from standby.engine.rules.windows import Scope, Windows

TICK_NS = 10 * SECOND
"""How often rules about what does not come are judged while nothing comes."""

Key = tuple[str, str]
Parts = Mapping[str, frozenset[str]]
"""What a rule asks of single checks: names by check."""
Told = tuple[Verdict, Callable[[], str]]
"""Whether a rule holds, and what says why."""


@dataclass(frozen=True, slots=True)
class _Rule:
    """A watch with all that a look would else have to find out again."""

    expression: Expression
    scope: Scope
    memories: Sequence[CheckMemory]  # of its checks
    least: int  # looks in the window that were decided, before what it says counts
    meanings: Sequence[tuple[str, names.Meaning]]
    windowless: Sequence[tuple[str, names.Meaning]]  # those of them that say something though it is empty
    tells_always: bool  # something does
    burning: frozenset[str]
    parts: Parts

    @classmethod
    def of(cls, watch: Watch, expression: Expression, known: Mapping[str, CheckMemory]) -> _Rule:
        roots = expression.roots
        return cls(
            expression,
            (watch.checks, watch.window_ns),
            [known[name] for name in watch.checks],
            max(1, watch.min_samples),
            names.meant(roots),
            names.meant(roots & names.WINDOWLESS),
            not roots.isdisjoint(names.WINDOWLESS),
            roots & names.BURNING,
            _parts(watch, expression, known),
        )

    @property
    def asks(self) -> frozenset[str]:
        """Every name that it asks for, of single checks too."""
        return self.expression.roots.union(*self.parts.values())


class Rules:
    """Tells rules by what is remembered of `checks` and held in `windows`; `store` hears whose memory changed."""

    def __init__(
        self, checks: Mapping[str, CheckMemory], windows: Windows, store: Callable[[CheckMemory], None]
    ) -> None:
        self.learned: Learned = Nothing()
        self.burning = Burning()
        self._checks = checks
        self._windows = windows
        self._store = store
        self._rules: dict[Key, _Rule] = {}
        self._due: dict[Key, int] = {}  # rules that the clock judges too -> when next (monotonic ns)

    def keep(self, found: Iterable[Watch], expressions: Mapping[Key, Expression], monotonic: int) -> set[Scope]:
        """These are in force from now on; returns the windows that they need."""
        watches = [watch for watch in found if watch.sort is Sort.RULE]
        self._rules = {watch.key: _Rule.of(watch, expressions[watch.key], self._checks) for watch in watches}
        rules = self._rules
        timed = (key for key, rule in rules.items() if rule.asks & names.TIMED)
        self._due = {key: self._due.get(key, monotonic + TICK_NS) for key in timed}
        self.burning.keep(watch.checks for watch in watches if rules[watch.key].asks & names.BURNING)
        self._forget(watches)
        scopes = {rule.scope for rule in rules.values()}
        return scopes | {((check,), watch.window_ns) for watch in watches for check in rules[watch.key].parts}

    def concerned(self, watch: Watch) -> Iterable[str]:
        """The checks whose looks judge it: those that it pools, and those that it asks for by name."""
        rule = self._rules.get(watch.key)
        return dict.fromkeys((*watch.checks, *(rule.parts if rule is not None else ())))

    @property
    def timed(self) -> bool:
        """Whether the clock judges one of them too."""
        return bool(self._due)

    def overdue(self, monotonic: int) -> list[Key]:
        """The rules about what does not come that nothing has judged for a while."""
        return [key for key, due in self._due.items() if due <= monotonic]

    def tell(self, watch: Watch, now: int, monotonic: int, *, seen: bool) -> Told:
        """Whether one holds at `now` (ns since 1970). `seen`: something was seen since it was told last."""
        key = watch.key
        if key in self._due:
            self._due[key] = monotonic + TICK_NS
        rule = self._rules[key]
        window = self._windows.at(rule.scope, monotonic)
        enough = window.decided >= rule.least
        if not enough and not rule.tells_always:
            return None, str
        asked = names.Asked(rule.memories, window, now, self.learned)
        values = names.values(asked, rule.meanings if enough else rule.windowless)
        if rule.burning or rule.parts:
            self._add(values, watch, rule, now, monotonic)
        holds = rule.expression.evaluate(values)
        if watch.at_least is not None:
            holds = self._count(watch, holds, seen=seen)
        return holds, partial(self._say, watch, rule, values, monotonic)

    def _add(self, values: dict[str, Any], watch: Watch, rule: _Rule, now: int, monotonic: int) -> None:
        """What takes more than the window and the memory of the rule's own checks."""
        for name in rule.burning:
            holds = self.burning.holds(watch, monotonic, page=name == names.BURN_PAGE)
            if holds is not None:
                values[name] = holds
        if rule.parts:
            values["checks"] = {
                check: self._one(check, watch, wanted, (now, monotonic)) for check, wanted in rule.parts.items()
            }

    def _one(self, check: str, watch: Watch, wanted: frozenset[str], when: tuple[int, int]) -> dict[str, Any]:
        now, monotonic = when
        window = self._windows.at(((check,), watch.window_ns), monotonic)
        asked = names.Asked([self._checks[check]], window, now, self.learned)
        return names.values(asked, names.meant(wanted if window.decided else wanted & names.WINDOWLESS))

    def _count(self, watch: Watch, holds: Verdict, *, seen: bool) -> Verdict:
        """Whether so many of the last looks held; what tells nothing is none of them."""
        if watch.at_least is None or holds is None:
            return holds
        memory = self._checks[watch.checks[0]]
        before = memory.counted.get(watch.id, NOTHING)
        if not seen:
            return before.reached
        after = threshold.step(before, holds, watch.at_least)
        if after.failed or before.failed:
            memory.counted[watch.id] = after
            self._store(memory)
        return after.reached

    def _say(self, watch: Watch, rule: _Rule, values: Mapping[str, Any], monotonic: int) -> str:
        burns = self.burning.say(watch, monotonic) if rule.burning else ""
        return watch.describe(rule.expression, values, burns)

    def _forget(self, watches: Iterable[Watch]) -> None:
        """What was counted for rules that count no more."""
        counting = {(watch.checks[0], watch.id) for watch in watches if watch.at_least is not None and watch.checks}
        for memory in self._checks.values():
            for rule in [rule for rule in memory.counted if (memory.id, rule) not in counting]:
                del memory.counted[rule]


def _parts(watch: Watch, expression: Expression, known: Mapping[str, CheckMemory]) -> Parts:
    """What is asked of single checks; in a loop over all of them, whatever of a check the condition speaks of."""
    found: dict[str, set[str]] = {}
    for name in expression.names:
        if name.path[0] != "checks":
            continue
        if len(name.path) > 2:
            found.setdefault(str(name.path[1]), set()).add(str(name.path[2]))
            continue
        for check, memory in known.items():
            if memory.integration == watch.integration:
                found.setdefault(check, set()).update(one for one in OF_CHECK if one in expression.text)
    return {check: frozenset(wanted) for check, wanted in found.items() if check in known}
