from __future__ import annotations

import asyncio

import pytest
from pydantic import ValidationError

from checks.conftest import Look
from checks.loopback import repeats, sends, serving
from servers import free_port
from standby.checks.tcp import TcpModel
from standby.domain.observation import Failure, Observation
from standby.domain.outcome import Outcome


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"you said " + await reader.read(100))
    await reader.read()


async def at(look: Look, port: int, **keys: object) -> Observation:
    return await look("tcp", host="127.0.0.1", port=port, **keys)


async def test_something_listens(look: Look) -> None:
    async with serving(sends(b"", stay=True), read=False) as server:
        seen = await at(look, server.port)
    assert (seen.outcome, seen.message) == (Outcome.UP, "connected")
    assert seen.phases.connect is not None


async def test_nothing_listens(look: Look) -> None:
    seen = await at(look, free_port())
    assert (seen.outcome, seen.failure) == (Outcome.DOWN, Failure.REFUSED)


async def test_a_banner_in_pieces(look: Look) -> None:
    async def pieces(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for part in (b"22", b"0 mail", b".test ES", b"MTP\r\n"):
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0)
        await reader.read()

    async with serving(pieces, read=False) as server:
        assert (await at(look, server.port, expect="ESMTP")).outcome is Outcome.UP


async def test_what_is_sent_is_a_secret_when_it_names_one(look: Look) -> None:
    async with serving(echo, read=False) as server:
        assert (await at(look, server.port, send="ping", expect="you said ping")).outcome is Outcome.UP
        assert (await at(look, server.port, send="env:TOKEN", expect="s3cr3t-token")).outcome is Outcome.UP

    async def refusing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"bad " + await reader.read(100))

    async with serving(refusing, read=False) as server:
        seen = await at(look, server.port, send="env:TOKEN", expect="welcome")
    assert (seen.outcome, seen.failure) == (Outcome.DOWN, Failure.EXPECTATION)
    assert "s3cr3t" not in seen.message


@pytest.mark.parametrize(("sent", "says"), [(b"554 no\x1b[31m\r\n", "it is '554 no'"), (b"", "nothing came")])
async def test_another_banner_is_shown(look: Look, sent: bytes, says: str) -> None:
    async with serving(sends(sent), read=False) as server:
        seen = await at(look, server.port, expect="220")
    assert (seen.outcome, seen.failure) == (Outcome.DOWN, Failure.EXPECTATION)
    assert says in seen.message
    assert "\x1b" not in seen.message


async def test_an_endless_banner_is_cut(look: Look) -> None:
    async with serving(repeats(b"", b"x" * 10_000), read=False) as server:
        seen = await at(look, server.port, expect="never")
    assert (seen.outcome, seen.failure) == (Outcome.DOWN, Failure.TOO_LARGE)


async def test_a_silent_server(look: Look) -> None:
    async with serving(sends(b"", stay=True), read=False) as server:
        seen = await at(look, server.port, expect="220", timeout="500ms")
    assert (seen.failure, seen.message) == (Failure.TIMEOUT, "no answer within 500ms, while waiting for the first byte")


@pytest.mark.parametrize(
    "keys", [{"host": "a b", "port": 1}, {"host": "x.test", "port": 0}, {"host": "x.test", "port": 1, "send": "a"}]
)
def test_wrong_models_are_refused(keys: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TcpModel.model_validate({"id": "c", "integration": "i", **keys})
