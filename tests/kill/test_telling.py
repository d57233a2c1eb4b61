"""kill -9 of the engine while people are told: who had to know knows, and what came twice says so."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .telling import CALLS, Telling

ROUNDS = int(os.environ.get("STANDBY_KILL_ROUNDS", "20"))
SEED = int(os.environ.get("STANDBY_KILL_SEED", "7"))
pytestmark = pytest.mark.kill


def test_the_engine_is_killed_while_it_tells(tmp_path: Path) -> None:
    world = Telling(tmp_path, SEED)
    try:
        for _ in range(ROUNDS):
            world.round()
        world.stop()
        world.check_all()
        told = world.receiver.told
        assert len({one.alert for one in told if one.kind in CALLS}) > ROUNDS // 2
    finally:
        world.close()
