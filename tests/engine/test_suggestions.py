"""Other settings for a rule, tried over what a store has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from standby.config.whole import Config
from standby.domain.observation import Observation
from standby.domain.outcome import Outcome
from standby.domain.units import HOUR, MINUTE, SECOND
from standby.engine.trials.suggestions import Suggestion, suggest
from standby.store.rows import AlertRow, Batch

from .test_backtest import END, START, alert, store
from .test_trial import written
from .world import config, rule

TROUBLE = START + 5 * HOUR + 3 * MINUTE


def spike_at(at: int) -> bool:
    """Twenty seconds each ten minutes."""
    return (at - START) % (10 * MINUTE) == 0


def slow_at(at: int) -> bool:
    """A real one: twenty minutes."""
    return TROUBLE <= at < TROUBLE + 20 * MINUTE


def looks(latency: Callable[[int], float]) -> list[Observation]:
    slots = range(START - HOUR, END, 20 * SECOND)
    return [Observation("pay", slot, slot + SECOND, Outcome.UP, latency_ms=latency(slot)) for slot in slots]


def noisy(at: int) -> float:
    return 4_000.0 if slow_at(at) or spike_at(at) else 100.0


def taken(number: int = 1) -> AlertRow:
    row = alert(number, TROUBLE + MINUTE, TROUBLE + 21 * MINUTE)
    return replace(row, acked_by="anna", acked_at=TROUBLE + 2 * MINUTE)


def ruled(folder: Path, when: str = "latency_ms > 800.0", keep: str = "0s") -> Config:
    return written(folder, config(every="20s", rules=rule(when, keep=keep)))


async def asked(
    folder: Path, one: Config, *alerts: AlertRow, latency: Callable[[int], float] = noisy
) -> Suggestion | None:
    path = await store(folder, Batch(observations=looks(latency), alerts=alerts))
    return suggest(one, path, one.rules[0], START, END)


async def test_a_rule_that_spikes_wake_waits_longer_and_misses_nothing(tmp_path: Path) -> None:
    found = await asked(tmp_path, ruled(tmp_path), taken())
    assert found is not None
    assert dict(found.keys) == {"for": "1m"}
    effect = found.effect
    assert (effect.fired, effect.before, effect.incidents) == (1, 35, 1)
    assert str(effect) == "would have fired 1 time rather than 35, not missing the incident, told 60 s later at most"


async def test_a_number_is_raised_when_that_says_less(tmp_path: Path) -> None:
    """Three minutes of 1,100 ms each ten: waiting would not help, and what counts is far slower."""

    def humps(at: int) -> float:
        return 4_000.0 if slow_at(at) else 1_100.0 if (at - START) % (10 * MINUTE) < 4 * MINUTE else 100.0

    found = await asked(tmp_path, ruled(tmp_path, "latency_ms > 800.0 && throughput > 0.0"), taken(), latency=humps)
    assert found is not None
    assert dict(found.keys) == {"when": "latency_ms > 1200.0 && throughput > 0.0"}
    assert (found.effect.fired, found.effect.incidents) == (1, 1)
    assert found.effect.later == 140 * SECOND, "a hump was on already when it began"


async def test_what_somebody_took_is_never_missed(tmp_path: Path) -> None:
    spikes = [
        replace(alert(number, at + SECOND, at + MINUTE), acked_by="anna", acked_at=at + 2 * SECOND)
        for number, at in enumerate(range(START, END, 10 * MINUTE), start=1)
    ]
    assert await asked(tmp_path, ruled(tmp_path, keep="30m"), *spikes) is None


async def test_it_says_how_much_of_the_span_is_known(tmp_path: Path) -> None:
    path = await store(tmp_path, Batch(observations=looks(noisy), alerts=[taken()]))
    one = ruled(tmp_path)
    found = suggest(one, path, one.rules[0], START - 90 * HOUR, END)
    assert found is not None
    assert found.span_ns == 7 * HOUR


async def test_of_a_rule_that_fires_without_end_the_newer_half_is_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("standby.engine.trials.backtest.MOST_FIRINGS", 20)
    found = await asked(tmp_path, ruled(tmp_path), taken())
    assert found is not None
    assert (found.effect.before, found.effect.incidents) == (17, 1)


async def test_a_rule_that_hardly_fires_is_left_alone(tmp_path: Path) -> None:
    found = await asked(tmp_path, ruled(tmp_path), taken(), latency=lambda at: 4_000.0 if slow_at(at) else 100.0)
    assert found is None
