"""What a detector says of one sample: how surprising it is, what would be usual, and why."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Cause(StrEnum):
    """What the strongest channel saw."""

    SPIKE = "spike"  # far from the samples just before it
    SHIFT = "shift"  # away from its level for a while
    DROP = "drop"  # fell to zero
    FLAT = "flat"  # one and the same value for far longer than ever
    SPREAD = "spread"  # varies otherwise than before
    SEASON = "season"  # not what this time of day and week brings
    VALUE = "value"  # rare among all that were seen


# Of the channels, in their order: season, level, shift, place, spread.
CHANNELS = (Cause.SEASON, Cause.SPIKE, Cause.SHIFT, Cause.VALUE, Cause.SPREAD)
CAUSES = tuple(Cause)
CODES = {cause: number for number, cause in enumerate(CAUSES, 1)}  # as a bank holds them; 0 is no cause


class Band(NamedTuple):
    """What would be usual at an instant, in the metric's unit. All None while learning."""

    usual: float | None = None
    low: float | None = None
    high: float | None = None


NO_BAND = Band()


class Reading(NamedTuple):
    """One sample judged.

    `score` is 0..1 and sparse: after a peak nothing is scored that is not clearly above it, so that one trouble is told
    once. `strength` is the same without that, 0 upwards, for as long as the trouble lasts. `deviation` is how many
    robust standard deviations the value lies above (+) or below (-) what is usual; None while learning or without a
    value. `alert` holds from the opening of an incident to its end; `news` on the sample that opens it and whenever it
    has grown by `GROWTH` since it was told. `seen` counts samples, `days` is the time since the first one.
    """

    score: float
    strength: float
    usual: float | None
    low: float | None
    high: float | None
    deviation: float | None
    alert: bool
    news: bool
    cause: Cause | None
    seen: int
    days: float
