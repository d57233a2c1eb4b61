from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path

import pytest
from pydantic import ValidationError

from checks.conftest import SLOT, Look
from checks.loopback import RealClock
from standby.checks.apart import Apart
from standby.checks.base import Context, observe
from standby.checks.file import FileCheck, FileModel
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.domain.units import HOUR, MINUTE
from standby.net.trouble import Trouble


def put(folder: Path, name: str, text: str = "a\nb\n", *, age: int = 0) -> Path:
    """A file that was written `age` ns ago."""
    path = folder / name
    path.write_text(text)
    at = RealClock().now() - age
    os.utime(path, ns=(at, at))
    return path


async def test_the_newest_counts(look: Look, tmp_path: Path) -> None:
    put(tmp_path, "orders-1.csv", "x" * 10, age=5 * HOUR)
    put(tmp_path, "orders-2.csv", "x" * 2000, age=10 * MINUTE)
    put(tmp_path, "else.txt")
    seen = await look("file", folder=str(tmp_path), name="orders-*.csv", max_age="1h")
    assert (seen.outcome, seen.message) == (Outcome.UP, "orders-2.csv, 2.0 kB, 10m old")
    assert seen.metrics == {"files": 2.0, "size_bytes": 2000.0, "age_s": pytest.approx(600, abs=5)}


@pytest.mark.parametrize(
    ("keys", "outcome", "failure", "says"),
    [
        ({"max_age": "5m"}, Outcome.DOWN, Failure.STALE, "older than 5m: orders.csv, 4 B, 10m old"),
        ({"max_age": "1h", "warn_age": "5m"}, Outcome.DEGRADED, Failure.STALE, "older than 5m"),
        ({"min_size": "5B"}, Outcome.DOWN, Failure.DATA, "smaller than 5B"),
        ({"max_size": "3B"}, Outcome.DOWN, Failure.DATA, "larger than 3B"),
        ({"min_lines": 3}, Outcome.DOWN, Failure.DATA, "2 lines, fewer than 3"),
        ({"min_lines": 2}, Outcome.UP, None, "orders.csv"),
        ({"min_files": 2}, Outcome.DOWN, Failure.DATA, "1 files, fewer than 2"),
        ({"name": "none-*"}, Outcome.DOWN, Failure.STALE, "there is no file none-*"),
    ],
)
async def test_limits(
    look: Look, tmp_path: Path, keys: dict[str, object], outcome: Outcome, failure: Failure | None, says: str
) -> None:
    put(tmp_path, "orders.csv", age=10 * MINUTE)
    seen = await look("file", **{"folder": str(tmp_path), "name": "orders.csv", **keys})
    assert (seen.outcome, seen.failure) == (outcome, failure), seen.message
    assert says in seen.message


async def test_a_file_from_the_future_is_no_fresh_one(look: Look, tmp_path: Path) -> None:
    put(tmp_path, "orders.csv", age=-3 * HOUR)
    seen = await look("file", folder=str(tmp_path), name="orders.csv", max_age="1h")
    assert (seen.outcome, seen.failure) == (Outcome.DEGRADED, Failure.DATA)


async def test_links_are_not_followed_out_of_the_folder(look: Look, tmp_path: Path) -> None:
    outside = put(tmp_path, "secret")
    inside = tmp_path / "inbox"
    inside.mkdir()
    (inside / "orders.csv").symlink_to(outside)
    os.mkfifo(inside / "orders.pipe")
    assert (await look("file", folder=str(inside), name="orders.*", min_lines=1)).message.startswith("there is no file")
    seen = await look("file", folder=str(inside), name="orders.csv", min_lines=1, follow_links=True)
    assert (seen.outcome, seen.metrics["lines"]) == (Outcome.UP, 2.0)


async def test_a_folder_that_is_not_there_is_our_own_trouble(look: Look, tmp_path: Path) -> None:
    seen = await look("file", folder=str(tmp_path / "gone"), name="x")
    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.INTERNAL)
    assert "cannot be looked into: No such file" in seen.message


class Later(RealClock):
    by = 0

    def now(self) -> int:
        return super().now() + self.by


async def test_a_log_that_does_not_grow_is_stuck(context: Context, tmp_path: Path) -> None:
    clock = context.clock = Later()
    row = {"id": "c", "integration": "i", "folder": tmp_path, "name": "a.log", "grows_within": 10 * MINUTE}
    check = FileCheck(FileModel.model_validate(row))

    async def after(minutes: int, text: str) -> Outcome:
        clock.by += minutes * MINUTE
        (tmp_path / "a.log").write_text(text)
        return (await observe(check, context, SLOT)).outcome

    assert await after(0, "a") is Outcome.UP
    assert await after(9, "a") is Outcome.UP
    assert await after(2, "a") is Outcome.DOWN
    assert await after(1, "ab") is Outcome.UP
    assert await after(9, "") is Outcome.UP  # emptied
    assert await after(2, "") is Outcome.DOWN
    assert await after(1, "a") is Outcome.UP


@pytest.mark.parametrize(
    "keys",
    [
        {"name": "../x"},
        {"name": ".."},
        {"name": ""},
        {"min_size": 5, "max_size": 4},
        {"max_age": MINUTE, "warn_age": MINUTE},
    ],
)
def test_what_cannot_be_meant_is_refused(keys: dict[str, object]) -> None:
    row = {"id": "c", "integration": "i", "folder": "in", "name": "x", **keys}
    with pytest.raises(ValidationError):
        FileModel.model_validate(row)


async def test_one_look_that_hangs_does_not_pile_up_threads() -> None:
    apart: Apart[int] = Apart("c")
    go = threading.Event()

    def hangs() -> int:
        go.wait(10)
        return 1

    first = asyncio.create_task(apart.run(hangs))
    await asyncio.sleep(0)
    with pytest.raises(Trouble, match="still hangs"):
        await apart.run(lambda: 2)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    with pytest.raises(Trouble, match="still hangs"):
        await apart.run(lambda: 2)
    go.set()
    assert apart.thread is not None
    await asyncio.to_thread(apart.thread.join)
    assert await apart.run(lambda: 3) == 3
