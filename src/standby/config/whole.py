"""A configuration in force: what the files say together, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated

from standby.config.builtin import built_in_down, tells_of_down
from standby.config.models import CheckModel, Integration, Route, Rule, Settings, Simulator, Vendor
from standby.domain.dependency import Groups, groups_of

if TYPE_CHECKING:
    from standby.config.alerting import Alerting
    from standby.config.inbound import AlertSource
    from standby.config.inhibitions import Inhibit
    from standby.config.maintenance import Maintenance
    from standby.config.people import ChannelModel, Person, Policy
    from standby.config.times import NamedInterval


@dataclass(frozen=True, slots=True)
class SecretUse:
    """One place of the configuration that names a secret."""

    reference: Annotated[str, "as written"]
    file: str
    line: int
    key: str
    check: str | None = None


def _plain_alerting() -> Alerting:
    from standby.config.alerting import Alerting

    return Alerting()


@dataclass(frozen=True)
class Config:
    """A configuration in force: whole, checked and immutable."""

    settings: Settings
    vendors: tuple[Vendor, ...]
    integrations: tuple[Integration, ...]
    checks: tuple[CheckModel, ...]
    rules: tuple[Rule, ...]  # as written; `rules_in_force` has the built-in `down` too, `templates` what comes of them
    simulator: Simulator | None
    path: Path
    files: tuple[Path, ...]
    digest: str
    secrets: tuple[SecretUse, ...] = field(default=(), repr=False)
    routes: tuple[Route, ...] = ()
    channels: tuple[ChannelModel, ...] = ()
    people: tuple[Person, ...] = ()
    policies: tuple[Policy, ...] = ()
    alerting: Alerting = field(default_factory=_plain_alerting)
    sources: tuple[AlertSource, ...] = ()
    inhibitions: tuple[Inhibit, ...] = ()
    maintenance: tuple[Maintenance, ...] = ()
    intervals: tuple[NamedInterval, ...] = ()
    places: Mapping[tuple[str, str], str] = field(default_factory=dict, compare=False, repr=False)
    """Where each rule is written, `config.toml:12`, by integration and id."""

    @property
    def store(self) -> Path:
        """The store's absolute path."""
        return self.settings.store

    @property
    def base(self) -> Path:
        """The folder that relative paths start from."""
        return self.path.absolute().parent

    @cached_property
    def vendor_by_id(self) -> Mapping[str, Vendor]:
        """Vendors by id."""
        return MappingProxyType({vendor.id: vendor for vendor in self.vendors})

    @cached_property
    def vendor_of(self) -> Mapping[str, str]:
        """The id of each integration's vendor."""
        return MappingProxyType({one.id: one.vendor for one in self.integrations})

    @cached_property
    def needs(self) -> Mapping[str, Groups]:
        """What each integration needs that needs any (see `domain.dependency`)."""
        return MappingProxyType({one.id: groups_of(one.depends_on) for one in self.integrations if one.depends_on})

    @cached_property
    def needed_by(self) -> Mapping[str, tuple[str, ...]]:
        """The integrations that need each one that is needed."""
        found: dict[str, dict[str, None]] = {}
        for child, groups in self.needs.items():
            for parent in (name for group in groups for name in group):
                found.setdefault(parent, {})[child] = None
        return MappingProxyType({parent: tuple(children) for parent, children in found.items()})

    @cached_property
    def grounds(self) -> Mapping[str, tuple[str, ...]]:
        """What the vendor of each integration runs on."""
        return MappingProxyType({one.id: self.vendor_by_id[one.vendor].runs_on for one in self.integrations})

    @cached_property
    def integration_by_id(self) -> Mapping[str, Integration]:
        """Integrations by id."""
        return MappingProxyType({integration.id: integration for integration in self.integrations})

    @cached_property
    def check_by_id(self) -> Mapping[str, CheckModel]:
        """Checks by id."""
        return MappingProxyType({check.id: check for check in self.checks})

    @cached_property
    def checks_of(self) -> Mapping[str, tuple[CheckModel, ...]]:
        """The checks of each integration, by its id; empty for one that nothing looks at."""
        return MappingProxyType(
            {one.id: tuple(c for c in self.checks if c.integration == one.id) for one in self.integrations}
        )

    @cached_property
    def route_by_id(self) -> Mapping[str, Route]:
        """Routes by id."""
        return MappingProxyType({route.id: route for route in self.routes})

    @cached_property
    def source_by_id(self) -> Mapping[str, AlertSource]:
        """Who may push alerts, by id."""
        return MappingProxyType({source.id: source for source in self.sources})

    @cached_property
    def interval_by_id(self) -> Mapping[str, NamedInterval]:
        """Named times by id."""
        return MappingProxyType({one.id: one for one in self.intervals})

    @cached_property
    def policy_by_id(self) -> Mapping[str, Policy]:
        """Escalation policies by id."""
        return MappingProxyType({policy.id: policy for policy in self.policies})

    def owner_of(self, rule: Rule) -> str:
        """Who answers for a rule; empty when nobody is named."""
        one = self.integration_by_id.get(rule.integration)
        return rule.owner or (one.owner if one is not None else "")

    def review_every(self, rule: Rule) -> int:
        """How often a rule is to be looked at, ns; 0: never."""
        return self.alerting.review_every if rule.review_every is None else rule.review_every

    def policy_of(self, integration: str) -> Policy | None:
        """The escalation policy of an integration's alerts, or of our own (an id that is no integration's)."""
        one = self.integration_by_id.get(integration)
        return self.policy_by_id.get((one.policy if one is not None else None) or self.settings.policy or "")

    @cached_property
    def rules_in_force(self) -> tuple[Rule, ...]:
        """Rules as written, then the built-in `down` of each integration that has no rule that tells of it."""
        return self.rules + tuple(
            built_in_down(one, self.checks_of[one.id]) for one in self.integrations if one.id in self.untold
        )

    @cached_property
    def untold(self) -> frozenset[str]:
        """The integrations of which no rule of the user's tells that they are down."""
        told = {rule.integration for rule in self.rules if tells_of_down(rule)}
        return frozenset(one.id for one in self.integrations if one.id not in told)

    @cached_property
    def templates(self) -> tuple[Rule, ...]:
        """The rules that nobody wrote: templates for what depends on each integration (see `config.templates`)."""
        from standby.config.templates import template_rules

        return tuple(template_rules(self))
