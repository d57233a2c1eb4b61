"""Rule templates: what an integration is told about though nobody wrote a rule, by how much depends on it.

The built-in `down`, `flapping`, `no-data` and `deviation` say that it is down, comes and goes, is not seen or is not as
usual. Templates say the rest: that it fails now and then, is slow or degraded for long, spends its error budget, that
something ends soon, and that others tell of trouble. Each is a plain rule: it is judged, routed, silenced and tested
as one of the user's.

No two of them tell one trouble twice: what fails now and then is told by its budget where it has one, what was settled
as down within the window counts as neither, and `ORDER` says which keeps quiet while another fires.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from standby.config.builtin import BELIEVED, BURNS, COUNTED, DEVIATION, DOWN, FLAPPING, words_of
from standby.config.models import CheckModel, Integration, Rule
from standby.domain.burnrate import RULES
from standby.domain.outcome import Criticality, Severity
from standby.domain.units import HOUR, MILLISECOND, MINUTE, SECOND

if TYPE_CHECKING:
    from standby.config.whole import Config

CERTIFICATE_DAYS, DOMAIN_DAYS = "certificate_days", "domain_days"
_KEEP = 5 * MINUTE
_LOOKS = 10  # of the quickest check that a window has to hold: else one of them is a large share
_FAILURES = 3  # below, a share says nothing
_MOST_SAID = 8  # checks that a condition names: it may not be longer than `cel.LONGEST`
_BAD = ("degraded", "down")
_CRITICAL, _WARNING, _INFO = Severity.CRITICAL, Severity.WARNING, Severity.INFO


@dataclass(frozen=True, slots=True)
class Level:
    """How one template is set for one criticality; spans in ns.

    `limit` is what its condition holds a figure against (a share, days). `window` is longer where checks look seldom.
    """

    severity: Severity
    limit: float = 0.0
    window: int = 10 * MINUTE
    for_: int = 0


@dataclass(frozen=True, slots=True)
class Subject:
    """An integration and the checks that look at it; there is at least one."""

    integration: Integration
    checks: Sequence[CheckModel]

    @property
    def budgeted(self) -> bool:
        """Whether it has an objective, so that there is a budget to spend."""
        return self.integration.objective is not None

    @property
    def said_by(self) -> list[str]:
        """The checks that hear what others say about it, rather than when something of it ends."""
        return [check.id for check in self.checks if check.stated and not check.ends]

    @property
    def only_said(self) -> bool:
        """Whether each check that hears what others say hears how it is."""
        return not any(check.stated and check.ends for check in self.checks)

    def ends(self, name: str) -> bool:
        """Whether a check can tell when such a thing ends."""
        return any(name in check.ends for check in self.checks)

    def window(self, level: Level) -> int:
        """How far back a rule looks, ns."""
        return max(level.window, _LOOKS * min(check.every for check in self.checks))


When = Callable[[Subject, Level], str]
"""The condition, in CEL."""


@dataclass(frozen=True, slots=True)
class Template:
    """One rule for whoever has none like it: a rule of the user's with one of the `words` in its condition says it
    already. `fits`: whether it can say anything about an integration."""

    id: str
    says: str
    when: When
    words: frozenset[str]
    levels: Mapping[Criticality, Level]
    fits: Callable[[Subject], bool] = lambda _: True
    steady: bool = False  # it has to hold for longer than a window, so that no single look is enough

    def rule(self, subject: Subject, level: Level) -> Rule:
        """The rule that it is for this integration."""
        window = subject.window(level)
        return Rule(
            id=self.id,
            integration=subject.integration.id,
            when=self.when(subject, level),
            window=window,
            for_=max(level.for_, 2 * window if self.steady else 0),
            keep_firing_for=_KEEP,
            severity=level.severity,
            summary=self.says,
        )


def _not_lately_down(span: int) -> str:
    """What was down within the span was told as down, and the end of it as well."""
    return f"outcome != 'down' && since_s >= {span / SECOND:.1f}"


def _fails(subject: Subject, level: Level) -> str:
    share = f"error_rate > {level.limit} && failures >= {_FAILURES}"
    return f"{share} && {_not_lately_down(subject.window(level))}"


def _burns(name: str, *, page: bool) -> When:
    settled = max(rule.short_ns for rule in RULES if rule.page is page)
    return lambda _subject, _level: f"{name} && {_not_lately_down(settled)}"


def _is_said(subject: Subject, _level: Level) -> str:
    names = (f"checks['{name}'].outcome" for name in subject.said_by[:_MOST_SAID])
    return " || ".join(f"{name} == '{word}'" for name in (["stated"] if subject.only_said else names) for word in _BAD)


def _is_degraded(_subject: Subject, _level: Level) -> str:
    """Not because something ends, or because somebody says so: these are told otherwise."""
    return "outcome == 'degraded' && failure != 'tls' && failure != 'stated'"


def _is_slow(subject: Subject, level: Level) -> str:
    patience = max(check.timeout for check in subject.checks) / MILLISECOND
    return f"outcome == 'up' && latency_p95_ms > {level.limit * patience:.1f}"


def _ends(name: str) -> When:
    return lambda _, level: f"{name} < {level.limit:.1f}"


def _levels(
    critical: Level, high: Level, medium: Level | None = None, low: Level | None = None
) -> Mapping[Criticality, Level]:
    found = zip(Criticality, (critical, high, medium, low), strict=True)
    return MappingProxyType({criticality: level for criticality, level in found if level is not None})


TEMPLATES = (
    Template(
        "failing",
        "it fails now and then",
        _fails,
        COUNTED | BELIEVED,
        _levels(Level(_CRITICAL, 0.1, 10 * MINUTE), Level(_WARNING, 0.1, 15 * MINUTE), Level(_INFO, 0.2, 30 * MINUTE)),
        lambda subject: not subject.budgeted,
    ),
    Template(
        "budget-fast",
        "its error budget goes within days",
        _burns("burn_page", page=True),
        BURNS,
        _levels(Level(_CRITICAL), Level(_WARNING), Level(_WARNING), Level(_INFO)),
        lambda subject: subject.budgeted,
    ),
    Template(
        "budget-slow",
        "its error budget will not last",
        _burns("burn_ticket", page=False),
        BURNS,
        _levels(Level(_WARNING), Level(_WARNING), Level(_INFO), Level(_INFO)),
        lambda subject: subject.budgeted,
    ),
    Template(
        "stated",
        "the vendor or a monitor tells of trouble",
        _is_said,
        frozenset({"stated"}),
        _levels(Level(_WARNING, for_=2 * MINUTE), Level(_WARNING, for_=5 * MINUTE), Level(_INFO, for_=15 * MINUTE)),
        lambda subject: bool(subject.said_by),
    ),
    Template(
        "degraded",
        "it works, but not as it should",
        _is_degraded,
        frozenset({"degraded"}),
        _levels(Level(_WARNING, for_=15 * MINUTE), Level(_WARNING, for_=30 * MINUTE), Level(_INFO, for_=2 * HOUR)),
    ),
    Template(
        "slow",
        "answers take much of the time that they may take",
        _is_slow,
        frozenset({"latency_ms", "latency_p50_ms", "latency_p95_ms", "latency_p99_ms"}),
        _levels(Level(_WARNING, 0.5, 10 * MINUTE), Level(_WARNING, 0.5, 15 * MINUTE), Level(_INFO, 0.75, 30 * MINUTE)),
        steady=True,
    ),
    Template(
        "certificate",
        "a certificate ends soon",
        _ends(CERTIFICATE_DAYS),
        frozenset({CERTIFICATE_DAYS}),
        _levels(Level(_WARNING, 14), Level(_WARNING, 14), Level(_WARNING, 7), Level(_INFO, 3)),
        lambda subject: subject.ends(CERTIFICATE_DAYS),
    ),
    Template(
        "domain",
        "the registration of a domain ends soon",
        _ends(DOMAIN_DAYS),
        frozenset({DOMAIN_DAYS}),
        _levels(Level(_WARNING, 30), Level(_WARNING, 30), Level(_WARNING, 14), Level(_INFO, 7)),
        lambda subject: subject.ends(DOMAIN_DAYS),
    ),
)
"""The more depends on an integration, the sooner and the louder: spans grow and severities fall from left to right."""

LINGERS = frozenset({"stated"})
"""Others go on speaking of a trouble for a while after its end: what was quiet beside it stays so."""

IDS = tuple(template.id for template in TEMPLATES)

ORDER = (DOWN, FLAPPING, "failing", "budget-fast", "budget-slow", "stated", "degraded", "slow", DEVIATION)
"""Rules that nobody wrote and that may see one trouble: the later ones are quiet while an earlier one fires."""


def template_rules(config: Config) -> Iterator[Rule]:
    """The templates in force, as rules, in the order of the integrations."""
    own: dict[str, list[Rule]] = {}
    for rule in config.rules:
        own.setdefault(rule.integration, []).append(rule)
    for integration in config.integrations:
        checks = config.checks_of[integration.id]
        if checks:
            wanted = config.alerting.templates if integration.templates is None else integration.templates
            yield from _of(Subject(integration, checks), own.get(integration.id, ()), wanted)


def _of(subject: Subject, own: Sequence[Rule], wanted: bool | tuple[str, ...]) -> Iterator[Rule]:  # noqa: FBT001
    ids = {rule.id for rule in own}
    words = frozenset().union(*map(words_of, own))
    for template in TEMPLATES:
        level = template.levels.get(subject.integration.criticality)
        chosen = wanted if isinstance(wanted, bool) else template.id in wanted
        said = template.id in ids or not words.isdisjoint(template.words)
        if chosen and level is not None and not said and template.fits(subject):
            yield template.rule(subject, level)
