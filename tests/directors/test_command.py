from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from directors.conftest import director
from standby.directors.base import Context, Director, DirectorError
from standby.directors.command import CommandModel
from standby.domain.route import Step, StepKind

TARGETS = {"acme": "pool-1", "borealis": "pool-2"}
READ = "print(open('place').read())"
SET = "import sys; open('place', 'w').write(sys.argv[2]); open('log', 'a').write(' '.join(sys.argv[1:]) + '\\n')"


def python(text: str, *arguments: str) -> list[str]:
    return [sys.executable, "-I", "-c", text, *arguments]


def of(context: Context, *, read: str = READ, set_: str = SET, **keys: object) -> Director:
    keys = {"read": python(read), "set": python(set_, "--to={target}", "{place}"), "timeout": "10s"} | keys
    return director(context, "command", TARGETS, **keys)


@pytest.fixture
def place(short: Path) -> Path:
    """Where traffic goes: a file that the two programs read and write."""
    path = short / "place"
    path.write_text("pool-1\n")
    return path


async def test_traffic_is_moved_by_one_program_and_read_back_by_the_other(place: Path, context: Context) -> None:
    one = of(context)
    assert await one.where() == "acme"
    (step,) = await one.plan("borealis")
    assert step == Step("set borealis (pool-2)", StepKind.PIVOT, "traffic", "pool-2", "pool-1")
    await one.apply(step.subject, step.desired)
    assert await one.read(step.subject) == "pool-2"
    assert await one.where() == "borealis"
    assert await one.drift() == ()
    await one.apply(step.subject, step.desired)  # is so already: nothing is run
    await one.apply(step.subject, step.undo)
    assert (place.parent / "log").read_text() == "--to=borealis pool-2\n--to=acme pool-1\n"


async def test_a_place_of_no_target_is_nowhere_and_nothing_to_go_to(place: Path, context: Context) -> None:
    place.write_text("pool-9")
    one = of(context)
    assert await one.where() == ""
    assert await one.drift() == ("traffic goes to pool-9, which is the place of no target",)
    assert (await one.plan("acme"))[0].undo == "pool-9"
    with pytest.raises(DirectorError, match="'pool-2; reboot' is the place of no target"):
        await one.apply("traffic", "pool-2; reboot")
    with pytest.raises(DirectorError, match="has the configuration changed since"):
        await one.apply("map payments", "pool-2")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("pass", "prints nothing; have it print the place"),
        ("print('pool-1'); print('pool-2')", "prints 2 lines; have it"),
        ("raise SystemExit('no\\x1b[2J route')", "failed, exit code 1: no route"),
        ("import os; os.kill(os.getpid(), 15)", "failed, ended by SIGTERM: nothing printed"),
        ("print('x' * 100_000)", "printed more than 65536 bytes"),
        ("import os; print(os.environ['TOKEN'], flush=True); raise SystemExit(3)", "failed, exit code 3: •••"),
    ],
)
async def test_what_is_wrong_with_reading(short: Path, context: Context, text: str, says: str) -> None:
    with pytest.raises(DirectorError) as caught:
        await of(context, read=text, env={"TOKEN": "env:TOKEN"}).where()
    assert says in str(caught.value)
    assert caught.value.known


@pytest.mark.parametrize("text", ["raise SystemExit(1)", "print('x' * 100_000)"])
async def test_a_failed_switch_is_not_known_to_have_failed(place: Path, context: Context, text: str) -> None:
    with pytest.raises(DirectorError) as caught:
        await of(context, set_=text).apply("traffic", "pool-2")
    assert not caught.value.known


async def test_a_switch_that_hangs_is_killed_and_not_known(place: Path, context: Context) -> None:
    hangs = "import time, pathlib; pathlib.Path('place').write_text('pool-2'); time.sleep(60)"
    one = of(context, set_=hangs, timeout="2s")
    with pytest.raises(DirectorError, match="did not end within 2s and was killed") as caught:
        await one.apply("traffic", "pool-2")
    assert not caught.value.known
    assert await one.where() == "borealis"  # it had moved traffic all the same


async def test_what_cannot_be_run_has_done_nothing(place: Path, context: Context) -> None:
    with pytest.raises(DirectorError, match="/no/such/program cannot be run: No such file") as caught:
        await of(context, set=["/no/such/program", "{target}"]).apply("traffic", "pool-2")
    assert caught.value.known
    with pytest.raises(DirectorError, match="was not run: env:MISSING is not set") as caught:
        await of(context, env={"A": "env:MISSING"}).apply("traffic", "pool-2")
    assert caught.value.known


async def test_two_switches_by_the_same_program_never_overlap(place: Path, context: Context) -> None:
    """Counts itself by a folder that only one can make."""
    alone = "import os, sys, time; os.mkdir('busy'); time.sleep(0.05); os.rmdir('busy'); print('pool-1')"
    found = await asyncio.gather(*(of(context, read=alone).where() for _ in range(4)))
    assert found == ["acme"] * 4


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"read": ["r"], "set": ["s"]}, 'set is never told where to; add "{target}"'),
        ({"read": ["r", "{place}"], "set": ["s", "{place}"]}, "take {target} and {place} out of it"),
        ({"read": [], "set": ["s", "{place}"]}, "is not a command; write its program"),
        ({"read": ["r"], "set": ["s\0", "{place}"]}, "is not a command; write its program"),
        ({"read": "r", "set": ["s", "{place}"]}, "read"),
        ({"read": ["r"], "set": ["s", "{place}"], "shell": True}, "Extra inputs"),
    ],
)
def test_what_is_refused_with_the_mend(row: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError) as caught:
        CommandModel.model_validate({"kind": "command", **row}, context={})
    assert says in str(caught.value)
