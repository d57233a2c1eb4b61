"""A disk that is full: told, nothing half written, nothing acknowledged lost, and over when there is room again."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from standby.domain.units import HOUR, SECOND
from standby.store.errors import StoreError
from standby.store.reader import Reader
from standby.store.retention import Retention
from standby.store.rows import Batch
from standby.store.writer import Writer

from .samples import T0, alert, audit, engine, observed, receipt, state


def some(number: int) -> Batch:
    """About 60 kB."""
    return Batch(
        durable=True,
        observations=[observed(f"c{n}", T0 + number * SECOND, message="m" * 400) for n in range(100)],
        alerts=[alert(number)],
        audits=[audit(str(number), command=f"c-{number}")],
        receipts=[receipt(f"c-{number}")],
    )


async def fill_up(writer: Writer, first: int = 1) -> tuple[int, StoreError]:
    """Write until it fails; the number of the batch that did, and why."""
    for number in range(first, first + 2000):
        try:
            await writer.commit(some(number))
        except StoreError as told:
            return number, told
    raise AssertionError("the disk never was full")


def whole(path: Path, last: int) -> None:
    """Every acknowledged batch is there once, the refused one not at all, and the chain holds."""
    reader = Reader(path)
    changes = reader.changes()
    assert [row.id for row in changes.alerts] == list(range(1, last + 1))
    assert [row.message for row in reader.audits(5000)] == [str(number) for number in range(last, 0, -1)]
    assert len(reader.observations("c0", 5000)) == last
    assert reader.receipt(f"c-{last + 1}") is None
    assert reader.verify_audit().ok
    reader.close()


async def test_a_bound_on_pages_is_a_full_disk(writer: Writer, path: Path) -> None:
    connection = writer._transactions.connection
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages + 300}")
    failed, told = await fill_up(writer)
    assert told.kind == "full"
    assert "free space" in str(told)
    whole(path, failed - 1)
    with pytest.raises(StoreError):
        await writer.commit(some(failed))
    connection.execute("PRAGMA max_page_count = 1000000")
    await writer.commit(some(failed))
    whole(path, failed)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 12 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=12m,mode=0750", "standby-test", place]
    if os.geteuid() != 0 or subprocess.run(words, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting a small disk needs root")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


async def test_a_disk_that_is_really_full(small_disk: Path) -> None:
    path = small_disk / "standby.db"
    writer = await Writer.open(path, now=T0)
    await writer.begin_term(engine())
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 2_000_000)
    failed, told = await fill_up(writer)
    assert told.kind == "full"
    assert failed > 3
    whole(path, failed - 1)
    ballast.unlink()
    again, told = await fill_up(writer, failed)
    assert told.kind == "full"
    assert again > failed + 3
    await writer.close()
    reopened = await Writer.open(path, now=T0)
    whole(path, again - 1)
    await reopened.close()


async def test_no_room_for_a_new_store(small_disk: Path) -> None:
    (small_disk / "ballast").write_bytes(b"x" * (12 * 2**20 - 8192))
    with pytest.raises(StoreError) as caught:
        await Writer.open(small_disk / "standby.db", now=T0)
    assert caught.value.kind == "full"
    assert [entry.name for entry in small_disk.iterdir()] == ["ballast"]


async def test_expiry_makes_room_on_a_full_disk(small_disk: Path) -> None:
    path = small_disk / "standby.db"
    writer = await Writer.open(path, now=T0)
    await writer.begin_term(engine())
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 500_000)
    failed, _ = await fill_up(writer)
    ballast.unlink()  # what is deleted needs a little room in the log first
    await writer.roll_up(T0 + HOUR)
    while await writer.expire(T0 + HOUR, Retention(max_size=2_000_000), limit=500):
        pass
    for number in range(failed, failed + 10):
        await writer.commit(some(number))
    await writer.close()
    assert path.stat().st_size < 3_500_000


async def refusal(writer: Writer, batch: Batch) -> StoreError:
    """Write the same until it fails; why."""
    for _ in range(500):
        try:
            await writer.commit(batch)
        except StoreError as told:
            return told
    raise AssertionError("the disk never was full")


async def test_a_log_that_took_the_whole_disk_is_used_again_when_its_reader_is_gone(small_disk: Path) -> None:
    path = small_disk / "standby.db"
    writer = await Writer.open(path, now=T0)
    await writer.begin_term(engine())
    states = Batch(check_states=[state(f"c{n}", message="m" * 400) for n in range(300)])
    await writer.commit(states)
    writer._transactions.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # the file has all its pages
    reader = Reader(path)
    reader._connection.execute("BEGIN")
    reader._connection.execute("SELECT * FROM counter").fetchall()
    assert (await refusal(writer, states)).kind == "full"
    with pytest.raises(StoreError):
        await writer.commit(states)
    reader._connection.execute("COMMIT")
    await writer.commit(states)
    reader.close()
    await writer.close()


LIMITED = """
import asyncio, resource, sys
from pathlib import Path
sys.path[:0] = sys.argv[2:]
from standby.store.writer import Writer
from tests.store.samples import T0, engine
from tests.store.test_full import fill_up, some, whole
async def main():
    path = Path(sys.argv[1])
    writer = await Writer.open(path, now=T0)
    await writer.begin_term(engine())
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    failed, told = await fill_up(writer)
    assert told.kind == "full", told
    whole(path, failed - 1)
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    await writer.commit(some(failed))
    whole(path, failed)
    await writer.close()
    print(failed)
asyncio.run(main())
"""


def test_a_limit_on_file_sizes_is_a_full_disk(path: Path) -> None:
    root = Path(__file__).parents[2]
    words = [sys.executable, "-c", LIMITED, path, root / "src", root]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 3
