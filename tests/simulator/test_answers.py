"""Each fault is really produced: a raw client looks at the bytes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
import time
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from standby.domain.units import SECOND
from standby.simulator.faults import fault
from standby.simulator.latency import Pace
from standby.simulator.parties import PARTIES, Endpoint, Party, Speaks
from standby.simulator.payloads import pay_health
from standby.simulator.town import Town

from .clocks import StillClock

QUICK = Pace(1, 0.1)
PAGES = {"/health": pay_health}
SHOP = (
    Party("plain", "plain HTTP", [Endpoint(Speaks.HTTP, "plain.test", 80, QUICK, PAGES)]),
    Party("secure", "HTTP over TLS", [Endpoint(Speaks.HTTPS, "secure.test", 443, QUICK, PAGES)]),
    Party("line", "a line protocol", [Endpoint(Speaks.TCP, "line.test", 2775, QUICK, greeting="220 line.test ready")]),
)
LIMIT_S = 5.0


class Client:
    """A raw client of one town."""

    def __init__(self, town: Town, ca: Path, clock: StillClock) -> None:
        self.town, self.ca, self.clock = town, ca, clock
        self.places = {(host, port): (to, to_port) for host, port, to, to_port in town.connect_to()}

    async def on(self, party: str, kind: str, **params: object) -> None:
        self.town.world.switch_on(party, fault(kind, params), None)
        await self.town.tick()

    async def connect(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        tls = ssl.create_default_context(cafile=str(self.ca)) if port == 443 else None
        to = self.places[host, port]
        return await asyncio.open_connection(*to, ssl=tls, server_hostname=host if tls else None)

    async def get(self, host: str = "plain.test", port: int = 80, path: str = "/health", most: int = -1) -> bytes:
        """Everything until the end of the connection, or the first `most` bytes."""
        async with asyncio.timeout(LIMIT_S):
            reader, writer = await self.connect(host, port)
            try:
                writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
                return await (reader.read() if most < 0 else reader.readexactly(most))
            finally:
                writer.transport.abort()


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    clock = StillClock()
    town = Town(clock, 7, SHOP)
    await town.open(tmp_path / "ca.pem", tmp_path / "ca.key")
    yield Client(town, tmp_path / "ca.pem", clock)
    await town.close()


def parts(raw: bytes) -> tuple[int, dict[str, str], bytes]:
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return int(first.split(" ")[1]), headers, body


async def test_a_healthy_answer_over_both(client: Client) -> None:
    for host, port in (("plain.test", 80), ("secure.test", 443)):
        status, headers, body = parts(await client.get(host, port))
        assert (status, headers["content-length"]) == (200, str(len(body)))
        assert json.loads(body)["status"] == "ok"


async def test_a_connection_carries_several_requests(client: Client) -> None:
    reader, writer = await client.connect("plain.test", 80)
    for _ in range(3):
        writer.write(b"POST /health HTTP/1.1\r\nHost: plain.test\r\nContent-Length: 5\r\n\r\nhello")
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(parts(head)[1]["content-length"]))
    writer.close()
    assert client.town.rows()[0]["requests"] == 3


async def test_an_unknown_path_is_404(client: Client) -> None:
    assert parts(await client.get(path="/nowhere"))[0] == 404


@pytest.mark.parametrize(
    "noise", [b"\r\n\r\n", b"\x16\x03\x01\x02\r\n\r\n", b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"]
)
async def test_what_is_no_request_gets_400_and_the_end(client: Client, noise: bytes) -> None:
    reader, writer = await client.connect("plain.test", 80)
    writer.write(noise + b"\r\n\r\n")
    async with asyncio.timeout(LIMIT_S):
        assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
    writer.close()


async def test_latency(client: Client) -> None:
    await client.on("plain", "latency", ms=150, jitter=0)
    started = time.monotonic()
    assert parts(await client.get())[0] == 200
    assert time.monotonic() - started >= 0.15


async def test_errors(client: Client) -> None:
    await client.on("plain", "errors", status=502)
    assert parts(await client.get())[0] == 502


async def test_a_share_of_errors_repeats_under_the_seed(client: Client) -> None:
    await client.on("plain", "errors", rate=0.5)
    statuses = [parts(await client.get())[0] for _ in range(12)]
    dice = client.town.world.dice("http://plain.test:80/faults")
    assert statuses == [503 if dice.random() < 0.5 else 200 for _ in range(12)]


@pytest.mark.parametrize(("host", "port"), [("plain.test", 80), ("secure.test", 443), ("line.test", 2775)])
async def test_timeouts_accept_and_never_answer(client: Client, host: str, port: int) -> None:
    await client.on(host.split(".", maxsplit=1)[0], "timeouts")
    reader, writer = await client.connect(host, port)
    writer.write(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await reader.read(1)
    writer.close()


@pytest.mark.parametrize(("host", "port"), [("plain.test", 80), ("secure.test", 443), ("line.test", 2775)])
async def test_resets(client: Client, host: str, port: int) -> None:
    await client.on(host.split(".", maxsplit=1)[0], "resets")
    with pytest.raises(ConnectionResetError):
        await client.get(host, port)


@pytest.mark.parametrize(("host", "port"), [("plain.test", 80), ("secure.test", 443), ("line.test", 2775)])
async def test_refuse_ends_what_is_open_and_keeps_the_port(client: Client, host: str, port: int) -> None:
    party = host.split(".", maxsplit=1)[0]
    reader, writer = await client.connect(host, port)
    await client.on(party, "refuse")
    with pytest.raises(ConnectionRefusedError):
        await client.connect(host, port)
    async with asyncio.timeout(LIMIT_S):
        with contextlib.suppress(ConnectionResetError):  # a greeting may be there first; that it ends is what counts
            await reader.read()
    writer.close()
    client.town.world.clear(party)
    await client.town.tick()
    assert (to := client.places[host, port]) in {(ip, number) for _, _, ip, number in client.town.connect_to()}
    _, again = await client.connect(host, port)
    assert again.get_extra_info("peername") == to
    again.close()


async def test_malformed(client: Client) -> None:
    await client.on("secure", "malformed")
    assert (await client.get("secure.test", 443)).startswith(b"SSH-2.0")


async def test_truncated(client: Client) -> None:
    await client.on("plain", "truncated")
    _, headers, body = parts(await client.get())
    assert 0 < len(body) < int(headers["content-length"])


async def test_huge_is_as_long_as_it_says_and_valid(client: Client) -> None:
    await client.on("plain", "huge", mb=3)
    _, headers, body = parts(await client.get())
    assert len(body) == int(headers["content-length"]) > 3_000_000
    assert len(json.loads(body)["status"]) == 3 * 1_048_576


async def test_huge_by_default_is_a_gigabyte_that_can_be_left(client: Client) -> None:
    await client.on("plain", "huge")
    _, headers, _ = parts(await client.get(most=300_000))
    assert int(headers["content-length"]) > 1_000_000_000


async def test_gzip_bomb_is_valid_and_inflates_a_thousandfold(client: Client) -> None:
    await client.on("plain", "gzip-bomb", mb=40)
    _, headers, body = parts(await client.get())
    assert headers["content-encoding"] == "gzip"
    opener = zlib.decompressobj(31)
    assert len(opener.decompress(body)) == 40 * 1_048_576
    assert opener.eof
    assert len(body) < 40 * 1_500


async def test_slow_drip(client: Client) -> None:
    await client.on("plain", "slow-drip", ms=30)
    reader, writer = await client.connect("plain.test", 80)
    writer.write(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
    await reader.readuntil(b"\r\n\r\n")
    arrivals = [len(await reader.read(1000)) for _ in range(4)]
    assert sum(arrivals) <= 8
    writer.transport.abort()


async def test_endless_goes_on(client: Client) -> None:
    await client.on("plain", "endless")
    raw = await client.get(most=20_000)
    assert b"content-length" not in raw.lower().partition(b"\r\n\r\n")[0]


async def test_schema_has_the_same_facts_under_other_names(client: Client) -> None:
    await client.on("plain", "schema")
    status, _, body = parts(await client.get())
    assert (status, json.loads(body)["data"]["status_v2"]) == (200, "ok")


async def test_encoding_is_not_what_it_claims(client: Client) -> None:
    await client.on("plain", "encoding")
    _, headers, body = parts(await client.get())
    assert "utf-8" in headers["content-type"]
    with pytest.raises(UnicodeDecodeError):
        body.decode("utf-8")


async def test_redirects_never_arrive(client: Client) -> None:
    await client.on("plain", "redirects")
    path = "/health"
    for hop in range(1, 5):
        status, headers, _ = parts(await client.get(path=path))
        path = headers["location"]
        assert (status, urlsplit(path).query) == (302, f"hop={hop}")


async def test_rate_limit(client: Client) -> None:
    await client.on("plain", "rate-limit", seconds=7)
    status, headers, _ = parts(await client.get())
    assert (status, headers["retry-after"]) == (429, "7")


async def test_expired_certificate_and_back(client: Client) -> None:
    await client.on("secure", "expired-certificate")
    with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
        await client.get("secure.test", 443)
    client.town.world.clear("secure")
    await client.town.tick()
    assert parts(await client.get("secure.test", 443))[0] == 200


async def test_hostile_text_carries_what_must_never_reach_a_terminal(client: Client) -> None:
    await client.on("plain", "hostile-text")
    _, _, body = parts(await client.get())
    text = json.loads(body)["status"]
    assert "\x1b]52;" in text
    assert "[@click=" in text
    assert len(text) > 10_000


async def test_the_line_protocol(client: Client) -> None:
    reader, writer = await client.connect("line.test", 2775)
    assert await reader.readline() == b"220 line.test ready\r\n"
    writer.write(b"enquire_link\r\nnonsense\r\n")
    assert (await reader.readline()).startswith(b"250 ")
    assert (await reader.readline()).startswith(b"500 ")
    writer.close()


@pytest.mark.parametrize(
    ("kind", "begins"),
    [
        ("errors", b"421 "),
        ("malformed", b"SSH-2.0"),
        ("truncated", b"220 line."),
        ("huge", b"220-xxx"),
        ("schema", b"220 "),
    ],
)
async def test_faults_of_the_line_protocol(client: Client, kind: str, begins: bytes) -> None:
    await client.on("line", kind)
    reader, writer = await client.connect("line.test", 2775)
    async with asyncio.timeout(LIMIT_S):
        assert (await reader.read(64)).startswith(begins)
        if kind == "truncated":
            assert await reader.read() == b""
    writer.close()


async def test_a_fault_with_a_duration_ends_by_itself(client: Client) -> None:
    client.town.world.switch_on("plain", fault("errors"), client.clock.monotonic() + 5 * SECOND)
    assert parts(await client.get())[0] == 503
    client.clock.advance(5 * SECOND)
    assert parts(await client.get())[0] == 200


async def test_every_page_of_the_shop_answers_well(tmp_path: Path) -> None:
    town = Town(StillClock(), 7, PARTIES)
    await town.open(tmp_path / "ca.pem", tmp_path / "ca.key")
    client = Client(town, tmp_path / "ca.pem", StillClock())
    asked = [(e, path) for party in PARTIES for e in party.endpoints for path in e.pages]
    raws = await asyncio.gather(*(client.get(endpoint.host, endpoint.port, path) for endpoint, path in asked))
    await town.close()
    assert len(asked) > 10
    for raw, (endpoint, path) in zip(raws, asked, strict=True):
        status, _, body = parts(raw)
        assert status == 200, (endpoint.host, path)
        assert isinstance(json.loads(body), dict)


def test_hosts_can_never_be_real_ones() -> None:
    assert all(endpoint.host.endswith(".test") for party in PARTIES for endpoint in party.endpoints)
