from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from standby.net.resolver import Address, Resolver
from standby.net.trouble import ResolveError

ANSWER = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.7", 0))]


class Hanging:
    """A resolver that never answers for `hung` names until the test lets go."""

    def __init__(self) -> None:
        self.release = threading.Event()
        self.asked: list[str] = []

    def __call__(self, host: str, *_: object, **__: object) -> list[tuple[Any, ...]]:
        self.asked.append(host)
        if host.startswith("hung"):
            self.release.wait(30)
        return ANSWER


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    lookup = Hanging()
    yield lookup
    lookup.release.set()


def failing(error: Exception) -> Any:
    def lookup(*_: object, **__: object) -> list[tuple[Any, ...]]:
        raise error

    return lookup


async def test_a_hung_name_leaves_the_others_alone(hanging: Hanging) -> None:
    resolver = Resolver(lookup=hanging, threads=4)
    waiting = [asyncio.create_task(resolver.addresses("hung.test", 443)) for _ in range(50)]
    async with asyncio.timeout(5):
        for name in ("a.test", "b.test", "c.test", "a.test"):
            assert await resolver.addresses(name, 443) == [Address(socket.AF_INET, "192.0.2.7", 443)]
    assert hanging.asked.count("hung.test") == 1, "one lookup a name, however many wait"
    hanging.release.set()
    async with asyncio.timeout(5):
        assert len(await asyncio.gather(*waiting)) == 50
    resolver.close()


async def test_more_hung_names_than_threads_are_refused_at_once_as_temporary(hanging: Hanging) -> None:
    resolver = Resolver(lookup=hanging, threads=2)
    waiting = [asyncio.create_task(resolver.addresses(f"hung{number}.test", 1)) for number in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(ResolveError, match="other lookups hang") as caught:
        await resolver.addresses("fine.test", 1)
    assert caught.value.temporary
    hanging.release.set()
    async with asyncio.timeout(5):
        await asyncio.gather(*waiting)
        assert await resolver.addresses("fine.test", 1)
    resolver.close()


async def test_a_caller_that_gives_up_does_not_take_the_answer_from_the_others(hanging: Hanging) -> None:
    resolver = Resolver(lookup=hanging)
    first = asyncio.create_task(resolver.addresses("hung.test", 1))
    second = asyncio.create_task(resolver.addresses("hung.test", 2))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    hanging.release.set()
    async with asyncio.timeout(5):
        assert (await second)[0].port == 2
    resolver.close()


@pytest.mark.parametrize(
    ("error", "temporary"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), False),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"), True),
        (socket.gaierror(socket.EAI_FAIL, "Non-recoverable failure"), True),
        (UnicodeError("label too long"), False),
        (OSError(24, "Too many open files"), True),
        (RuntimeError("broken library"), True),
    ],
)
async def test_only_a_name_that_does_not_exist_is_a_lasting_failure(error: Exception, *, temporary: bool) -> None:
    resolver = Resolver(lookup=failing(error))
    with pytest.raises(ResolveError) as caught:
        await resolver.addresses("x.test", 443)
    assert caught.value.temporary is temporary
    resolver.close()


async def test_connect_to_answers_before_any_lookup_and_may_change() -> None:
    table = {("x.test", 443): ("127.0.0.1", 4443)}
    resolver = Resolver(table, lookup=failing(AssertionError("looked up")))
    assert await resolver.addresses("x.test", 443) == [Address(socket.AF_INET, "127.0.0.1", 4443)]
    table["x.test", 443] = ("::1", 5)
    assert await resolver.addresses("x.test", 443) == [Address(socket.AF_INET6, "::1", 5)]


async def test_addresses_are_not_looked_up() -> None:
    resolver = Resolver(lookup=failing(AssertionError("looked up")))
    assert (await resolver.addresses("192.0.2.1", 80))[0].info[4] == ("192.0.2.1", 80)
    assert (await resolver.addresses("2001:db8::1", 80))[0].info[4] == ("2001:db8::1", 80, 0, 0)


async def test_nobody_waits_for_a_hung_lookup_after_close(hanging: Hanging) -> None:
    resolver = Resolver(lookup=hanging)
    waiting = asyncio.create_task(resolver.addresses("hung.test", 1))
    await asyncio.sleep(0)
    resolver.close()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert all(thread.daemon for thread in threading.enumerate() if thread.name.startswith("resolver-"))
    with pytest.raises(ResolveError, match="closing"):
        await resolver.addresses("other.test", 1)
