"""What a test of rules says, read against its configuration: which checks and rules, which samples at which instants.

What is wrong is told with its line, all of it at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from standby.config.maintenance import Maintenance
from standby.config.problems import Problems, did_you_mean
from standby.config.ruletests import Act, Placed, RuleTests, Series
from standby.domain import samples
from standby.domain.observation import Observation
from standby.domain.outcome import Outcome
from standby.domain.text import clean
from standby.domain.units import DAY, format_duration, format_instant, parse_instant
from standby.engine.rules.watches import watches
from standby.engine.trials.trial import Key

if TYPE_CHECKING:
    from standby.config.whole import Config

_T = TypeVar("_T")
MOST_SAMPLES = 1_000_000  # of one test
_LONGEST = 400 * DAY


def plans(tests: RuleTests) -> list[Plan]:
    """Each test of one file, in order. Raises ConfigError when one speaks of what is not there."""
    problems = Problems()
    found = [_Reader(tests.config, placed, problems).plan() for placed in tests.tests]
    problems.raise_if_any()
    return found


@dataclass(slots=True)
class Plan:
    """One test, read: instants are ns since 1970."""

    placed: Placed
    config: Config
    start: int
    names: Names
    seen: dict[str, list[Observation]] = field(default_factory=dict)
    missed: list[tuple[int, str]] = field(default_factory=list)


class Names:
    """The rules in force, by what people call them: `integration/rule`, or the rule alone when there is one of it.

    Of several the one that somebody wrote is meant, not what is in force without anybody's doing.
    """

    def __init__(self, config: Config) -> None:
        self._written = {(rule.integration, rule.id) for rule in config.rules}
        self._keys: dict[str, list[Key]] = {}
        for watch in watches(config):
            for name in (watch.id, f"{watch.integration}/{watch.id}"):
                self._keys.setdefault(name, []).append(watch.key)

    def key(self, name: str) -> Key:
        """The rule that is meant. Raises ValueError with the mend."""
        found = self._keys.get(name, [])
        written = [key for key in found if key in self._written]
        if len(written or found) == 1:
            return (written or found)[0]
        if not found:
            raise ValueError(f'there is no rule "{clean(name, 80)}"; {did_you_mean(name, list(self._keys), "rules")}')
        some = " or ".join(f'"{integration}/{rule}"' for integration, rule in found[:3])
        raise ValueError(f'"{clean(name, 80)}" is a rule of {len(found)} integrations; write {some}')


class _Reader:
    """Reads what a test says about its configuration; what is wrong is a problem with its line."""

    def __init__(self, config: Config, placed: Placed, problems: Problems) -> None:
        self._config = config
        self._placed = placed
        self._problems = problems
        self._names = Names(config)

    def plan(self) -> Plan:
        test = self._placed.test
        plan = Plan(self._placed, self._config, parse_instant(test.start), self._names)
        for check, series in test.series.items():
            self._series(plan, check, series)
        count = len(plan.missed) + sum(map(len, plan.seen.values()))
        if count > MOST_SAMPLES:
            self._say(("series",), f"are {count} samples; test a shorter time, at most {MOST_SAMPLES} samples")
        for number, act in enumerate(test.do):
            self._act(("do", number), act)
        for number, expect in enumerate(test.expect):
            self._at(("expect", number), expect.at)
            for name in expect.alerts:
                self._rule(("expect", number, "alerts", name), name)
        windows = [_window(plan.start, number, act) for number, act in enumerate(test.do) if act.maintenance]
        plan.config = replace(self._config, maintenance=(*self._config.maintenance, *windows))
        return plan

    def _series(self, plan: Plan, check: str, series: Series) -> None:
        model = self._config.check_by_id.get(check)
        if model is None:
            mend = did_you_mean(check, list(self._config.check_by_id), "checks")
            self._say(("series", check), f'there is no check "{clean(check, 80)}"; {mend}')
            return
        interval = series.interval or plan.placed.test.interval or model.every
        figures = self._figures(check, series, interval)
        looks = self._looks(check, series, interval, max(map(len, figures.values()), default=1))
        if looks is None:
            return
        for name, found in figures.items():
            if len(found) > len(looks):
                self._say(("series", check), f"has {len(found)} of {name} and only {len(looks)} looks; write fewer")
        plan.seen[check] = []
        for number, look in enumerate(looks):
            slot = plan.start + number * interval
            if look is None:
                plan.missed.append((slot, check))
            else:
                plan.seen[check].append(_observation(check, slot, look, figures, number, series.message))

    def _looks(self, check: str, series: Series, interval: int, count: int) -> list[samples.Look | None] | None:
        if series.looks is None:
            return [samples.Look(Outcome.UP)] * count
        return self._read(("series", check, "looks"), lambda: samples.looks(series.looks or "", interval))

    def _figures(self, check: str, series: Series, interval: int) -> dict[str, list[float | None]]:
        found: dict[str, list[float | None]] = {}
        written = {} if series.latency_ms is None else {"latency_ms": series.latency_ms}
        for name, text in (*written.items(), *((f"metrics.{name}", text) for name, text in series.metrics.items())):
            keys = ("series", check, *name.split(".", 1))
            read = self._read(keys, partial(samples.figures, str(text), interval))
            if read is not None:
                found[name] = read
        return found

    def _act(self, keys: tuple[str | int, ...], act: Act) -> None:
        self._at(keys, act.at)
        for name in ("ack", "unack"):
            written = getattr(act, name)
            if written is not None:
                self._rule((*keys, name), written)
        known = list(self._config.integration_by_id)
        if act.maintenance is not None and act.maintenance not in known:
            mend = did_you_mean(act.maintenance, known, "integrations")
            self._say((*keys, "maintenance"), f'there is no integration "{act.maintenance}"; {mend}')

    def _at(self, keys: tuple[str | int, ...], at: int) -> None:
        if at > _LONGEST:
            self._say((*keys, "at"), f"is longer than {format_duration(_LONGEST)}; test a shorter time")

    def _rule(self, keys: tuple[str | int, ...], name: str) -> None:
        self._read(keys, lambda: self._names.key(name))

    def _read(self, keys: tuple[str | int, ...], read: Callable[[], _T]) -> _T | None:
        try:
            return read()
        except ValueError as error:
            self._say(keys, str(error))
            return None

    def _say(self, keys: tuple[str | int, ...], text: str) -> None:
        message, _, mend = text.partition("; ")
        label = ".".join([self._placed.label, *(str(key) for key in keys)])
        self._problems.add(self._placed.file, self._placed.line(*keys), label, message, mend)


def _observation(
    check: str,
    slot: int,
    look: samples.Look,
    figures: Mapping[str, Sequence[float | None]],
    number: int,
    message: str,
) -> Observation:
    now = {name: found[min(number, len(found) - 1)] for name, found in figures.items() if found}
    metrics = {name.removeprefix("metrics."): value for name, value in now.items() if name.startswith("metrics.")}
    measured = {name: value for name, value in metrics.items() if value is not None}
    return Observation(
        check, slot, slot, look.outcome, message, look.failure, now.get("latency_ms"), metrics=measured
    )  # fmt: skip


def _window(start: int, number: int, act: Act) -> Maintenance:
    begins = start + act.at
    return Maintenance(
        id=f"do-{number + 1}",
        integrations=(act.maintenance or "",),
        zone="UTC",
        begins=format_instant(begins),
        ends=format_instant(begins + (act.for_ or 0)),
    )
