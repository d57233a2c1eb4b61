"""What an alert of the baselines says."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from standby.baselines.reading import Band, Cause, Reading
from standby.baselines.words import amount, learning, sentence, usual

TUESDAY = 1_700_575_320_000_000_000  # 2023-11-21T14:02:00Z


def reading(**changes: object) -> Reading:
    told: dict[str, object] = {
        "score": 0.7,
        "strength": 5.0,
        "usual": 410.0,
        "low": 320.0,
        "high": 500.0,
        "deviation": 46.3,
        "alert": True,
        "news": True,
        "cause": Cause.SPIKE,
        "seen": 9_000,
        "days": 31.2,
    }
    return Reading(**{**told, **changes})  # type: ignore[arg-type]


def test_an_alert_explains_itself() -> None:
    said = sentence("p95", 1_800.0, "ms", reading(), TUESDAY, since=TUESDAY - 60 * 10**9, highest_days=12.3)
    assert said == (
        "p95 1.8 s, usual for Tue 14:02: 410 ms ± 90; a sudden spike; highest of the last 12 days; since 14:01"
    )


def test_it_says_that_it_is_still_learning() -> None:
    young = reading(usual=None, low=None, high=None, deviation=None, cause=None, days=3.9)
    assert sentence("errors", 0.051, "ratio", young, TUESDAY) == "errors 5.1 %; still learning, 3 of 7 days"


@pytest.mark.parametrize(
    ("days", "said"), [(0.0, "still learning, 0 of 7 days"), (6.99, "still learning, 6 of 7 days"), (7.0, "")]
)
def test_learning_is_told_until_the_week_is_full(days: float, said: str) -> None:
    assert learning(days) == said


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (0.0, "ms", "0 ms"),
        (12.345, "ms", "12.3 ms"),
        (999.9, "ms", "1,000 ms"),
        (1_834.0, "ms", "1.83 s"),
        (0.0512, "ratio", "5.12 %"),
        (1_234_567.0, "/min", "1,234,567 /min"),
        (3e12, "", "3.00e+12"),
        (0.00001, "", "1.00e-05"),
        (float("nan"), "ms", "? ms"),
    ],
)
def test_amounts_are_said_as_people_say_them(value: float, unit: str, said: str) -> None:
    assert amount(value, unit) == said


def test_the_hour_is_told_in_the_zone_of_who_reads() -> None:
    band = Band(1_200.0, 900.0, 1_500.0)
    assert usual(band, TUESDAY, "ms", ZoneInfo("Asia/Tokyo")) == "usual for Tue 23:02: 1.2 s ± 0.3"


def test_an_impossible_instant_does_not_break_a_sentence() -> None:
    assert "usual for ?:" in sentence("p95", 1.0, "ms", reading(), 2**69)


def test_a_trouble_of_yesterday_says_its_day() -> None:
    assert sentence("p95", 9.0, "ms", reading(), TUESDAY, since=TUESDAY - 2 * 86_400 * 10**9).endswith(
        "since Sun 19 Nov 14:02"
    )
