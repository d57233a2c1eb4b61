"""Vendors push events over real sockets: believed when signed, on disk before they are answered."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json

import pytest

from standby.domain.outcome import Outcome
from standby.domain.units import MINUTE, SECOND
from standby.engine.inbound.receiver import MAX_BODY
from standby.store.errors import StoreError
from standby.store.rows import Batch

from .conftest import Make
from .test_heartbeats import call
from .world import World, config

SECRET = b"t0ken-of-the-backup-job"
HOOK = """
[[check]]
id = "events"
integration = "payments"
kind = "webhook"
every = "10s"
attempts = 1
scheme = "{scheme}"
secret = "env:TOKEN"
quiet_after = "10m"
down_after = "1h"
"""
LISTEN = 'listen = "127.0.0.1:0"'


async def hooked(world: Make, scheme: str = "github") -> World:
    return await world(config(rules=HOOK.replace("{scheme}", scheme)), LISTEN)


def github(body: bytes, secret: bytes = SECRET) -> str:
    return f"X-Hub-Signature-256: sha256={hmac.new(secret, body, hashlib.sha256).hexdigest()}\r\n"


def slack(w: World, body: bytes) -> str:
    at = w.clock.now() // SECOND
    signature = hmac.new(SECRET, b"v0:%d:" % at + body, hashlib.sha256).hexdigest()
    return f"X-Slack-Request-Timestamp: {at}\r\nX-Slack-Signature: v0={signature}\r\n"


async def push(w: World, body: bytes, headers: str, path: str = "/hook/events", method: str = "POST") -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode()
    return await call(w.engine._ears.receiver.port, head + body)


def status(answer: bytes) -> int:
    return int(answer.split(b" ")[1])


async def stored(w: World) -> list[tuple[str, str]]:
    return [(row.check_id, row.signal) for row in (await w.store.writer.load()).pings]


async def test_an_event_is_on_disk_before_it_is_answered(world: Make) -> None:
    w = await hooked(world)
    seen: list[int] = []

    async def meanwhile(batch: Batch) -> None:
        seen.extend(w.engine._ears.hooks.tally("events").last_minute for ping in batch.pings if ping.check_id)

    w.store.meanwhile = meanwhile
    assert status(await push(w, b"{}", github(b"{}"))) == 200
    assert seen == [0]  # nothing is counted before it is stored
    assert w.engine._ears.hooks.tally("events").last_minute == 1
    assert await stored(w) == [("events", "success")]


async def test_events_of_one_instant_are_rows_of_their_own(world: Make) -> None:
    w = await hooked(world)
    rows: list[int] = []

    async def meanwhile(batch: Batch) -> None:
        rows.extend(ping.at for ping in batch.pings)

    w.store.meanwhile = meanwhile
    bodies = [b"%d" % number for number in range(5)]
    answers = await asyncio.gather(*(push(w, body, github(body)) for body in bodies))
    assert [status(answer) for answer in answers] == [200] * 5
    assert len(set(rows)) == 5


@pytest.mark.parametrize(
    ("path", "method", "headers", "code"),
    [
        ("/hook/events", "POST", github(b"{}", b"wrong"), 401),
        ("/hook/events", "POST", "", 401),
        ("/hook/other", "POST", github(b"{}"), 404),
        ("/hook/", "POST", github(b"{}"), 404),
        ("/hook/events/x", "POST", github(b"{}"), 404),
        ("/hook/events", "GET", github(b"{}"), 405),
    ],
)
async def test_what_is_not_theirs_is_not_believed(world: Make, path: str, method: str, headers: str, code: int) -> None:
    w = await hooked(world)
    assert status(await push(w, b"{}", headers, path, method)) == code
    assert not await stored(w)
    refused = w.engine._ears.hooks.tally("events").refused
    assert refused == (1 if code == 401 else 0)


async def test_a_wrong_signature_is_told_to_us_and_not_to_them(world: Make) -> None:
    w = await hooked(world)
    answer = await push(w, b"{}", github(b"{}", b"wrong"))
    assert answer.endswith(b"\r\n\r\nUnauthorized\n")
    await w.pass_time(20 * SECOND)
    assert "1 were refused lately, the last with a wrong signature" in w.changes().check_states[0].message


async def test_the_same_call_again_is_answered_and_not_counted(world: Make) -> None:
    w = await hooked(world)
    for _ in range(3):
        assert status(await push(w, b"{}", github(b"{}"))) == 200
    tally = w.engine._ears.hooks.tally("events")
    assert (tally.last_minute, tally.repeated) == (1, 2)


async def test_a_vendor_that_tries_again_is_counted_once(world: Make) -> None:
    w = await hooked(world, "slack")
    assert status(await push(w, b'{"event_id": "Ev1"}', slack(w, b'{"event_id": "Ev1"}'))) == 200
    await w.pass_time(30 * SECOND)
    assert status(await push(w, b'{"event_id": "Ev1"}', slack(w, b'{"event_id": "Ev1"}'))) == 200  # signed anew
    assert status(await push(w, b'{"event_id": "Ev2"}', slack(w, b'{"event_id": "Ev2"}'))) == 200
    tally = w.engine._ears.hooks.tally("events")
    assert (tally.last_minute, tally.repeated) == (2, 1)


async def test_the_same_call_while_the_first_is_on_its_way_is_not_answered_well(world: Make) -> None:
    w = await hooked(world)
    begun, go = asyncio.Event(), asyncio.Event()

    async def meanwhile(batch: Batch) -> None:
        if batch.pings:
            begun.set()
            await go.wait()

    w.store.meanwhile = meanwhile
    first = asyncio.create_task(push(w, b"{}", github(b"{}")))
    await begun.wait()
    assert status(await push(w, b"{}", github(b"{}"))) == 503
    go.set()
    assert status(await first) == 200


async def test_what_cannot_be_stored_is_not_answered_well_and_counts_when_it_comes_again(world: Make) -> None:
    w = await hooked(world)
    w.store.fail = StoreError("full", "disk full")
    assert status(await push(w, b"{}", github(b"{}"))) == 503
    w.store.fail = None
    await w.pass_time(10 * SECOND)
    assert status(await push(w, b"{}", github(b"{}"))) == 200
    assert w.engine._ears.hooks.tally("events").last_minute == 1


async def test_hostile_callers(world: Make) -> None:
    w = await hooked(world)
    port = w.engine._ears.receiver.port
    head = b"POST /hook/events HTTP/1.1\r\nHost: x\r\n"
    assert status(await call(port, head + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n")) == 411
    assert status(await call(port, head + b"Content-Length: -5\r\n\r\n")) == 411
    assert status(await call(port, head + b"Content-Length: %d\r\n\r\n" % (MAX_BODY + 1))) == 413
    assert status(await call(port, head + b"Content-Length: 99999999999999999999\r\n\r\n")) == 413
    large = b"x" * MAX_BODY
    assert status(await push(w, large, github(large))) == 200


async def test_an_old_signature_is_a_replay(world: Make) -> None:
    w = await hooked(world, "slack")
    headers = slack(w, b"{}")
    await w.pass_time(6 * MINUTE)
    assert status(await push(w, b"{}", headers)) == 401
    assert "sent again by somebody" in w.engine._ears.hooks.tally("events").why


async def test_slack_gets_its_challenge_back(world: Make) -> None:
    w = await hooked(world, "slack")
    body = json.dumps({"type": "url_verification", "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"})
    for _ in range(2):  # somebody may press the button again
        answer = await push(w, body.encode(), slack(w, body.encode()))
        assert answer.endswith(b"\r\n\r\n3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P")
    nasty = json.dumps({"type": "url_verification", "challenge": "<script>"}).encode()
    assert (await push(w, nasty, slack(w, nasty))).endswith(b"\r\n\r\nOK\n")


async def test_silence_counts_over_a_restart(world: Make) -> None:
    w = await hooked(world)
    await push(w, b"{}", github(b"{}"))
    await w.pass_time(9 * MINUTE)
    assert w.outcome("events") is Outcome.UP
    await w.die()
    await w.start()
    await w.pass_time(MINUTE + 20 * SECOND)
    assert w.outcome("events") is Outcome.DEGRADED
    await push(w, b"again", github(b"again"))
    await w.pass_time(20 * SECOND)
    assert w.outcome("events") is Outcome.UP


async def test_a_missing_secret_is_told_and_nobody_is_believed(world: Make) -> None:
    w = await world(config(rules=HOOK.replace("{scheme}", "github").replace("env:TOKEN", "env:NOT_THERE")), LISTEN)
    assert "no calls for events: env:NOT_THERE is not set" in w.engine.trouble
    assert status(await push(w, b"{}", github(b"{}"))) == 404
    await w.pass_time(20 * SECOND)
    assert w.outcome("events") is Outcome.UNKNOWN
