"""What one series' detector sees, what it leaves alone, and that it knows no future."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.baselines.series import DAY, MONDAY, NS, STEP, latencies, read

from standby.baselines import constants as c
from standby.baselines.detector import Detector
from standby.baselines.reading import Cause

LEARNED = 10 * DAY
START = 30  # of the trouble, samples after what was learned


def troubled(kind: str, seed: int) -> NDArray[np.float64]:
    """Twelve days, the last two with one trouble."""
    values = latencies(12, seed)
    tail = values[LEARNED + START :]
    match kind:
        case "spike":
            tail[0] *= 4
        case "shift":
            tail += 90
        case "drop":
            tail[:30] = 0
        case "frozen":
            tail[:170] = tail[0]
        case "spread":
            tail += np.random.default_rng(3).normal(size=len(tail)) * 60
        case "ramp":
            tail += np.minimum(np.arange(len(tail)) * 3.0, 300.0)
    return values


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(
    ("kind", "within"), [("spike", 1), ("shift", 15), ("drop", 1), ("frozen", 40), ("spread", 6), ("ramp", 60)]
)
def test_trouble_is_told_soon_and_not_before(kind: str, within: int, seed: int) -> None:
    readings = read(troubled(kind, seed))
    news = [at for at, reading in enumerate(readings) if reading.news]
    assert news, kind
    assert LEARNED + START <= news[0] <= LEARNED + START + within
    assert readings[news[0]].alert
    assert readings[news[0]].cause is not None


@pytest.mark.parametrize(("kind", "cause"), [("drop", Cause.DROP), ("frozen", Cause.FLAT)])
def test_it_says_what_it_was(kind: str, cause: Cause) -> None:
    assert cause in {reading.cause for reading in read(troubled(kind, 1)) if reading.alert}


def plain(seed: int) -> NDArray[np.float64]:
    """Fourteen days of a daily wave and even noise, of 8 a standard deviation."""
    day = np.arange(14 * DAY) / DAY
    return 200.0 + 40.0 * np.sin(2 * np.pi * day) + np.random.default_rng(seed).normal(0.0, 8.0, 14 * DAY)


LONG = 72  # samples: six hours
FIVE = {
    "spike": lambda part: part[:2].__iadd__(6 * 8.0),
    "small lasting shift": lambda part: part.__iadd__(5 * 8.0),
    "drop to zero": lambda part: part.fill(0.0),
    "flat line": lambda part: part.fill(part[0]),
    "spread 2.5 times": lambda part: part.__iadd__(np.random.default_rng(3).normal(0.0, 8.0 * 5.25**0.5, LONG)),
}


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("hour", [2, 14])
@pytest.mark.parametrize("kind", FIVE)
def test_each_of_the_five_kinds_is_seen_by_day_and_night(kind: str, hour: int, seed: int) -> None:
    values, start = plain(seed), 12 * DAY + hour * 12
    FIVE[kind](values[start : start + LONG])
    news = [at for at, reading in enumerate(read(values)) if reading.news]
    assert news, "it was not seen"
    assert start <= news[0] < start + LONG


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_plain_noise_is_quiet(seed: int) -> None:
    assert not any(reading.alert for reading in read(plain(seed)))


def test_an_outage_does_not_hide_a_flat_line_days_later() -> None:
    values, start = plain(1), 13 * DAY
    values[10 * DAY : 10 * DAY + LONG] = 0.0
    values[start : start + LONG] = values[start]
    told = [reading for reading in read(values)[start:] if reading.alert]
    assert told[0].news
    assert [reading.news for reading in told].count(True) == 1
    assert told[-1].cause is Cause.FLAT


def test_a_value_that_stands_still_every_night_is_usual_after_some() -> None:
    values = plain(1)
    for day in range(2, 14):
        values[day * DAY : day * DAY + LONG] = 200.0
    flat = [at // DAY for at, reading in enumerate(read(values)) if reading.news and reading.cause is Cause.FLAT]
    assert flat
    assert max(flat) <= 4


def test_night_at_noon_is_unusual_though_every_value_was_seen_before() -> None:
    values = latencies(12)
    values[LEARNED:] = np.roll(values[LEARNED:], DAY // 2)
    news = [reading.cause for reading in read(values)[LEARNED:] if reading.news]
    assert news[0] is Cause.SEASON


@pytest.mark.parametrize("seed", range(3))
def test_quiet_weeks_are_quiet(seed: int) -> None:
    assert not any(reading.alert for reading in read(latencies(14, seed)))


def test_an_open_incident_is_told_again_only_when_it_grows() -> None:
    values = latencies(11)
    values[LEARNED + 30 : LEARNED + 60] += 300
    values[LEARNED + 45] += 3_000
    readings = read(values)
    told = [at - LEARNED for at, reading in enumerate(readings) if reading.news]
    assert told[0] == 30
    assert 45 in told
    assert len(told) <= 4
    assert not readings[-1].alert


def test_the_usual_band_follows_the_day_and_is_there_before_the_sample() -> None:
    detector = Detector()
    read(latencies(10), detector)
    noon, midnight = (detector.usual(MONDAY + (10 * 24 + hour) * 3_600 * NS) for hour in (12, 0))
    assert noon.usual is not None
    assert midnight.usual is not None
    assert noon.usual == pytest.approx(296, abs=12)
    assert midnight.usual == pytest.approx(136, abs=12)
    again = detector.usual(MONDAY + (10 * 24 + 12) * 3_600 * NS)
    assert again == noon


def test_weekends_earn_their_own_level() -> None:
    values = latencies(35)
    weekend = np.arange(len(values)) // DAY % 7 >= 5
    values[weekend] *= 0.5
    detector = Detector()
    read(values, detector)
    monday, saturday = (detector.usual(MONDAY + (day * 24 + 12) * 3_600 * NS).usual for day in (35, 40))
    assert monday is not None
    assert saturday is not None
    assert saturday < 0.8 * monday


def test_nothing_is_told_while_learning() -> None:
    values = latencies(0.9)
    values[-20:] *= 50
    for reading in read(values):
        assert (reading.score, reading.alert, reading.usual, reading.deviation) == (0.0, False, None, None)


@pytest.mark.parametrize("nothing", [math.nan, math.inf, -math.inf, 1e31])
def test_a_missing_value_changes_nothing(nothing: float) -> None:
    values = latencies(5)
    whole, holed = Detector(), Detector()
    for number, value in enumerate(values.tolist()):
        at = MONDAY + number * STEP * NS
        if number % 7 == 3:
            reading = holed.take(at - NS, nothing)
            assert (reading.score, reading.deviation, reading.news) == (0.0, None, False)
        assert holed.take(at, value) == whole.take(at, value)


def test_what_is_not_to_be_learned_leaves_the_band_alone() -> None:
    detector = Detector()
    read(latencies(10), detector)
    before = detector.usual(MONDAY + 10 * DAY * STEP * NS)
    for number in range(400):
        reading = detector.take(MONDAY + (LEARNED + number) * STEP * NS, 900.0, learn=False)
    assert detector.usual(MONDAY + 10 * DAY * STEP * NS) == before
    assert reading.alert


def test_a_lasting_level_is_accepted_in_the_end() -> None:
    values = np.r_[latencies(10), latencies(12, seed=2) + 150]
    readings = read(values)
    assert any(reading.alert for reading in readings[LEARNED : LEARNED + DAY])
    assert not any(reading.alert for reading in readings[-2 * DAY :])


def test_accepting_the_new_normal_ends_the_incident_at_once() -> None:
    detector = Detector()
    after = latencies(3, seed=2) + 400
    read(latencies(10), detector)
    assert read(after[:DAY], detector, LEARNED)[-1].alert
    detector.accept()
    readings = read(after[DAY:], detector, LEARNED + DAY)
    assert not any(reading.alert for reading in readings)


@given(st.integers(1, 400), st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=60))
@settings(max_examples=10)
def test_what_comes_later_changes_nothing_before(cut: int, later: list[float]) -> None:
    values = latencies(2)[:400]
    other = np.r_[values[:cut], later] if later else values[:cut]
    assert read(values)[:cut] == read(other)[:cut]


@given(st.lists(st.tuples(st.integers(-(10**12), 10**15), st.floats()), min_size=1, max_size=200))
@settings(max_examples=20)
def test_any_numbers_at_any_times_give_a_score_between_0_and_1(samples: list[tuple[int, float]]) -> None:
    detector = Detector()
    for at, value in samples:
        reading = detector.take(at, value)
        assert 0.0 <= reading.score < 1.0
        assert math.isfinite(reading.strength)
        assert reading.usual is None or math.isfinite(reading.usual)


def test_scale_and_unit_do_not_matter() -> None:
    values = troubled("shift", 1)
    milliseconds, seconds = read(values), read(values / 1_000)
    assert [one.alert for one in milliseconds] == [one.alert for one in seconds]
    assert max(abs(a.score - b.score) for a, b in zip(milliseconds, seconds, strict=True)) < 1e-3


def test_a_repeated_or_backward_instant_is_an_ordinary_step() -> None:
    values = latencies(4).tolist()
    plain, jumpy = Detector(), Detector()
    for number, value in enumerate(values):
        at = MONDAY + number * STEP * NS
        back = 0 if number % 5 else STEP * NS
        same = plain.take(at, value)
        if number < 200:
            assert jumpy.take(at - back, value).score == same.score
    assert plain.seen == len(values)
    assert c.LEARNING_SAMPLES < jumpy.seen == 200
