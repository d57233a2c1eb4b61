"""What every weather service tells in the end: values, and when they were measured. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from standby.checks.api import Finding
from standby.checks.documents import Table, number
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.domain.units import DAY, HOUR, MINUTE, SECOND, format_duration

_NOTHING: Mapping[str, float] = MappingProxyType({})
_AHEAD = HOUR  # clocks differ, and some services round up to their next step
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Reading:
    """`at` is when it was measured (ns since 1970; None: it does not say), `values` by the service's own names."""

    at: int | None
    values: Mapping[str, float] = field(default_factory=lambda: _NOTHING)
    what: str = "observation"


def figures(found: Table, prefix: str = "") -> dict[str, float]:
    """The numbers of an object; those that stand in objects of their own by `outer_inner`, a `value` by its outer."""
    values: dict[str, float] = {}
    for name, held in found.items():
        if isinstance(held, dict):
            inner = figures(held, f"{prefix}{name}_") if not prefix else {}
            figure = number(held.get("value"))
            values.update({f"{prefix}{name}": figure} if figure is not None else inner)
        elif (figure := number(held)) is not None:
            values[f"{prefix}{name}"] = figure
    return values


def metric(name: str) -> str:
    """`relativeHumidity` as a metric is called: `relative_humidity`."""
    return _HUMP.sub("_", name).lower().replace(".", "_")


def judge(reading: Reading, wanted: Sequence[str], max_age: int, now: int) -> Finding:
    """Degraded when it is older than `max_age` ns or has none of the wanted values; unknown without a time."""
    values = {name: reading.values[name] for name in wanted if name in reading.values}
    metrics = {metric(name): value for name, value in values.items()}
    said = ", ".join(f"{name} {value:g}" for name, value in values.items())
    missing = [name for name in wanted if name not in values]
    if reading.at is None:
        message = f"the {reading.what} does not say when it was made"
        return Finding(Outcome.UNKNOWN, message, Failure.DATA, metrics)
    age = now - reading.at
    metrics["age_s"] = age / SECOND
    if age > max_age:
        message = f"the {reading.what} is {_rounded(age)} old, more than {format_duration(max_age)}"
        message += f": {said}" if said else ""
        return Finding(Outcome.DEGRADED, message, Failure.STALE, metrics)
    if -age > _AHEAD:
        message = f"the {reading.what} says that it was made {_rounded(-age)} from now"
        return Finding(Outcome.DEGRADED, message, Failure.DATA, metrics)
    if wanted and not values:
        message = f"the {reading.what} has no value for {', '.join(missing[:4])}"
        return Finding(Outcome.DEGRADED, message, Failure.DATA, metrics)
    without = f"; without {', '.join(missing[:4])}" if missing else ""
    return Finding(Outcome.UP, f"{_rounded(max(age, 0))} old: {said}{without}", None, metrics)


def _rounded(age: int) -> str:
    """As exact as somebody wants to know an age: `12m30s`, `7h12m`, `3d4h`."""
    unit = SECOND if age < HOUR else MINUTE if age < DAY else HOUR
    return format_duration(age // unit * unit)
