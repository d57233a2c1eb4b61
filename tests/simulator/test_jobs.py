from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from standby.domain.units import SECOND
from standby.simulator.faults import fault
from standby.simulator.jobs import Job, JobError

NOW = 1_000 * SECOND


class Receiver:
    """Hears the first line of each call."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[str] = asyncio.Queue()
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        writer.close()
        self.heard.put_nowait(head.decode().splitlines()[0])

    async def next(self) -> str:
        async with asyncio.timeout(5):
            return await self.heard.get()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    it = Receiver()
    server = await asyncio.start_server(it.serve, "127.0.0.1", 0)
    it.port = server.sockets[0].getsockname()[1]
    yield it
    server.close()
    await server.wait_closed()


async def called(job: Job) -> None:
    """Wait until the call under way is over, so that the next one is not dropped."""
    async with asyncio.timeout(5):
        while job.busy:  # noqa: ASYNC110 - the call ends in its own time
            await asyncio.sleep(0.005)


async def test_it_calls_when_due_and_never_twice_for_one_time(receiver: Receiver) -> None:
    job = Job("export", f"http://127.0.0.1:{receiver.port}/ping/abc", 4 * SECOND)
    job.tick(NOW, [])
    assert await receiver.next() == "POST /ping/abc HTTP/1.1"
    await called(job)
    job.tick(NOW + 4 * SECOND - 1, [])
    job.tick(NOW + 4 * SECOND, [])
    assert await receiver.next() == "POST /ping/abc HTTP/1.1"
    await called(job)
    assert receiver.heard.empty()


async def test_errors_make_it_report_a_failure_and_other_faults_silence_it(receiver: Receiver) -> None:
    job = Job("export", f"http://127.0.0.1:{receiver.port}/ping/abc", SECOND)
    job.tick(NOW, [fault("timeouts")])
    assert not job.busy
    job.tick(NOW + SECOND, [fault("errors")])
    assert await receiver.next() == "POST /ping/abc/fail HTTP/1.1"
    await called(job)


async def test_a_receiver_that_is_gone_does_not_disturb_it() -> None:
    job = Job("export", "http://127.0.0.1:9/ping/abc", SECOND)
    job.tick(NOW, [])
    await called(job)
    job.close()


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1/x", "http://example.com/x", "file:///etc/passwd", "", "http://127.0.0.1"]
)
def test_only_plain_http_on_loopback_at_a_bearable_rate(url: str) -> None:
    with pytest.raises(JobError):
        Job("export", url, SECOND // 100)
    if url != "http://127.0.0.1":
        with pytest.raises(JobError):
            Job("export", url, SECOND)
