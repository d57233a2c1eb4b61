"""The console as a process on a terminal: what it sends, when it ends, what it leaves behind."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from processes import CONFIG, until
from standby.link.holder import held_by
from standby.link.paths import link_paths
from standby.store.rows import Batch
from standby.store.writer import Writer

from . import shop
from .terminal import SRC, terminal

SGR_COLOUR = re.compile(rb"\x1b\[(?:\d+;)*(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])[;m]")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A folder with the bad night in its store, written by an engine that is gone."""
    asyncio.run(shop.fill(tmp_path / "standby.db"))
    return tmp_path


def test_the_stored_state_is_shown_with_its_age(store: Path) -> None:
    with terminal(store, "--read-only") as console:
        console.shows("✗ down")
        console.shows("read-only")
        console.shows("never starts an engine")
        assert "PRODUCTION" in console.text
        assert "stale" in console.text
        console.press("q")
        assert console.ends() == 0
        assert b"\x1b[?1049l" in console.raw


def test_nothing_for_polling_is_imported_before_the_first_frame() -> None:
    program = (
        "import sys\n"
        "import standby.cli.console, standby.cli.place, standby.config.discover\n"
        "import standby.console.app, standby.console.feed, standby.console.lifeline, standby.console.session\n"
        "heavy = {'httpx', 'aiohttp', 'pydantic', 'aiosqlite', 'cel_expr_python', 'trustme', 'cryptography'}\n"
        "found = heavy & {name.partition('.')[0] for name in sys.modules}\n"
        "late = {'standby.link.client', 'standby.link.companion', 'standby.domain.history', 'standby.store.history'}\n"
        "late &= set(sys.modules)\n"
        "sys.exit(f'{found} {late}' if found or late else 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", program], env={"PYTHONPATH": str(SRC)}, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr


def test_an_idle_screen_sends_next_to_nothing(store: Path) -> None:
    with terminal(store, "--read-only") as console:
        console.shows("✗ down")
        console.silence(1.5)
        # A dead engine's age moves by tens of seconds, the clock shows seconds while an alert fires.
        assert console.silence(3.0) < 3 * 260


def test_a_quiet_screen_sends_nothing_within_the_minute(tmp_path: Path) -> None:
    with terminal(tmp_path, "--read-only") as console:
        console.shows("no data yet")
        console.silence(1.5)
        assert console.silence(3.0) <= 400  # at most one turn of the minute


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_signals_end_a_console_and_give_the_terminal_back(store: Path, number: signal.Signals) -> None:
    with terminal(store, "--read-only") as console:
        before = termios.tcgetattr(console.fd)
        console.shows("✗ down")
        assert termios.tcgetattr(console.fd) != before
        os.kill(console.pid, number)
        assert console.ends() == 128 + number
        assert termios.tcgetattr(console.fd)[3] == before[3]
        assert b"\x1b[?1049l" in console.raw


NOHUP = ("sh", "-c", 'trap "" HUP; exec "$@"', "sh")


@pytest.mark.parametrize("before", [(), NOHUP], ids=["plain", "hang-ups ignored"])
def test_a_lost_terminal_leaves_no_process(store: Path, before: tuple[str, ...]) -> None:
    with terminal(store, "--read-only", before=before) as console:
        console.shows("✗ down")
        console.hang_up()
        assert console.ends(seconds=8.0) == 128 + signal.SIGHUP


def test_a_stalled_terminal_does_not_keep_a_console_alive(store: Path) -> None:
    with terminal(store, "--read-only") as console:
        console.shows("✗ down")
        for _ in range(400):
            console.press("2131")  # nobody reads the answers
        os.kill(console.pid, signal.SIGTERM)
        assert console.ends() in (128 + signal.SIGTERM, -signal.SIGTERM)


def test_ctrl_z_stops_the_console_and_fg_paints_it_again(store: Path) -> None:
    with terminal(store, "--read-only") as console:
        console.shows("✗ down")
        console.press("\x1a")
        console.until(console.stopped, "the console to stop")
        while console.pump(0.2):
            pass
        assert b"\x1b[?1049l" in console.raw
        console.shown.reset()
        os.kill(console.pid, signal.SIGCONT)
        console.shows("✗ down")
        console.press("q")
        assert console.ends() == 0


@pytest.mark.parametrize("size", [(120, 40), (60, 15), (80, 24)], ids=["larger", "smaller", "as before"])
def test_another_size_is_painted_whole(store: Path, size: tuple[int, int]) -> None:
    with terminal(store, "--read-only") as console:
        console.shows("✗ down")
        console.silence(0.5)
        before = console.text
        console.resize(*size)
        console.shows("✗ down")
        console.shows("PRODUCTION")
        if size[0] >= 80:
            console.shows("q quit")  # the last line, which a busy machine paints later
        console.silence(0.5)
        assert "q quit" in console.text or size[0] < 80
        if size == (80, 24):
            assert console.text.splitlines()[3:] == before.splitlines()[3:], "the clock may have turned"


def test_ctrl_l_paints_what_another_program_wrote_over(store: Path) -> None:
    with terminal(store, "--read-only") as console:
        console.shows("✗ down")
        console.silence(0.5)
        console.shown.reset()
        console.press("\x0c")
        console.shows("✗ down")
        console.shows("PRODUCTION")


def test_a_screen_is_sent_once_when_it_is_opened(store: Path) -> None:
    with terminal(store, "--read-only") as console:
        console.shows("✗ down")
        console.silence(0.5)
        begun = len(console.raw)
        console.press("3")
        console.shows("vendor confirms")
        console.silence(0.5)
        assert len(console.raw) - begun < 6_000, "80 x 24 cells with their colours, not four times"


def test_trouble_with_the_store_is_told_after_leaving(tmp_path: Path) -> None:
    (tmp_path / "standby.db").write_bytes(b"not a database at all" * 100)
    with terminal(tmp_path, "--read-only", size=(200, 24)) as console:
        console.shows("shown is what was read last")
        console.press("q")
        assert console.ends() == 0
        after = console.raw.rpartition(b"\x1b[?1049l")[2]
        assert b"standby: store " in after
        assert b"Traceback" not in after


@pytest.mark.parametrize(
    ("environ", "colours"),
    [({"NO_COLOR": "1"}, False), ({}, True), ({"TERM": "linux", "COLORTERM": ""}, True)],
    ids=["no-color", "colour", "linux"],
)
def test_colours_are_sent_only_when_they_are_wanted(store: Path, environ: dict[str, str], colours: bool) -> None:
    with terminal(store, "--read-only", environ=environ) as console:
        console.shows("down")
        console.silence(0.3)
        painted = console.raw
        assert bool(SGR_COLOUR.search(painted)) is colours
        if environ.get("TERM") == "linux":
            assert console.text.isascii()


def test_without_a_terminal_it_says_what_to_use(store: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "standby", "--config", str(store / "config.toml")],
        env={"PYTHONPATH": str(SRC), "HOME": str(store)}, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=60,
    )  # fmt: skip
    assert done.returncode == 2
    assert "standby status" in done.stderr
    assert "Traceback" not in done.stderr


def test_one_changed_figure_sends_a_handful_of_bytes(store: Path) -> None:
    async def change() -> None:
        writer = await Writer.open(store / "standby.db", now=shop.NOW)
        await writer.begin_term(shop.engine())
        await writer.commit(Batch(integration_states=[shop.state("crm", error_rate=0.77)]))
        await writer.close()

    with terminal(store, "--read-only") as console:
        console.shows("CRM")
        console.silence(1.5)
        begun = len(console.raw)
        asyncio.run(change())
        console.shows("77%")
        assert len(console.raw) - begun < 1_000, "the new engine's line in the header and the notices among it"
        assert b"Payments" not in console.raw[begun:], "no other row is sent again"


def test_it_starts_an_engine_after_the_first_frame_and_takes_it_along(tmp_path: Path) -> None:
    lingering = 'linger = "1s"'
    (tmp_path / "config.toml").write_text(CONFIG.format(settings=lingering), encoding="utf-8")
    lock = link_paths(tmp_path / "s.db").lock
    with terminal(tmp_path) as console:
        console.shows("companion 0 s")
        console.shows("gone")
        assert held_by(lock) is not None
        console.press("q")
        console.until(lambda: console._reaped() or "y: quit" in console.text, "the end or the question")
        if console.status is None:
            console.press("y")
        assert console.ends() == 0
        until(lambda: held_by(lock) is None, "the companion to end with its last console")
