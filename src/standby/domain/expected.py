"""At least so many of something by a time of day: what that means at an instant, in any zone, on any day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Literal

from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.domain.units import HOUR, MINUTE, SECOND, format_duration

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Plan:
    """`at_least` by `due` in `zone`; counted from `begins` of the same day, or of the day before when that is later.

    `days` are those of the deadline, Monday 0.
    """

    at_least: float
    due: time
    begins: time
    zone: tzinfo
    days: frozenset[int]


@dataclass(frozen=True, slots=True)
class Window:
    """One stretch of counting: `begins <= due < ends`, ns since 1970. `day` is that of the deadline."""

    day: date
    begins: int
    due: int
    ends: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the count means. `left_s` is negative after the deadline; `pace` is per hour, None at the very beginning."""

    outcome: Outcome
    message: str
    failure: Failure | None = None
    left_s: float | None = None
    pace: float | None = None


def window(plan: Plan, now: int) -> Window:
    """The stretch that `now` is in: every instant is in exactly one, whatever the clocks of the zone do."""
    try:
        today = (_EPOCH + timedelta(microseconds=now // 1000)).astimezone(plan.zone).date()
    except OverflowError as error:
        raise ValueError("an instant outside of the calendar") from error
    for day in (today - timedelta(days=1), today, today + timedelta(days=1)):
        found = _of(plan, day)
        if found.begins <= now < found.ends:
            return found
    return _of(plan, today)


def _of(plan: Plan, day: date) -> Window:
    before = plan.begins > plan.due  # the evening before
    first = day - timedelta(days=1) if before else day
    begins = _instant(first, plan.begins, plan.zone)
    return Window(
        day, begins, _instant(day, plan.due, plan.zone), _instant(first + timedelta(days=1), plan.begins, plan.zone)
    )


def _instant(day: date, at: time, zone: tzinfo) -> int:
    """A time of day as an instant: one that the clocks skip as if they did not, of one that comes twice the first."""
    moment = datetime.combine(day, at, tzinfo=zone)
    return (moment.astimezone(UTC) - _EPOCH) // timedelta(microseconds=1) * 1000


def judge(plan: Plan, count: float, now: int, *, by_pace: bool = False) -> Verdict:
    """Whether enough is there. Before the deadline it is `up`, or with `by_pace` `degraded` when it goes too slowly."""
    found = window(plan, now)
    due = f"{plan.due:%H:%M}"
    held = f"{count:,.10g} of {plan.at_least:,.10g}"
    if found.day.weekday() not in plan.days:
        return Verdict(Outcome.UP, f"{held}; none is due on {DAYS[found.day.weekday()]}")
    left = found.due - now
    pace = count / ((now - found.begins) / HOUR) if now - found.begins >= MINUTE else None
    if count >= plan.at_least:
        return Verdict(Outcome.UP, f"{held} {'before' if left > 0 else 'by'} {due}", None, left / SECOND, pace)
    if left <= 0:
        message = f"{held} by {due}: {plan.at_least - count:,.10g} short, {_span(-left)} late"
        return Verdict(Outcome.DOWN, message, Failure.DATA, left / SECOND, pace)
    said = f"{held}, {_span(left)} until {due}"
    if pace is None:
        return Verdict(Outcome.UP, said, None, left / SECOND)
    likely = count + pace * left / HOUR
    said = f"{said}; {pace:,.4g} an hour make {likely:,.4g}"
    if by_pace and likely < plan.at_least:
        return Verdict(Outcome.DEGRADED, f"too slow: {said}", Failure.DATA, left / SECOND, pace)
    return Verdict(Outcome.UP, said, None, left / SECOND, pace)


def days_of(names: Sequence[Day]) -> frozenset[int]:
    """Days of the week by their names in DAYS."""
    return frozenset(DAYS.index(name) for name in names)


def _span(length: int) -> str:
    return (
        format_duration(max(length // MINUTE * MINUTE, 0))
        if length >= MINUTE
        else format_duration(length // SECOND * SECOND)
    )
