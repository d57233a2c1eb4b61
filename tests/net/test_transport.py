from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import struct
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from checks.loopback import Authority, Handler, RealClock, answers, authority, repeats, sends, serving
from standby.checks import body
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome
from standby.net.answer import MAX_INTERIM, Answer
from standby.net.certificates import days_left
from standby.net.phases import TRACE, Trace
from standby.net.resolver import Resolver
from standby.net.transport import Options, Transport, Transports
from standby.net.trouble import Trouble, of_os_error

LIMIT = 100_000
PLAIN = Options()


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def trace() -> Iterator[Trace]:
    trace = Trace(RealClock())
    token = TRACE.set(trace)
    yield trace
    TRACE.reset(token)


class Asker:
    """Asks by the transport as a check would."""

    def __init__(self, extra_ca: Path | None = None) -> None:
        self.connect_to: dict[tuple[str, int], tuple[str, int]] = {}
        self.resolver = Resolver(self.connect_to)
        self.transports = Transports(self.resolver, extra_ca)

    async def ask(self, url: str, options: Options = PLAIN, **rest: object) -> tuple[Answer, bytes]:
        trace = Trace(RealClock())
        TRACE.set(trace)
        async with asyncio.timeout(10):
            request = httpx.Request("GET", url, **rest)  # type: ignore[arg-type]
            answer = await self.transports.get(options).exchange(request)
            try:
                return answer, await body.read(answer, LIMIT)
            finally:
                await answer.aclose()
                trace.enter(None)

    async def trouble(self, url: str, options: Options = PLAIN) -> Trouble:
        with pytest.raises(Trouble) as caught:
            await self.ask(url, options)
        return caught.value


@pytest.fixture
async def asker(trusted: Authority) -> AsyncIterator[Asker]:
    asker = Asker(trusted.pem)
    yield asker
    await asker.transports.close()
    asker.resolver.close()


async def content_of(transport: Transport, request: httpx.Request) -> bytes:
    async with contextlib.aclosing(await transport.exchange(request)) as answer:
        return await body.read(answer, LIMIT)


def traced() -> Trace:
    trace = TRACE.get()
    assert trace is not None
    return trace


async def test_an_answer_with_its_phases(asker: Asker) -> None:
    async with serving(answers(b"hello", headers=["X-One: 1", "x-one: 2"])) as server:
        asker.connect_to["shop.test", 80] = ("127.0.0.1", server.port)
        answer, content = await asker.ask("http://shop.test/a%2Fb?x=%20y#z")
    assert (answer.status_code, answer.reason_phrase, content) == (200, "OK", b"hello")
    assert answer.headers.get_list("x-one") == ["1", "2"]
    assert server.requests[0].startswith(b"GET /a%2Fb?x=%20y HTTP/1.1\r\n")
    assert b"\r\nhost: shop.test\r\n" in server.requests[0].lower()
    assert b"\r\nconnection: close\r\n" in server.requests[0].lower()
    phases = traced().phases()
    assert phases.tls is None
    for phase in (phases.resolve, phases.connect, phases.first_byte, phases.transfer):
        assert phase is not None
        assert 0 <= phase < 5000


@pytest.mark.parametrize("reuse", [False, True])
async def test_a_fresh_connection_each_time_unless_reuse(asker: Asker, *, reuse: bool) -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    async with serving(handler) as server:
        for _ in range(3):
            await asker.ask(server.url, Options(reuse=reuse))
        assert server.connections == (1 if reuse else 3)
        phases = traced().phases()
        assert (phases.connect is None) is reuse, "a kept connection has no connect phase"
        assert phases.first_byte is not None


def grows_old(after: int, *, reset: bool) -> Handler:
    """Answers so many requests on one connection, then ends it: at once, or when it is asked once more."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(after - 1):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        if reset:
            await reader.readuntil(b"\r\n\r\n")
            writer.transport.abort()

    return handler


@pytest.mark.parametrize("reset", [False, True])
async def test_a_kept_connection_that_has_grown_old_is_replaced(asker: Asker, *, reset: bool) -> None:
    async with serving(grows_old(2, reset=reset)) as server:
        for _ in range(4):
            assert (await asker.ask(server.url, Options(reuse=True)))[1] == b"ok"
        assert server.connections == 2


async def test_a_connection_that_was_ended_meanwhile_is_not_used(asker: Asker) -> None:
    async with serving(grows_old(1, reset=False)) as server:
        await asker.ask(server.url, Options(reuse=True))
        transport = asker.transports.get(Options(reuse=True))
        assert isinstance(transport, Transport)
        ((kept,),) = transport._idle.values()
        async with asyncio.timeout(5):
            while not kept.stale():  # noqa: ASYNC110 - only the kernel knows when
                await asyncio.sleep(0)
        assert await content_of(transport, httpx.Request("POST", server.url)) == b"ok"


async def test_what_must_not_happen_twice_is_not_asked_twice(asker: Asker) -> None:
    async with serving(grows_old(1, reset=True)) as server:
        await asker.ask(server.url, Options(reuse=True))
        transport = asker.transports.get(Options(reuse=True))
        with pytest.raises(Trouble) as caught:
            await transport.exchange(httpx.Request("POST", server.url, content=b"pay"))
        assert caught.value.failure is Failure.RESET
        assert server.connections == 1


@pytest.mark.parametrize(
    "sent",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 404 Never Asked\r\nContent-Length: 0\r\n\r\n",
    ],
)
async def test_a_connection_that_may_not_go_on_is_not_kept(asker: Asker, sent: bytes) -> None:
    async with serving(sends(sent, stay=True)) as server:
        for _ in range(2):
            answer, content = await asker.ask(server.url, Options(reuse=True))
            assert (answer.status_code, content) == (200, b"ok")
        assert server.connections == 2


async def test_a_header_with_a_line_break_is_never_sent(asker: Asker) -> None:
    async with serving(answers(b"ok")) as server:
        with pytest.raises(Trouble) as caught:
            await asker.ask(server.url, headers={"X-Key": "a\r\nX-Other: b"})
        assert (caught.value.failure, caught.value.outcome) == (Failure.INTERNAL, Outcome.UNKNOWN)
        assert server.connections == 0


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
async def test_an_answer_without_a_body_ends_with_its_head(asker: Asker, status: str) -> None:
    async with serving(sends(f"HTTP/1.1 {status}\r\nContent-Length: 9\r\n\r\n".encode(), stay=True)) as server:
        assert (await asker.ask(server.url))[1] == b""


async def test_a_head_request_has_no_body(asker: Asker) -> None:
    async with serving(sends(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", stay=True)) as server:
        request = httpx.Request("HEAD", server.url)
        async with asyncio.timeout(5):
            assert await content_of(asker.transports.get(PLAIN), request) == b""


async def test_a_request_larger_than_the_socket_buffers(asker: Asker) -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received = await reader.readexactly(len(content))
        await answers(str(len(received)).encode())(reader, writer)

    content = b"x" * 20_000_000
    async with serving(handler) as server:
        request = httpx.Request("POST", server.url, content=content)
        async with asyncio.timeout(10):
            assert await content_of(asker.transports.get(PLAIN), request) == b"20000000"


async def test_cookies_and_the_environment_leave_no_trace(asker: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    async with serving(answers(headers=["Set-Cookie: a=b; Path=/"])) as server:
        await asker.ask(server.url)
        await asker.ask(server.url)
    assert b"cookie" not in server.requests[1].lower()


async def test_the_same_by_the_api_of_httpx(asker: Asker) -> None:
    client = httpx.AsyncClient(transport=asker.transports.get(PLAIN))
    async with serving(answers(b"hello", status="404 Not Here", headers=["X-One: 1"])) as server, client:
        answer = await client.get(server.url)
    assert (answer.status_code, answer.reason_phrase, answer.text) == (404, "Not Here", "hello")
    assert answer.headers["x-one"] == "1"


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_refused(asker: Asker) -> None:
    trouble = await asker.trouble(f"http://127.0.0.1:{closed_port()}/")
    assert (trouble.failure, trouble.outcome) == (Failure.REFUSED, Outcome.DOWN)


@pytest.mark.parametrize(("code", "outcome"), [(socket.EAI_NONAME, Outcome.DOWN), (socket.EAI_AGAIN, Outcome.UNKNOWN)])
async def test_resolver_failures(asker: Asker, code: int, outcome: Outcome) -> None:
    def lookup(*_: object, **__: object) -> list[tuple[object, ...]]:
        raise socket.gaierror(code, "says the resolver")

    asker.resolver._lookup = lookup
    trouble = await asker.trouble("http://gone.test/")
    assert (trouble.failure, trouble.outcome) == (Failure.RESOLVE, outcome)
    assert "gone.test" in str(trouble)


@pytest.mark.parametrize(
    ("error", "failure", "outcome"),
    [
        (OSError(errno.EHOSTUNREACH, "No route to host"), Failure.UNREACHABLE, Outcome.DOWN),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), Failure.UNREACHABLE, Outcome.DOWN),
        (OSError(errno.ETIMEDOUT, "Connection timed out"), Failure.TIMEOUT, Outcome.DOWN),
        (OSError(errno.EPIPE, "Broken pipe"), Failure.RESET, Outcome.DOWN),
        (ConnectionAbortedError("SSL handshake is taking longer than 60.0 seconds"), Failure.RESET, Outcome.DOWN),
        (OSError(errno.EMFILE, "Too many open files"), Failure.INTERNAL, Outcome.UNKNOWN),
        (OSError(errno.EPERM, "Operation not permitted"), Failure.INTERNAL, Outcome.UNKNOWN),
        # aiohappyeyeballs, when every address failed in its own way: the refusal says that the machine is there.
        (
            OSError("Multiple exceptions: [Errno 101] Network is unreachable, [Errno 111] refused"),
            Failure.REFUSED,
            Outcome.DOWN,
        ),
        (OSError("something new"), Failure.UNREACHABLE, Outcome.DOWN),
    ],
)
def test_the_cause_behind_an_os_error(error: OSError, failure: Failure, outcome: Outcome) -> None:
    trouble = of_os_error(error, "while connecting")
    assert (trouble.failure, trouble.outcome) == (failure, outcome)


async def test_the_second_address_is_tried_when_the_first_does_not_answer(asker: Asker) -> None:
    async with serving(answers(b"here")) as server:
        asker.resolver._lookup = lambda *_, **__: [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("2001:db8::1", 0, 0, 0)),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0)),
        ]
        _, content = await asker.ask(f"http://two.test:{server.port}/")
    assert content == b"here"


async def reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    sock: socket.socket = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def test_reset_and_early_end_are_told_once_and_not_tried_again(asker: Asker) -> None:
    async with serving(reset) as server:
        trouble = await asker.trouble(server.url)
        assert (trouble.failure, trouble.outcome) == (Failure.RESET, Outcome.DOWN)
        assert server.connections == 1
    async with serving(sends(b"")) as server:
        assert (await asker.trouble(server.url)).failure is Failure.RESET
        assert server.connections == 1


@pytest.mark.parametrize(
    ("sent", "failure"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", Failure.PROTOCOL),
        (b"220 mail.test ESMTP\r\n", Failure.PROTOCOL),
        (b"\x15\x03\x01\x00\x02\x02\x46", Failure.PROTOCOL),
        (b"\x00\xff" * 500, Failure.PROTOCOL),
        (b"<html>hello</html>", Failure.PROTOCOL),
        (b"HTTP/1.1 abc OK\r\n\r\n", Failure.PROTOCOL),
        (b"HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\n", Failure.PROTOCOL),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", Failure.PROTOCOL),
        (b"HTTP/1.1 200 OK\r\nNo colon here\r\n\r\n", Failure.PROTOCOL),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n", Failure.PROTOCOL),
        (b"HTTP/1.1 200 OK\r\n" + b"".join(b"x%d: y\r\n" % n for n in range(5000)) + b"\r\n", Failure.PROTOCOL),
        (b"HTTP/1.1 200 " + b"OK" * 50_000 + b"\r\n\r\n", Failure.PROTOCOL),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n", Failure.PROTOCOL),
        (b"HTTP/1.1 200 OK\r\nContent-Le", Failure.RESET),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello", Failure.RESET),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", Failure.RESET),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", Failure.RESET),
    ],
)
async def test_hostile_bytes(asker: Asker, sent: bytes, failure: Failure) -> None:
    async with serving(sends(sent)) as server:
        trouble = await asker.trouble(server.url)
    assert (trouble.failure, trouble.outcome) == (failure, Outcome.DOWN)


async def test_a_flood_of_interim_answers_is_cut_off(asker: Asker) -> None:
    async with serving(repeats(b"", b"HTTP/1.1 102 Processing\r\n\r\n" * 100)) as server:
        trouble = await asker.trouble(server.url)
    assert trouble.failure is Failure.PROTOCOL
    assert "interim" in str(trouble)


async def test_a_few_interim_answers_are_fine(asker: Asker) -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * MAX_INTERIM
    async with serving(sends(early + b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")) as server:
        assert (await asker.ask(server.url))[1] == b"ok"


@pytest.mark.parametrize(
    ("head", "part"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n", b"x" * 50_000),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 1000),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 50_000),
    ],
)
async def test_bodies_without_end_stop_at_the_cap(asker: Asker, head: bytes, part: bytes) -> None:
    async with serving(repeats(head, part)) as server:
        trouble = await asker.trouble(server.url)
        assert trouble.failure is Failure.TOO_LARGE
        async with asyncio.timeout(5):
            await server.finished.wait()


async def test_a_body_until_the_connection_ends(asker: Asker) -> None:
    async with serving(sends(b"HTTP/1.0 200 OK\r\n\r\nold style")) as server:
        assert (await asker.ask(server.url))[1] == b"old style"


async def test_tls_phases_and_certificate(asker: Asker, trusted: Authority) -> None:
    async with serving(answers(b"ok"), tls=trusted.context("pay.test")) as server:
        asker.connect_to["pay.test", 443] = ("127.0.0.1", server.port)
        _, content = await asker.ask("https://pay.test/")
    trace = traced()
    assert content == b"ok"
    assert trace.phases().tls is not None
    assert trace.phases().connect is not None
    assert trace.certificate is not None
    assert days_left(trace.certificate, RealClock().now()) == pytest.approx(60, abs=0.01)


@pytest.mark.parametrize(
    ("name", "valid", "says", "days"),
    [
        ("pay.test", (-30, -2), "expired", -2.0),
        ("pay.test", (3, 30), "not yet valid", 30.0),
        ("other.test", (-30, 60), "pay.test", 60.0),
    ],
)
async def test_refused_certificates_say_why_and_are_still_measured(
    asker: Asker, trusted: Authority, name: str, valid: tuple[int, int], says: str, days: float
) -> None:
    async with serving(answers(b"ok"), tls=trusted.context(name, valid=valid)) as server:
        asker.connect_to["pay.test", 443] = ("127.0.0.1", server.port)
        trouble = await asker.trouble("https://pay.test/")
        assert trouble.failure is Failure.TLS
        assert says in str(trouble)
        certificate = traced().certificate
        assert certificate is not None
        assert days_left(certificate, RealClock().now()) == pytest.approx(days, abs=0.01)
        answer, _ = await asker.ask("https://pay.test/", Options(verify=False))
        assert answer.status_code == 200
        assert traced().certificate is not None, "seen even when nobody asked whether it is good"


async def test_an_unknown_authority(asker: Asker, tmp_path: Path) -> None:
    stranger = authority(tmp_path)
    async with serving(answers(b"ok"), tls=stranger.context("pay.test")) as server:
        asker.connect_to["pay.test", 443] = ("127.0.0.1", server.port)
        trouble = await asker.trouble("https://pay.test/")
        assert trouble.failure is Failure.TLS
        assert "issuer" in str(trouble) or "self-signed" in str(trouble)
        answer, _ = await asker.ask("https://pay.test/", Options(authorities=stranger.pem))
        assert answer.status_code == 200


async def test_plain_http_where_tls_is_expected(asker: Asker) -> None:
    async with serving(sends(b"HTTP/1.1 400 Bad Request\r\n\r\n", stay=True), read=False) as server:
        trouble = await asker.trouble(f"https://127.0.0.1:{server.port}/")
    assert trouble.failure is Failure.TLS
    assert "does not speak TLS" in str(trouble)


async def test_a_handshake_that_ends_early(asker: Asker) -> None:
    async with serving(sends(b""), read=False) as server:
        trouble = await asker.trouble(f"https://127.0.0.1:{server.port}/")
    assert trouble.failure in (Failure.RESET, Failure.TLS)
    assert "handshake" in str(trouble)


async def test_a_refused_handshake(asker: Asker) -> None:
    alert = b"\x15\x03\x03\x00\x02\x02\x28"  # fatal, handshake_failure
    async with serving(sends(alert, stay=True), read=False) as server:
        trouble = await asker.trouble(f"https://127.0.0.1:{server.port}/")
    assert trouble.failure is Failure.TLS
    assert "handshake failed" in str(trouble)


async def test_a_timeout_names_the_phase(asker: Asker) -> None:
    async with serving(sends(b"", stay=True)) as server:
        trace = Trace(RealClock())
        TRACE.set(trace)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await asker.transports.get(Options()).exchange(httpx.Request("GET", server.url))
    assert trace.doing == "while waiting for the first byte"


async def test_an_unread_body_leaves_no_open_connection(asker: Asker) -> None:
    async with serving(repeats(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 1000)) as server:
        answer = await asker.transports.get(Options(reuse=True)).exchange(httpx.Request("GET", server.url))
        await answer.aclose()
        async with asyncio.timeout(5):
            await server.finished.wait()
