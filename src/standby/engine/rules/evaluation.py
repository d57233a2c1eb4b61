"""The rules in force: what each asks for is gathered, its condition told, K of N counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
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
        self._expressions: Mapping[Key, Expression] = {}
        self._parts: dict[Key, Parts] = {}
        self._due: dict[Key, int] = {}  # rules that the clock judges too -> when next (monotonic ns)

    def keep(self, found: Iterable[Watch], expressions: Mapping[Key, Expression], monotonic: int) -> set[Scope]:
        """These are in force from now on; returns the windows that they need."""
        watches = [watch for watch in found if watch.sort is Sort.RULE]
        self._expressions = expressions
        self._parts = {watch.key: _parts(watch, expressions[watch.key], self._checks) for watch in watches}
        timed = (watch.key for watch in watches if self._asks(watch) & names.TIMED)
        self._due = {key: self._due.get(key, monotonic + TICK_NS) for key in timed}
        self.burning.keep(watch.checks for watch in watches if self._asks(watch) & names.BURNING)
        self._forget(watches)
        scopes = {(watch.checks, watch.window_ns) for watch in watches}
        return scopes | {((check,), watch.window_ns) for watch in watches for check in self._parts[watch.key]}

    def concerned(self, watch: Watch) -> Iterable[str]:
        """The checks whose looks judge it: those that it pools, and those that it asks for by name."""
        return dict.fromkeys((*watch.checks, *self._parts.get(watch.key, ())))

    @property
    def timed(self) -> bool:
        """Whether the clock judges one of them too."""
        return bool(self._due)

    def overdue(self, monotonic: int) -> list[Key]:
        """The rules about what does not come that nothing has judged for a while."""
        return [key for key, due in self._due.items() if due <= monotonic]

    def tell(self, watch: Watch, now: int, monotonic: int, *, seen: bool) -> Told:
        """Whether one holds at `now` (ns since 1970). `seen`: something was seen since it was told last."""
        if watch.key in self._due:
            self._due[watch.key] = monotonic + TICK_NS
        expression = self._expressions[watch.key]
        window = self._windows.at((watch.checks, watch.window_ns), monotonic)
        enough = window.decided >= max(1, watch.min_samples)
        if not enough and expression.roots.isdisjoint(names.WINDOWLESS):
            return None, str
        asked = names.Asked([self._checks[name] for name in watch.checks], window, now, self.learned)
        values = names.values(asked, expression.roots, enough=enough)
        self._add(values, watch, expression.roots, now, monotonic)
        holds = expression.evaluate(values)
        if watch.at_least is not None:
            holds = self._count(watch, holds, seen=seen)
        return holds, partial(self._say, watch, expression, values, monotonic)

    def _add(self, values: dict[str, Any], watch: Watch, roots: frozenset[str], now: int, monotonic: int) -> None:
        """What takes more than the window and the memory of the rule's own checks."""
        for name in roots & names.BURNING:
            holds = self.burning.holds(watch, monotonic, page=name == names.BURN_PAGE)
            if holds is not None:
                values[name] = holds
        parts = self._parts[watch.key]
        if parts:
            values["checks"] = {
                check: self._one(check, watch, wanted, (now, monotonic)) for check, wanted in parts.items()
            }

    def _one(self, check: str, watch: Watch, wanted: frozenset[str], when: tuple[int, int]) -> dict[str, Any]:
        now, monotonic = when
        window = self._windows.at(((check,), watch.window_ns), monotonic)
        asked = names.Asked([self._checks[check]], window, now, self.learned)
        return names.values(asked, wanted, enough=window.decided > 0)

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

    def _say(self, watch: Watch, expression: Expression, values: Mapping[str, Any], monotonic: int) -> str:
        burns = self.burning.say(watch, monotonic) if expression.roots & names.BURNING else ""
        return watch.describe(expression, values, burns)

    def _asks(self, watch: Watch) -> frozenset[str]:
        """Every name that it asks for, of single checks too."""
        return self._expressions[watch.key].roots.union(*self._parts[watch.key].values())

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
