"""Whether nobody is told on a route at an instant, because of which of its hours, and until when (S27).

`quiet` hours keep quiet inside any of them, `active` hours outside all of them; both may be set at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from standby.domain.timeintervals import TimeInterval, inside, next_change

_MOST_TURNS = 50  # of hours that end where others begin, before it is given up to say when all end

Named = Mapping[str, TimeInterval]


@dataclass(frozen=True, slots=True)
class Hush:
    """Why, in words that a person reads beside the alert; `until` is ns since 1970, `None` when it is far away."""

    name: str
    why: str
    until: int | None


def hush(quiet: Named, active: Named, at: int) -> Hush | None:
    """What keeps quiet at `at`; `None` when nothing does."""
    name = next((name for name, one in quiet.items() if one.contains(at)), None)
    if name is not None:
        return Hush(name, f"quiet hours {name}", _until(quiet, active, at))
    if active and not inside(list(active.values()), at):
        names = ", ".join(active)
        return Hush(names, f"outside the hours {names}", _until(quiet, active, at))
    return None


def turns(quiet: Named, active: Named, at: int) -> int | None:
    """When the answer may be another, after `at`."""
    times = (next_change([one], at) for one in (*quiet.values(), *active.values()))
    return min((time for time in times if time is not None), default=None)


def _until(quiet: Named, active: Named, at: int) -> int | None:
    nights, days = list(quiet.values()), list(active.values())
    for _ in range(_MOST_TURNS):
        if inside(nights, at):
            end = next_change(nights, at)
        elif days and not inside(days, at):
            end = next_change(days, at)
        else:
            return at
        if end is None:
            return None
        at = end
    return None
