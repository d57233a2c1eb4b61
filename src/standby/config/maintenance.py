"""When alerts are kept quiet by plan, and which: `[[maintenance]]`."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from standby.config.fields import Identifier, MatcherText, Text, is_zone
from standby.config.models import Table
from standby.domain import timeintervals
from standby.domain.matchers import Matcher, match_all, parse_matcher
from standby.domain.text import clean
from standby.domain.timeintervals import TimeInterval
from standby.domain.units import parse_instant


def _read_by(parse: Callable[[str], object]) -> AfterValidator:
    """Text stays as it is written, once it can be read."""

    def check(written: str) -> str:
        parse(written)
        return written

    return AfterValidator(check)


def _zone(name: str) -> str:
    if not is_zone(name):
        raise ValueError(f'there is no zone "{clean(name, 60)}"; write one like "Europe/Berlin" or "UTC"')
    return name


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
    zone: Annotated[str, AfterValidator(_zone)] = Field(description='whose wall clock it goes by: `"Europe/Berlin"`')
    begins: Annotated[str, _read_by(parse_instant)] | None = Field(
        default=None, alias="from", description="once: an RFC 3339 instant in quotes"
    )
    ends: Annotated[str, _read_by(parse_instant)] | None = Field(
        default=None, alias="to", description="once: an RFC 3339 instant in quotes"
    )
    times: tuple[Annotated[str, _read_by(timeintervals.parse_times)], ...] = Field(
        default=(), max_length=50, description='`["22:00-24:00"]`; the whole day when left out'
    )
    weekdays: tuple[Annotated[str, _read_by(timeintervals.parse_weekdays)], ...] = Field(
        default=(), max_length=50, description='`["monday:friday", "tuesday#2"]` (the second of the month)'
    )
    days_of_month: tuple[Annotated[str, _read_by(timeintervals.parse_days_of_month)], ...] = Field(
        default=(), max_length=50, description='`["1:7", "-1"]`; below zero from the end'
    )
    months: tuple[Annotated[str, _read_by(timeintervals.parse_months)], ...] = Field(
        default=(), max_length=50, description='`["january:march"]`'
    )
    years: tuple[Annotated[str, _read_by(timeintervals.parse_years)], ...] = Field(
        default=(), max_length=50, description='`["2026:2028"]`'
    )

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
