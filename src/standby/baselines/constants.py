"""The one set of constants: no series, metric or vendor has numbers of its own.

Times are seconds. What remembers is bound to time (`gain(TAU, dt)`), so that the rate of polling, jitter and gaps need
no case of their own; what only smooths noise is a share per sample, so that a spike is one at any rate.
"""

from __future__ import annotations

import math
from typing import Final

from standby.domain import baseline

NS: Final = 1_000_000_000
HUGE: Final = 1e30  # no metric is as large: what is kept in single precision must stay a number
TINY: Final = 1e-12
DAY_S: Final = 86_400
ORDINARY_S: Final = 300.0  # the step assumed before two samples were seen
LONGEST_STEP_S: Final = 3_600.0  # one value speaks for an hour at most, however long nothing came before it
ROBUST: Final = 1.2533  # mean absolute deviation to standard deviation, of normal noise
FLOOR: Final = 1e-9  # of the level: below it a spread is rounding

# Memory.
MEMORY_S: Final = 500_000.0  # six days: what a level, a spread or a shift is compared with
SEASON_MEMORY_S: Final = 300_000.0
LONG_MEMORY_S: Final = 1_000_000.0  # eleven days: the place of a value among all that were seen
WARM: Final = 10  # samples before residuals are clipped
WARM_SPREAD: Final = 20

# Season: hours of the day, and hours of the week as a correction that has to earn its weight.
BUCKETS: Final = 24
BUCKET_S: Final = DAY_S // BUCKETS
HOURS: Final = 168
SEASON_S: Final = 3_598.0  # of time inside the bucket: a visit of an hour brings more than half of what is new
SEASON_SPREAD_S: Final = 29_850.0
SEASON_MOST: Final = 200  # samples counted a bucket: its gain has long reached its floor
SEASON_LEAST: Final = 3  # samples before a bucket has a say
SEASON_CLIP: Final = 4.0
SEASON_OFFSET_AFTER: Final = 50
WEEKS_MEMORY: Final = 4.0  # visits that an hour of the week is averaged over
WEEKS_SHRINK: Final = 2.0  # visits that the day's profile counts for
WEEKS_MOST: Final = 60.0

# Level (sudden spikes), shift (lasting deviations), value, spread.
LEVEL_GAIN: Final = 0.2
LEVEL_CLIP: Final = 4.0
SHIFT_GAIN: Final = 0.15
SHIFT_CLIP: Final = 6.0
SHIFT_FLOOR: Final = 0.05
VALUE_CLIP: Final = 6.5
SPREAD_GAIN: Final = 0.045
SPREAD_CLIP: Final = 5.0
SPREAD_FLOOR: Final = 0.1
SPREAD_LEAST: Final = 1e-6  # of the usual size: below it nothing moves at all

# Rarity: of each channel's z among all before, by a histogram of asinh(z).
BINS: Final = 36
BIN_WIDTH: Final = 0.42
BIN_MIDDLE: Final = BINS / 2 - 0.5
BIN_LAST: Final = BINS - 1.0001
TAIL_MOST: Final = 8_000.0
TAIL_KEPT: Final = 0.7
TAIL_LEAST: Final = 150.0
TAIL_PRIOR: Final = 0.02
TAIL_BEYOND: Final = 2.0  # bins as full as this one hold what lies here or further out: half of them on the other side
WEIGHTS: Final = (1.35, 0.75, 0.5, 0.85, 0.25)  # season, level, shift, value, spread

# Strength: the rarity of all channels together, of just now and of the last hours.
SMOOTH_S: Final = 300.0
SMOOTH_STEP_S: Final = 60.0  # a faster series is not smoothed over more samples than one a minute
LASTING_S: Final = 9_850.0
LASTING_WEIGHT: Final = 1.1

# Frozen: a run of one and the same value, beside the longest run of before.
FLAT_LEAST: Final = 24.0
FLAT_RATIO: Final = 3.0
FLAT_TAUGHT: Final = 8.0  # what one run teaches of how long they are: these samples, and
FLAT_GROWTH: Final = 2.0  # times the longest; so one outage does not hide the next
FLAT_CHANGES: Final = 50.0  # a series that hardly ever moves cannot freeze
FLAT_STRENGTH: Final = 4.1
FLAT_ACCEPTED_NS: Final = 3 * DAY_S * NS  # by then it is how things are

# The slow watch: a profile that gets used to nothing quickly, and what the last hours came to beside it.
LOOK_S: Final = 300  # it looks at the first sample of every five minutes
UNSEEN: Final = 3e38  # an hour of the profile that never was: no metric is as large, and single precision holds it
UNSEEN_LEAST: Final = 1e38
WEEKEND: Final = (2, 3)  # days since the epoch, a Thursday, modulo 7
WIDE_HOURS: Final = 4  # hours that share one spread
WIDE_S: Final = WIDE_HOURS * BUCKET_S
WIDE_SLOTS: Final = BUCKETS // WIDE_HOURS
SLOW_FLOOR: Final = 1e-5  # of the level: single precision tells no less apart
SLOW_VISITS: Final = 6  # visits that an hour is averaged over
SLOW_LEVEL_CLIP: Final = 1.5
SLOW_CLIP: Final = 4.0
SLOW_ROUNDING: Final = 0.02  # a day with a hole of half an hour was one
SLOW_KNOWN_HOURS: Final = 24.0  # of working days, or weekends, before they are looked at
SLOW_OPEN_HOURS: Final = 48.0  # before what is learned is clipped
SLOW_MOST_HOURS: Final = 10_000.0
SLOW_STRENGTH: Final = 4.0  # of what lasts
WIDE_CLIP: Final = 4.0  # of the mean size
STEP_S: Final = 3_600.0
STEP_GAIN: Final = 0.15  # at most, so that one sample of a slow series is no step
STEP_BOUND: Final = 1.2  # robust standard deviations
STEP_RATIO: Final = 6.0  # of its own usual size
WIDTH_S: Final = 7_200.0
WIDTH_GAIN: Final = 0.08
WIDTH_SLACK: Final = 0.02  # a series that stands still has a logarithm all the same
WIDTH_BOUND: Final = 0.4  # of the natural logarithm: half more, or a third less
WIDTH_RATIO: Final = 4.0
WATCHED_CLIP: Final = 3.0
WATCHED_FLOOR: Final = 0.05  # of the bound
PAST_S: Final = 10.0 * DAY_S
PAST_RATIO: Final = 1.2  # of the most that it came to before
PAST_ENDED: Final = 0.5  # of its top: then an excursion is over
PAST_GROWTH: Final = 1.5  # what one excursion teaches at most: this much of the most of before,
PAST_LEAST: Final = 0.7  # or this much of the bound

# What is told: for a while after a peak nothing that is not clearly above it, less so as time goes by.
HOLD_NS: Final = 12 * 3_600 * NS
HOLD_RATIO: Final = 1.25
HOLD_EASING: Final = 0.5
SCORE_HALF: Final = 4.0  # the strength whose score is 0.5: that of OPEN

# Incident.
LEARNING_SAMPLES: Final = 150
LEARNING_DAYS: Final = baseline.LEARNING_DAYS
PROFILE_DAYS: Final = 3.0  # before the hour of the day is believed in words
WEEK_DAYS: Final = 7.0
OPEN: Final = 4.0
SUSTAINED: Final = 3.5
SUSTAINED_OF: Final = (3, 5)
CLOSE: Final = 2.8
CLOSE_AFTER: Final = 3
GROWTH: Final = 1.3
DROP_Z: Final = -2.0
BAND: Final = 3.0  # robust standard deviations on either side of what is usual


def gain(tau: float, step: float) -> float:
    """The share of a new value in an average that forgets with `tau` seconds, `step` seconds after the last one."""
    return -math.expm1(-step / tau)
