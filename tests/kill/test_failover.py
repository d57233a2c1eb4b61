"""kill -9 of the engine at seeded instants of a switch of four steps: the next engine ends what the last one began.

Forward from the pivot on, back before it, nobody unserved at any time, and the log says how it went.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from .plants import Plant, files_plant, haproxy_plant
from .switching import Switching

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
            engine = world.round(engine, span_s=span_s, red=world.random.random() < 0.25)
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
            engine = world.round(engine, span_s=0.06)
        world.stop(engine)
        assert plant.answered > ROUNDS
        assert plant.unserved() == ""
