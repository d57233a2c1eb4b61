from __future__ import annotations

import pytest

from standby.domain.cause import ACTIONS, Cause, cause, whose
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome


@pytest.mark.parametrize(
    ("outcome", "failure", "expected"),
    [
        (Outcome.UP, None, None),
        (Outcome.UP, Failure.STATED, None),
        (Outcome.DOWN, Failure.STATED, Cause.OUTAGE),
        (Outcome.DOWN, Failure.EXPECTATION, Cause.OUTAGE),
        (Outcome.DOWN, Failure.REFUSED, Cause.OUTAGE),
        (Outcome.DEGRADED, Failure.STATED, Cause.DEGRADATION),
        (Outcome.MAINTENANCE, Failure.STATED, Cause.MAINTENANCE),
        (Outcome.UNKNOWN, Failure.STATED, None),
        (Outcome.UNKNOWN, Failure.SERVER, Cause.OUTAGE),
        (Outcome.UNKNOWN, Failure.CREDENTIALS, Cause.CREDENTIALS),
        (Outcome.DEGRADED, Failure.RATE_LIMITED, Cause.QUOTA),
        (Outcome.UNKNOWN, Failure.REQUEST, Cause.REQUEST),
        (Outcome.DOWN, Failure.RESOLVE, Cause.PATH),
        (Outcome.UNKNOWN, Failure.UNREADABLE, Cause.PATH),
        (Outcome.UNKNOWN, Failure.OWN_DELAY, Cause.OURSELVES),
    ],
)
def test_whose_trouble_it_is(outcome: Outcome, failure: Failure | None, expected: Cause | None) -> None:
    assert cause(outcome, failure) is expected


@pytest.mark.parametrize(
    ("outcome", "failure", "expected"),
    [
        (Outcome.UP, Failure.SERVER, None),
        (Outcome.UNKNOWN, Failure.SERVER, Cause.MONITOR),
        (Outcome.UNKNOWN, Failure.REFUSED, Cause.MONITOR),
        (Outcome.UNKNOWN, Failure.TIMEOUT, Cause.MONITOR),
        (Outcome.UNKNOWN, Failure.RESET, Cause.MONITOR),
        (Outcome.UNKNOWN, Failure.PROTOCOL, Cause.MONITOR),
        (Outcome.UNKNOWN, Failure.RESOLVE, Cause.PATH),
        (Outcome.UNKNOWN, Failure.UNREADABLE, Cause.PATH),
        (Outcome.UNKNOWN, Failure.CREDENTIALS, Cause.CREDENTIALS),
        (Outcome.UNKNOWN, Failure.OWN_DELAY, Cause.OURSELVES),
        (Outcome.UNKNOWN, Failure.STATED, None),
        (Outcome.DOWN, Failure.STATED, Cause.OUTAGE),
        (Outcome.DEGRADED, Failure.STATED, Cause.DEGRADATION),
        (Outcome.MAINTENANCE, Failure.STATED, Cause.MAINTENANCE),
    ],
)
def test_the_silence_of_a_monitor_is_its_own_trouble(
    outcome: Outcome, failure: Failure | None, expected: Cause | None
) -> None:
    assert cause(outcome, failure, stated=True) is expected
    assert whose([(Outcome.UP, None, False), (outcome, failure, True)]) is expected


def test_every_cause_has_an_action() -> None:
    assert set(ACTIONS) == set(Cause)
