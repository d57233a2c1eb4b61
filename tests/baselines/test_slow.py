"""What lasts is told though it is small; what comes every weekend, or came once, is not told again."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.baselines.series import DAY, MONDAY, NS, read

from standby.baselines import constants as c
from standby.baselines.channels import Gains
from standby.baselines.detector import Detector
from standby.baselines.reading import Cause
from standby.baselines.slow import Pace, Slow, Watched

SD = 8.0
LONG = 72  # samples: six hours
WEEKDAY, SATURDAY = 22 * DAY + 14 * 12, 26 * DAY + 2 * 12


def plain(seed: int, days: int = 28) -> NDArray[np.float64]:
    """A daily wave and even noise of `SD`, every five minutes."""
    day = np.arange(days * DAY) / DAY
    return 200.0 + 40.0 * np.sin(2 * np.pi * day) + noise(seed, len(day))


def noise(seed: int, count: int) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(0.0, SD, count)


def news(values: NDArray[np.float64]) -> list[int]:
    return [at for at, reading in enumerate(read(values)) if reading.news]


@pytest.mark.parametrize("start", [WEEKDAY, SATURDAY])
@pytest.mark.parametrize(("size", "within"), [(4, 12), (-4, 12), (3, 18), (-3, 18)])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_small_step_that_lasts_is_told_soon(start: int, size: int, within: int, seed: int) -> None:
    values = plain(seed)[: start + LONG]
    values[start:] += size * SD
    told = news(values)
    assert told
    assert start < told[0] <= start + within


@pytest.mark.parametrize("seed", [1, 2])
def test_a_ramp_is_told_before_it_is_over(seed: int) -> None:
    values = plain(seed)[: WEEKDAY + LONG]
    values[WEEKDAY:] += np.linspace(0.0, 6 * SD, LONG)
    told = news(values)
    assert told
    assert WEEKDAY < told[0] < WEEKDAY + LONG // 2


@pytest.mark.parametrize("start", [WEEKDAY, SATURDAY])
@pytest.mark.parametrize("times", [2.0, 0.5])
@pytest.mark.parametrize("seed", [1, 2])
def test_twice_and_half_the_spread_are_told(start: int, times: float, seed: int) -> None:
    values = plain(seed)[: start + LONG]
    values[start:] += (times - 1.0) * noise(seed, 28 * DAY)[start : start + LONG]
    readings = read(values)
    told = [at for at, reading in enumerate(readings) if reading.news]
    assert told
    assert start < told[0] < start + LONG
    if times < 1.0:
        assert readings[told[0]].cause is Cause.SPREAD


def minutely(kind: str, rng: np.random.Generator, count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What is usual and what comes after, a minute each."""
    match kind:
        case "latency 200 to 280 ms":
            return rng.normal(200.0, 20.0, count), rng.normal(280.0, 20.0, 60)
        case "errors 0.1 to 1 percent":
            return rng.binomial(500, 0.001, count) / 500, rng.binomial(500, 0.01, 60) / 500
        case _:
            return rng.poisson(400, count) * rng.normal(1.0, 0.1, count), rng.poisson(200, 60).astype(np.float64)


@pytest.mark.parametrize("kind", ["latency 200 to 280 ms", "errors 0.1 to 1 percent", "half the throughput"])
def test_what_someone_on_call_would_see_is_told_within_an_hour(kind: str) -> None:
    usual, after = minutely(kind, np.random.default_rng(5), 8 * 1_440)
    detector = Detector()
    readings = [
        detector.take(MONDAY + number * 60 * NS, value) for number, value in enumerate(np.r_[usual, after].tolist())
    ]
    assert not any(reading.alert for reading in readings[len(usual) - 60 : len(usual)])
    assert any(reading.news for reading in readings[len(usual) :])


def test_minutes_are_looked_at_every_five() -> None:
    """What comes between is nothing to it, however far out."""
    values = plain(1, 10)
    slow, looked = Slow(), Slow()
    gains, minute = Gains(60.0), Gains(60.0)
    for number, value in enumerate(values.tolist()):
        for part in range(5):
            gains.at(number, learn=True)
            slow.take(value if part == 0 else 9_000.0, MONDAY // NS + 300 * number + 60 * part, SD, gains)
        minute.at(number, learn=True)
        looked.take(value, MONDAY // NS + 300 * number, SD, minute)
    assert slow.step == looked.step
    assert slow.level == looked.level


@pytest.mark.parametrize("seed", [1, 2])
def test_quiet_weekends_are_as_usual(seed: int) -> None:
    values = plain(seed)
    weekend = np.arange(len(values)) // DAY % 7 >= 5
    assert not [at for at in news(np.where(weekend, 0.6 * values, values)) if at >= 12 * DAY]


def test_the_day_after_a_trouble_is_quiet() -> None:
    values = plain(1)
    values[WEEKDAY : WEEKDAY + LONG] += 5 * SD
    assert not any(reading.alert for reading in read(values)[WEEKDAY + LONG + DAY // 4 :])


def test_one_trouble_does_not_hide_the_next() -> None:
    values = plain(1)
    for start in (WEEKDAY, WEEKDAY + 2 * DAY):
        values[start : start + LONG] += 4 * SD
    assert [at // DAY for at in news(values)] == [22, 24]


def test_no_lasting_trouble_is_told_before_a_week_was_seen() -> None:
    values = plain(1, 7)
    values[4 * DAY : 4 * DAY + LONG] += 3 * SD
    assert Cause.SHIFT not in {reading.cause for reading in read(values)}


def test_the_new_normal_is_taken_for_every_hour() -> None:
    values = plain(1)
    values[WEEKDAY:] += 4 * SD
    detector = Detector()
    assert any(reading.alert for reading in read(values[: WEEKDAY + 24], detector))
    detector.accept()
    after = values[WEEKDAY + 24 : WEEKDAY + 24 + DAY // 2]
    assert not any(reading.alert for reading in read(after, detector, WEEKDAY + 24))


def test_what_is_watched_learns_from_an_excursion_only_when_it_is_over_and_not_all_of_it() -> None:
    watched, pace = Watched(c.STEP_BOUND, c.STEP_RATIO), Pace(300.0)
    assert not watched.take(0.3, c.STEP_RATIO, pace, 1.0)
    assert all(watched.take(4.0, c.STEP_RATIO, pace, 1.0) for _ in range(12))
    assert watched.past == 0.0
    watched.take(0.1, c.STEP_RATIO, pace, 1.0)
    assert watched.past == pytest.approx(c.PAST_LEAST * c.STEP_BOUND)
    assert watched.take(2.5, c.STEP_RATIO, pace, 1.0)
