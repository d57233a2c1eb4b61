from __future__ import annotations

import pytest

from checks.conftest import Look
from standby.checks.base import Context, HeartbeatSignals
from standby.checks.registry import models
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.domain.units import MINUTE


async def test_without_the_engine_nobody_knows(look: Look) -> None:
    seen = await look("heartbeat", token="env:TOKEN")
    assert (seen.outcome, seen.message) == (Outcome.UNKNOWN, "needs the engine: it receives the calls")


@pytest.mark.parametrize(
    ("success", "start", "fail", "outcome"),
    [
        (1, None, None, Outcome.UP),
        (30, None, None, Outcome.DOWN),
        (5, None, 2, Outcome.DOWN),
        (None, None, None, Outcome.DOWN),
    ],
)
async def test_signals_are_judged_by_rhythm(
    look: Look, context: Context, success: int | None, start: int | None, fail: int | None, outcome: Outcome
) -> None:
    now = context.clock.now()
    ages = [None if age is None else now - age * MINUTE for age in (success, start, fail)]
    asked: list[str] = []

    def pings(check_id: str) -> HeartbeatSignals:
        asked.append(check_id)
        return HeartbeatSignals(now - 60 * MINUTE, *ages)

    context.pings = pings
    seen = await look("heartbeat", token="env:TOKEN", period="10m", grace="5m")
    assert seen.outcome is outcome
    assert seen.failure is (Failure.MISSED if outcome is Outcome.DOWN else None)
    assert asked == ["c"]


def test_the_target_says_the_rhythm_and_not_the_token() -> None:
    row = {"id": "c", "integration": "i", "kind": "heartbeat", "token": "env:TOKEN", "period": "1h"}
    assert models()["heartbeat"].model_validate(row).target == "every 1h, grace 5m"
