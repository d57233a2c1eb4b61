"""Rules over what a store has: how often, how long, against what really fired."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from standby.config.whole import Config
from standby.domain.observation import Observation
from standby.domain.outcome import AlertState, Outcome, Severity
from standby.domain.units import DAY, HOUR, MINUTE, SECOND
from standby.engine.trials.backtest import backtest
from standby.store.errors import StoreError
from standby.store.retention import Retention
from standby.store.rows import AlertRow, Batch, EngineRow, GapRow
from standby.store.writer import Writer

from .test_trial import written
from .world import config, rule

START = 1_790_000_000 * SECOND // DAY * DAY
END = START + 6 * HOUR
RULES = (("payments", "r"),)


def down_at(at: int) -> bool:
    """Down for ten minutes at 1:00 and for two at 4:00."""
    since = at - START
    return HOUR <= since < HOUR + 10 * MINUTE or 4 * HOUR <= since < 4 * HOUR + 2 * MINUTE


def looks() -> list[Observation]:
    found = []
    for slot in range(START - HOUR, END, 20 * SECOND):
        outcome = Outcome.DOWN if down_at(slot) else Outcome.UP
        found.append(Observation("pay", slot, slot + SECOND, outcome, latency_ms=20.0, metrics={"queue": 4.0}))
    return found


def alert(number: int, fired_at: int, resolved_at: int | None, name: str = "r") -> AlertRow:
    state = AlertState.RESOLVED if resolved_at else AlertState.FIRING
    return AlertRow(
        number, name, "payments", Severity.WARNING, state, fired_at, fired_at, resolved_at, None, None, None, "it was"
    )  # fmt: skip


async def store(folder: Path, rows: Batch, *, sums_before: int | None = None) -> Path:
    path = folder / "state" / "standby.db"
    writer = await Writer.open(path, now=END)
    await writer.begin_term(EngineRow(0, "service", 1, "host", "user", "0", "digest", START, END))
    await writer.commit(rows)
    if sums_before is not None:
        while True:
            await writer.roll_up(END)
            if not await writer.expire(END, Retention(raw=END - sums_before), 100_000):
                break
    await writer.close()
    return path


def ruled(folder: Path, when: str = "outcome == 'down'", for_: str = "5m") -> Config:
    return written(folder, config(every="20s", rules=rule(when, for_=for_)))


REAL = (
    alert(1, START + HOUR + 5 * MINUTE, START + HOUR + 11 * MINUTE),
    alert(2, START + 3 * HOUR, START + 3 * HOUR + MINUTE),
)


async def test_what_would_have_fired_is_held_against_what_did(tmp_path: Path) -> None:
    path = await store(tmp_path, Batch(observations=looks(), alerts=[*REAL, alert(3, START + 4 * HOUR, None, "other")]))
    found = backtest(ruled(tmp_path), path, START, END, RULES)
    assert (found.observations, found.from_sums) == (len(looks()), 0)
    [one] = found.rules
    assert (one.fired, one.lasted // MINUTE, one.new) == (1, 5, 0)
    assert [firing.met for firing in one.firings] == [(1,)]
    assert [row.id for row in one.missed] == [2]
    assert one.met_others == []


async def test_a_quicker_rule_fires_more_often(tmp_path: Path) -> None:
    path = await store(tmp_path, Batch(observations=looks(), alerts=[*REAL, alert(3, START + 4 * HOUR, None, "other")]))
    [one] = backtest(ruled(tmp_path, for_="1m"), path, START, END, RULES).rules
    assert (one.fired, one.new, one.idle) == (2, 1, 0)
    assert [row.id for row in one.met_others] == [3]


async def test_sums_say_about_the_same_as_single_observations(tmp_path: Path) -> None:
    path = await store(tmp_path, Batch(observations=looks(), alerts=REAL), sums_before=START + 3 * HOUR)
    found = backtest(ruled(tmp_path), path, START, END, RULES)
    assert found.observations == len(looks())
    assert found.from_sums == 4 * 60 * 3
    [one] = found.rules
    assert (one.fired, one.lasted // MINUTE, one.judged_from) == (1, 5, START)


async def test_a_rule_about_what_is_in_no_sum_says_from_when_on_it_was_judged(tmp_path: Path) -> None:
    path = await store(tmp_path, Batch(observations=looks()), sums_before=START + 3 * HOUR)
    [one] = backtest(ruled(tmp_path, "metrics.queue > 3", "0s"), path, START, END, RULES).rules
    assert (one.judged_from, one.fired) == (START + 3 * HOUR, 1)
    assert one.firings[0].ended is None


async def test_candidates_are_judged_in_one_pass(tmp_path: Path) -> None:
    path = await store(tmp_path, Batch(observations=looks(), alerts=REAL))
    one = ruled(tmp_path)
    rules = [one.rules[0].model_copy(update={"id": f"r-{span}", "for_": span * MINUTE}) for span in (0, 3, 9, 30)]
    found = backtest(replace(one, rules=tuple(rules)), path, START, END, [("payments", each.id) for each in rules])
    assert [each.fired for each in found.rules] == [2, 1, 1, 0]


async def test_built_in_rules_are_judged_too(tmp_path: Path) -> None:
    path = await store(tmp_path, Batch(observations=looks()))
    found = backtest(written(tmp_path, config(every="20s")), path, START, END)
    assert found.of(("payments", "down")).fired == 2  # type: ignore[union-attr]
    assert found.of(("payments", "no-data")).fired == 0  # type: ignore[union-attr]


@pytest.mark.parametrize("reason", ["engine away", "blind"])
async def test_no_clock_runs_in_a_hole(tmp_path: Path, reason: str) -> None:
    """Of the ten minutes down six were not seen: five minutes of it were never known."""
    hole = range(START + HOUR + 2 * MINUTE, START + HOUR + 8 * MINUTE)
    seen: Iterable[Observation] = [one for one in looks() if one.slot not in hole]
    path = await store(tmp_path, Batch(observations=list(seen), gaps=[GapRow(hole.start, hole.stop, reason)]))
    [one] = backtest(ruled(tmp_path), path, START, END, RULES).rules
    assert one.fired == 0


async def test_a_store_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"none\.db"):
        backtest(ruled(tmp_path), tmp_path / "none.db", START, END)
