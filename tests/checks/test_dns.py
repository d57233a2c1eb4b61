from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from checks.conftest import Look
from servers import dnsmasq
from standby.checks.dns import DnsModel, read
from standby.domain.nameservice import Code
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome

Reply = Callable[[dns.message.Message], bytes | None]


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, reply: Reply) -> None:
        self._reply = reply

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = self._reply(dns.message.from_wire(data))
        if answer is not None:
            self._transport.sendto(answer, addr)


@contextlib.asynccontextmanager
async def resolver(reply: Reply, over_tcp: Reply | None = None) -> AsyncIterator[str]:
    """A name server on loopback that answers what `reply` makes of each question; its address for `resolvers`."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        (size,) = struct.unpack("!H", await reader.readexactly(2))
        answer = (over_tcp or reply)(dns.message.from_wire(await reader.readexactly(size))) or b""
        writer.write(struct.pack("!H", len(answer)) + answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(reply), local_addr=("127.0.0.1", port))
    try:
        yield f"127.0.0.1:{port}"
    finally:
        transport.close()
        server.close()


def says(*records: str, code: int = dns.rcode.NOERROR, ttl: int = 60, extended: int | None = None) -> Reply:
    """Answers with these records (`A 192.0.2.1`) of the name that was asked for."""

    def reply(question: dns.message.Message) -> bytes:
        answer = dns.message.make_response(question)
        answer.set_rcode(dns.rcode.Rcode(code))
        for record in records:
            kind, _, data = record.partition(" ")
            answer.answer.append(dns.rrset.from_text(question.question[0].name, ttl, "IN", kind, data))
        if extended is not None:
            answer.use_edns(0, options=[dns.edns.EDEOption(extended, "see \x1b[31mus")])
        return answer.to_wire(max_size=65_535)

    return reply


def cut(question: dns.message.Message) -> bytes:
    answer = dns.message.make_response(question)
    answer.flags |= dns.flags.TC
    return answer.to_wire(max_size=65_535)


async def test_an_answer_is_up_and_measured(look: Look) -> None:
    async with resolver(says("A 192.0.2.2", "A 192.0.2.1")) as one:
        seen = await look("dns", name="pay.test", resolvers=[one], answers=["192.0.2.1", "192.0.2.2"])
    assert (seen.outcome, seen.message) == (Outcome.UP, "192.0.2.1, 192.0.2.2 (ttl 60 s)")
    assert seen.metrics == {"resolvers": 1.0, "resolvers_answering": 1.0, "answers": 2.0, "ttl_s": 60.0}
    assert seen.latency_ms is not None


@pytest.mark.parametrize(
    ("reply", "outcome", "failure", "message"),
    [
        (says(code=dns.rcode.NXDOMAIN), Outcome.DOWN, Failure.EXPECTATION, "there is no such name (NXDOMAIN)"),
        (says(), Outcome.DOWN, Failure.EXPECTATION, "the name has no A record"),
        (says(code=dns.rcode.SERVFAIL, extended=22), Outcome.DOWN, Failure.SERVER, "no reachable authority: see us"),
        (says(code=dns.rcode.REFUSED), Outcome.UNKNOWN, Failure.REQUEST, "says REFUSED"),
        (says(code=dns.rcode.NOTIMP), Outcome.UNKNOWN, Failure.UNREADABLE, "NOTIMP"),
        (lambda _: None, Outcome.UNKNOWN, Failure.TIMEOUT, "says no answer"),
        (lambda _: b"\xff" * 40, Outcome.UNKNOWN, Failure.TIMEOUT, "says no answer"),
    ],
)
async def test_bad_answers_are_told_apart(
    look: Look, reply: Reply, outcome: Outcome, failure: Failure, message: str
) -> None:
    async with resolver(reply) as one:
        seen = await look("dns", name="pay.test", resolvers=[one], timeout="600ms")
    assert (seen.outcome, seen.failure) == (outcome, failure), seen.message
    assert message in seen.message


async def test_resolvers_that_disagree_are_degraded_and_quoted(look: Look) -> None:
    async with resolver(says("A 192.0.2.1")) as one, resolver(says("A 192.0.2.2", ttl=5)) as other:
        seen = await look("dns", name="pay.test", resolvers=[one, other])
        assert seen.outcome is Outcome.DEGRADED
        assert seen.message == f"resolvers disagree: {one} says 192.0.2.1; {other} says 192.0.2.2"
        seen = await look("dns", name="pay.test", resolvers=[one, other], same_answers=False, expect=["dns.ttl < 10"])
        assert (seen.outcome, seen.metrics["ttl_s"]) == (Outcome.UP, 5.0)


async def test_a_lost_packet_is_sent_again(look: Look) -> None:
    asked: list[int] = []

    def second_time(question: dns.message.Message) -> bytes | None:
        asked.append(question.id)
        return says("A 192.0.2.1")(question) if len(asked) > 1 else None

    async with resolver(second_time) as one:
        seen = await look("dns", name="pay.test", resolvers=[one], timeout="2s")
    assert (seen.outcome, len(asked)) == (Outcome.UP, 2)


async def test_a_truncated_answer_is_asked_for_over_tcp(look: Look) -> None:
    many = [f"A 10.0.{n // 250}.{n % 250}" for n in range(900)]
    async with resolver(cut, over_tcp=says(*many)) as one:
        seen = await look("dns", name="pay.test", resolvers=[one], prefer=["size(dns.answers) >= 100"])
    assert (seen.outcome, seen.metrics["answers"]) == (Outcome.UP, 100.0)
    assert len(seen.message) < 200


@pytest.mark.parametrize(
    ("keys", "outcome", "message"),
    [
        ({"expect": ["dns.answers.exists(x, x == '10 mail.test')"]}, Outcome.UP, "10 mail.test, 20 m2.test (ttl 60 s)"),
        ({"expect": ["size(dns.answers) == 1"]}, Outcome.DOWN, "size(dns.answers) is 2"),
        ({"prefer": ["dns.ttl > 300"]}, Outcome.DEGRADED, "dns.ttl > 300: dns.ttl is 60"),
        ({"answers": ["20 M2.test.", "10 mail.test"]}, Outcome.UP, "10 mail.test, 20 m2.test (ttl 60 s)"),
    ],
)
async def test_expectations(look: Look, keys: dict[str, object], outcome: Outcome, message: str) -> None:
    async with resolver(says("MX 20 m2.TEST.", "MX 10 mail.test.")) as one:
        seen = await look("dns", name="pay.test", record="MX", resolvers=[one], **keys)
    assert seen.outcome is outcome
    assert message in seen.message


async def test_a_name_may_be_expected_not_to_be(look: Look) -> None:
    async with resolver(says(code=dns.rcode.NXDOMAIN)) as one:
        seen = await look("dns", name="old.test", resolvers=[one], expect=["dns.code == 'NXDOMAIN'"])
    assert seen.outcome is Outcome.UP


async def test_texts_are_whole_and_clean(look: Look) -> None:
    async with resolver(says('TXT "v=spf1 " "include:x -all\\027[31m"')) as one:
        seen = await look("dns", name="pay.test", record="TXT", resolvers=[one])
    assert seen.message == "v=spf1 include:x -all (ttl 60 s)"


@pytest.mark.parametrize(
    "keys",
    [
        {"resolvers": ["dns.google"]},
        {"resolvers": ["192.0.2.1:0"]},
        {"resolvers": ["192.0.2.1:x"]},
        {"record": "ANY"},
        {"answers": ["mail.test"]},
        {"expect": ["dns.anwsers == []"]},
        {"expect": ["status == 200"]},
    ],
)
def test_what_cannot_be_meant_is_refused(keys: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        DnsModel.model_validate({"id": "c", "integration": "i", "name": "pay.test", **keys})


GOOD = says("CNAME x.test.", "A 192.0.2.1")(dns.message.make_query("pay.test", "A"))


@given(st.data())
def test_any_bytes_read_as_something(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(GOOD) - 1))
    spoilt = GOOD[:at] + data.draw(st.binary(max_size=6)) + GOOD[at + data.draw(st.integers(0, 6)) :]
    try:
        message = dns.message.from_wire(spoilt)
    except Exception:  # noqa: BLE001 - dnspython refused it
        return
    assert read(message, "r", "A").code in Code


@pytest.mark.servers
async def test_a_real_name_server(look: Look, tmp_path: Path) -> None:
    lines = [
        "host-record=pay.test,192.0.2.7,2001:db8::7,120",
        "cname=www.test,pay.test",
        *("txt-record=big.test," + f"{n}" * 200 for n in range(10)),
        "mx-host=pay.test,mail.test,10",
        "local=/test/",
    ]
    with dnsmasq(tmp_path, *lines) as port:
        keys = {"resolvers": [f"127.0.0.1:{port}"]}
        seen = await look("dns", name="pay.test", **keys, answers=["192.0.2.7"])
        assert (seen.outcome, seen.metrics["ttl_s"]) == (Outcome.UP, 120.0), seen.message
        assert (await look("dns", name="www.test", **keys)).outcome is Outcome.UP
        seen = await look("dns", name="pay.test", record="AAAA", **keys, answers=["2001:0db8:0::7"])
        assert seen.outcome is Outcome.UP, seen.message
        seen = await look("dns", name="pay.test", record="MX", **keys, answers=["10 mail.test"])
        assert seen.outcome is Outcome.UP, seen.message
        seen = await look("dns", name="192.0.2.7", record="PTR", **keys, answers=["pay.test"])
        assert seen.outcome is Outcome.UP, seen.message
        seen = await look("dns", name="big.test", record="TXT", **keys)  # too large for UDP
        assert seen.outcome is Outcome.UP, seen.message
        assert (await look("dns", name="gone.test", **keys)).message == "there is no such name (NXDOMAIN)"
        assert "no AAAA record" in (await look("dns", name="www.test", record="TXT", **keys)).message.replace(
            "TXT", "AAAA"
        )
        assert (await look("dns", name="elsewhere.example", **keys)).failure is Failure.REQUEST
    silent = await look("dns", name="pay.test", **keys, timeout="500ms")
    assert (silent.outcome, silent.failure) == (Outcome.UNKNOWN, Failure.TIMEOUT)
