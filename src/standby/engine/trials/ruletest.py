"""Tests of rules: given samples go through the engine's own judge, and what it says is held against what is expected.

An act at an instant comes after what was seen at that very instant, an expectation after both and after what was due
then by the clock alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from standby.config.ruletests import INACTIVE, Act, Expect, Placed, RuleTests, Wanted
from standby.domain.outcome import AlertState
from standby.domain.text import clean
from standby.domain.units import MILLISECOND, format_duration
from standby.engine.alerting.alerts import DEADLINE_SLACK_NS, Live
from standby.engine.deeds import RefusedError
from standby.engine.trials.ruleplan import Plan, plans
from standby.engine.trials.trial import Deed, Key, Trial, is_over
from standby.store.rows import AlertRow

_ACT_AFTER = DEADLINE_SLACK_NS + 10 * MILLISECOND
_LOOK_AFTER = DEADLINE_SLACK_NS + 150 * MILLISECOND  # a change of what is quiet is gathered for 100 ms
_MOST_TURNS = 12


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One thing that is not as expected. `at` is ns after the start; `so_far` is what the rule's alerts did before."""

    line: int
    rule: str
    at: int
    expected: str
    got: str
    so_far: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """What came of one test."""

    placed: Placed
    mismatches: Sequence[Mismatch]
    samples: int

    @property
    def ok(self) -> bool:
        """Whether all was as expected."""
        return not self.mismatches


def run_tests(tests: RuleTests) -> Iterator[Report]:
    """Each test of one file, in order. Raises ConfigError when one speaks of what is not there."""
    for plan in plans(tests):
        yield _Run(plan).report()


class _Run:
    """One test while it runs."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._trial = Trial(plan.config, plan.start, changed=self._changed)
        self._turns: dict[Key, list[tuple[int, AlertState, int]]] = {}  # alert, state, since when
        self._fired: set[Key] = set()  # that are over
        self._found: list[Mismatch] = []

    def report(self) -> Report:
        test, trial, start = self._plan.placed.test, self._trial, self._plan.start
        deeds: list[Deed] = [(at, partial(trial.missed, check)) for at, check in self._plan.missed]
        for number, act in enumerate(test.do):
            befalls = act.blind is not None or act.away is not None  # before what is seen
            left = start + act.at + (0 if befalls else _ACT_AFTER)
            deeds.append((left, partial(self._act, number, act)))
            if act.away is not None:
                deeds.append((left + (act.for_ or 0), partial(trial.come_back, left)))
        for number, expect in enumerate(test.expect):
            deeds.append((start + expect.at + _LOOK_AFTER, partial(self._look, number, expect)))
        last = max(at for at, _ in deeds)
        seen = {check: [one for one in found if one.slot <= last] for check, found in self._plan.seen.items()}
        count = trial.run(seen, deeds)
        return Report(self._plan.placed, self._found, count)

    def _changed(self, row: AlertRow) -> None:
        key = (row.integration, row.rule)
        turns = self._turns.setdefault(key, [])
        last = turns[-1][:2] if turns else None
        if last != (row.id, row.state):
            given_back = last == (row.id, AlertState.ACKNOWLEDGED) and row.state is AlertState.FIRING
            turns.append((row.id, row.state, self._trial.now if given_back else _since(row)))
        if is_over(row):
            self._fired.add(key)

    def _act(self, number: int, act: Act) -> None:
        if act.blind is not None:
            (self._trial.go_blind if act.blind else self._trial.see_again)()
        elif act.away is not None:
            self._trial.leave()
        elif act.silence is not None and act.for_ is not None:
            try:
                self._trial.silence(act.silence, act.for_, act.by)
            except RefusedError as error:
                self._mismatch(("do", number), "", act.at, "a silence", clean(str(error)))
        elif act.maintenance is None:
            self._hold(number, act)

    def _hold(self, number: int, act: Act) -> None:
        name = act.ack or act.unack or ""
        live = self._trial.live(self._plan.names.key(name))
        keys = ("do", number, "ack" if act.ack else "unack")
        if act.ack is None:
            if live is None or live.ack is None:
                self._mismatch(keys, name, act.at, "an alert that somebody has", self._stands(name))
            else:
                self._trial.give_back(live)
        elif live is None or live.state is AlertState.PENDING:
            self._mismatch(keys, name, act.at, "an alert to acknowledge", self._stands(name))
        else:
            self._trial.acknowledge(live, act.by, act.for_)

    def _look(self, number: int, expect: Expect) -> None:
        for name, wanted in expect.alerts.items():
            key = self._plan.names.key(name)
            live = self._trial.live(key)
            state = live.state.value if live is not None else INACTIVE
            if not self._fits(key, live, state, wanted):
                keys = ("expect", number, "alerts", name)
                self._mismatch(keys, name, expect.at, _expected(wanted), self._stands(name, wanted))
        if expect.only:
            wanted_keys = {self._plan.names.key(name) for name in expect.alerts}
            for live in self._trial.alerts():
                if live.watch.key not in wanted_keys and live.watch.key in self._trial.watches:
                    name = f"{live.watch.integration}/{live.watch.id}"
                    self._mismatch(("expect", number, "only"), name, expect.at, "no other alert", self._stands(live))

    def _fits(self, key: Key, live: Live | None, state: str, wanted: Wanted) -> bool:
        if wanted.state == "resolved":
            return live is None and key in self._fired
        if live is None or state != wanted.state:
            return state == wanted.state
        return (
            (wanted.severity is None or live.watch.severity is wanted.severity)
            and (wanted.summary is None or wanted.summary in live.summary)
            and (wanted.muted is None or _is_muted(live, wanted.muted))
        )

    def _stands(self, name: str | Live, wanted: Wanted | None = None) -> str:
        """How a rule's alert stands, in words."""
        live = name if isinstance(name, Live) else self._trial.live(self._plan.names.key(name))
        if live is None:
            key = self._plan.names.key(name) if isinstance(name, str) else None
            return "resolved" if key in self._fired else INACTIVE
        since = {AlertState.PENDING: live.since, AlertState.FIRING: live.fired_at}.get(live.state)
        if live.ack is not None:
            text = f"acknowledged by {live.ack.by} since {self._after(live.ack.at)}"
        else:
            text = f"{live.state} since {self._after(since or live.since)}"
        if live.mutes:
            text += f", muted: {live.mutes[0].why}"
        elif wanted is not None and wanted.muted:
            text += ", not muted"
        if wanted is not None and wanted.severity is not None:
            text += f", {live.watch.severity}"
        if wanted is not None and wanted.summary is not None:
            text += f', "{live.summary}"'
        return text

    def _mismatch(self, keys: tuple[str | int, ...], name: str, at: int, expected: str, got: str) -> None:
        key = self._plan.names.key(name) if name else ("", "")
        turns = [f"{state} at {self._after(since)}" for _, state, since in self._turns.get(key, [])]
        rule = "/".join(key) if name else ""
        line = self._plan.placed.line(*keys)
        self._found.append(Mismatch(line, rule, at, expected, got, tuple(turns[-_MOST_TURNS:])))

    def _after(self, instant: int) -> str:
        return format_duration((instant - self._plan.start) // (100 * MILLISECOND) * 100 * MILLISECOND)


def _since(row: AlertRow) -> int:
    if row.state is AlertState.RESOLVED:
        return row.resolved_at or row.since
    if row.state is AlertState.ACKNOWLEDGED:
        return row.acked_at or row.since
    return row.since if row.fired_at is None else row.fired_at


def _is_muted(live: Live, wanted: object) -> bool:
    if isinstance(wanted, bool):
        return bool(live.mutes) is wanted
    return any(mute.kind == wanted for mute in live.mutes)


def _expected(wanted: Wanted) -> str:
    parts = [str(wanted.state)]
    if wanted.muted is not None:
        named = wanted.muted if isinstance(wanted.muted, str) else ""
        parts.append("not muted" if wanted.muted is False else f"muted by {named}" if named else "muted")
    if wanted.severity is not None:
        parts.append(wanted.severity.value)
    if wanted.summary is not None:
        parts.append(f'"{wanted.summary}" in its summary')
    return ", ".join(parts)
