"""Against HAProxy itself."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from directors.conftest import director
from processes import until
from servers import Haproxy, free_port, haproxy
from standby.directors.base import Context, Director, DirectorError
from standby.domain.route import Step, StepKind

pytestmark = pytest.mark.servers

BY_MAP = "use_backend %[str(payments),map({folder}/routes.map,be_a)]"
BY_SERVER = "default_backend be_pay"
TWO_BACKENDS = """
backend be_a
    server p1 unix@{folder}/p1.sock
backend be_b
    server p2 unix@{folder}/p2.sock disabled
    server p3 unix@{folder}/p3.sock weight 0
backend be_dead
    server gone unix@{folder}/nobody.sock check inter 50ms
backend be_empty
"""
ONE_BACKEND = """
backend be_pay
    cookie VENDOR insert
    server acme unix@{folder}/p1.sock cookie acme
    server borealis unix@{folder}/p2.sock cookie borealis disabled
"""
MAP_TEXT = "# where each route goes\nother  be_b\n\tpayments\tbe_a  \n"
BACKENDS = {"acme": "be_a", "borealis": "be_b", "nowhere": "be_nope", "dead": "be_dead", "empty": "be_empty"}
SERVERS = {"acme": "acme", "borealis": "borealis"}


@pytest.fixture
def by_map(short: Path) -> Iterator[Haproxy]:
    (short / "routes.map").write_text(MAP_TEXT)
    with haproxy(short, TWO_BACKENDS, rule=BY_MAP) as running:
        yield running


@pytest.fixture
def by_server(short: Path) -> Iterator[Haproxy]:
    with haproxy(short, ONE_BACKEND, rule=BY_SERVER) as running:
        yield running


def map_director(context: Context, **keys: object) -> Director:
    keys = {
        "socket": f"unix:{context.base}/admin.sock",
        "map": f"{context.base}/routes.map",
        "entry": "payments",
    } | keys
    return director(context, "haproxy", BACKENDS, **keys)


def server_director(context: Context, targets: dict[str, str] = SERVERS, **keys: object) -> Director:
    keys = {"socket": f"unix:{context.base}/admin.sock", "mode": "server", "backend": "be_pay"} | keys
    return director(context, "haproxy", targets, **keys)


def answered(running: Haproxy, cookie: str = "") -> str:
    """Who answers a request now: p1 to p4, or an HTTP status."""
    request = urllib.request.Request(f"http://127.0.0.1:{running.port}/", headers={"Cookie": cookie} if cookie else {})
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        return str(error.code)


async def carry_out(one: Director, steps: tuple[Step, ...]) -> None:
    for step in steps:
        await one.apply(step.subject, step.desired)
        assert await one.read(step.subject) == step.desired


async def carry_back(one: Director, steps: tuple[Step, ...]) -> None:
    for step in reversed(steps):
        await one.apply(step.subject, step.undo)
        assert await one.read(step.subject) == step.undo


def said(steps: tuple[Step, ...]) -> list[tuple[str, str, str, str]]:
    return [(step.kind.value, step.subject, step.desired, step.undo) for step in steps]


async def test_a_map_switch_raises_moves_and_writes_the_file(by_map: Haproxy, context: Context) -> None:
    one = map_director(context)
    assert await one.where() == "acme"
    steps = await one.plan("borealis")
    assert said(steps) == [
        ("reversible", "server be_b/p2", "ready", "maint"),
        ("pivot", "map payments", "be_b", "be_a"),
        ("reversible", "file payments", "be_b", "be_a"),
    ]
    assert [step.name for step in steps] == [
        "raise be_b/p2",
        "map payments -> be_b",
        "file routes.map: payments -> be_b",
    ]
    assert answered(by_map) == "p1"
    await carry_out(one, steps)
    assert await one.where() == "borealis"
    assert answered(by_map) == "p2"
    assert (by_map.folder / "routes.map").read_text() == MAP_TEXT.replace("payments\tbe_a", "payments\tbe_b")
    assert await one.drift() == ()
    back = await one.plan("acme")
    assert [step.desired for step in back] == ["be_a", "be_a"]
    await carry_out(one, back)
    assert answered(by_map) == "p1"


async def test_a_switch_taken_back_leaves_everything_as_it_was(by_map: Haproxy, context: Context) -> None:
    one = map_director(context)
    steps = await one.plan("borealis")
    await carry_out(one, steps)
    await carry_back(one, steps)
    assert answered(by_map) == "p1"
    assert (by_map.folder / "routes.map").read_text() == MAP_TEXT
    assert await one.read("server be_b/p2") == "maint"


async def test_a_reload_does_not_undo_a_switch_whose_file_was_written(by_map: Haproxy, context: Context) -> None:
    one = map_director(context)
    await carry_out(one, await one.plan("borealis"))
    by_map.reload()
    assert await one.where() == "borealis"
    # What is lost is the server's state: it was `disabled` in the configuration, and the next plan raises it again.
    assert said(await one.plan("borealis"))[0] == ("reversible", "server be_b/p2", "ready", "maint")


async def test_a_reload_undoes_a_switch_that_is_not_in_the_file(by_map: Haproxy, context: Context) -> None:
    one = map_director(context, persist=False)
    await carry_out(one, await one.plan("borealis"))
    assert await one.drift() == ()
    by_map.reload()
    assert await one.where() == "acme"


async def test_the_state_read_between_two_steps_is_the_truth(by_map: Haproxy, context: Context) -> None:
    steps = await map_director(context).plan("borealis")
    for step in steps[:2]:
        await map_director(context).apply(step.subject, step.desired)
    successor = map_director(context)  # as after a kill: nothing is remembered
    assert [await successor.read(step.subject) for step in steps] == ["ready", "be_b", "be_a"]
    assert await successor.where() == "borealis"
    assert "HAProxy says be_b" in (await successor.drift())[0]
    await carry_out(successor, steps)
    assert await successor.drift() == ()


async def test_a_file_changed_behind_our_back_is_drift(by_map: Haproxy, context: Context) -> None:
    (by_map.folder / "routes.map").write_text("payments be_b\npayments be_dead\n")
    lines = await map_director(context).drift()
    assert lines[0].endswith("names 'payments' 2 times, not always alike; keep one line")
    assert lines[1] == (
        f"'payments': HAProxy says be_a, {by_map.folder}/routes.map says be_b: a reload would move traffic"
    )


async def test_an_entry_that_is_missing_is_added_and_can_be_taken_back(by_map: Haproxy, context: Context) -> None:
    by_map.say(f"del map {by_map.folder}/routes.map payments")
    one = map_director(context)
    assert await one.where() == ""
    assert "has no entry 'payments'" in (await one.drift())[0]
    steps = await one.plan("borealis")
    assert said(steps)[1] == ("pivot", "map payments", "be_b", "")
    await carry_out(one, steps)
    assert answered(by_map) == "p2"
    await carry_back(one, steps)
    assert by_map.say(f"show map {by_map.folder}/routes.map").count("payments") == 0


async def test_an_entry_that_names_no_target_is_told(by_map: Haproxy, context: Context) -> None:
    by_map.say(f"set map {by_map.folder}/routes.map payments be_other")
    one = map_director(context, persist=False)
    assert await one.where() == ""
    assert await one.drift() == (
        f"{by_map.folder}/routes.map sends 'payments' to be_other, which is the place of no target",
    )


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("nowhere", "has no backend 'be_nope': a map entry that names it would give 503"),
        ("dead", "takes traffic (gone is down); mend one first"),
        ("empty", "takes traffic (it has no other); mend one first"),
    ],
)
async def test_a_plan_to_nobody_is_refused(by_map: Haproxy, context: Context, target: str, reason: str) -> None:
    by_map.wait_until("show stat be_dead 4 -1", "DOWN")
    with pytest.raises(DirectorError, match="no") as caught:
        await map_director(context).plan(target)
    assert reason in str(caught.value)
    assert caught.value.known


async def test_an_entry_is_never_pointed_at_a_backend_that_lost_its_servers(by_map: Haproxy, context: Context) -> None:
    one = map_director(context, timeout="200ms")
    steps = await one.plan("borealis")
    await one.apply(steps[0].subject, steps[0].desired)
    by_map.say("set server be_b/p2 state maint")
    with pytest.raises(DirectorError, match=r"p2 is in maint, p3 has weight 0") as caught:
        await one.apply(steps[1].subject, steps[1].desired)
    assert caught.value.known
    assert answered(by_map) == "p1"


async def test_a_raised_server_is_waited_for_until_its_check_passes(by_map: Haproxy, context: Context) -> None:
    """`ready` makes a server UP at once, on credit; only its first check says whether it is."""
    by_map.say("set server be_dead/gone state maint")
    one = map_director(context)
    steps = await one.plan("dead")
    await one.apply(steps[0].subject, steps[0].desired)
    with pytest.raises(DirectorError, match="gone is down"):
        await map_director(context, timeout="1s").apply(steps[1].subject, steps[1].desired)
    assert answered(by_map) == "p1"


async def test_the_old_backend_is_lowered_when_asked_and_raised_for_the_way_back(
    by_map: Haproxy, context: Context
) -> None:
    one = map_director(context, lower=True)
    steps = await one.plan("borealis")
    assert said(steps)[-1] == ("reversible", "server be_a/p1", "maint", "ready")
    with pytest.raises(DirectorError, match="no server of backend be_a"):  # not while traffic goes there
        await map_director(context, lower=True, timeout="200ms").apply("server be_a/p1", "maint")
    await carry_out(one, steps)
    assert answered(by_map) == "p2"
    back = await one.plan("acme")
    assert said(back)[0] == ("reversible", "server be_a/p1", "ready", "maint")
    await carry_out(one, back)
    assert answered(by_map) == "p1"


async def test_a_server_switch_moves_clients_with_a_cookie(by_server: Haproxy, context: Context) -> None:
    one = server_director(context)
    assert await one.where() == "acme"
    steps = await one.plan("borealis")
    assert said(steps) == [
        ("reversible", "server be_pay/borealis", "ready", "maint"),
        ("pivot", "server be_pay/acme", "maint", "ready"),
    ]
    assert answered(by_server, "VENDOR=acme") == "p1"
    await carry_out(one, steps)
    assert await one.where() == "borealis"
    assert answered(by_server, "VENDOR=acme") == "p2"
    assert await one.drift() == ()
    await carry_out(one, await one.plan("acme"))
    assert (await one.where(), answered(by_server)) == ("acme", "p1")
    steps = await one.plan("borealis")
    await carry_out(one, steps)
    await carry_back(one, steps)
    assert (await one.where(), answered(by_server)) == ("acme", "p1")


async def test_the_last_server_is_never_taken_out(by_server: Haproxy, context: Context) -> None:
    one = server_director(context, timeout="200ms")
    with pytest.raises(DirectorError, match="borealis is in maint") as caught:
        await one.apply("server be_pay/acme", "maint")
    assert caught.value.known
    assert answered(by_server) == "p1"


async def test_servers_that_share_the_traffic_are_drift_and_one_of_no_target_stops_a_plan(
    by_server: Haproxy, context: Context
) -> None:
    by_server.say("set server be_pay/borealis state ready")
    assert await server_director(context).where() == ""
    assert await server_director(context).drift() == ("backend be_pay spreads its traffic over acme, borealis",)
    alone = server_director(context, {"acme": "acme", "other": "other"})
    with pytest.raises(DirectorError, match="be_pay/borealis would go on to take traffic"):
        await alone.plan("acme")
    with pytest.raises(DirectorError, match=r"has no server 'other'; it has: acme, borealis"):
        await alone.plan("other")
    assert await alone.drift() == (
        "be_pay/borealis takes traffic and is the place of no target; put it in maint or make it a target",
        "backend be_pay spreads its traffic over acme, borealis",
        "backend be_pay has no server 'other', the place of a target",
    )


async def test_a_backup_server_stays_ready_for_haproxy_itself(short: Path, context: Context) -> None:
    backends = ONE_BACKEND.replace("cookie borealis disabled", "backup")
    with haproxy(short, backends, rule=BY_SERVER) as running:
        one = server_director(context)
        assert await one.where() == "acme"
        steps = await one.plan("borealis")
        assert said(steps) == [("pivot", "server be_pay/acme", "maint", "ready")]
        await carry_out(one, steps)
        assert (await one.where(), answered(running)) == ("borealis", "p2")
        back = await one.plan("acme")
        assert said(back) == [("pivot", "server be_pay/acme", "ready", "maint")]
        await carry_out(one, back)
        assert (await one.where(), answered(running)) == ("acme", "p1")
        assert await one.read("server be_pay/borealis") == "ready"


async def test_a_socket_of_a_lower_level_is_told_before_anything_moves(by_server: Haproxy, context: Context) -> None:
    one = server_director(context, socket=f"unix:{by_server.folder}/user.sock")
    with pytest.raises(DirectorError, match="level user, which may not set servers; give this `stats socket` the lev"):
        await one.plan("borealis")
    with pytest.raises(DirectorError, match="Permission denied; give this `stats socket` the level admin") as caught:
        await one.apply("server be_pay/borealis", "ready")
    assert caught.value.known


async def test_a_map_that_haproxy_does_not_have(by_map: Haproxy, context: Context) -> None:
    with pytest.raises(DirectorError, match=r"Unknown map identifier.*write `map` exactly as HAProxy's"):
        await map_director(context, map="/etc/haproxy/other.map").where()


async def test_a_stopped_haproxy_and_one_that_is_gone_are_told_apart(by_map: Haproxy, context: Context) -> None:
    one = map_director(context, timeout="300ms")
    worker = by_map.worker()
    os.kill(worker, signal.SIGSTOP)
    until(lambda: psutil.Process(worker).status() == psutil.STATUS_STOPPED, "the kernel to stop it")
    try:
        with pytest.raises(DirectorError, match="within 300ms: HAProxy hangs, or others hold its socket") as reading:
            await one.where()
        with pytest.raises(DirectorError, match="the command may still be carried out") as acting:
            await map_director(context, timeout="300ms")._runtime.tell("show info")  # type: ignore[attr-defined]
    finally:
        os.kill(worker, signal.SIGCONT)
    assert reading.value.known
    assert not acting.value.known
    by_map.process.kill()
    by_map.process.wait(5)
    os.kill(worker, signal.SIGKILL)
    with contextlib.suppress(DirectorError):  # the kernel takes a moment to bury it
        while True:
            await one.where()
    with pytest.raises(DirectorError, match=r"nothing listens at .*: HAProxy has ended; start it") as caught:
        await one.apply("map payments", "be_a")
    assert caught.value.known
    by_map.socket.unlink()
    with pytest.raises(DirectorError, match="is not there; is HAProxy running"):
        await one.where()


async def test_many_questions_at_once_never_hold_more_than_one_connection(by_map: Haproxy, context: Context) -> None:
    """The 11th connection to a runtime socket hangs: this director would be it, if it opened one a question."""
    many = [map_director(context) for _ in range(30)]
    assert await asyncio.gather(*(one.where() for one in many)) == ["acme"] * 30


async def test_a_socket_held_by_ten_others_is_a_time_out_not_a_hang(by_map: Haproxy, context: Context) -> None:
    with contextlib.ExitStack() as held:
        for _ in range(10):
            wire = held.enter_context(socket.socket(socket.AF_UNIX))
            wire.connect(str(by_map.socket))
            wire.sendall(b"prompt\n")
            wire.recv(10)
        with pytest.raises(DirectorError, match="others hold its socket"):
            await map_director(context, timeout="300ms").where()
    async with asyncio.timeout(10):
        while True:
            with contextlib.suppress(DirectorError):
                assert await map_director(context, timeout="300ms").where() == "acme"
                break


async def test_a_switch_over_tcp(short: Path, context: Context) -> None:
    port = free_port()
    (short / "routes.map").write_text(MAP_TEXT)
    backends = TWO_BACKENDS + f"\nglobal\n    stats socket ipv4@127.0.0.1:{port} level admin\n"
    with haproxy(short, backends, rule=BY_MAP) as running:
        one = map_director(context, socket=f"tcp://127.0.0.1:{port}")
        await carry_out(one, await one.plan("borealis"))
        assert answered(running) == "p2"


async def test_there_is_one_pivot_in_every_plan(by_map: Haproxy, context: Context) -> None:
    one = map_director(context, lower=True)
    for target in ("acme", "borealis"):
        kinds = [step.kind for step in await one.plan(target)]
        assert kinds.count(StepKind.PIVOT) == 1
