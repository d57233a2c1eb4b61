"""What a configuration holds, as pydantic models: every table, key, default and limit.

Field descriptions are what `standby config schema` and docs/configuration.md say. Durations are integer nanoseconds
inside and `10s` outside.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny, field_validator
from pydantic_core.core_schema import ValidationInfo

from standby.config.fields import (
    Condition,
    Duration,
    DurationOrZero,
    Expectation,
    Identifier,
    Needed,
    RateText,
    Share,
    Size,
    Templates,
    Text,
    UrlOrReference,
)
from standby.domain.announced import Belief
from standby.domain.outcome import Criticality, Environment, Outcome, Severity
from standby.domain.text import clean
from standby.domain.units import DAY, HOUR, MILLISECOND, MINUTE, SECOND, format_duration

OFTENEST = 100 * MILLISECOND


class Table(BaseModel):
    """Any table: immutable, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Retention(Table):
    """How long what is kept. Audit entries are kept for ever."""

    raw: Duration = Field(default=48 * HOUR, description="single observations")
    minutes: Duration = Field(default=30 * DAY, description="figures of each minute")
    hours: Duration = Field(default=2 * 366 * DAY, description="figures of each hour, resolved alerts, receipts, gaps")
    max_size: Size | None = Field(default=None, description="the store's largest size; oldest observations go first")


class Settings(Table):
    """`[standby]`: this installation."""

    name: Text = Field(description="what this platform is called, in every header")
    environment: Environment = Field(description="where it runs, in every header and confirmation")
    store: Path = Field(default=Path("standby.db"), description="where everything is kept; relative to this file")
    listen: str = Field(
        default="127.0.0.1:8737",
        description="where heartbeats, webhooks and alerts arrive; opened only when one is expected",
    )
    heartbeat_url: UrlOrReference | None = Field(
        default=None, description="asked each minute while polling, storing and judging work: who watches the watcher"
    )
    no_data_after: int = Field(
        default=3, ge=1, le=1000, description='so many `unknown` in a row raise one "no data" alert'
    )
    reference_targets: tuple[str, ...] = Field(
        default=(), max_length=10, description="tcp://host:port; when none of them answers, our own network is gone"
    )
    operators: tuple[str, ...] = Field(
        default=(), max_length=500, description="login names that may act; empty: everybody who may open the socket"
    )
    policy: Identifier | None = Field(
        default=None, description="the id of the escalation policy of whatever names none of its own"
    )
    linger: DurationOrZero = Field(default=30 * SECOND, description="how long an engine outlives the last console")
    retention: Retention = Field(default=Retention(), description="how long what is kept")

    @field_validator("listen")
    @classmethod
    def _listen(cls, value: str) -> str:
        return split_address(value, 'write one like "127.0.0.1:8737"')

    @field_validator("reference_targets")
    @classmethod
    def _targets(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        for value in values:
            if not value.startswith("tcp://"):
                raise ValueError(f'"{clean(value, 80)}" is not a target; write one like "tcp://192.0.2.1:53"')
            split_address(value.removeprefix("tcp://"), 'write one like "tcp://192.0.2.1:53"')
        return values

    @field_validator("operators")
    @classmethod
    def _operators(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        for value in values:
            if not value or clean(value, 64) != value or any(letter.isspace() for letter in value):
                raise ValueError(f'"{clean(value, 64)}" is not a login name; write one like "anna"')
        return values


def split_address(value: str, mend: str) -> str:
    """`host:port`, checked. Raises ValueError with the mend."""
    from standby.config.fields import check_host

    host, colon, port = value.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or not 0 <= int(port[:6]) <= 65535:
        raise ValueError(f'"{clean(value, 80)}" is not host:port; {mend}')
    check_host(host)
    return value


class Vendor(Table):
    """`[[vendor]]`: a company."""

    id: Identifier = Field(description="names it in this file")
    name: Text | None = Field(default=None, description="how people call it; its id when left out")
    runs_on: tuple[Identifier, ...] = Field(
        default=(), max_length=20, description="the clouds it stands on, in words of your own: who else fails with it"
    )
    rate: RateText | None = Field(
        default=None, description='how often one credential may ask one host: "100/m"; for checks without their own'
    )
    concurrency: int = Field(default=8, ge=1, le=1000, description="at most so many checks of this vendor at once")
    announced: Belief = Field(
        default=Belief.WARNINGS,
        description="which alerts of its integrations are quiet during work that its status page announced before",
    )

    @property
    def title(self) -> str:
        """What screens call it."""
        return self.name or self.id


class Integration(Table):
    """`[[integration]]`: one use of one vendor."""

    id: Identifier = Field(description="names it in this file")
    vendor: Identifier = Field(description="the id of its vendor")
    name: Text | None = Field(default=None, description="how people call it; its id when left out")
    criticality: Criticality = Field(default=Criticality.MEDIUM, description="how much the platform depends on it")
    owner: Text = Field(default="", validate_default=False, description="the team that answers for it")
    rto: Duration | None = Field(default=None, description="recovery time objective: back within this time")
    rpo: DurationOrZero | None = Field(
        default=None, description="recovery point objective: at most so much data may be lost"
    )
    depends_on: tuple[Needed, ...] = Field(
        default=(),
        max_length=100,
        description='ids of integrations that it needs; of several in brackets one: `["gateway", ["dns-a", "dns-b"]]`',
    )
    objective: float | None = Field(
        default=None, gt=0, lt=100, description="percent of looks that are to be good over 30 days, like 99.9"
    )
    runbook: Text | None = Field(default=None, description="where it is written what to do")
    data: tuple[Text, ...] = Field(
        default=(), max_length=20, description='the classes of data that the vendor sees by it: `["card", "e-mail"]`'
    )
    policy: Identifier | None = Field(
        default=None, description="the id of its escalation policy; that of `[standby]` when left out"
    )
    templates: Templates | None = Field(
        default=None, description="whether rule templates watch it, or which; as `[alerting]` says when left out"
    )

    @property
    def title(self) -> str:
        """What screens call it."""
        return self.name or self.id


def _default_timeout(data: dict[str, Any]) -> int:
    every: int = data.get("every", MINUTE)
    return min(10 * SECOND, every * 4 // 5)


def _default_retry(data: dict[str, Any]) -> int:
    every: int = data.get("every", MINUTE)
    return min(15 * SECOND, every)


class CheckModel(Table):
    """`[[check]]`: one way of looking at an integration. Every kind has these keys and its own."""

    unanswered: ClassVar[Outcome] = Outcome.DOWN
    """What no answer says about the third party; `unknown` where somebody else is asked about it."""

    id: Identifier = Field(description="names it in this file")
    integration: Identifier = Field(description="the id of the integration that it looks at")
    kind: str = Field(description="how it looks")
    every: Duration = Field(default=MINUTE, description="how often; at least 100ms")
    timeout: Duration = Field(
        default_factory=_default_timeout,
        description="how long one run may take; below `every` (10s, or 4/5 of `every`)",
    )
    retry_every: Duration = Field(
        default_factory=_default_retry, description="how soon again while it is not sure (15s, or `every`)"
    )
    rate: RateText | None = Field(
        default=None, description='how often one credential may ask one host: "100/m", "5/s"; that of the vendor'
    )
    attempts: int = Field(default=3, ge=1, le=100, description="so many bad observations in a row before it counts")
    flapping: bool = Field(
        default=True, description="coming and going too often is told as one alert, when no rule of yours judges it"
    )
    baseline: bool = Field(
        default=True,
        description="what is usual of its figures is learned, and what is not becomes the alert `deviation`",
    )

    @field_validator("every")
    @classmethod
    def _not_too_often(cls, value: int) -> int:
        if value < OFTENEST:
            raise ValueError(f"{format_duration(value)} is too often; write at least {format_duration(OFTENEST)}")
        return value

    @field_validator("timeout")
    @classmethod
    def _below_every(cls, value: int, info: ValidationInfo) -> int:
        every = info.data.get("every")
        if every is not None and value >= every:
            longest = format_duration(every)
            raise ValueError(
                f"{format_duration(value)} is not below every = {longest}; write a timeout below {longest}"
            )
        return value

    @field_validator("retry_every")
    @classmethod
    def _not_above_every(cls, value: int, info: ValidationInfo) -> int:
        every = info.data.get("every")
        if every is not None and value > every:
            raise ValueError(f"{format_duration(value)} is above every; write at most every = {format_duration(every)}")
        return value

    @property
    def stated(self) -> bool:
        """Whether it hears what somebody says about the third party, rather than measuring it."""
        return False

    @property
    def ends(self) -> frozenset[str]:
        """What rules can ask it about an end of the third party's: `certificate_days` of what answers by TLS."""
        by_tls = not self.stated and self.target.startswith(("https://", "tls://"))
        return frozenset({"certificate_days"} if by_tls else ())

    @property
    def target(self) -> str:
        """What is looked at, in one clean line without secrets: `https://host/path`, `host:port`, a program."""
        url = getattr(self, "url", None)
        if isinstance(url, str):
            parts = urlsplit(url)
            return clean(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}", 200)
        host, port = getattr(self, "host", None), getattr(self, "port", None)
        if isinstance(host, str):
            shown = f"[{host}]" if ":" in host else host
            return clean(f"{shown}:{port}" if port else shown, 200)
        command = getattr(self, "command", None)
        if isinstance(command, (list, tuple)) and command:
            return clean(str(command[0]), 200)
        return ""


class Rule(Table):
    """`[[rule]]`: when an integration becomes an alert."""

    id: Identifier = Field(description="names it in this file")
    integration: Identifier = Field(description="the id of the integration that it watches")
    check: Identifier | None = Field(default=None, description="only this check of it; all of them when left out")
    when: Condition = Field(description="the condition, in CEL, over the window")
    window: Duration = Field(default=MINUTE, description="how far back it looks")
    for_: DurationOrZero = Field(default=0, alias="for", description="true for this long before it fires")
    keep_firing_for: DurationOrZero = Field(default=0, description="false for this long before it resolves")
    severity: Severity = Field(default=Severity.WARNING, description="how loudly it speaks")
    at_least: Share | None = Field(
        default=None, description='the condition has to hold in so many of its last looks: "3 of 5"'
    )
    objective: float | None = Field(
        default=None, gt=0, lt=100, description="percent of looks that are to be good, for `burn_page`, `burn_ticket`"
    )
    min_samples: int = Field(
        default=1, ge=1, le=1_000_000, description="decided observations in the window, else it says nothing"
    )
    summary: Text | None = Field(default=None, description="what the alert says")
    owner: Text | None = Field(default=None, description="who answers for it; the owner of its integration")
    review_every: DurationOrZero | None = Field(
        default=None, description="how often somebody looks whether it still fits; 0s: never; that of `[alerting]`"
    )


class DirectorModel(Table):
    """`director` of a `[[route]]`: what moves its traffic. Every kind has these keys and its own."""

    kind: str = Field(description="how it moves traffic")
    timeout: Duration = Field(default=5 * SECOND, description="how long one question or command may take")


class RouteTarget(Table):
    """`[[route.target]]`: a place that traffic can go to."""

    id: Identifier = Field(description="names it in this route")
    place: Text = Field(description="what the director calls it: a backend, a server, a word for its program")
    check: Identifier = Field(description="the id of the check that proves it")
    answers: Expectation | None = Field(
        default=None, description="over the answer to the route's `verify` check: true when this target gave it"
    )


class Route(Table):
    """`[[route]]`: traffic for an integration, the places it can go, and what moves it."""

    id: Identifier = Field(description="names it in this file")
    integration: Identifier = Field(description="the id of the integration whose traffic it is")
    primary: Identifier = Field(description="the id of the target that serves when all is well")
    target: tuple[RouteTarget, ...] = Field(max_length=20, description="where traffic can go; at least two")
    verify: Identifier | None = Field(
        default=None, description="the id of a check through the real path: a switch counts when it is good"
    )
    verify_good: int = Field(default=3, ge=1, le=100, description="so many good looks in a row prove a switch")
    verify_within: Duration = Field(default=30 * SECOND, description="a switch that is not proven by then is undone")
    cool_down: DurationOrZero = Field(default=10 * MINUTE, description="so long after a run no other is begun")
    soak: DurationOrZero = Field(default=5 * MINUTE, description="the primary is good for this long before failback")
    stale_after: Duration | None = Field(
        default=None, description="older looks at a target prove nothing (three times `every` of its check)"
    )
    director: SerializeAsAny[DirectorModel] | None = Field(
        default=None, validate_default=False, description="what moves the traffic, by its `kind`; required"
    )

    @property
    def targets(self) -> Mapping[str, RouteTarget]:
        """Targets by id."""
        return {one.id: one for one in self.target}


class Simulator(Table):
    """`[simulator]`: third parties simulated on this machine; leave the table out to watch real vendors."""

    enabled: bool = Field(default=True, description="false: as if the table were not there")
    seed: int = Field(default=0, ge=0, le=2**63 - 1, description="the same seed gives the same latencies")
