"""Which outcome a person needs to see first."""

from __future__ import annotations

import itertools

from standby.domain.outcome import Outcome, worst

ORDER = [Outcome.UP, Outcome.MAINTENANCE, Outcome.UNKNOWN, Outcome.DEGRADED, Outcome.DOWN]


def test_the_worst_wins_in_any_order() -> None:
    for first, second in itertools.product(ORDER, repeat=2):
        assert worst([first, second]) is ORDER[max(ORDER.index(first), ORDER.index(second))]


def test_nothing_is_unknown() -> None:
    assert worst([]) is Outcome.UNKNOWN


def test_what_says_something_about_the_third_party() -> None:
    assert [outcome for outcome in ORDER if not outcome.decided] == [Outcome.MAINTENANCE, Outcome.UNKNOWN]
