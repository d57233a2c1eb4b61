"""One series: what is usual, and how unusual each sample is. `bank.py` is the same for thousands."""

from __future__ import annotations

import math

from standby.baselines.channels import Gains, Level, Place, Season, Shift, Spread, Tail
from standby.baselines.constants import (
    BAND,
    BUCKET_S,
    CLOSE,
    DAY_S,
    DROP_Z,
    FLOOR,
    HOURS,
    HUGE,
    LASTING_WEIGHT,
    LEARNING_DAYS,
    LEARNING_SAMPLES,
    LONGEST_STEP_S,
    NS,
    ORDINARY_S,
    PROFILE_DAYS,
    ROBUST,
    SCORE_HALF,
    SEASON_LEAST,
    SLOW_STRENGTH,
    SPREAD_LEAST,
    TINY,
    WEEK_DAYS,
    WEIGHTS,
)
from standby.baselines.incident import Frozen, Hold, Incident
from standby.baselines.reading import CHANNELS, NO_BAND, Band, Cause, Reading
from standby.baselines.slow import Slow

_DAY_NS = DAY_S * NS


def score_of(strength: float) -> float:
    """0..1, in the same order."""
    return strength / (strength + SCORE_HALF)


class Detector:
    """Causal: it is told one sample after the other and nothing else, no length, range, name or unit."""

    __slots__ = (
        "_cause",
        "_first",
        "_frozen",
        "_gains",
        "_hold",
        "_incident",
        "_last",
        "_lasting",
        "_level",
        "_place",
        "_positive",
        "_season",
        "_shift",
        "_slow",
        "_smooth",
        "_spread",
        "_step",
        "_tails",
        "seen",
    )

    def __init__(self) -> None:
        self.seen = 0
        self._first = self._last = 0
        self._step = ORDINARY_S
        self._gains = Gains(ORDINARY_S)
        self._season, self._level, self._shift = Season(), Level(), Shift()
        self._place, self._spread = Place(), Spread()
        self._slow = Slow()
        self._tails = tuple(Tail() for _ in CHANNELS)
        self._frozen, self._hold, self._incident = Frozen(), Hold(), Incident()
        self._smooth = self._lasting = 0.0
        self._positive = True
        self._cause: Cause | None = None

    def take(self, at: int, value: float, learn: bool = True) -> Reading:  # noqa: FBT001, FBT002 - as a bank does
        """Judge a sample by what came before it, then learn from it.

        `at` is ns since the epoch; a `value` that is no number is missing: nothing changes and nothing is scored.
        Without `learn` what is usual stays as it is (the incident goes on all the same); such samples are passed over
        as long as nothing is known.
        """
        if not abs(value) <= HUGE or not (learn or self.seen >= LEARNING_SAMPLES):
            return self._missing(at)
        gains = self._tick(at, value, learn)
        place, days = place_of(at), (at - self._first) / _DAY_NS
        learned = self.seen >= LEARNING_SAMPLES and days >= LEARNING_DAYS
        band = self._band(place, days) if learned else NO_BAND
        strength, channel = self._surprise(place, value, gains)
        frozen = self._frozen.take(value, at, gains.learn)
        lasts = self._slow.take(value, at // NS, self._level.scale, gains)
        if lasts is not None and days >= WEEK_DAYS and strength <= SLOW_STRENGTH:
            strength, channel = SLOW_STRENGTH, lasts
        strength = max(strength, frozen) if learned else 0.0
        if frozen and frozen >= strength:
            channel = Cause.FLAT
        self.seen += learn
        self._positive &= value >= 0.0
        return self._told(at, value, band, strength, channel, days)

    def usual(self, at: int) -> Band:
        """What would be usual at an instant, after what was seen until now; nothing is taken."""
        days = (at - self._first) / _DAY_NS
        if self.seen < LEARNING_SAMPLES or days < LEARNING_DAYS:
            return NO_BAND
        return self._band(place_of(at), days)

    def accept(self, level: float = math.nan) -> None:
        """Take the present level as the new normal: what it was compared with moves there, the incident is over.

        `level` is the present one, where somebody knows it better than what was smoothed.
        """
        if not self.seen:
            return
        now = self._shift.fast if math.isnan(level) else level
        season, (bucket, hour) = self._season, place_of(self._last)
        season.offset += now - season.usual(bucket, hour)
        self._level.level = self._shift.fast = self._shift.slow = self._place.middle = now
        self._spread.slow = math.log(self._spread.fast + self._floor())
        self._slow.accept(now, self._last // NS)
        self._smooth = self._lasting = 0.0
        self._frozen.longest = max(self._frozen.longest, self._frozen.run)
        self._hold, self._incident, self._cause = Hold(), Incident(), None

    def _band(self, place: tuple[int, int], days: float) -> Band:
        bucket, hour = place
        usual, scale = self._shift.slow, ROBUST * self._shift.wide
        season = self._season
        if days >= PROFILE_DAYS and season.error < scale and season.samples[bucket] >= SEASON_LEAST:
            usual, scale = season.usual(bucket, hour), season.spread[bucket]
            if scale < 0.5 * season.error:
                scale = 0.5 * season.error
        floor = FLOOR * abs(usual)
        width = BAND * (scale if scale > floor else floor)
        low = usual - width
        return Band(usual, 0.0 if self._positive and low < 0.0 else low, usual + width)

    def _tick(self, at: int, value: float, learn: bool) -> Gains:  # noqa: FBT001
        step = (at - self._last) / NS
        if not self.seen:
            self._first = at
            self._level.level = self._shift.fast = self._shift.slow = value
            self._place.middle = self._frozen.last = value
            self._frozen.changed = at
        elif step > 0.0:  # else a repeated or backward instant: one ordinary step
            self._step = min(step, LONGEST_STEP_S)
        self._last = at
        if self._gains.step != self._step:
            self._gains = Gains(self._step)
        self._gains.at(self.seen, learn)
        return self._gains

    def _surprise(self, at_place: tuple[int, int], value: float, gains: Gains) -> tuple[float, Cause]:
        """How rare all channels together are, just now and over the last hours; and which of them is rarest."""
        tiny = self._tiny()
        season, known = self._season.take(value, at_place[0], at_place[1], tiny, gains)
        level = self._level.take(value, tiny, gains)
        shift = self._shift.take(value, tiny, gains)
        usual, place = self._place.middle, self._place.take(value, tiny, gains)
        spread = self._spread.take(self._level.size, tiny + SPREAD_LEAST * self._level.scale, gains)
        of_season, of_level, of_shift, of_place, of_spread = self._tails
        learn = gains.learn
        heard = (
            WEIGHTS[0] * of_season.take(season, learn) if known else 0.0,
            WEIGHTS[1] * of_level.take(level, learn),
            WEIGHTS[2] * of_shift.take(shift, learn),
            WEIGHTS[3] * of_place.take(place, learn),
            WEIGHTS[4] * of_spread.take(spread, learn),
        )
        together = math.hypot(*heard)
        self._smooth += gains.smooth * (together - self._smooth)
        self._lasting += gains.lasting * (together - self._lasting)
        fell = place <= DROP_Z and abs(value) <= FLOOR * abs(usual)
        channel = Cause.DROP if fell else CHANNELS[heard.index(max(heard))]
        return math.hypot(self._smooth, LASTING_WEIGHT * self._lasting), channel

    def _told(self, at: int, value: float, band: Band, strength: float, channel: Cause, days: float) -> Reading:
        incident = self._incident
        news = incident.take(strength)
        if news or not incident.open or channel is Cause.FLAT:
            self._cause = channel if strength >= CLOSE else None
        deviation = None
        if band.usual is not None and band.high is not None:
            scale = (band.high - band.usual) / BAND
            deviation = (value - band.usual) / (scale if scale > TINY else TINY)
        return Reading(
            score_of(self._hold.take(strength, at)),
            strength,
            band.usual,
            band.low,
            band.high,
            deviation,
            incident.open,
            news,
            self._cause,
            self.seen,
            days,
        )

    def _missing(self, at: int) -> Reading:
        band, incident = self.usual(at), self._incident
        return Reading(
            score=0.0,
            strength=0.0,
            usual=band.usual,
            low=band.low,
            high=band.high,
            deviation=None,
            alert=incident.open,
            news=False,
            cause=self._cause,
            seen=self.seen,
            days=(at - self._first) / _DAY_NS if self.seen else 0.0,
        )

    def _tiny(self) -> float:
        return FLOOR * abs(self._level.level) + TINY

    def _floor(self) -> float:
        return self._tiny() + SPREAD_LEAST * self._level.scale


def place_of(at: int) -> tuple[int, int]:
    """The hour of the day and the hour of the week, in UTC."""
    seconds = at // NS
    return seconds % DAY_S // BUCKET_S, seconds // 3_600 % HOURS
