"""`domain.window` and `domain.availability` against Uptime Kuma."""

from __future__ import annotations

import pytest

from standby.domain.availability import Tally
from standby.domain.outcome import Outcome
from standby.domain.units import DAY, MINUTE
from standby.domain.window import Window

from .loader import Case, assert_agrees, cases

FILE = "g_uptime_calculator"
PENDING = "their pending counts as down; ours (unknown) counts on neither side"
WORDS = {
    "up": Outcome.UP,
    "down": Outcome.DOWN,
    "pending": Outcome.UNKNOWN,
    "maintenance": Outcome.MAINTENANCE,
}
BEGIN = 20_000 * DAY


@pytest.mark.parametrize("case", cases(FILE))
def test_24_hours(case: Case) -> None:
    window = Window(DAY)
    for number, (word, *ping) in enumerate(case["beats"]):
        window.add(BEGIN + number * MINUTE, WORDS[word], ping[0] if ping and word == "up" else None)
    pending = any(word == "pending" for word, *_ in case["beats"])
    assert_agrees(
        (window.availability, window.latency_ms),
        (case["expected_uptime"], case["expected_avg_ping"]),
        PENDING if pending else None,
    )


def test_silence_is_no_figure() -> None:
    """Kuma goes on reporting the last value; the oracle asks not to copy that."""
    window = Window(DAY)
    window.add(BEGIN, Outcome.UP, 100.0)
    window.evict(BEGIN + 2 * DAY)
    assert window.availability is None
    assert window.latency_ms is None


@pytest.mark.parametrize("case", cases(FILE, "daily_cases"))
def test_days(case: Case) -> None:
    week, month = Window(7 * DAY), Tally()
    for number, word in enumerate(case["one_beat_per_day"], start=1):
        week.add(BEGIN + number * DAY, WORDS[word])
        week.evict(BEGIN + number * DAY)
        month += Tally(decided=1, failures=int(word == "down"))
        ups = case["one_beat_per_day"][:number].count("up")
        assert month.availability == pytest.approx(ups / number)
    assert week.availability == pytest.approx(case["expected_7d_at_end"])
