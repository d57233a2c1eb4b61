"""How fast the error budget of each scope is spent: counts of three days, restored from the store (S63, S65)."""

from __future__ import annotations

from collections.abc import Iterable

from standby.domain.burnrate import RULES, BurnRule, burn_rate
from standby.domain.minutes import Minutes, Sum
from standby.domain.outcome import Outcome
from standby.domain.units import DAY, format_duration
from standby.engine.rules.watches import Watch

PERIOD_NS = 30 * DAY
"""What an objective is about."""
_ENOUGH = 0.5  # of the looks of a long window: else an absence of ours, or a young check, makes a short outage long

Checks = tuple[str, ...]


class Burning:
    """Counts by scope; `keep` says which are needed. Instants are monotonic nanoseconds."""

    def __init__(self) -> None:
        self._minutes: dict[Checks, Minutes] = {}
        self._of_check: dict[str, list[Minutes]] = {}
        self.unfilled: set[Checks] = set()

    def keep(self, scopes: Iterable[Checks]) -> None:
        """Have exactly these from now on; the new, empty ones are `unfilled`."""
        wanted = set(scopes)
        self.unfilled = (self.unfilled | (wanted - self._minutes.keys())) & wanted
        self._minutes = {scope: self._minutes.get(scope) or Minutes() for scope in wanted}
        self._of_check = {}
        for checks, minutes in self._minutes.items():
            for check in checks:
                self._of_check.setdefault(check, []).append(minutes)

    def add(self, check_id: str, due: int, outcome: Outcome) -> None:
        """One look; what it did not decide counts for nothing."""
        if outcome.decided:
            for minutes in self._of_check.get(check_id, ()):
                minutes.add(due, bad=outcome is Outcome.DOWN)

    def fill(self, scope: Checks, at: int, *, bad: int, total: int) -> None:
        """Looks from before the start."""
        if total > 0:
            self._minutes[scope].add(at, bad=min(bad, total), total=total)

    def holds(self, watch: Watch, monotonic: int, *, page: bool) -> bool | None:
        """Whether one of the rules of that loudness does; `None` while there is no data for any of them."""
        said = [self._rates(watch, monotonic, rule) for rule in RULES if rule.page is page]
        told = [rule.holds(*rates, PERIOD_NS) for rule, rates in said]
        known = [one for one in told if one is not None]
        return any(known) if known else None

    def say(self, watch: Watch, monotonic: int) -> str:
        """The rates of the rules that hold, in words: `spends 16.2 times too fast over 1h and 20 over 5m`."""
        parts = []
        for rule in RULES:
            _, rates = self._rates(watch, monotonic, rule)
            if rule.holds(*rates, PERIOD_NS) and rates[0] is not None and rates[1] is not None:
                long, short = (format_duration(span) for span in (rule.long_ns, rule.short_ns))
                parts.append(f"{rates[0]:.3g} times too fast over {long} and {rates[1]:.3g} over {short}")
        return f"spends its budget (objective {watch.objective:g} %) {'; '.join(parts)}" if parts else ""

    def _rates(
        self, watch: Watch, monotonic: int, rule: BurnRule
    ) -> tuple[BurnRule, tuple[float | None, float | None]]:
        """The burn rates over its long and its short window."""
        minutes = self._minutes[watch.checks]
        since = monotonic if minutes.since is None else minutes.since
        long, short = (minutes.sum(monotonic, span) for span in (rule.long_ns, rule.short_ns))
        if watch.objective is None or not rule.judgeable(monotonic - since) or not _is_covered(long, watch.every_ns):
            return rule, (None, None)
        fast = (burn_rate(one.bad, one.total, watch.objective) if one.total else None for one in (long, short))
        return rule, (next(fast), next(fast))


def _is_covered(seen: Sum, every_ns: int) -> bool:
    expected = seen.of * min(1.0, seen.cell_ns / every_ns)
    return seen.cells >= _ENOUGH * expected
