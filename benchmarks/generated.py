"""Seeded series with troubles at known instants: what the recorded corpora lack (weeks, holes, exact onsets).

A series is six weeks of five-minute samples with a day's and a week's shape, noise with a heavy tail, one sample in
a hundred missing, three nights of maintenance without values, and a trouble or two a week from the second one on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

STEP_S = 300
DAY = 86_400 // STEP_S
WEEKS = 6
MONDAY_S = 1_699_833_600  # 2023-11-13T00:00:00Z
RECOVERY = DAY // 2  # after a trouble nothing counts as false: what was learned of it has to fade
NEAR = 3  # samples after its end that still count as finding it

KINDS = ("spike", "ramp", "step", "drop", "freeze", "spread")

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Trouble:
    """Samples `start` to `end` (exclusive) of one kind."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Made:
    """One series: values (NaN: missing) every five minutes from a Monday on, and its troubles in their order."""

    values: Values
    troubles: tuple[Trouble, ...]

    def at(self, sample: int) -> int:
        """ns since the epoch."""
        return (MONDAY_S + sample * STEP_S) * 1_000_000_000

    def quiet(self) -> NDArray[np.bool_]:
        """The samples after the first week that are far from any trouble."""
        out = np.arange(len(self.values)) >= 7 * DAY
        for trouble in self.troubles:
            out[trouble.start : trouble.end + RECOVERY] = False
        return out


@dataclass(frozen=True, slots=True)
class Measured:
    """False alarms a series and week (M1), share of troubles found and how many samples late (M2), by kind too."""

    false_a_week: float
    alarm_share: float
    recall: float
    delay: float
    by_kind: dict[str, float]


def series(seed: int) -> Made:
    """The series of a seed."""
    rng = np.random.default_rng(seed)
    count = WEEKS * 7 * DAY
    usual = _shape(rng, count)
    noise = usual * rng.uniform(0.03, 0.08)
    values = usual + noise * rng.standard_t(4, count)
    made = _troubles(rng, count)
    for trouble in made:
        part = slice(trouble.start, trouble.end)
        values[part] = _changed(trouble.kind, rng, values[part], noise[part])
    values[rng.random(count) < 0.01] = np.nan
    for day in rng.choice(np.arange(8, 40), 3, replace=False):
        start = int(day) * DAY + 2 * 12
        if not any(one.start < start + 24 and start < one.end for one in made):
            values[start : start + 24] = np.nan
    return Made(np.maximum(values, 0.0), made)


def _shape(rng: np.random.Generator, count: int) -> Values:
    day = np.arange(count) / DAY
    deep, weekend, turn = rng.uniform(0.1, 0.6), rng.uniform(0.5, 1.0), rng.uniform(0, 1)
    shape = 1.0 + deep * np.sin(2 * np.pi * (day - turn)) + 0.3 * deep * np.sin(4 * np.pi * day)
    out: Values = 10.0 ** rng.uniform(0, 4) * shape * np.where(day % 7 >= 5, weekend, 1.0)
    return out


def _troubles(rng: np.random.Generator, count: int) -> tuple[Trouble, ...]:
    out, at = [], 8 * DAY
    while True:
        at += int(rng.uniform(3.0, 7.0) * DAY)
        kind = KINDS[rng.integers(len(KINDS))]
        length = 1 if kind == "spike" else int(rng.integers(12, 96))
        if at + length > count - DAY:
            return tuple(out)
        out.append(Trouble(kind, at, at + length))
        at += length


def _changed(kind: str, rng: np.random.Generator, values: Values, noise: Values) -> Values:
    """`values` during a trouble; `noise` is one standard deviation of each."""
    count, out = len(values), values.copy()
    match kind:
        case "spike":
            out *= rng.uniform(2, 10)
        case "ramp":
            out += noise * np.linspace(0, rng.uniform(8, 15), count)
        case "step":
            out += noise * rng.uniform(3, 8) * rng.choice((-1, 1))
        case "drop":
            out[:] = 0.0
        case "freeze":
            out[:] = values[0]
        case "spread":
            out += noise * rng.uniform(3, 6) * rng.normal(size=count)
    return out


def measured(made: Sequence[Made], alerts: Iterable[NDArray[np.bool_]]) -> Measured:
    """M1 and M2 of each series' alert state, a flag a sample."""
    false = weeks = hot = calm = 0.0
    found: dict[str, list[bool]] = {}
    delays = []
    for one, alert in zip(made, alerts, strict=True):
        quiet = one.quiet()
        opens = alert & ~np.r_[False, alert[:-1]]
        false += float((opens & quiet).sum())
        hot, calm = hot + float((alert & quiet).sum()), calm + float(quiet.sum())
        weeks += quiet.sum() / (7 * DAY)
        for trouble in one.troubles:
            hits = np.flatnonzero(alert[trouble.start : trouble.end + NEAR])
            found.setdefault(trouble.kind, []).append(len(hits) > 0)
            delays += hits[:1].tolist()
    every = [hit for hits in found.values() for hit in hits]
    by_kind = {kind: sum(hits) / len(hits) for kind, hits in sorted(found.items())}
    delay = sum(delays) / len(delays) if delays else float("nan")
    return Measured(false / weeks, hot / calm, sum(every) / len(every) if every else float("nan"), delay, by_kind)
