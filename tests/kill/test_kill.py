"""kill -9 at seeded instants while commands are under way: nothing answered is lost, nothing is done twice."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from processes import until
from standby.link.holder import held_by
from standby.link.protocol import Status

from .forks import gone
from .world import World

ROUNDS = int(os.environ.get("STANDBY_KILL_ROUNDS", "20"))
pytestmark = pytest.mark.kill


@pytest.fixture
def world(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[World]:
    made = World(tmp_path, seed=int(os.environ.get("STANDBY_KILL_SEED", "7")))
    pid = made.engine()
    made.engines.ready(pid=pid)
    made.alert = made.engines.firing()
    made.asked.clear()
    made.stop(pid)
    _forget_probes(made)
    yield made
    made.close()


def _forget_probes(world: World) -> None:
    """`ready` asks for an alert that is not there; its refusal is recorded like any other."""
    from standby.link.protocol import Command, CommandKind

    world.asked["probe-00"] = Command("probe-00", CommandKind.ACK, {"alert": 999}, 1)


def test_the_engine_is_killed(world: World) -> None:
    for number in range(ROUNDS):
        engine, deadline, working = world.engine(), threading.Event(), threading.Event()
        # A third each: at the very moment of a receipt; while it works; wherever its start has come to.
        left = world.random.randint(1, 20) if number % 3 == 0 else -1

        def answered(engine: int = engine, working: threading.Event = working) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                os.kill(engine, signal.SIGKILL)
            working.set()

        talking = threading.Thread(target=world.talk, args=(deadline, answered))
        talking.start()
        if number % 3 == 0:
            talking.join(10)
        elif number % 3 == 1:
            assert working.wait(10)
        deadline.wait(world.random.uniform(0.0, 0.15))
        world.kill(engine)
        deadline.set()
        talking.join(10)
        assert not talking.is_alive()
        assert held_by(world.engines.paths.lock) is None
        world.check()
    assert len(world.receipts) > ROUNDS  # it was work that was interrupted
    _settle(world)


def test_the_sender_is_killed(world: World) -> None:
    engine = world.engine()
    world.engines.ready(pid=engine)
    for _ in range(ROUNDS):
        commands = [world.wish() for _ in range(4)]
        sender = world.sender(commands)
        threading.Event().wait(world.random.uniform(0.0, 0.06))
        world.kill(sender)
        _hear(world)
        world.check()
    world.stop(engine)
    _settle(world)


def test_both_are_killed(world: World) -> None:
    """The sender keeps what the dead engine does not answer; whatever was kept is done once in the end."""
    for _ in range(ROUNDS):
        engine = world.engine()
        if world.random.random() < 0.75:
            until(world.listens, "an engine that listens")
        sender = world.sender([world.wish() for _ in range(6)])
        victims = [engine, sender]
        world.random.shuffle(victims)
        heard = 0  # a death comes a moment after a number of commands were answered or kept, however long these take
        for victim in victims:
            heard = min(heard + world.random.randint(0, 3), 6)
            _until_told(world, sender, heard)
            threading.Event().wait(world.random.uniform(0.0, 0.05))
            world.kill(victim)
        _hear(world)
        _check_kept(world)
        world.check()
    assert world.receipts
    assert world.kept
    _settle(world)


def _until_told(world: World, sender: int, count: int) -> None:
    until(lambda: gone(sender) or _lines(world) >= count, "what the sender is told")


def _hear(world: World) -> None:
    """What the senders were told before they died. What they were told is kept counts as not answered."""
    said = world.folder / "said"
    for line in said.read_text().splitlines() if said.exists() else []:
        command_id, status = line.split()
        if status != Status.KEPT:
            world.told(command_id, status)
        else:
            world.kept.add(command_id)
    said.unlink(missing_ok=True)


def _check_kept(world: World) -> None:
    """A command of which the person was told that it is kept is in the spool, or done."""
    waiting = {command.id for command in world.spool.waiting()}
    with world.engines.reading() as reader:
        for command_id in world.kept:
            assert command_id in waiting or reader.receipt(command_id) is not None


def _settle(world: World) -> None:
    """An engine that nobody kills, and everything that is still open sent once more, by a program of its own."""
    kept = {command.id for command in world.spool.waiting()} | world.kept
    engine = world.engine()
    world.engines.ready(pid=engine)
    again = [world.asked[name] for name in world.random.sample(sorted(world.receipts), min(20, len(world.receipts)))]
    last = [*world.pending, *again, world.wish()]
    sender = world.sender(last)
    until(lambda: _lines(world) == len(last), "the last receipts")
    world.kill(sender)
    _hear(world)
    assert world.spool.waiting() == []
    with world.engines.reading() as reader:
        for command_id in kept | {command.id for command in last}:
            assert reader.receipt(command_id) is not None
    world.check()
    world.stop(engine)
    world.check()


def _lines(world: World) -> int:
    said = world.folder / "said"
    return len(said.read_text().splitlines()) if said.exists() else 0
