"""The shop's payments: through HAProxy and through our own router alike, told where to go by the same director."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from servers import require
from standby.config.secrets import Secrets
from standby.directors.base import Context, Director, DirectorError
from standby.directors.registry import build, models
from standby.domain.units import SECOND
from standby.engine.clock import SystemClock
from standby.simulator.checkout.gateways import GATEWAYS, MAP, SOCKET
from standby.simulator.checkout.haproxy import HaproxyRouter
from standby.simulator.checkout.own import OwnRouter
from standby.simulator.checkout.shop import Checkout
from standby.simulator.checkout.tables import Tables
from standby.simulator.checkout.traffic import Tally
from standby.simulator.faults import fault
from standby.simulator.town import Town

LIMIT_S = 15.0
TARGETS = {gateway.name: gateway.backend for gateway in GATEWAYS}


@dataclass
class Shop:
    """A town, its checkout, and what moves the checkout's traffic."""

    town: Town
    checkout: Checkout

    def director(self, **keys: object) -> Director:
        keys = {"kind": "haproxy", "socket": f"unix:{SOCKET}", "map": MAP, "entry": "payments"} | keys
        context = Context(Secrets(environ={}), places=self.checkout.places())
        return build(models()["haproxy"].model_validate(keys, context={}), TARGETS, context)

    @property
    def tally(self) -> Tally:
        assert self.checkout._traffic is not None
        return self.checkout._traffic.tally

    async def ask(self, path: str) -> tuple[int, str]:
        """Status and gateway of one request through the router."""
        port = self.checkout.connect_to()[0][3]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: pay.shop.test\r\nConnection: close\r\n\r\n".encode())
        async with asyncio.timeout(LIMIT_S):
            head, *_ = (await reader.read()).decode().split("\r\n\r\n")
        writer.close()
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head.split("\r\n"))}
        return int(head.split(" ")[1]), headers.get("x-gateway", "")

    async def on(self, kind: str, **params: object) -> None:
        self.town.world.switch_on("payments", fault(kind, params), None)
        await self.town.tick()


Open = Callable[[Path | None], Awaitable[Shop]]


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Open]:
    clock = SystemClock()
    town = Town(clock, 7)
    await town.open(tmp_path / "ca.pem", tmp_path / "ca.key")
    checkouts = []

    async def open_(haproxy: Path | None) -> Shop:
        checkout = Checkout(clock, town.ports(), tmp_path / "ca.pem", haproxy)
        checkouts.append(checkout)
        await checkout.open()
        return Shop(town, checkout)

    yield open_
    for checkout in checkouts:
        await checkout.close()
    await town.close()


@pytest.fixture(params=["own", pytest.param("haproxy", marks=pytest.mark.servers)])
async def shop(request: pytest.FixtureRequest, opened: Open) -> Shop:
    one = await opened(require("haproxy", "haproxy") if request.param == "haproxy" else None)
    assert isinstance(one.checkout._router, OwnRouter if request.param == "own" else HaproxyRouter)
    return one


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not condition():  # noqa: ASYNC110 - another process changes it
            await asyncio.sleep(0.02)


async def test_payments_are_answered_by_the_gateway_that_the_map_names(shop: Shop) -> None:
    assert await shop.ask("/health") == (200, "acme")
    one = shop.director()
    assert await one.where() == "acme"
    assert await one.drift() == ()
    steps = await one.plan("borealis")
    assert [step.name for step in steps] == ["map payments -> be_borealis", f"file {MAP}: payments -> be_borealis"]
    for step in steps:
        await one.apply(step.subject, step.desired)
        assert await one.read(step.subject) == step.desired
    assert await one.where() == "borealis"
    assert await one.drift() == ()
    assert await shop.ask("/charges") == (200, "borealis")
    assert await shop.ask("/nowhere") == (404, "borealis")


async def test_servers_are_raised_and_lowered_and_nobody_is_no_place_to_go(shop: Shop) -> None:
    one = shop.director(lower=True)
    (_, _, lowered) = steps = await one.plan("borealis")
    assert (lowered.subject, lowered.desired, lowered.undo) == ("server be_acme/gw1", "maint", "ready")
    for step in steps:
        await one.apply(step.subject, step.desired)
        assert await one.read(step.subject) == step.desired
    with pytest.raises(DirectorError, match="no server of backend be_borealis"):
        await shop.director(timeout="200ms").apply("server be_borealis/gw1", "maint")
    back = await one.plan("acme")
    assert [step.subject for step in back][:2] == ["server be_acme/gw1", "map payments"]
    for step in back:
        await one.apply(step.subject, step.desired)
    assert await shop.ask("/health") == (200, "acme")


async def test_a_switch_stops_the_losing(shop: Shop) -> None:
    await until(lambda: shop.tally.answered["acme"] >= 3)
    assert shop.tally.lost.total() == 0
    await shop.on("errors")
    await until(lambda: shop.tally.lost["acme"] >= 3)
    one = shop.director()
    for step in await one.plan("borealis"):
        await one.apply(step.subject, step.desired)
    lost = shop.tally.lost.total()
    await until(lambda: shop.tally.answered["borealis"] >= 5)
    assert shop.tally.lost.total() - lost <= 1  # one was on its way


@pytest.mark.parametrize(("kind", "status"), [("errors", 503), ("resets", 502), ("refuse", 503), ("malformed", 502)])
async def test_a_gateway_that_fails_is_named_whoever_says_so(shop: Shop, kind: str, status: int) -> None:
    await shop.on(kind)
    assert await shop.ask("/charges") == (status, "acme")


async def test_a_gateway_that_says_nothing_is_not_waited_for_for_ever(shop: Shop) -> None:
    await shop.on("timeouts")
    assert await shop.ask("/charges") == (504, "acme")


async def test_the_counter_says_who_lost_what(shop: Shop) -> None:
    await until(lambda: shop.tally.answered.total() >= 2)
    port = shop.checkout.connect_to()[1][3]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /payments HTTP/1.1\r\nConnection: close\r\n\r\n")
    async with asyncio.timeout(LIMIT_S):
        said = (await reader.read()).decode()
    writer.close()
    assert said.startswith("HTTP/1.1 200 ")
    assert '"lost": 0, "lost_lately": 0, "by": {"acme": {"answered": ' in said


@pytest.mark.servers
async def test_a_haproxy_that_died_is_started_again_on_the_same_port_and_map(opened: Open) -> None:
    shop = await opened(require("haproxy", "haproxy"))
    router, port = shop.checkout._router, shop.checkout.connect_to()[0][3]
    assert isinstance(router, HaproxyRouter)
    one = shop.director()
    for step in await one.plan("borealis"):
        await one.apply(step.subject, step.desired)
    for victim in ("haproxy", "keeper"):
        [child] = [one for one in psutil.Process().children(recursive=True) if running(one) and one.name() == "haproxy"]
        keeper = child.parent()
        assert keeper is not None
        os.kill(keeper.pid if victim == "keeper" else child.pid, signal.SIGKILL)
        await until(lambda: not router.alive)
        shop.checkout._tried = 0
        await shop.checkout.tick()
        assert router.alive
        assert shop.checkout.connect_to()[0][3] == port
        assert await shop.ask("/health") == (200, "borealis")
        await until(lambda child=child: not running(child))  # type: ignore[misc]


def running(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def test_what_is_no_haproxy_is_done_without(opened: Open, capfd: pytest.CaptureFixture[str]) -> None:
    shop = await opened(Path("/bin/false"))
    assert isinstance(shop.checkout._router, OwnRouter)
    assert await shop.ask("/health") == (200, "acme")


async def test_nobody_else_may_open_the_socket_and_nothing_is_left_behind(shop: Shop) -> None:
    folder = Path(shop.checkout.places()[SOCKET]).parent
    assert folder.stat().st_mode & 0o077 == 0
    await shop.checkout.close()
    assert not folder.exists()


@pytest.mark.parametrize("noise", [b"\n", b"show map nope\n", b"set map\n", b"x" * 70_000 + b"\n", b"no line end"])
async def test_our_own_runtime_socket_survives_what_is_sent_to_it(opened: Open, noise: bytes) -> None:
    shop = await opened(None)
    with socket.socket(socket.AF_UNIX) as wire:
        wire.setblocking(False)
        await asyncio.get_running_loop().sock_connect(wire, shop.checkout.places()[SOCKET])
        await asyncio.get_running_loop().sock_sendall(wire, noise)
    assert await shop.director().where() == "acme"


@pytest.mark.parametrize(
    ("command", "reply"),
    [
        (
            "get map m payments",
            'type=str, case=sensitive, found=yes, idx=tree, key="payments", value="a", type="str"\n\n',
        ),
        ("get map m other", "type=str, case=sensitive, found=no\n\n"),
        ("get map n payments", "Unknown map identifier. Please use #<id> or <file>.\n\n"),
        ("show map m", "0x000000000000 payments a\n\n"),
        ("show map n", "Unknown map identifier. Please use #<id> or <file>.\n\n"),
        ("set map m other b", "entry not found.\n\n"),
        ("set map m payments b", "\n"),
        ("del map m other", "Key not found.\n\n"),
        ("set server c/gw1 state ready", "No such backend.\n\n"),
        ("set server a/gw2 state ready", "No such server.\n\n"),
        ("set server a/gw1 state off", "'set server <srv> state' expects 'ready', 'drain' and 'maint'.\n\n"),
        ("set server a/gw1 state maint", "\n"),
        ("show servers state c", "Can't find backend.\n\n"),
        ("show stat c 4 -1", "No such proxy.\n\n"),
        ("show backend", "# name\na\nb\n\n"),
        ("quit", "Unknown command, but maybe one of the following ones is a better match:\n\n"),
    ],
)
def test_our_own_runtime_says_what_haproxy_says(command: str, reply: str) -> None:
    assert Tables("m", {"a": 1, "b": 2}, {"payments": "a"}).answer(command) == reply


def test_traffic_goes_to_nobody_when_its_server_is_out() -> None:
    tables = Tables("m", {"a": 1, "b": 2})
    assert tables.chosen("payments", "a") == "a"
    tables.answer("add map m payments b")
    assert tables.chosen("payments", "a") == "b"
    tables.answer("set server b/gw1 state drain")
    assert tables.chosen("payments", "a") is None
    tables.answer("set map m payments nowhere")
    assert tables.chosen("payments", "a") is None


def test_what_was_lost_lately_is_forgotten_after_ten_seconds() -> None:
    tally = Tally()
    tally.count("acme", good=True, now=0)
    tally.count("acme", good=False, now=SECOND)
    tally.count("borealis", good=False, now=5 * SECOND)
    by = {"acme": {"answered": 1, "lost": 1}, "borealis": {"answered": 0, "lost": 1}}
    assert tally.document(6 * SECOND) == {"answered": 1, "lost": 2, "lost_lately": 2, "by": by}
    assert tally.document(11 * SECOND)["lost_lately"] == 1
    assert tally.document(99 * SECOND)["lost_lately"] == 0
