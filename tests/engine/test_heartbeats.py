"""Batch jobs call us over real sockets; the dead-man's call goes out; both bounded, neither in anybody's way."""

from __future__ import annotations

import asyncio
import socket

import pytest

from standby.checks.base import HeartbeatSignals
from standby.domain.outcome import Outcome
from standby.domain.units import HOUR, MINUTE, SECOND
from standby.engine.inbound.receiver import MAX_HEAD, Receiver, parse_listen
from standby.engine.inbound.signals import Rhythm, Signals
from standby.engine.process.deadman import DeadMan, UnansweredError
from standby.store.errors import StoreError
from standby.store.rows import PingRow

from .conftest import Make
from .fakeclock import T0, FakeClock
from .world import World, config

TOKEN = "t0ken-of-the-backup-job"
JOB = """
[[check]]
id = "job"
integration = "payments"
kind = "heartbeat"
every = "10s"
attempts = 1
token = "env:TOKEN"
period = "10m"
grace = "5m"
"""
LISTEN = 'listen = "127.0.0.1:0"'


async def call(port: int, raw: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(raw)
    async with asyncio.timeout(10):
        answer = await reader.read()
    writer.close()
    return answer


def request(path: str, method: str = "GET", more: str = "") -> bytes:
    return f"{method} {path} HTTP/1.1\r\nHost: x\r\n{more}\r\n".encode()


async def ping(w: World, path: str, method: str = "GET") -> int:
    answer = await call(w.engine._ears.receiver.port, request(path, method))
    return int(answer.split(b" ")[1])


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
@pytest.mark.parametrize(
    ("path", "signal"), [("", "success"), ("/success", "success"), ("/start", "start"), ("/fail", "fail")]
)
async def test_a_signal_is_on_disk_before_it_is_answered(world: Make, method: str, path: str, signal: str) -> None:
    w = await world(config(rules=JOB), LISTEN)
    assert await ping(w, f"/ping/{TOKEN}{path}", method) == 200
    [row] = (await w.store.writer.load()).pings
    assert (row.check_id, row.signal, row.at) == ("job", signal, w.clock.now())


async def test_who_does_not_know_the_token_learns_nothing(world: Make) -> None:
    w = await world(config(rules=JOB), LISTEN)
    for path in ("/ping/wrong", "/ping/", f"/ping/{TOKEN}/other", f"/{TOKEN}", "/", f"/ping/{TOKEN}/start/x", "x"):
        assert await ping(w, path) == 404
    assert await ping(w, f"/ping/{TOKEN}", "DELETE") == 405
    assert not (await w.store.writer.load()).pings


async def test_a_token_may_be_escaped(world: Make) -> None:
    w = await world(config(rules=JOB), LISTEN)
    assert await ping(w, "/ping/" + "".join(f"%{ord(letter):02x}" for letter in TOKEN)) == 200


async def test_hostile_callers(world: Make) -> None:
    w = await world(config(rules=JOB), LISTEN)
    port = w.engine._ears.receiver.port
    assert b" 400 " in await call(port, b"\x16\x03\x01\x02\x00 garbage\r\n\r\n")
    assert b" 431 " in await call(port, b"GET / HTTP/1.1\r\nX: " + b"a" * (2 * MAX_HEAD) + b"\r\n\r\n")
    endless = request(f"/ping/{TOKEN}", "POST", "Content-Length: 999999999\r\n") + b"x" * 200_000
    with socket.create_connection(("127.0.0.1", port)):  # says nothing and is in nobody's way
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(endless)
        assert b" 200 " in await reader.readline()
        writer.close()


async def test_a_job_that_sends_its_log_along_gets_its_answer(world: Make) -> None:
    w = await world(config(rules=JOB), LISTEN)
    body = b"x" * 100_000
    head = request(f"/ping/{TOKEN}", "POST", f"Content-Length: {len(body)}\r\n")
    assert b"200 OK" in await call(w.engine._ears.receiver.port, head + body)


async def test_calls_are_bounded_in_number(world: Make) -> None:
    w = await world(config(rules=JOB), LISTEN)
    answers = [await ping(w, "/ping/guess") for _ in range(105)]
    assert answers[:100] == [404] * 100
    assert set(answers[100:]) == {429}
    await w.pass_time(SECOND)
    assert await ping(w, f"/ping/{TOKEN}") == 200


async def test_what_cannot_be_stored_is_not_acknowledged(world: Make) -> None:
    w = await world(config(rules=JOB), LISTEN)
    w.store.fail = StoreError("full", "disk full")
    assert await ping(w, f"/ping/{TOKEN}") == 503
    assert w.engine._signals.of("job").last_success is None


async def test_a_port_in_use_is_trouble_and_no_crash(world: Make) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        w = await world(config(rules=JOB), f'listen = "127.0.0.1:{port}"')
        await w.pass_time(20 * SECOND)
        assert f"nothing can be received on 127.0.0.1:{port}" in w.engine.trouble
        assert w.changes().engine.trouble == w.engine.trouble  # type: ignore[union-attr]
        assert w.runs


async def test_no_heartbeat_check_no_open_port(world: Make) -> None:
    w = await world(config(), LISTEN)
    assert w.engine._ears.receiver.port == 0


async def test_a_missing_secret_is_told(world: Make) -> None:
    w = await world(config(rules=JOB.replace("env:TOKEN", "env:NOT_THERE")), LISTEN)
    assert "no calls for job: env:NOT_THERE is not set" in w.engine.trouble


async def test_a_job_that_stops_calling_is_down_and_its_call_ends_that(world: Make) -> None:
    w = await world(config(rules=JOB), LISTEN)
    await ping(w, f"/ping/{TOKEN}")
    await w.pass_time(14 * MINUTE)
    assert w.outcome("job") is Outcome.UP
    await w.until(lambda: w.fired("down"), 2 * MINUTE)
    await ping(w, f"/ping/{TOKEN}")
    await w.until(lambda: not w.live("down"), 15 * SECOND)


async def test_a_call_that_could_not_reach_us_is_not_missed(world: Make) -> None:
    """Due while no engine ran: the job has until its next call."""
    w = await world(config(rules=JOB), LISTEN)
    await ping(w, f"/ping/{TOKEN}")
    await w.pass_time(8 * MINUTE)
    await w.die()
    await w.pass_time(8 * MINUTE)
    await w.start()
    await w.pass_time(8 * MINUTE)
    assert w.outcome("job") is Outcome.UP
    assert "no call could reach us before" in w.changes().check_states[0].message
    assert not w.alerts()
    await w.until(lambda: w.fired("down"), 8 * MINUTE)


def test_deafness_excuses_only_what_was_due_meanwhile() -> None:
    signals = Signals()
    for name in ("due", "later", "overdue", "running"):
        signals.expect(name, Rhythm(HOUR, 5 * MINUTE), T0 - 10 * HOUR)
    signals.take(PingRow("due", T0 - 50 * MINUTE, "success"))
    signals.take(PingRow("later", T0 - MINUTE, "success"))
    signals.take(PingRow("overdue", T0 - 2 * HOUR, "success"))
    signals.take(PingRow("running", T0 - MINUTE, "start"))
    signals.deaf(T0, T0 + 20 * MINUTE)
    assert signals.of("due").last_success == T0 + 20 * MINUTE
    assert signals.of("later").last_success == T0 - MINUTE
    assert signals.of("overdue").last_success == T0 - 2 * HOUR
    assert signals.of("running").last_start == T0 + 20 * MINUTE
    assert signals.excused_until("later") is None
    signals.take(PingRow("due", T0 + 30 * MINUTE, "success"))
    assert signals.excused_until("due") is None


def test_signals_out_of_order_and_of_strangers_change_nothing() -> None:
    signals = Signals()
    signals.expect("job", Rhythm(HOUR, MINUTE), T0)
    signals.take(PingRow("job", T0 + 10, "success"))
    signals.take(PingRow("job", T0 + 5, "success"))
    signals.take(PingRow("job", T0 + 20, "nonsense"))
    signals.take(PingRow("stranger", T0, "success"))
    assert signals.of("job") == HeartbeatSignals(T0, T0 + 10)


@pytest.mark.parametrize("text", ["8737", ":8737", "127.0.0.1:", "127.0.0.1:70000", "127.0.0.1:x", "h:-1"])
def test_no_address(text: str) -> None:
    with pytest.raises(ValueError, match="no address"):
        parse_listen(text)


async def test_the_receiver_stays_open_where_it_is() -> None:
    async def take(check_id: str, signal: str) -> None:
        return None

    receiver = Receiver(FakeClock(), take)
    await receiver.listen("127.0.0.1:0")
    port = receiver.port
    await receiver.listen("127.0.0.1:0")
    assert receiver.port == port
    await receiver.stop()


class Outside:
    """The dead-man service."""

    def __init__(self) -> None:
        self.calls = 0
        self.error: Exception | None = None

    async def __call__(self) -> None:
        self.calls += 1
        if self.error is not None:
            raise self.error


async def test_the_dead_mans_call_goes_out_each_minute_while_all_works() -> None:
    clock, outside = FakeClock(), Outside()
    works = [True]
    dead_man = DeadMan(clock, lambda: works[0])
    dead_man.watch(outside)
    await clock.advance(10 * MINUTE)
    assert outside.calls == 10
    works[0] = False
    await clock.advance(10 * MINUTE)
    assert outside.calls == 10, "silence is the message"
    works[0] = True
    await clock.advance(MINUTE)
    assert outside.calls == 11
    dead_man.watch(None)
    await clock.advance(10 * MINUTE)
    assert outside.calls == 11


async def test_calls_that_fail_are_trouble_without_the_secret() -> None:
    clock, outside = FakeClock(), Outside()
    dead_man = DeadMan(clock, lambda: True)
    dead_man.watch(outside)
    outside.error = RuntimeError("https://hc.example/secret-token refused")
    await clock.advance(5 * MINUTE)
    assert "RuntimeError" in dead_man.trouble
    assert "secret-token" not in dead_man.trouble
    outside.error = UnansweredError("status 404")
    await clock.advance(MINUTE)
    assert "status 404" in dead_man.trouble
    outside.error = None
    await clock.advance(MINUTE)
    assert dead_man.trouble == ""
    await dead_man.stop()


async def test_the_engine_calls_only_while_it_stores(world: Make) -> None:
    w = await world(config())
    outside = Outside()
    w.engine._deadman.watch(outside)
    await w.pass_time(3 * MINUTE)
    assert outside.calls == 3
    w.store.fail = StoreError("full", "disk full")
    await w.pass_time(5 * MINUTE)
    assert outside.calls <= 4
