"""The incident layer of `incident.py` for many series at once; `numbers` and `times` are changed in place."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from standby.baselines import constants as c
from standby.baselines.incident import WINDOW
from standby.baselines.layout import F, T

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

_BITS = np.array([number.bit_count() for number in range(WINDOW + 1)])


def held(numbers: Floats, times: Ints, strength: Floats, at: Ints) -> Floats:
    """`Hold.take`."""
    age = np.maximum(at - times[T.HELD], 0) / c.HOLD_NS
    bar = np.where(age <= 1.0, c.HOLD_RATIO * numbers[F.HOLD_PEAK] * (1.0 - c.HOLD_EASING * age), 0.0)
    told = strength > bar
    numbers[F.HOLD_PEAK] = np.where(told, strength, numbers[F.HOLD_PEAK])
    times[T.HELD] = np.where(told, at, times[T.HELD])
    return np.where(told, strength, 0.0)


def opened(numbers: Floats, strength: Floats) -> Flags:
    """`Incident.take`."""
    high = strength >= c.SUSTAINED
    recent = (numbers[F.RECENT].astype(np.int64) << 1 | high) & WINDOW
    was = numbers[F.TOLD] > 0.0
    opens = ~was & ((strength >= c.OPEN) | (high & (_BITS[recent] >= c.SUSTAINED_OF[0])))
    grows = was & (strength >= c.GROWTH * numbers[F.TOLD])
    news = opens | grows
    quiet = was & ~grows
    below = np.where(quiet, np.where(strength < c.CLOSE, numbers[F.BELOW] + 1.0, 0.0), numbers[F.BELOW])
    numbers[F.BELOW] = np.where(opens, 0.0, below)
    closes = quiet & (numbers[F.BELOW] >= c.CLOSE_AFTER)
    numbers[F.TOLD] = np.where(closes, 0.0, np.where(news, strength, numbers[F.TOLD]))
    numbers[F.RECENT] = np.where(closes, 0, recent)
    out: Flags = news
    return out


def frozen(numbers: Floats, times: Ints, at: Ints, values: Floats, learn: Floats) -> Floats:
    """`Frozen.take`."""
    moves = values != numbers[F.FROZEN_LAST]
    learned = moves & (learn > 0.0)
    run, longest, changes = numbers[F.FROZEN_RUN], numbers[F.FROZEN_LONGEST], numbers[F.FROZEN_CHANGES]
    taught = np.minimum(run, c.FLAT_TAUGHT + c.FLAT_GROWTH * longest)
    numbers[F.FROZEN_LONGEST] = np.where(learned, np.maximum(longest, taught), longest)
    numbers[F.FROZEN_CHANGES] = np.where(learned, np.minimum(changes + 1.0, c.FLAT_CHANGES), changes)
    numbers[F.FROZEN_LAST] = values
    times[T.CHANGED] = np.where(moves, at, times[T.CHANGED])
    run = np.where(moves, 0.0, run + 1.0)
    numbers[F.FROZEN_RUN] = run
    still = run > c.FLAT_LEAST + c.FLAT_RATIO * numbers[F.FROZEN_LONGEST]
    still &= (numbers[F.FROZEN_CHANGES] >= c.FLAT_CHANGES) & (at - times[T.CHANGED] <= c.FLAT_ACCEPTED_NS)
    return np.where(still, c.FLAT_STRENGTH, 0.0)
