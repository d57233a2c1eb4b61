"""The rules in force: what the user wrote and the built-in ones, ready to be evaluated."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from standby.config.builtin import BLIND, DEVIATION, DOWN, DOWN_SEVERITY, FLAPPING, NO_DATA
from standby.domain.alerting import Timing
from standby.domain.outcome import Criticality, Severity
from standby.domain.outside import OURSELVES, Origin
from standby.domain.threshold import Threshold, parse_threshold
from standby.domain.units import MINUTE, format_duration

if TYPE_CHECKING:
    from standby.config.models import Integration, Rule
    from standby.config.whole import Config

AT_ONCE = Timing()
LOUD = frozenset({Severity.CRITICAL, Severity.WARNING})
"""What somebody is told about: `info` is for the screen."""


class Named(Protocol):
    """A name with the path behind it: `checks`, `api`, `latency_ms`."""

    @property
    def path(self) -> tuple[str | int, ...]: ...


class Expression(Protocol):
    """A compiled condition (see `config.cel`). `roots` are the names that it asks for."""

    @property
    def text(self) -> str: ...
    @property
    def roots(self) -> frozenset[str]: ...
    @property
    def names(self) -> Sequence[Named]: ...

    def evaluate(self, values: Mapping[str, Any]) -> bool | None:
        """`None` when it speaks of something that is not known."""
        ...

    def explain(self, values: Mapping[str, Any]) -> str:
        """The condition with what its names are."""
        ...


class Sort(StrEnum):
    """What decides about a watch."""

    RULE = "rule"  # the user's expression over a window
    DOWN = "down"  # the settled outcomes
    NO_DATA = "no-data"  # unknowns in a row
    BLIND = "blind"  # the reference targets
    FLAPPING = "flapping"  # raw results that come and go
    DEVIATION = "deviation"  # what is unusual of its checks, judged once a minute
    OUTSIDE = "outside"  # somebody else: what is pushed to us


def outside_key(source: str, fingerprint: str) -> tuple[str, str]:
    """The key of somebody else's alert; no integration has such an id."""
    return (f"@{source}", fingerprint)


@dataclass(frozen=True, slots=True)
class Watch:
    """One rule of one integration. Two are equal when nothing that matters differs."""

    id: str
    integration: str
    sort: Sort
    severity: Severity
    checks: tuple[str, ...]  # whose observations are pooled
    timing: Timing = AT_ONCE
    check: str | None = None  # the scope, when it is not the integration
    when: str = ""
    window_ns: int = 0
    min_samples: int = 1
    summary: str = ""
    at_least: Threshold | None = None  # so many of its last looks have to hold
    objective: float | None = None  # percent, for burn rates
    every_ns: int = MINUTE  # of the quickest of its checks
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    """What routes, silences and inhibitions tell its alert apart by."""
    template: bool = False  # nobody wrote it
    origin: Origin | None = None  # who decides, when it is not us
    key: tuple[str, str] = field(init=False)
    """What an alert is identified by: integration and rule, or source and fingerprint."""

    def __post_init__(self) -> None:
        one = self.origin
        key = (self.integration, self.id) if one is None else outside_key(one.source, one.fingerprint)
        object.__setattr__(self, "key", key)

    def describe(self, expression: Expression, values: Mapping[str, Any], more: str = "") -> str:
        """The alert's summary: the user's words, the condition with its values, the window, what else is known."""
        said = f"{expression.explain(values)} over {format_duration(self.window_ns)}"
        if self.at_least is not None:
            said = f"{said}, {self.at_least.failures} of the last {self.at_least.total} looks"
        said = f"{said}; {more}" if more else said
        return f"{self.summary}: {said}" if self.summary else said


BLIND_WATCH = Watch(
    BLIND,
    OURSELVES,
    Sort.BLIND,
    Severity.CRITICAL,
    (),
    labels={"alertname": BLIND, "integration": OURSELVES, "severity": Severity.CRITICAL.value},
)

_NO_DATA_SEVERITY = {**dict.fromkeys(Criticality, Severity.WARNING), Criticality.LOW: Severity.INFO}
"""Not knowing is never worse than a warning: nothing says that the third party fails."""
_DEVIATION_SEVERITY = {
    Criticality.CRITICAL: Severity.WARNING,
    Criticality.HIGH: Severity.WARNING,
    Criticality.MEDIUM: Severity.INFO,
}
"""What is only unusual wakes nobody; of what hardly matters it is not even told."""


def watches(config: Config) -> list[Watch]:
    """Every rule in force. An integration of which no rule of the user's tells that it is down gets `down` and
    `flapping`; each gets `no-data`, the templates that its own rules leave room for (`Config.templates`)
    and, unless it hardly matters, `deviation`.

    `flapping` is first: what it mutes is muted before it is told. A rule of the user's over failures says itself what a
    vendor that fails now and then is.
    """
    scopes: dict[str, list[str]] = {integration.id: [] for integration in config.integrations}
    for check in config.checks:
        scopes[check.integration].append(check.id)
    found = [_watch(config, rule) for rule in config.rules]
    found += [replace(_watch(config, rule), template=True) for rule in config.templates]
    flapping = [_flapping(config, one) for one in config.integrations if one.id in config.untold]
    for integration in config.integrations:
        checks = tuple(scopes[integration.id])
        criticality = Criticality(integration.criticality)
        if integration.id in config.untold:
            found.append(Watch(DOWN, integration.id, Sort.DOWN, DOWN_SEVERITY[criticality], checks))
        found.append(Watch(NO_DATA, integration.id, Sort.NO_DATA, _NO_DATA_SEVERITY[criticality], checks))
        learned = tuple(check.id for check in config.checks_of[integration.id] if check.baseline)
        severity = _DEVIATION_SEVERITY.get(criticality)
        if learned and severity is not None:
            found.append(Watch(DEVIATION, integration.id, Sort.DEVIATION, severity, learned))
    return [replace(watch, labels=labels_of(config, watch)) for watch in (*flapping, *found)]


def _watch(config: Config, rule: Rule) -> Watch:
    checks = _checks(config, rule)
    return Watch(
        id=rule.id,
        integration=rule.integration,
        sort=Sort.RULE,
        severity=Severity(rule.severity),
        checks=checks,
        timing=Timing(rule.for_, rule.keep_firing_for),
        check=rule.check,
        when=rule.when,
        window_ns=rule.window,
        min_samples=rule.min_samples,
        summary=rule.summary or "",
        at_least=parse_threshold(rule.at_least) if rule.at_least else None,
        objective=rule.objective or config.integration_by_id[rule.integration].objective,
        every_ns=min((config.check_by_id[name].every for name in checks), default=MINUTE),
    )


def _checks(config: Config, rule: Rule) -> tuple[str, ...]:
    return (rule.check,) if rule.check else tuple(check.id for check in config.checks_of[rule.integration])


def _flapping(config: Config, one: Integration) -> Watch:
    checks = tuple(check.id for check in config.checks_of[one.id] if check.flapping)
    return Watch(FLAPPING, one.id, Sort.FLAPPING, DOWN_SEVERITY[Criticality(one.criticality)], checks)


def labels_of(config: Config, watch: Watch) -> dict[str, str]:
    """The labels that an alert has by what it is about; an absent label is the same as an empty one."""
    integration = config.integration_by_id.get(watch.integration)
    labels = {
        "alertname": watch.id,
        "integration": watch.integration,
        "vendor": integration.vendor if integration is not None else "",
        "severity": watch.severity.value,
        "criticality": integration.criticality.value if integration is not None else "",
        "owner": integration.owner if integration is not None else "",
        "environment": config.settings.environment.value,
        "check": watch.check or "",
    }
    return {name: value for name, value in labels.items() if value}


def compiled(found: list[Watch], compile_rule: Callable[[str], Expression]) -> dict[tuple[str, str], Expression]:
    """The expression of each rule, by the watch's key. The configuration was loaded with the same compiler."""
    return {watch.key: compile_rule(watch.when) for watch in found if watch.sort is Sort.RULE}
