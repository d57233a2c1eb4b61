"""kill -9 of the engine at seeded instants of a switch of four steps: the next engine ends what the last one began.

Forward from the pivot on, back before it, nobody unserved at any time, and the log says how it went.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from standby.domain.failover import RunState

from .forks import kill
from .plants import Plant, files_plant, haproxy_plant
from .switching import UNTOUCHED, Switching

ROUNDS = int(os.environ.get("STANDBY_KILL_ROUNDS", "20"))
SEED = int(os.environ.get("STANDBY_KILL_SEED", "7"))
pytestmark = pytest.mark.kill


@contextlib.contextmanager
def switching(folder: Path, plant: Plant) -> Iterator[Switching]:
    made = Switching(folder, plant, SEED)
    yield made
    made.close()


def test_the_engine_is_killed_in_the_middle_of_a_switch(tmp_path: Path) -> None:
    with files_plant(tmp_path) as plant, switching(tmp_path, plant) as world:
        engine = world.engine()
        for _ in range(ROUNDS):
            span_s = world.random.choice((0.2, 0.6))  # its steps take about 0.15 s, its proof the rest
            engine = one_round(world, engine, span_s=span_s, red=world.random.random() < 0.25)
        world.stop(engine)
        acting = sum(count for state, count in world.interrupted.items() if state.acting)
        assert acting * 4 >= ROUNDS, world.interrupted  # it was switches that were interrupted


@pytest.mark.servers
def test_the_engine_is_killed_while_it_switches_haproxy(tmp_path: Path) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="hap", dir="/tmp") as short,
        haproxy_plant(Path(short)) as plant,
        switching(tmp_path, plant) as world,
    ):
        engine = world.engine()
        for _ in range(max(1, ROUNDS // 2)):
            engine = one_round(world, engine, span_s=0.06)
        world.stop(engine)
        assert plant.answered > ROUNDS
        assert plant.unserved() == ""


def one_round(world: Switching, engine: int, *, span_s: float, red: bool = False) -> int:
    """A run is begun, its engine killed, its successor perhaps too; the pid of the engine that ended it."""
    run = world.armed()
    world.plant.turn_red(red)
    typing = world.begin(run)
    deaths = 2 if world.random.random() < 0.3 else 1
    resumed, wanted = False, None
    for number in range(deaths):
        # The second is killed wherever its start or its going on has come to.
        threading.Event().wait(world.random.uniform(0.0, span_s if number == 0 else 0.6))
        kill(engine)
        typing.join(10)  # hung up upon, so that nobody types it to the next one
        assert not typing.is_alive()
        left, wanted = world.died(run)
        resumed = resumed or left.state.acting
        engine = world.engine()
    after = world.ended(run)
    if wanted is None:
        assert after.state in UNTOUCHED
    elif red and wanted is RunState.SUCCEEDED and left.state.acting:
        assert after.state is RunState.ROLLED_BACK, after
    else:
        assert after.state is wanted, (left, after)
    world.check(after, resumed=resumed)
    world.plant.turn_red(False)
    return engine
