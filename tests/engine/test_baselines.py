"""What is usual inside an engine: learned from what is stored, alerted on once, frozen, accepted, kept."""

from __future__ import annotations

import asyncio
import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from standby.baselines.bank import Bank
from standby.domain.baseline import Decision, DecisionKind, Series
from standby.domain.observation import Observation
from standby.domain.outcome import AlertState, Outcome, Severity
from standby.domain.units import DAY, HOUR, MINUTE, SECOND
from standby.engine.learning.rebuild import Rebuild
from standby.engine.learning.reported import reported
from standby.engine.learning.step import Learning
from standby.link.protocol import CommandKind, Status
from standby.store.baselines import BaselineRow
from standby.store.reader import Reader
from standby.store.rows import Batch, EngineRow
from standby.store.writer import Writer

from .fakeclock import T0
from .world import UNKNOWN, UP, Answer, World, config, rule

LATENCY = Series("check:pay", "latency_ms")
SLOW = Answer(latency_ms=2000.0)
_HOUR = "INSERT INTO rollup_hour VALUES (?, ?, 360, 0, 0, 0, 0, 360, 0, ?, ?, NULL, NULL)"
_MINUTE = "INSERT INTO rollup_minute VALUES (?, ?, 6, 0, 0, 0, 0, 6, 0, ?, ?, NULL, NULL)"


async def past(folder: Path, days: int = 10, check: str = "pay", *, bad: range = range(0)) -> None:
    """History of one check: 100 ms by night and 140 by day, some noise; 900 ms on the days (back from now) `bad`."""
    path, dice = folder / "standby.db", random.Random(7)
    await (await Writer.open(path, now=T0)).close()
    store = sqlite3.connect(path)
    with store:
        store.execute("INSERT INTO check_key (id) VALUES (?)", (check,))
        (number,) = store.execute("SELECT no FROM check_key WHERE id = ?", (check,)).fetchone()
        for statement, unit, span, count in ((_HOUR, HOUR, days * DAY, 360), (_MINUTE, MINUTE, DAY, 6)):
            for bucket in range((T0 - span) // unit * unit, T0 // unit * unit, unit):
                usual = 100.0 + 40.0 * (8 <= bucket // HOUR % 24 < 20)
                mean = (900.0 if (T0 - bucket) // DAY in bad else usual) * dice.gauss(1.0, 0.03)
                us = round(mean * 1000)
                store.execute(statement, (number, bucket, us * count, us))
    store.close()


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of which an engine has learned."""
    folder = tmp_path_factory.mktemp("learned")

    async def learn() -> None:
        await past(folder)
        await (await world_of(folder)).stop()

    asyncio.run(learn())
    return folder / "standby.db"


@pytest.fixture
def learned(kept: Path, tmp_path: Path) -> Path:
    """A folder with a copy of it."""
    shutil.copy(kept, tmp_path / "standby.db")
    return tmp_path


async def world_of(folder: Path, toml: str = "") -> World:
    world = World(folder, toml or config(every="20s"), 'retention = { minutes = "1d" }')
    world.learns = True
    world.answers["pay"] = Answer(latency_ms=120.0 if 8 <= T0 // HOUR % 24 < 20 else 100.0)
    await world.start()
    return world


async def minutes(world: World, until: Callable[[], object], most: int = 30) -> None:
    """Let minutes pass until it holds."""
    for _ in range(most):
        if until():
            return
        await world.pass_time(MINUTE)
    assert until(), "it never came"


def states(world: World) -> list[AlertState]:
    return [one.state for one in world.alerts("deviation")]


def samples(world: World) -> int:
    return row(world).samples


def row(world: World, series: Series = LATENCY) -> BaselineRow:
    return next(one for one in rows(world) if one.series == series)


def rows(world: World) -> list[BaselineRow]:
    reader = Reader(world.store.path)
    try:
        return reader.baselines()
    finally:
        reader.close()


def usual(world: World) -> float | None:
    found = world.engine._baselines.usual(("pay",)).get("latency_ms")
    return found if isinstance(found, float) else None


async def test_what_is_stored_teaches_what_is_usual(tmp_path: Path) -> None:
    await past(tmp_path)
    world = await world_of(tmp_path)
    known = usual(world)
    assert known is not None
    assert 90.0 < known < 150.0
    await world.pass_time(2 * MINUTE)
    shown = row(world)
    assert shown.integration == "payments"
    assert shown.usual is not None
    assert shown.low is not None
    assert shown.low < shown.usual
    assert 9.0 < shown.days < 11.0
    assert "ms ±" in shown.text
    assert shown.text.endswith("from 1 week")
    assert row(world, Series("check:pay", "error_rate")).usual == 0.0
    assert "learned 2 series from" in world.audits("baseline")[0].message
    await world.stop()


async def test_without_history_it_is_still_learning_and_a_rule_says_nothing(tmp_path: Path) -> None:
    world = await world_of(tmp_path, config(every="20s", rules=rule("deviation.latency_ms > 4")))
    await world.pass_time(3 * MINUTE)
    world.answers["pay"] = SLOW
    await world.pass_time(3 * MINUTE)
    assert usual(world) is None
    assert row(world).text == "still learning, 0 of 7 days"
    assert not world.open_alerts()
    await world.stop()


async def test_a_rule_compares_with_what_is_usual(learned: Path) -> None:
    when = "deviation.latency_ms > 10 && latency_ms > 3 * usual.latency_ms"
    world = await world_of(learned, config(every="20s", rules=rule(when)))
    await world.pass_time(2 * MINUTE)
    assert not world.open_alerts()
    world.answers["pay"] = SLOW
    await world.pass_time(2 * MINUTE)
    [alert] = world.alerts("r")
    assert alert.state is AlertState.FIRING
    assert "usual.latency_ms is 1" in alert.summary
    assert not world.alerts("deviation"), "what a rule tells is not told a second time"
    await world.stop()


async def test_what_is_unusual_is_one_alert_that_explains_itself(learned: Path) -> None:
    world = await world_of(learned)
    before = world.answers["pay"]
    await world.pass_time(5 * MINUTE)
    assert not world.open_alerts()
    world.answers["pay"] = SLOW
    await minutes(world, lambda: world.fired("deviation"))
    [alert] = world.alerts("deviation")
    assert (alert.state, alert.severity, alert.integration) == (AlertState.FIRING, Severity.WARNING, "payments")
    assert alert.summary.startswith("pay latency_ms 2 s, usual for ")
    assert "sd above" in alert.summary
    assert "; since " in alert.summary
    assert row(world).since is not None
    await world.pass_time(4 * MINUTE)
    assert len(world.alerts("deviation")) == 1
    world.answers["pay"] = before
    await minutes(world, lambda: states(world) == [AlertState.RESOLVED], most=60)
    await world.stop()


async def test_nothing_seen_neither_begins_nor_ends_it(learned: Path) -> None:
    world = await world_of(learned)
    world.answers["pay"] = SLOW
    await minutes(world, lambda: world.fired("deviation"))
    assert states(world) == [AlertState.FIRING]
    world.answers["pay"] = UNKNOWN
    await world.pass_time(30 * MINUTE)
    assert states(world) == [AlertState.FIRING]
    await world.stop()


async def test_one_failed_look_is_no_deviation_and_two_are(learned: Path) -> None:
    world = await world_of(learned, config(every="20s", attempts=50))
    fine = world.answers["pay"]
    await world.pass_time(2 * MINUTE)
    world.answers["pay"] = Answer(fine.outcome.DOWN, "status 503", latency_ms=3.0)
    await world.pass_time(20 * SECOND)
    world.answers["pay"] = fine
    await world.pass_time(3 * MINUTE)
    assert not world.alerts("deviation")
    world.answers["pay"] = Answer(fine.outcome.DOWN, "status 503", latency_ms=3.0)
    await minutes(world, lambda: world.fired("deviation"))
    [alert] = world.alerts("deviation")
    assert alert.summary.startswith("pay error_rate 100 %, usual for ")
    await world.stop()


async def test_it_goes_on_after_a_kill(learned: Path) -> None:
    world = await world_of(learned)
    world.answers["pay"] = SLOW
    await world.pass_time(17 * MINUTE)  # what was learned is written every quarter of an hour
    [alert] = world.alerts("deviation")
    since, known = row(world).since, usual(world)
    await world.die()
    await world.start()
    assert usual(world) is not None
    assert known is not None
    assert abs((usual(world) or 0.0) - known) < 0.2 * known
    await world.pass_time(3 * MINUTE)
    assert [(one.id, one.state) for one in world.alerts("deviation")] == [(alert.id, AlertState.FIRING)]
    assert row(world).since == since
    await world.stop()


async def test_a_damaged_memory_is_learned_again_and_said(learned: Path) -> None:
    world = await world_of(learned)
    known = usual(world)
    await world.stop()
    store = sqlite3.connect(world.store.path)
    with store:
        store.execute("UPDATE baseline_memory SET state = X'00' WHERE kind = 'latency_ms'")
    store.close()
    await world.start()
    assert any("what was learned of latency_ms cannot be read" in one.message for one in world.audits("baseline"))
    assert abs((usual(world) or 0.0) - (known or 0.0)) < 5.0
    await world.stop()


@pytest.mark.parametrize("acked", [True, False])
async def test_nothing_is_learned_of_a_trouble_that_somebody_has(learned: Path, *, acked: bool) -> None:
    world = await world_of(learned)
    world.answers["pay"] = SLOW
    await minutes(world, lambda: world.fired("deviation"))
    if acked:
        [alert] = world.alerts("deviation")
        assert (await world.ask(CommandKind.ACK, alert=alert.id)).status is Status.DONE
    before = samples(world)
    await world.pass_time(10 * MINUTE)
    assert samples(world) - before == (0 if acked else 10)
    await world.stop()


async def test_the_present_may_be_accepted_as_the_new_normal(learned: Path) -> None:
    world = await world_of(learned)
    world.answers["pay"] = SLOW
    await minutes(world, lambda: world.fired("deviation"))
    receipt = await world.ask(CommandKind.BASELINE_ACCEPT, check="pay", metric="latency_ms", comment="they moved")
    assert receipt.reason == "the present is the new normal: 1 series (latency_ms): they moved"
    await world.pass_time(10 * MINUTE)
    assert states(world) == [AlertState.RESOLVED]
    assert (usual(world) or 0.0) > 1000.0
    assert world.audits("baseline")[-1].actor == "alice"
    await world.die()
    await world.start()
    await world.pass_time(5 * MINUTE)
    assert (usual(world) or 0.0) > 1000.0
    assert not [one for one in world.open_alerts() if one.rule == "deviation"]
    await world.stop()


async def test_a_period_may_be_excluded(tmp_path: Path) -> None:
    await past(tmp_path, bad=range(1, 6))
    world = await world_of(tmp_path)
    wrong = usual(world) or 0.0
    begin, end = T0 - 6 * DAY, T0 - DAY + HOUR
    receipt = await world.ask(
        CommandKind.BASELINE_EXCLUDE, integration="payments", starts=begin, ends=end, comment="their outage"
    )
    assert "nothing is learned of" in receipt.reason
    assert "2 series: their outage" in receipt.reason
    await world.clock.rest()
    right = usual(world) or 0.0
    assert 90.0 < right < wrong - 15.0
    await world.stop()
    await world.start()
    assert abs((usual(world) or 0.0) - right) < 5.0
    await world.stop()


async def test_a_decision_that_speaks_of_nothing_is_refused(learned: Path) -> None:
    world = await world_of(learned)
    for args, why in (
        ({"check": "nobody"}, "there is no check nobody"),
        ({"integration": "nobody"}, "there is no integration nobody"),
        ({"check": "pay", "metric": "metrics.queue"}, "nothing is learned of pay metrics.queue"),
    ):
        receipt = await world.ask(CommandKind.BASELINE_ACCEPT, **args)
        assert (receipt.status, receipt.reason) == (Status.REFUSED, why)
    receipt = await world.ask(CommandKind.BASELINE_EXCLUDE, check="pay", starts=T0, ends=T0 - 1)
    assert receipt.reason == "the period ends before it begins"
    await world.stop()


async def test_nothing_is_learned_under_maintenance(tmp_path: Path) -> None:
    window = '[[maintenance]]\nid = "move"\nintegrations = ["payments"]\nzone = "UTC"\nyears = ["2026"]\n'
    world = await world_of(tmp_path, config(every="20s") + window)
    await world.pass_time(3 * MINUTE)
    assert rows(world) == []
    await world.stop()


async def test_what_leaves_the_configuration_is_forgotten(tmp_path: Path) -> None:
    world = await world_of(tmp_path)
    await world.pass_time(3 * MINUTE)
    assert len(rows(world)) == 2
    world.write(config(every="20s", more="baseline = false"))
    await world.engine.reload()
    await world.pass_time(2 * MINUTE)
    assert rows(world) == []
    assert not world.engine._baselines.learning.series()
    await world.stop()


async def test_what_leaves_while_history_is_read_is_not_learned_again(tmp_path: Path) -> None:
    await past(tmp_path, 2)
    learning = Learning()
    rebuild = Rebuild(tmp_path / "standby.db", learning, lambda one: (one.name,), [], lambda *_: False)
    run = asyncio.create_task(rebuild.run({LATENCY: 0}, T0))
    await asyncio.sleep(0)  # it reads
    learning.only(lambda _: False)
    await run
    assert rebuild.samples > 0
    assert not learning.series()
    assert not learning.refused


async def test_what_a_store_has_nothing_of_is_neither_read_nor_learned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await past(tmp_path, 20)
    store = sqlite3.connect(tmp_path / "standby.db")
    with store:
        store.execute("DELETE FROM rollup_hour WHERE bucket >= ? AND bucket < ?", (T0 - 17 * DAY, T0 - 9 * DAY))
    store.close()
    read: list[tuple[int, int]] = []
    lines: list[bool] = []
    figures, learn, take = Reader.figures, Bank.learn, Bank.take

    def reads(self: Reader, check: str, resolution: Any, start: int, end: int, every: int = 1) -> Any:
        read.append((start, end))
        return figures(self, check, resolution, start, end, every)

    def learns(self: Bank, rows: Any, at: Any, values: Any, **how: Any) -> None:
        lines.extend(np.isfinite(values).any(axis=1))
        learn(self, rows, at, values, **how)

    def takes(self: Bank, rows: Any, at: Any, values: Any) -> Any:
        lines.append(bool(np.isfinite(values).any()))
        return take(self, rows, at, values)

    monkeypatch.setattr(Reader, "figures", reads)
    monkeypatch.setattr(Bank, "learn", learns)
    monkeypatch.setattr(Bank, "take", takes)
    learning = Learning()
    rebuild = Rebuild(tmp_path / "standby.db", learning, lambda one: (one.name,), [], lambda *_: False)
    await rebuild.run({LATENCY: 0}, T0)
    assert all(end > T0 - 20 * DAY - HOUR for _, end in read)
    assert len(lines) == rebuild.samples > 0
    assert all(lines)


async def test_what_hardly_matters_is_learned_and_not_told(learned: Path) -> None:
    world = await world_of(learned, config(every="20s", criticality="low"))
    await world.pass_time(2 * MINUTE)
    world.answers["pay"] = SLOW
    await minutes(world, lambda: row(world).since is not None)
    assert not world.alerts("deviation")
    await world.stop()


async def test_several_checks_are_learned_together_as_well(tmp_path: Path) -> None:
    await past(tmp_path)
    more = '[[check]]\nid = "other"\nintegration = "payments"\nkind = "stub"\nevery = "20s"\n'
    world = await world_of(tmp_path, config(every="20s", rules=rule("throughput < 0.5 * usual.throughput")) + more)
    world.answers["other"] = UP
    await world.pass_time(2 * MINUTE)
    pool = {one.series.metric: one.value for one in rows(world) if one.series.subject == "integration:payments"}
    assert set(pool) == {"latency_ms", "error_rate", "throughput"}
    assert pool["throughput"] == 0.1
    assert Series("check:pay", "throughput") not in [one.series for one in rows(world)]
    await world.stop()


def decided(begin: int, end: int, every: int = 1) -> int:
    """How many minutes of `queues` have a figure, of one in `every`."""
    return sum(1 for minute in range(begin // MINUTE, end // MINUTE) if minute % 7 and minute % every == 0)


async def queues(folder: Path, until: int, days: int = 2) -> None:
    """What `pay` reported of a queue up to `until`, every minute: about 40; one look in seven is none."""
    dice = random.Random(3)
    writer = await Writer.open(folder / "standby.db", now=T0)
    await writer.begin_term(EngineRow(0, "service", 1, "h", "u", "0", "d", T0, T0))
    looks = []
    for slot in range(until - days * DAY, until, MINUTE):
        queue, outcome = (dice.gauss(40.0, 2.0), Outcome.UP) if slot // MINUTE % 7 else (4000.0, Outcome.UNKNOWN)
        looks.append(Observation("pay", slot, slot, outcome, "", metrics={"queue": queue, "odd": float("nan")}))
    await writer.commit(Batch(observations=looks))
    await writer.close()


QUEUE, OTHER = Series("check:pay", "metrics.queue"), Series("check:pay", "metrics.other")
NOW = T0 // MINUTE * MINUTE


def taken(world: World, series: Series) -> int:
    """How many samples were learned of it."""
    bank, row = Bank(1), world.engine._baselines.learning.shelves[series.kind].rows[series]
    bank.put([0], world.engine._baselines.learning.shelves[series.kind].bank, [row])
    return int(bank.take([0], T0, 40.0).seen[0]) - 1


async def test_what_a_check_reported_is_learned_from_single_observations(tmp_path: Path) -> None:
    await queues(tmp_path, NOW)
    world = await world_of(tmp_path)
    learning = world.engine._baselines.learning
    band = learning.bands(T0)[QUEUE]
    assert 38.0 < band.usual < 42.0
    assert band.high < 60.0
    assert [one.metric for one in learning.series() if one.kind == "metrics"] == ["metrics.queue"]
    await world.pass_time(MINUTE)  # what is said is written with the next batch
    [said] = world.audits("baseline")
    assert said.message == f"learned 1 series from {decided(NOW - 2 * DAY, NOW, 5)} stored figures"
    await world.stop()


async def test_after_a_restart_it_goes_on_with_what_a_check_reported_meanwhile(tmp_path: Path) -> None:
    await queues(tmp_path, NOW - HOUR)
    world = await world_of(tmp_path)
    shelf = world.engine._baselines.learning.shelves["metrics"]
    before = shelf.at
    await world.stop()
    await queues(tmp_path, NOW)
    await world.start()
    shelf = world.engine._baselines.learning.shelves["metrics"]
    assert T0 - shelf.at <= 2 * MINUTE < T0 - before
    seen = shelf.bank.take([shelf.rows[QUEUE]], T0, 40.0).seen[0] - 1
    assert seen == decided(NOW - HOUR - 2 * DAY, NOW - HOUR, 5) + decided(before + MINUTE, NOW)  # nothing twice
    await world.stop()


async def test_a_period_that_is_excluded_teaches_nothing_that_was_reported_either(tmp_path: Path) -> None:
    await queues(tmp_path, NOW)
    out = Decision(1, DecisionKind.EXCLUDE, "check:pay", "", T0 - 3 * DAY, T0 - DAY, "anna", "unix:anna")
    learning = Learning()
    rebuild = Rebuild(
        tmp_path / "standby.db", learning, lambda one: (one.name,), [out], lambda decision, one: decision.about(one)
    )
    await rebuild.run({Series("check:pay", "metrics"): 0}, T0)
    assert rebuild.samples == decided(T0 - DAY, T0, 5)
    assert rebuild.series == 1


@pytest.mark.parametrize("metric", ["", "metrics.queue"])
async def test_what_was_reported_is_learned_again_without_a_period_that_is_excluded(
    tmp_path: Path, metric: str
) -> None:
    await queues(tmp_path, NOW)
    world = await world_of(tmp_path)
    begin, end = NOW - 2 * DAY, NOW - DAY - HOUR
    args = {"metric": metric} if metric else {}
    await world.ask(CommandKind.BASELINE_EXCLUDE, check="pay", starts=begin, ends=end, **args)
    await world.clock.rest()
    assert taken(world, QUEUE) == decided(end, NOW, 5)
    await world.stop()


async def test_a_period_that_is_stored_no_more_leaves_what_was_reported_as_it_is(tmp_path: Path) -> None:
    await queues(tmp_path, NOW)
    world = await world_of(tmp_path)
    before = taken(world, QUEUE)
    await world.ask(CommandKind.BASELINE_EXCLUDE, check="pay", starts=NOW - 9 * DAY, ends=NOW - 8 * DAY)
    await world.clock.rest()
    assert taken(world, QUEUE) == before
    await world.stop()


async def test_one_of_several_metrics_is_learned_again_alone(tmp_path: Path) -> None:
    writer = await Writer.open(tmp_path / "standby.db", now=T0)
    await writer.begin_term(EngineRow(0, "service", 1, "h", "u", "0", "d", T0, T0))
    looks = [
        Observation("pay", slot, slot, Outcome.UP, "", metrics={"queue": 40.0, "other": 1.0})
        for slot in range(NOW - 2 * DAY, NOW, MINUTE)
    ]
    await writer.commit(Batch(observations=looks))
    await writer.close()
    world = await world_of(tmp_path)
    before = taken(world, OTHER)
    args = {"check": "pay", "metric": "metrics.queue", "starts": NOW - 2 * DAY, "ends": NOW - DAY}
    await world.ask(CommandKind.BASELINE_EXCLUDE, **args)
    await world.clock.rest()
    assert (taken(world, QUEUE), taken(world, OTHER)) == (before // 2, before)
    await world.stop()


async def test_the_first_metrics_by_name_are_learned_whatever_was_reported_when(tmp_path: Path) -> None:
    path = tmp_path / "standby.db"
    assert reported(path, {"pay": 0}, 0, T0).columns == ()  # there is no store
    writer = await Writer.open(path, now=T0)
    await writer.begin_term(EngineRow(0, "service", 1, "h", "u", "0", "d", T0, T0))
    names = [[f"new{number:02}" for number in range(15)], [f"old{number:02}" for number in range(15)]]
    looks = [
        Observation("pay", T0 - ago * MINUTE, T0, Outcome.UP, "", metrics=dict.fromkeys(which, 1.0))
        for ago, which in zip((2, 3), names, strict=True)
    ]
    await writer.commit(Batch(observations=looks))
    await writer.close()
    found = reported(path, {"pay": T0 - HOUR, "unheard-of": 0}, 0, T0)
    assert found.columns == tuple(("pay", f"metrics.{name}") for name in (names[0] + names[1])[:20])
    assert found.at.tolist() == [T0 // MINUTE * MINUTE - 3 * MINUTE, T0 // MINUTE * MINUTE - 2 * MINUTE]
