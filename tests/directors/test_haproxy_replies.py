"""The exact texts of HAProxy's runtime socket, also those of versions that Debian 12 does not have."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from directors.conftest import director
from directors.fake import Reply, fake, servers, stat, state
from standby.directors.base import Context, Director, DirectorError

FOUND = 'type=str, case=sensitive, found=yes, idx=tree, key="payments", value="be_a", type="str"\n\n'
MISSING = "type=str, case=sensitive, found=no\n\n"
BACKENDS = "# name\nbe_a\nbe_b\n\n"
WELL: dict[str, Reply | Callable[[str], Reply]] = {
    "show backend": BACKENDS,
    "show servers state": servers(state("s1")),
    "show stat": stat(),
    "show cli level": "admin\n\n",
    "get map": FOUND,
    "set map": "\n",
    "add map": "\n",
    "del map": "\n",
    "set server": "\n",
}


def of(context: Context, **keys: object) -> Director:
    keys = {"socket": "unix:s", "map": "m", "entry": "payments", "persist": False, "timeout": "2s"} | keys
    return director(context, "haproxy", {"acme": "be_a", "borealis": "be_b"}, **keys)


def of_servers(context: Context, **keys: object) -> Director:
    keys = {"socket": "unix:s", "mode": "server", "backend": "be_b", "timeout": "2s"} | keys
    return director(context, "haproxy", {"acme": "s1", "borealis": "s2"}, **keys)


@pytest.mark.parametrize(
    ("replies", "says", "known"),
    [
        ({"set map": "Permission denied\n\n"}, "Permission denied; give this `stats socket` the level admin", True),
        ({"get map": "Permission denied\n\n"}, "refuses `get map m payments`: Permission denied; give this", True),
        ({"get map": "Unknown map identifier. Please use #<id> or <file>.\n\n"}, "exactly as HAProxy's conf", True),
        ({"set map": "entry not found.\n\n"}, "refuses `set map m payments be_b`: entry not found.", True),
        ({"show backend": "# name\nbe_a\n\n"}, "has no backend 'be_b'", True),
        ({"show backend": "no\n"}, "answers `show backend` with 'no'; is it HAProxy 2.4 or newer?", True),
        ({"show servers state": "Can't find backend.\n\n"}, 'with "Can\'t find backend."; is it', True),
        ({"show servers state": "2\n# other columns\n\n"}, "with '2 # other columns'; is it", True),
        ({"show servers state": "1\n# be_id be_name\n4 be_b\n\n"}, "with '1 # be_id be_name 4 be_b'", True),
        ({"show stat": "No such proxy.\n\n"}, "with 'No such proxy.'; is it", True),
        ({"set map": b""}, "closed the connection before its reply was whole", False),
        ({"set map": b"half a reply"}, "closed the connection before its reply was whole", False),
        ({"get map": b""}, "closed the connection before its reply was whole", True),
        ({"set map": None}, "the command may still be carried out", False),
        ({"get map": None}, "HAProxy hangs, or others hold its socket", True),
        ({"get map": "x" * 5_000_000}, "with more than 4194304 bytes", True),
        ({"set map": "\x1b[2Jno\x07[@click=quit]\n\n"}, "refuses `set map m payments be_b`: no [@click=quit]", True),
    ],
)
async def test_a_reply_that_is_not_a_yes_is_told_in_one_line_with_the_mend(
    short: Path, context: Context, replies: dict[str, Reply], says: str, known: bool
) -> None:
    async with fake(short / "s", WELL | replies):
        timeout = "200ms" if None in replies.values() else "5s"
        with pytest.raises(DirectorError) as caught:
            await of(context, timeout=timeout).apply("map payments", "be_b")
    assert says in str(caught.value)
    assert "\x1b" not in str(caught.value)
    assert caught.value.known is known


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        ("No such server.\n\n", "No such server.; `show servers state` lists them"),
        ("No such backend.\n\n", "No such backend."),
        ("'set server <srv> state' expects 'ready', 'drain' and 'maint'.\n\n", "expects 'ready', 'drain' and"),
        ("Permission denied\n\n", "the level admin"),
        ("This command is restricted to experimental mode only.\n\n", "this HAProxy cannot do it"),
    ],
)
async def test_a_refused_server_state(short: Path, context: Context, reply: str, says: str) -> None:
    async with fake(short / "s", WELL | {"show servers state": servers(state("s1", admin=1)), "set server": reply}):
        with pytest.raises(DirectorError) as caught:
            await of_servers(context).apply("server be_b/s1", "ready")
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("flags", "admin"),
    [
        (0, "ready"),
        (0x01, "maint"),
        (0x05, "maint"),  # `disabled` in the configuration
        (0x03, "maint"),  # forced and inherited: what people set comes first
        (0x02, "maint of the server that it tracks"),
        (0x20, "maint for want of an address"),
        (0x08, "drain"),
        (0x10, "drain"),
        (0x04, "ready"),  # was disabled in the configuration, is not any more
    ],
)
async def test_the_administrative_state_of_a_server(short: Path, context: Context, flags: int, admin: str) -> None:
    async with fake(short / "s", WELL | {"show servers state": servers(state("s1", admin=flags))}):
        assert await of_servers(context).read("server be_b/s1") == admin


@pytest.mark.parametrize(
    ("rows", "backups", "where"),
    [
        ([state("s1"), state("s2", admin=1)], [], "acme"),
        ([state("s1"), state("s2")], ["s2"], "acme"),
        ([state("s1", op=0), state("s2")], ["s2"], "borealis"),  # HAProxy's own failover
        ([state("s1"), state("s2")], [], ""),  # shared
        ([state("s1", weight=0), state("s2")], [], "borealis"),
        ([state("s1", admin=8), state("s2")], [], "borealis"),
        ([state("s1", op=3), state("s2")], [], "borealis"),  # stopping
        ([state("s1", op=1), state("s2", op=0)], [], "acme"),  # slowstart
        ([state("s1", op=0), state("s2", admin=1)], [], ""),  # nobody
        ([state("s1", admin=1), state("s3"), state("s2")], ["s2", "s3"], ""),  # the first backup, of no target
    ],
)
async def test_where_the_traffic_of_a_backend_goes(
    short: Path, context: Context, rows: list[str], backups: list[str], where: str
) -> None:
    async with fake(short / "s", WELL | {"show servers state": servers(*rows), "show stat": stat(*backups)}):
        assert await of_servers(context).where() == where


@pytest.mark.parametrize(
    ("rows", "backups", "steps"),
    [
        ([state("s1"), state("s2")], [], ["pivot s1 maint"]),
        ([state("s1"), state("s2", admin=1)], [], ["reversible s2 ready", "pivot s1 maint"]),
        ([state("s1", op=0), state("s2", admin=1)], [], ["pivot s2 ready", "reversible s1 maint"]),
        ([state("s1", admin=1), state("s2")], [], ["pivot s2 ready"]),  # is there already
        ([state("s1"), state("s2", admin=8)], ["s1"], ["pivot s2 ready"]),  # from the backup back
        ([state("s1", admin=8), state("s2")], [], ["pivot s2 ready", "reversible s1 maint"]),  # clients with a cookie
    ],
)
async def test_the_plan_for_a_backend(
    short: Path, context: Context, rows: list[str], backups: list[str], steps: list[str]
) -> None:
    async with fake(short / "s", WELL | {"show servers state": servers(*rows), "show stat": stat(*backups)}):
        plan = await of_servers(context).plan("borealis")
    assert [f"{step.kind} {step.subject.removeprefix('server be_b/')} {step.desired}" for step in plan] == steps


async def test_a_socket_that_does_not_tell_its_level_is_tried(short: Path, context: Context) -> None:
    replies = {name: reply for name, reply in WELL.items() if name != "show cli level"}
    async with fake(short / "s", replies | {"show servers state": servers(state("s1"), state("s2"))}):
        assert len(await of_servers(context).plan("borealis")) == 1


async def test_an_entry_that_vanishes_between_reading_and_setting_is_a_refusal(short: Path, context: Context) -> None:
    """Another hand deleted it: the person looks again, nothing was changed."""
    async with fake(short / "s", WELL | {"set map": "entry not found.\n\n"}) as haproxy:
        with pytest.raises(DirectorError, match="entry not found"):
            await of(context).apply("map payments", "be_b")
    assert not any(command.startswith("add map") for command in haproxy.asked)


async def test_a_prefix_of_the_key_is_not_the_key(short: Path, context: Context) -> None:
    """`map_beg` finds the entry `pay` for the key `payments`: setting it would move somebody else's traffic."""
    prefix = 'type=beg, case=sensitive, found=yes, idx=tree, key="pay", value="be_a", type="str"\n\n'
    async with fake(short / "s", WELL | {"get map": prefix}):
        assert await of(context).read("map payments") == ""


async def test_nothing_is_sent_for_what_is_so_already(short: Path, context: Context) -> None:
    async with fake(short / "s", WELL) as haproxy:
        await of(context).apply("map payments", "be_a")
        await of_servers(context).apply("server be_b/s1", "ready")
    assert not any(command.startswith(("set", "add", "del")) for command in haproxy.asked)


async def test_a_server_whose_check_never_passes_in_time_counts_as_haproxy_says(short: Path, context: Context) -> None:
    """Checks every minute must not forbid a failover: when time is up, UP is UP."""
    unproven = servers(state("s1", checked="0 2 6"))
    async with fake(short / "s", WELL | {"show servers state": unproven}) as haproxy:
        await of(context, timeout="200ms").apply("map payments", "be_b")
    assert haproxy.asked[-1] == "set map m payments be_b"


async def test_one_connection_at_a_time_for_all_directors_of_a_socket(short: Path, context: Context) -> None:
    async with fake(short / "s", WELL) as haproxy:
        await asyncio.gather(
            *(of(context).where() for _ in range(20)), *(of_servers(context).where() for _ in range(5))
        )
    assert haproxy.most_open == 1


async def test_a_name_of_the_context_is_where_the_socket_is(short: Path, context: Context) -> None:
    context.places = {"haproxy.payments.test": str(short / "s")}
    async with fake(short / "s", WELL):
        assert await of(context, socket="unix:haproxy.payments.test").where() == "acme"


@pytest.mark.parametrize("subject", ["map other", "file payments", "server", "weather", "map payments be_b; quit"])
async def test_a_subject_of_another_configuration_is_refused(short: Path, context: Context, subject: str) -> None:
    async with fake(short / "s", WELL) as haproxy:
        for one in (of(context), of_servers(context)):
            with pytest.raises(DirectorError):
                await one.apply(subject, "be_b")
    assert not any(command.startswith(("set", "add", "del")) for command in haproxy.asked)


async def test_no_word_of_a_plan_can_carry_a_second_command(short: Path, context: Context) -> None:
    async with fake(short / "s", WELL) as haproxy:
        for subject, desired in (
            ("map payments", "be_b; shutdown sessions"),
            ("map payments", "be_b\nquit"),
            ("server be_b/s1; quit", "maint"),
            ("server be_b;quit/s1", "maint"),
            ("server be_b/s1", "maint; quit"),
        ):
            with pytest.raises(DirectorError):
                await of(context).apply(subject, desired)
    assert not any(";" in command or "quit" in command for command in haproxy.asked)


@pytest.fixture
def nobody(short: Path) -> Iterator[Path]:
    """A socket that may not be opened."""
    import socket

    with contextlib.closing(socket.socket(socket.AF_UNIX)) as wire:
        wire.bind(str(short / "s"))
        yield short / "s"


async def test_a_socket_file_that_nobody_listens_on(nobody: Path, context: Context) -> None:
    with pytest.raises(DirectorError, match="nothing listens at unix:s: HAProxy has ended; start it"):
        await of(context).where()


async def test_a_socket_of_another_user(short: Path, context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refused(_path: str) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(asyncio, "open_unix_connection", refused)
    with pytest.raises(DirectorError, match="may not be opened by this user; set `group` and `mode 660`"):
        await of(context).where()


async def test_a_queue_that_is_full_is_a_hang_and_the_command_was_never_sent(short: Path, context: Context) -> None:
    import socket

    with contextlib.ExitStack() as held:
        listener = held.enter_context(socket.socket(socket.AF_UNIX))
        listener.bind(str(short / "s"))
        listener.listen(0)
        for _ in range(5):
            wire = held.enter_context(socket.socket(socket.AF_UNIX))
            wire.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                wire.connect(str(short / "s"))
        with pytest.raises(DirectorError, match="HAProxy hangs") as caught:
            await of_servers(context, timeout="300ms")._runtime.tell("set server be_b/s1 state maint")  # type: ignore[attr-defined]
        assert caught.value.known
