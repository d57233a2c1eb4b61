"""Times of day, week, month and year as people write them, and `[[time_interval]]`: such times under a name."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable
from functools import cached_property
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from standby.config.fields import Identifier, Text, is_zone
from standby.config.models import Table
from standby.domain import timeintervals
from standby.domain.text import clean
from standby.domain.timeintervals import TimeInterval


def read_by(parse: Callable[[str], object]) -> AfterValidator:
    """Text stays as it is written, once it can be read."""

    def check(written: str) -> str:
        parse(written)
        return written

    return AfterValidator(check)


def _zone(name: str) -> str:
    if not is_zone(name):
        raise ValueError(f'there is no zone "{clean(name, 60)}"; write one like "Europe/Berlin" or "UTC"')
    return name


Zone = Annotated[str, AfterValidator(_zone), Field(description='whose wall clock it goes by: `"Europe/Berlin"`')]
Times = Annotated[
    tuple[Annotated[str, read_by(timeintervals.parse_times)], ...],
    Field(max_length=50, description='`["22:00-24:00"]`; the whole day when left out'),
]
Weekdays = Annotated[
    tuple[Annotated[str, read_by(timeintervals.parse_weekdays)], ...],
    Field(max_length=50, description='`["monday:friday", "tuesday#2"]` (the second of the month)'),
]
DaysOfMonth = Annotated[
    tuple[Annotated[str, read_by(timeintervals.parse_days_of_month)], ...],
    Field(max_length=50, description='`["1:7", "-1"]`; below zero from the end'),
]
Months = Annotated[
    tuple[Annotated[str, read_by(timeintervals.parse_months)], ...],
    Field(max_length=50, description='`["january:march"]`'),
]
Years = Annotated[
    tuple[Annotated[str, read_by(timeintervals.parse_years)], ...],
    Field(max_length=50, description='`["2026:2028"]`'),
]


class NamedInterval(Table):
    """`[[time_interval]]`: times under a name, for `quiet` and `active` of routes. Of the keys `times` to `years` that
    are written all have to hold, of one key's entries any."""

    id: Identifier = Field(description="names it in this file")
    reason: Text = Field(default="", description="people read it beside the alert")
    zone: Zone
    times: Times = ()
    weekdays: Weekdays = ()
    days_of_month: DaysOfMonth = ()
    months: Months = ()
    years: Years = ()

    @model_validator(mode="after")
    def _whole(self) -> NamedInterval:
        if not any(self.written.values()):
            raise ValueError('does not say when; write times like ["22:00-24:00"], weekdays and so on')
        return self

    @property
    def written(self) -> dict[str, tuple[str, ...]]:
        """When it holds, as the user wrote it: by key."""
        return {key: getattr(self, key) for key in timeintervals.FIELDS}

    def is_on(self, at: int) -> bool:
        """Whether it holds at `at`, ns since 1970."""
        return self.interval.contains(at)

    def occurrences(self, at: int, count: int) -> list[tuple[int, int | None]]:
        """The stretch around `at`, from then, and the next, `count` in all; an end too far away is `None`."""
        return timeintervals.spans([self.interval], at, count)

    @cached_property
    def interval(self) -> TimeInterval:
        """When it holds."""
        return timeintervals.read(self.written, zoneinfo.ZoneInfo(self.zone))
