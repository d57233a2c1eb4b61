"""Secrets in every place of a configuration, third parties that say them back: nothing that we show or keep has one."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

import pytest
from tests.console.harness import console, screen
from tests.console.shop import FakeClock

from processes import PATIENCE_S, Engines, until
from security.canaries import CORES, leaks, plant, third_parties, value
from standby.cli.main import main
from standby.config.hiding import HIDDEN
from standby.console.feed import Feed
from standby.console.snapshot import Snapshot
from standby.store.reader import Reader

KEPT = {"config.toml", "key", "beat", "printed", "plugin", "switch"}
"""What the user wrote: the places of secrets."""
LOOKED = {"header", "query", "body", "basic", "file", "cmd", "cut", "garbage", "moved", "reason", "repeater", "plugin"}


@dataclass(frozen=True)
class Ran:
    """An engine's life with all of it, while the third parties still talk."""

    folder: Path
    said: str  # on standard output and error
    environ: Mapping[str, str]
    hidden: frozenset[str]  # the checks in whose messages something was hidden

    @property
    def store(self) -> Path:
        return self.folder / "s.db"


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    folder = tmp_path_factory.mktemp("canary")
    with third_parties() as ports, pytest.MonkeyPatch.context() as patched:
        listen = _free_port()
        engines = Engines(folder)
        environ = plant(folder, ports, listen)
        for name, text in environ.items():
            patched.setenv(name, text)
        process = engines.running()
        until(lambda: _fates(folder / "s.db") >= {"hook", "mail", "program"}, "every channel has refused", PATIENCE_S)
        hidden: set[str] = set()
        until(lambda: _hidden(folder / "s.db", hidden) >= LOOKED, "every check has been told its secret", PATIENCE_S)
        _call(listen, f"ping/{value('BEAT')}")
        _call(listen, f"ping/{value('BEAT')[:-1]}")
        _call(listen, "hook/events", value("EVENT"))
        _call(listen, "hook/events", value("EVENT")[:-1])
        process.terminate()
        _, said = process.communicate(timeout=PATIENCE_S)
        yield Ran(folder, said, environ, frozenset(hidden))
        engines.close()


def _free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def _call(port: int, path: str, token: str = "") -> None:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/{path}", data=b"{}", headers={"X-Webhook-Token": token}, method="POST"
    )
    with contextlib.suppress(OSError):
        urllib.request.urlopen(request, timeout=5).close()


def _fates(store: Path) -> set[str]:
    reader = Reader(store)
    try:
        return {row.channel for row in reader.changes(0).notifications if row.fate}
    finally:
        reader.close()


def _hidden(store: Path, known: set[str]) -> set[str]:
    """The checks in whose messages something was hidden, now or at an earlier look."""
    reader = Reader(store)
    try:
        known |= {row.check_id for row in reader.changes(0).check_states if HIDDEN in row.message}
    finally:
        reader.close()
    return known


def test_the_search_finds_what_it_looks_for() -> None:
    for name in CORES:
        assert name in leaks(f"before {value(name)} after")
        assert name in leaks(f"cut {value(name)[:12]}…")
    assert leaks(CORES["MOVED"].lower()) == ["MOVED"]
    assert leaks("nothing here") == []
    assert len(CORES) >= 12


def test_the_third_parties_did_say_them_back(ran: Ran) -> None:
    """Else the rest proves nothing: what was hidden stands in the messages as such."""
    assert ran.hidden >= LOOKED
    with contextlib.closing(Reader(ran.store)) as reader:
        fates = {row.channel: row.fate for row in reader.changes(0).notifications if row.fate}
        (route,) = reader.changes(0).route_states
    assert {name for name, fate in fates.items() if HIDDEN in fate} >= {"hook", "mail", "program"}, fates
    assert HIDDEN in route.trouble


def test_the_engine_says_and_keeps_none(ran: Ran) -> None:
    assert leaks(ran.said) == []
    for path in ran.folder.rglob("*"):
        if path.is_file() and path.name not in KEPT:
            assert leaks(path.read_bytes().decode("latin-1")) == [], path.name


COMMANDS = [
    ["check"],
    ["check", "--json"],
    ["config", "show"],
    ["config", "show", "--json"],
    ["config", "check"],
    ["status"],
    ["status", "--json"],
    ["alerts"],
    ["alerts", "--json"],
    ["audit"],
    ["escalation"],
    ["escalation", "--json"],
    ["failover", "list"],
    ["failover", "list", "--json"],
    ["failover", "plan", "traffic"],
    ["history", "payments"],
    ["notify", "test", "hook"],
    ["notify", "test", "mail"],
    ["notify", "test", "program"],
    ["doctor"],
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_no_command_prints_one(ran: Ran, words: list[str], capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    extra = ["--junit", str(tmp_path / "junit.xml")] if words == ["check"] else []
    with pytest.MonkeyPatch.context() as patched:
        for name, text in ran.environ.items():
            patched.setenv(name, text)
        main(["--config", str(ran.folder / "config.toml"), *words, *extra])
    said = capfd.readouterr()
    assert said.out or said.err
    assert leaks(said.out + said.err) == []
    for path in tmp_path.iterdir():
        assert leaks(path.read_text()) == []


async def test_no_screen_shows_one(ran: Ran, tmp_path: Path) -> None:
    for path in ran.folder.glob("s.db*"):
        shutil.copy(path, tmp_path / path.name)
    clock = FakeClock()
    with contextlib.closing(Reader(tmp_path / "s.db")) as reader:
        clock.wall = max(row.at for row in reader.changes(0).check_states)
    feed = Feed(tmp_path / "s.db", clock)
    shown = []
    app = console(feed.poll(Snapshot()), feed=feed, clock=clock, zone=UTC)
    async with app.run_test(size=(200, 60)) as pilot:
        for key in ("1", "enter", "escape", "2", "3", "4", "5", "H"):
            await pilot.press(key)
            await pilot.pause()
            await asyncio.sleep(0)
            shown.append(screen(app))
    feed.close()
    text = "\n".join(shown)
    assert "header" in text  # the detail was there
    assert HIDDEN in text
    assert leaks(text) == []


MISTAKES = {
    "a written header": 'headers = { Authorization = "Bearer §" }',
    "a written query": 'query = { api_key = "§" }',
    "a password in the address": 'url = "https://shop:§@api.acme.example/"',
    "a wrong type": 'headers = { X-Key = 5 }\nquery = { token = { deep = "§" } }',
    "an unknown key": 'password = "§"',
    "a wrong reference": 'headers = { Authorization = "Bearer env:§ §" }',
}


@pytest.mark.parametrize("keys", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_without_the_secret(keys: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = "" if keys.startswith("url") else 'url = "https://api.acme.example/"\n'
    path = tmp_path / "config.toml"
    path.write_text(
        '[standby]\nname = "x"\nenvironment = "development"\n[[vendor]]\nid = "v"\n[[integration]]\nid = "i"\n'
        f'vendor = "v"\n[[check]]\nid = "c"\nintegration = "i"\nkind = "http"\n{url}{keys}\n'.replace(
            "§", CORES["HEADER"]
        )
    )
    assert main(["--config", str(path), "config", "check"]) == 2
    assert leaks("".join(capsys.readouterr())) == []
