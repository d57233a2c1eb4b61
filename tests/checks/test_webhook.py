from __future__ import annotations

import pytest
from pydantic import ValidationError

from checks.conftest import Look
from checks.loopback import RealClock
from standby.checks.base import Context, HeartbeatSignals, Tally
from standby.checks.webhook import WebhookModel
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.domain.units import MINUTE, SECOND


async def test_without_the_engine_nobody_knows(look: Look) -> None:
    seen = await look("webhook", scheme="github", secret="env:TOKEN")
    assert (seen.outcome, seen.message) == (Outcome.UNKNOWN, "needs the engine: it receives the events")


class Still(RealClock):
    """A wall clock that stands."""

    def now(self) -> int:
        return 1_795_582_800 * SECOND


@pytest.mark.parametrize(
    ("last", "outcome", "says"),
    [
        (1, Outcome.UP, "the last event came 1m ago"),
        (11, Outcome.DEGRADED, "the last event came 11m ago: more than 10m"),
        (61, Outcome.DOWN, "the last event came 1h1m ago: more than 1h"),
        (None, Outcome.UNKNOWN, "no event since it is watched, 5m"),
    ],
)
async def test_silence(look: Look, context: Context, last: int | None, outcome: Outcome, says: str) -> None:
    context.clock = Still()
    now = context.clock.now()
    heard = None if last is None else now - last * MINUTE
    context.pings = lambda _: HeartbeatSignals(now - 5 * MINUTE, heard)
    context.tallies = lambda _: Tally(3, 2, 1, 4, "a wrong signature")
    seen = await look("webhook", scheme="stripe", secret="env:TOKEN", quiet_after="10m", down_after="1h")
    assert seen.outcome is outcome
    assert seen.message == f"{says}; 2 were refused lately, the last with a wrong signature"
    assert seen.failure is (Failure.MISSED if outcome in (Outcome.DOWN, Outcome.DEGRADED) else None)
    assert seen.metrics["events_per_minute"] == 3.0
    assert seen.metrics["refused_per_minute"] == 1.0


@pytest.mark.parametrize(
    "keys",
    [
        {"secret": "whsec_written_out"},
        {"scheme": "trust-me"},
        {"quiet_after": MINUTE, "down_after": MINUTE},
        {"header": "X Token"},
    ],
)
def test_what_cannot_be_meant_is_refused(keys: dict[str, object]) -> None:
    row = {"id": "c", "integration": "i", "scheme": "stripe", "secret": "env:TOKEN", **keys}
    with pytest.raises(ValidationError):
        WebhookModel.model_validate(row)
