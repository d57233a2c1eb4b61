from __future__ import annotations

import asyncio
import email.utils
import gzip
import json
import resource
import time
from collections.abc import Sequence

import pytest
from pydantic import ValidationError

from checks.conftest import SLOT, Look
from checks.loopback import Authority, Handler, answers, repeats, sends, serving
from standby.checks.base import Context
from standby.checks.http import HttpModel
from standby.domain.observation import Failure, Observation
from standby.domain.outcome import Outcome

OK = json.dumps({"status": "ok", "items": [{"price": 12.5}], "count": 3}).encode()


async def at(handler: Handler, look: Look, path: str = "/", **keys: object) -> Observation:
    async with serving(handler) as server:
        return await look("http", url=server.url + path, **keys)


async def test_an_answer_that_keeps_its_promises(look: Look) -> None:
    expect = ["status == 200", "body.status == 'ok'", "latency_ms < 4000.0", "size(body.items) == 1"]
    seen = await at(answers(OK), look, expect=expect)
    assert (seen.outcome, seen.failure, seen.message) == (Outcome.UP, None, "status 200 OK")
    assert (seen.check_id, seen.slot) == ("c", SLOT)
    assert seen.metrics == {"status": 200.0, "body_bytes": float(len(OK))}
    assert seen.latency_ms is not None
    assert 0 < seen.latency_ms < 4000
    assert seen.phases.first_byte is not None
    assert seen.at > SLOT


@pytest.mark.parametrize(
    ("status", "keys", "outcome", "failure"),
    [
        ("200 OK", {}, Outcome.UP, None),
        ("204 No Content", {}, Outcome.UP, None),
        ("304 Not Modified", {}, Outcome.UP, None),
        ("302 Found", {"redirects": 0}, Outcome.UP, None),
        ("404 Not Found", {}, Outcome.DOWN, Failure.EXPECTATION),
        ("503 Service Unavailable", {}, Outcome.DOWN, Failure.EXPECTATION),
        ("101 Switching Protocols", {}, Outcome.DOWN, Failure.EXPECTATION),
        ("404 Not Found", {"expect": ["status == 404"]}, Outcome.UP, None),
        ("200 OK", {"prefer": ["status == 201"]}, Outcome.DEGRADED, Failure.EXPECTATION),
        ("500 Oops", {"prefer": ["status == 200"]}, Outcome.DOWN, Failure.EXPECTATION),
        ("429 Slow Down", {}, Outcome.DEGRADED, Failure.RATE_LIMITED),
        ("429 Slow Down", {"expect": ["status == 200"]}, Outcome.DEGRADED, Failure.RATE_LIMITED),
        ("429 Slow Down", {"expect": ["status == 429"]}, Outcome.UP, None),
    ],
)
async def test_outcomes(
    look: Look, status: str, keys: dict[str, object], outcome: Outcome, failure: Failure | None
) -> None:
    seen = await at(answers(status=status, headers=["Location: /elsewhere"]), look, **keys)
    assert (seen.outcome, seen.failure) == (outcome, failure)


async def test_a_broken_expectation_shows_what_it_saw(look: Look) -> None:
    seen = await at(answers(OK, status="503 Service Unavailable"), look, expect=["status == 200", "body.count > 5"])
    assert seen.outcome is Outcome.DOWN
    assert "status == 200" in seen.message
    assert "503" in seen.message
    assert "body.count > 5" in seen.message
    assert "3" in seen.message.split("body.count > 5")[1]


@pytest.mark.parametrize(
    "expect",
    ["body.missing == 'ok'", "body.status.deeper == 1", "body.items[7].price > 0.0", "headers['x-none'] == 'a'"],
)
async def test_what_is_not_there_does_not_hold(look: Look, expect: str) -> None:
    seen = await at(answers(OK), look, expect=[expect])
    assert (seen.outcome, seen.failure) == (Outcome.DOWN, Failure.EXPECTATION)
    assert expect in seen.message


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("30", 30.0), ("2.0", 2.0), ("-5", 0.0), ("1e9", 86400.0), ("nan", None), ("soon", None), ("", None)],
)
async def test_retry_after(look: Look, value: str, seconds: float | None) -> None:
    seen = await at(answers(status="429 Slow Down", headers=[f"Retry-After: {value}"]), look)
    assert seen.retry_after_s == seconds


async def test_retry_after_as_a_date(look: Look) -> None:
    date = email.utils.formatdate(time.time() + 60, usegmt=True)
    seen = await at(answers(status="503 Busy", headers=[f"Retry-After: {date}"]), look)
    assert seen.retry_after_s == pytest.approx(60, abs=3)


async def test_headers_text_and_encodings(look: Look) -> None:
    handler = answers(
        gzip.compress("<h1>grün</h1>".encode("latin-1")),
        headers=["Content-Encoding: gzip", "Content-Type: text/html; charset=latin-1", "X-Version: 7"],
    )
    seen = await at(handler, look, expect=["text.contains('grün')", "headers['x-version'] == '7'", "body == text"])
    assert seen.outcome is Outcome.UP, seen.message


async def test_figures_of_an_answer_become_metrics(look: Look) -> None:
    body = {"queue": {"length": 12, "old": "7.5"}, "ok": True, "big": 10**400, "nan": "nan", "no": [1], "s": "x" * 99}
    names = {"length": "body.queue.length", "old": "body.queue['old']", "ok": "body.ok", "left": "headers['x-left']"}
    absent = {name: f"body.{name}" for name in ("big", "nan", "no", "s", "missing")}
    handler = answers(json.dumps(body).encode(), headers=["X-Left: 4999"])
    seen = await at(handler, look, metrics=names | absent)
    metrics = {name: value for name, value in seen.metrics.items() if name not in ("status", "body_bytes")}
    assert metrics == {"length": 12.0, "old": 7.5, "ok": 1.0, "left": 4999.0}
    assert (await at(answers(b"not json"), look, metrics=names)).metrics.keys() == {"status", "body_bytes"}


async def test_utf16_json_with_a_mark(look: Look) -> None:
    seen = await at(answers('{"a": "ü"}'.encode("utf-16")), look, expect=["body.a == 'ü'"])
    assert seen.outcome is Outcome.UP, seen.message


@pytest.mark.parametrize(
    "content", [b'{"a": "\\ud800"}', b'{"a": 1e400}', b'{"a": 99999999999999999999999}', b"[" * 5000]
)
async def test_strange_json_is_never_a_fault_of_ours(look: Look, content: bytes) -> None:
    seen = await at(answers(content), look, expect=["body.a == 'x'"])
    assert (seen.outcome, seen.failure) == (Outcome.DOWN, Failure.EXPECTATION)


async def test_the_body_is_not_parsed_when_nothing_looks_at_it(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    def parsed(*_: object) -> object:
        raise AssertionError("parsed")

    monkeypatch.setattr("standby.checks.body.parsed", parsed)
    seen = await at(answers(b"not gzip", headers=["Content-Encoding: gzip"]), look, expect=["status == 200"])
    assert seen.outcome is Outcome.UP


@pytest.mark.parametrize("expect", [["status == 200"], ["body.status == 'ok'"]])
async def test_a_truncated_body_is_down_whoever_looks(look: Look, expect: Sequence[str]) -> None:
    seen = await at(sends(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}"), look, expect=expect)
    assert (seen.outcome, seen.failure) == (Outcome.DOWN, Failure.RESET)


async def test_a_large_body_only_matters_when_somebody_looks_at_it(look: Look) -> None:
    huge = repeats(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n", b"x" * 60_000)
    assert (await at(huge, look)).outcome is Outcome.UP
    seen = await at(huge, look, expect=["text.contains('y')"])
    assert (seen.outcome, seen.failure) == (Outcome.DOWN, Failure.TOO_LARGE)


async def test_a_bomb_and_a_gigabyte_leave_memory_alone(look: Look) -> None:
    bomb = gzip.compress(b"[" + b"0," * 50_000_000 + b"0]", compresslevel=1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seen = await at(answers(bomb, headers=["Content-Encoding: gzip"]), look, expect=["size(body) > 1"])
    assert seen.failure is Failure.TOO_LARGE
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    seen = await at(repeats(head, b"ffff\r\n" + b"x" * 0xFFFF + b"\r\n"), look, expect=["size(text) > 1"])
    assert seen.failure is Failure.TOO_LARGE
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert grown < 40, f"grew by {grown:.0f} MB"


async def test_one_byte_now_and_then_ends_with_the_timeout(look: Look) -> None:
    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x")
            await asyncio.sleep(0.02)

    seen = await at(drip, look, timeout="600ms", expect=["text == 'x'"])
    assert (seen.outcome, seen.failure) == (Outcome.DOWN, Failure.TIMEOUT)
    assert seen.message == "no answer within 600ms, while reading the answer"
    assert seen.latency_ms is None


async def test_silence_ends_with_the_timeout(look: Look) -> None:
    seen = await at(sends(b"", stay=True), look, timeout="500ms")
    assert (seen.failure, seen.message) == (Failure.TIMEOUT, "no answer within 500ms, while waiting for the first byte")
    assert seen.phases.connect is not None
    assert seen.phases.first_byte is not None
    assert seen.phases.first_byte >= 50


async def test_a_resolver_that_hangs_is_unknown_and_blocks_nobody(look: Look, context: Context) -> None:
    import threading

    release = threading.Event()

    def hang(*_: object, **__: object) -> list[tuple[object, ...]]:
        release.wait(30)
        return []

    context.resolver._lookup = hang
    try:
        hung = asyncio.create_task(look("http", url="http://hung.test/", timeout="300ms"))
        async with serving(answers(OK)) as server:
            assert (await look("http", url=server.url)).outcome is Outcome.UP
        seen = await hung
    finally:
        release.set()
    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.RESOLVE)


@pytest.mark.parametrize("redirects", [0, 1, 2, 5])
async def test_redirects_are_followed_as_far_as_allowed(look: Look, redirects: int) -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = server.requests[-1].split()[1].decode()
        step = int(path[1:])
        if step < 2:
            await answers(status="302 Found", headers=[f"Location: /{step + 1}"])(reader, writer)
        else:
            await answers(OK)(reader, writer)

    async with serving(handler) as server:
        seen = await look("http", url=server.url + "/0", redirects=redirects)
    if redirects == 1:
        assert (seen.outcome, seen.failure) == (Outcome.DOWN, Failure.REDIRECT)
    else:
        assert seen.outcome is Outcome.UP
    assert server.connections == {0: 1, 1: 2, 2: 3, 5: 3}[redirects]


async def test_a_redirect_loop_ends(look: Look) -> None:
    async with serving(answers(status="301 Moved", headers=["Location: /again"])) as server:
        seen = await look("http", url=server.url)
    assert (seen.outcome, seen.failure) == (Outcome.DOWN, Failure.REDIRECT)
    assert "more than 5 redirects" in seen.message
    assert server.connections == 6


@pytest.mark.parametrize(
    "location",
    [
        "file:///etc/passwd",
        "gopher://x.test/",
        "javascript:alert(1)",
        "http://[bad",
        "http://x:99999/",
        "//",
        "http://",
    ],
)
async def test_redirects_out_of_the_web_are_refused(look: Look, location: str) -> None:
    seen = await at(answers(status="302 Found", headers=[f"Location: {location}"]), look)
    assert seen.outcome is Outcome.DOWN
    assert seen.failure in (Failure.REDIRECT, Failure.REFUSED, Failure.PROTOCOL), (
        "`http://` alone is our own host on another port"
    )
    assert "redirect" in seen.message


async def test_no_redirect_out_of_tls_and_no_secret_to_a_stranger(
    look: Look, context: Context, trusted: Authority
) -> None:
    table = context.connect_to
    assert isinstance(table, dict)
    async with serving(answers(OK)) as stranger:
        table["other.test", 80] = ("127.0.0.1", stranger.port)
        moved = answers(status="307 Moved", headers=["Location: http://other.test/x?token=abc"])
        headers = {"X-Api-Key": "env:KEY", "Authorization": "Bearer env:TOKEN"}
        async with serving(moved, tls=trusted.context("pay.test")) as secure:
            table["pay.test", 443] = ("127.0.0.1", secure.port)
            seen = await look("http", url="https://pay.test/", headers=headers)
        assert seen.failure is Failure.REDIRECT
        assert "http://other.test" in seen.message
        assert "abc" not in seen.message
        assert stranger.connections == 0
        async with serving(moved) as plain:
            seen = await look("http", url=plain.url, headers=headers)
            assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.REDIRECT)
            assert stranger.connections == 0
            seen = await look("http", url=plain.url, headers=headers, redirects_to=["other.test"])
        assert seen.outcome is Outcome.UP
        assert b"x-api-key: k3y-v4lue" in plain.requests[0].lower()
        assert b"k3y" not in stranger.requests[0]
        assert b"s3cr3t" not in stranger.requests[0]


async def test_no_redirect_from_outside_into_our_network(
    look: Look, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = context.connect_to
    assert isinstance(table, dict)
    async with serving(answers(OK)) as inner:
        table["pay.test", 80] = ("127.0.0.1", inner.port)
        async with serving(answers(status="302 Found", headers=["Location: http://pay.test/"])) as outer:
            assert (await look("http", url=outer.url, redirects_to=["pay.test"])).outcome is Outcome.UP
            monkeypatch.setattr("standby.net.answer.Answer.peer", "8.8.8.8")
            seen = await look("http", url=outer.url, redirects_to=["pay.test"], reuse=True)
    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.REDIRECT)
    assert seen.message.endswith("pay.test is 127.0.0.1, an address inside our network")
    assert inner.connections == 1


async def test_secrets_are_sent_and_never_told(look: Look) -> None:
    echo = answers(json.dumps({"you_sent": "Bearer s3cr3t-token", "key": "k3y-v4lue"}).encode(), status="403 Forbidden")
    async with serving(echo) as server:
        seen = await look(
            "http",
            url=server.url + "/v1?x=1",
            method="POST",
            headers={"Authorization": "Bearer env:TOKEN"},
            query={"appid": "env:KEY"},
            json={"a": 1},
            expect=["body.you_sent == 'x'", "body.key == 'y'"],
        )
    request = server.requests[0]
    assert request.startswith(b"POST /v1?x=1&appid=k3y-v4lue HTTP/1.1\r\n")
    assert b"authorization: bearer s3cr3t-token\r\n" in request.lower()
    assert b"content-type: application/json" in request.lower()
    assert seen.outcome is Outcome.DOWN
    assert "s3cr3t" not in seen.message
    assert "k3y" not in seen.message
    assert "•••" in seen.message


async def test_a_missing_secret_is_our_fault_and_names_it(look: Look) -> None:
    async with serving(answers(OK)) as server:
        seen = await look("http", url=server.url, headers={"Authorization": "env:NOT_THERE"})
    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.INTERNAL)
    assert "env:NOT_THERE" in seen.message
    assert server.connections == 0


async def test_a_fault_of_ours_is_one_line_and_unknown(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("first\nsecond")

    monkeypatch.setattr("standby.checks.http.check.certificate_metrics", broken)
    seen = await at(answers(OK), look)
    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.INTERNAL)
    assert seen.message == "a fault of ours: ZeroDivisionError: first second"


async def test_cancelling_is_not_swallowed(look: Look) -> None:
    async with serving(sends(b"", stay=True)) as server:
        task = asyncio.create_task(look("http", url=server.url))
        async with asyncio.timeout(5):
            await server.asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_a_certificate_is_measured_and_can_be_expected(look: Look, context: Context, trusted: Authority) -> None:
    table = context.connect_to
    assert isinstance(table, dict)
    async with serving(answers(OK), tls=trusted.context("pay.test", valid=(-10, 15))) as server:
        table["pay.test", 443] = ("127.0.0.1", server.port)
        seen = await look("http", url="https://pay.test/", prefer=["certificate.days_left > 20.0"])
        assert (seen.outcome, seen.failure) == (Outcome.DEGRADED, Failure.EXPECTATION)
        assert seen.metrics["certificate_days"] == pytest.approx(15, abs=0.01)
        assert seen.phases.tls is not None
    async with serving(answers(OK), tls=trusted.context("pay.test", valid=(-10, -1))) as server:
        table["pay.test", 443] = ("127.0.0.1", server.port)
        seen = await look("http", url="https://pay.test/")
        assert (seen.outcome, seen.failure) == (Outcome.DOWN, Failure.TLS)
        assert seen.metrics["certificate_days"] == pytest.approx(-1, abs=0.01)
    async with serving(answers(OK)) as server:
        seen = await look("http", url=server.url, expect=["certificate.days_left > 20.0"])
        assert seen.outcome is Outcome.DOWN, "there is no certificate without TLS"


async def test_vendor_text_is_cleaned(look: Look) -> None:
    evil = json.dumps({"status": "\x1b]52;c;aGk=\x07[@click=app.quit]x[/] \u202e" + "y" * 10_000}).encode()
    seen = await at(answers(evil), look, expect=["body.status == 'ok'"])
    assert "\x1b" not in seen.message
    assert "\u202e" not in seen.message
    assert len(seen.message) <= 500


@pytest.mark.parametrize(
    "keys",
    [
        {"url": "ftp://x.test/"},
        {"url": "https://user:password@x.test/"},
        {"url": "https://"},
        {"url": "https://x.test/", "expect": ["statsu == 200"]},
        {"url": "https://x.test/", "expect": ["status == 'up'"]},
        {"url": "https://x.test/", "headers": {"Authorization": "Bearer abcdef"}},
        {"url": "https://x.test/", "query": {"api_key": "abcdef"}},
        {"url": "https://x.test/", "body": "a", "json": {}},
        {"url": "https://x.test/", "max_body": "1TB"},
        {"url": "https://x.test/", "nonsense": 1},
        {"url": "https://x.test/", "timeout": "60s"},
    ],
)
def test_wrong_models_are_refused(keys: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        HttpModel.model_validate({"id": "c", "integration": "i", "kind": "http", "every": "60s", **keys})


@pytest.mark.parametrize(
    ("metrics", "says"),
    [
        ({"lost": "status"}, 'is not a value of the answer; write one like "body.queue.length"'),
        ({"lost": "body.a + body.b"}, "is not a value of the answer"),
        ({"lost": "size(body.a)"}, "is not a value of the answer"),
        ({"lost": ""}, "is not a value of the answer"),
        ({"a b": "body.a"}, "is not a name for a metric"),
        ({"status": "body.status"}, "is a metric of every http check"),
        ({f"m{n}": "body.a" for n in range(21)}, "are 21; keep at most 20"),
    ],
)
def test_metrics_that_are_refused(metrics: dict[str, str], says: str) -> None:
    with pytest.raises(ValidationError, match="metrics") as caught:
        HttpModel(id="c", integration="i", url="https://api.example.com/", metrics=metrics)
    assert says in str(caught.value)


def test_the_target_shows_no_query() -> None:
    model = HttpModel.model_validate({"id": "c", "integration": "i", "url": "https://x.test:8443/a?appid=abc"})
    assert model.target == "https://x.test:8443/a"
