"""Who may push alerts to us, and whose integration theirs belong to: `[[source]]`."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cached_property

from pydantic import Field, field_validator

from standby.config.fields import Duration, Identifier, MatcherText, SecretReference, Text
from standby.config.models import Table
from standby.domain.matchers import Matcher, match_all, parse_matcher
from standby.domain.outcome import Severity

LABEL = "label:"
MOST_LIVE = 5_000


class SourceKind(StrEnum):
    """What a source sends."""

    ALERTMANAGER = "alertmanager"  # the v2 API as a Prometheus calls it, or Alertmanager's webhook
    GRAFANA = "grafana"
    DATADOG = "datadog"
    JSON = "json"  # the plain form of docs/inbound.md


class Belonging(Table):
    """`[[source.belongs]]`: the alerts with these labels are about this integration."""

    match: tuple[MatcherText, ...] = Field(
        min_length=1, max_length=50, description='all of them hold: `["job=crm", "region=~eu.*"]`'
    )
    integration: Identifier = Field(description="the id of the integration")

    @cached_property
    def matchers(self) -> tuple[Matcher, ...]:
        """What is written, ready to be asked."""
        return tuple(map(parse_matcher, self.match))


class AlertSource(Table):
    """`[[source]]`: somebody else's alerts, pushed to us, in the same feed as ours."""

    id: Identifier = Field(description="names it in this file, and in the address: `/in/ID`")
    kind: SourceKind = Field(description="what it sends")
    token: SecretReference | None = Field(
        default=None, description="what it says as `Authorization: Bearer ...`; required unless `open`"
    )
    open: bool = Field(default=False, description="anybody on this machine may push; only with `listen` on loopback")
    sees_all: bool = Field(
        default=False,
        description="`GET /api/v2/alerts` gives it all alerts, ours too; else only those that it pushed itself",
    )
    integration: Text | None = Field(
        default=None,
        description="whose alerts these are: an id, or `label:NAME` for the label that holds one; the source's own",
    )
    belongs: tuple[Belonging, ...] = Field(
        default=(), max_length=200, description="the first that fits decides, before `integration`"
    )
    severity: dict[str, Severity] = Field(
        default={}, max_length=50, description='what their words mean: `{ page = "critical", ticket = "info" }`'
    )
    most: int = Field(default=MOST_LIVE, ge=1, le=50_000, description="at most so many live alerts; more are refused")
    resolve_after: Duration | None = Field(
        default=None,
        description="an alert without an end of its own is over when it is not sent again for so long "
        "(5m on `/api/v2/alerts`; of webhooks only when it is said)",
    )

    @field_validator("integration")
    @classmethod
    def _names_something(cls, value: str | None) -> str | None:
        if value == LABEL:
            raise ValueError('names no label; write one like "label:service"')
        return value

    def wanted(self, labels: Mapping[str, str]) -> str:
        """The integration that an alert with these labels says that it is about; empty when it says none."""
        for one in self.belongs:
            if match_all(one.matchers, labels):
                return one.integration
        if self.integration is not None and self.integration.startswith(LABEL):
            return labels.get(self.integration.removeprefix(LABEL), "")
        return self.integration or ""
