"""When alerts are kept quiet by plan, and which: `[[maintenance]]`."""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated

from pydantic import Field, model_validator

from standby.config.fields import Identifier, MatcherText, Text
from standby.config.models import Table
from standby.config.times import DaysOfMonth, Months, Times, Weekdays, Years, Zone, read_by
from standby.domain import timeintervals
from standby.domain.matchers import Matcher, match_all, parse_matcher
from standby.domain.timeintervals import TimeInterval
from standby.domain.units import parse_instant


class Maintenance(Table):
    """`[[maintenance]]`: while it is on, nobody is told about what it covers; checks go on. Either once, `from` and
    `to`, or recurring: of the keys `times` to `years` that are written all have to hold, of one key's entries any."""

    id: Identifier = Field(description="names it in this file")
    reason: Text = Field(default="", description="what is done meanwhile; people read it beside the alert")
    vendors: tuple[Identifier, ...] = Field(default=(), max_length=200, description="covers all integrations of these")
    integrations: tuple[Identifier, ...] = Field(default=(), max_length=200, description="covers these as well")
    match: tuple[MatcherText, ...] = Field(
        default=(), max_length=50, description="of those, or of all when none is named, only alerts where all hold"
    )
    zone: Zone
    begins: Annotated[str, read_by(parse_instant)] | None = Field(
        default=None, alias="from", description="once: an RFC 3339 instant in quotes"
    )
    ends: Annotated[str, read_by(parse_instant)] | None = Field(
        default=None, alias="to", description="once: an RFC 3339 instant in quotes"
    )
    times: Times = ()
    weekdays: Weekdays = ()
    days_of_month: DaysOfMonth = ()
    months: Months = ()
    years: Years = ()

    @model_validator(mode="after")
    def _whole(self) -> Maintenance:
        if not (self.vendors or self.integrations or self.match):
            raise ValueError('covers nothing; write vendors, integrations or match, like vendors = ["acme"]')
        recurs = any(self.written.values())
        if recurs and (self.begins or self.ends):
            raise ValueError("is both once and recurring; write from and to, or times, weekdays and so on")
        if not recurs and not (self.begins and self.ends):
            raise ValueError('does not say when; write both from and to, or times like ["22:00-24:00"]')
        if self.once is not None and self.once[0] >= self.once[1]:
            raise ValueError("ends before it begins; write a to that is after from")
        return self

    @property
    def once(self) -> tuple[int, int] | None:
        """From when to when, ns since 1970; `None` of one that recurs."""
        if self.begins is None or self.ends is None:
            return None
        return parse_instant(self.begins), parse_instant(self.ends)

    @property
    def written(self) -> dict[str, tuple[str, ...]]:
        """When one that recurs is on, as the user wrote it: by key."""
        return {key: getattr(self, key) for key in timeintervals.FIELDS}

    @cached_property
    def matchers(self) -> tuple[Matcher, ...]:
        """`match`, read."""
        return tuple(map(parse_matcher, self.match))

    @cached_property
    def interval(self) -> TimeInterval:
        """When one that recurs is on."""
        return timeintervals.read(self.written, zoneinfo.ZoneInfo(self.zone))

    def covers(self, integration: str, vendor: str, labels: Mapping[str, str]) -> bool:
        """Whether it keeps an alert of this integration with these labels quiet."""
        named = integration in self.integrations or vendor in self.vendors
        return (named or not (self.vendors or self.integrations)) and match_all(self.matchers, labels)

    def is_on(self, at: int) -> bool:
        """Whether it is on at `at`, ns since 1970."""
        once = self.once
        return self.interval.contains(at) if once is None else once[0] <= at < once[1]

    def next_change(self, at: int) -> int | None:
        """When it begins or ends next after `at`; `None` when it does so no more, or in more than five years."""
        if self.once is not None:
            return next((mark for mark in self.once if mark > at), None)
        return timeintervals.next_change([self.interval], at)

    def occurrences(self, at: int, count: int) -> list[tuple[int, int | None]]:
        """The one that is on at `at`, from then, and the next, `count` in all; an end too far away is `None`."""
        if self.once is not None:
            return [(max(at, self.once[0]), self.once[1])] if at < self.once[1] else []
        return timeintervals.spans([self.interval], at, count)
