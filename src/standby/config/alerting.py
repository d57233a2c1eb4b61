"""Which alerts are told together, how often, and to whom: `[alerting]` and its routes."""

from __future__ import annotations

from pydantic import Field

from standby.config.fields import Duration, DurationOrZero, Identifier, MatcherText, Templates, Text
from standby.config.models import Table
from standby.domain.matchers import parse_matcher
from standby.domain.review import EVERY_NS
from standby.domain.routing import ALL_LABELS, Route, Written, grow
from standby.domain.silence import LONGEST_NS
from standby.domain.units import HOUR, MINUTE, SECOND

_GROUP_BY = f'labels that alerts of one group have in common; `["{ALL_LABELS}"]`: each alert alone'


class AlertRoute(Table):
    """`[[alerting.route]]`: what is different for the alerts that its matchers choose. Routes may hold routes."""

    match: tuple[MatcherText, ...] = Field(
        default=(), max_length=50, description='all of them hold: `["severity=critical", "vendor=~acme.*"]`'
    )
    goes_on: bool = Field(
        default=False, alias="continue", description="later routes beside it are asked too, even when it took an alert"
    )
    policy: Identifier | None = Field(
        default=None, description="the id of the escalation policy; that of the integration when no route says one"
    )
    group_by: tuple[Text, ...] | None = Field(default=None, max_length=50, description=_GROUP_BY)
    group_wait: DurationOrZero | None = Field(default=None, description="how long a new group waits for company")
    group_interval: Duration | None = Field(default=None, description="how soon a group is told again of what is new")
    repeat_interval: Duration | None = Field(
        default=None, description="how soon it is told again though nothing is new, while nobody has it"
    )
    quiet: tuple[Identifier, ...] | None = Field(
        default=None, max_length=50, description="ids of time intervals; in any of them nobody is told here"
    )
    active: tuple[Identifier, ...] | None = Field(
        default=None, max_length=50, description="ids of time intervals; outside all of them nobody is told here"
    )
    route: tuple[AlertRoute, ...] = Field(default=(), max_length=200, description="routes inside it")

    def written(self) -> Written:
        """As `domain.routing` takes it."""
        return Written(
            matchers=tuple(map(parse_matcher, self.match)),
            go_on=self.goes_on,
            routes=tuple(one.written() for one in self.route),
            receiver=self.policy,
            group_by=self.group_by,
            group_wait_ns=self.group_wait,
            group_interval_ns=self.group_interval,
            repeat_interval_ns=self.repeat_interval,
            quiet=self.quiet,
            active=self.active,
        )


class Alerting(Table):
    """`[alerting]`: how alerts are told. What a route does not say it takes from here."""

    group_by: tuple[Text, ...] = Field(default=("integration",), max_length=50, description=_GROUP_BY)
    group_wait: DurationOrZero = Field(
        default=10 * SECOND, description="how long a new group waits for company, so that one message tells all"
    )
    group_interval: Duration = Field(default=5 * MINUTE, description="how soon a group is told again of what is new")
    repeat_interval: Duration = Field(
        default=4 * HOUR, description="how soon it is told again though nothing is new, while nobody has it"
    )
    ack_lease: DurationOrZero = Field(
        default=HOUR, description="how long a critical alert stays acknowledged without a word; 0s: until it is over"
    )
    ack_reminder: Duration = Field(default=15 * MINUTE, description="so long before the end whoever has it is reminded")
    review_every: DurationOrZero = Field(
        default=EVERY_NS, description="how often somebody looks at each rule whether it still fits; 0s: never"
    )
    silence_max: Duration = Field(default=LONGEST_NS, description="how long a silence may be")
    templates: Templates = Field(
        default=True, description="whether rule templates watch every integration, or the ids of those that do"
    )
    route: tuple[AlertRoute, ...] = Field(default=(), max_length=200, description="the first that fits takes an alert")

    def tree(self) -> Route:
        """The routes with what each inherits."""
        return grow(
            Written(
                routes=tuple(one.written() for one in self.route),
                group_by=self.group_by,
                group_wait_ns=self.group_wait,
                group_interval_ns=self.group_interval,
                repeat_interval_ns=self.repeat_interval,
            )
        )
