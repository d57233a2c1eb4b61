"""The app without a terminal, a store or an engine: a snapshot in, keys pressed, commands and screens out."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from standby.console import theme
from standby.console.app import ConsoleApp, Setup
from standby.console.feed import Feed
from standby.console.keys import BY_ID
from standby.console.session import OnChange, OnReceipt
from standby.console.snapshot import Pane, Past, Series, Snapshot, Wanted
from standby.domain.history import WINDOWS, step_for
from standby.link.protocol import Command, Receipt, Status

from . import shop

UTF8 = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8", "HOME": "/nonexistent"}


class FakeSession:
    """Records what is sent and answers as told; `hold` keeps answers back until `answer` is set."""

    def __init__(self, status: Status = Status.DONE, reason: str = "", consoles: int | None = None) -> None:
        self.commands: list[Command] = []
        self.status, self.reason, self.counted = status, reason, consoles
        self.answer = asyncio.Event()
        self.answer.set()
        self.closed = False

    def start(self, on_change: OnChange, on_receipt: OnReceipt) -> None:
        """Nothing to connect to."""

    async def send(self, command: Command, timeout: float = 10.0) -> Receipt:  # noqa: ASYNC109 - the protocol's
        """What a test said."""
        self.commands.append(command)
        await self.answer.wait()
        return Receipt(command.id, self.status, self.reason)

    async def consoles(self) -> int | None:
        """As a test said."""
        return self.counted

    def doubt(self, *, doubted: bool) -> None:
        """Nobody to ask."""

    async def close(self) -> None:
        """Noted."""
        self.closed = True


class StillFeed(Feed):
    """A store in which nothing happens."""

    def __init__(self, pane: Pane | None = None, failed: str = "") -> None:
        super().__init__(Path("/nonexistent/standby.db"), shop.FakeClock())
        self._still = pane
        self._failed = failed
        self.asked: list[Wanted] = []

    def poll(self, snapshot: Snapshot) -> Snapshot:
        """Nothing new."""
        return snapshot

    async def series(self, now: int) -> Mapping[str, Series] | None:
        """Nothing new."""
        return None

    async def pane(self, snapshot: Snapshot, integration: str) -> Pane:
        """The detail that a test gave."""
        return self._still or Pane(integration, loaded=True)

    async def past(self, snapshot: Snapshot, wanted: Wanted) -> Past:
        """The shop's history at the width that is wanted."""
        self.asked.append(wanted)
        if self._failed:
            return Past(wanted, failed=self._failed)
        columns = next(n for n in range(2, 400) if step_for(WINDOWS[wanted.window], n) == wanted.step)
        return shop.past(wanted.window, columns)


def console(
    snapshot: Snapshot | None = None,
    *,
    session: FakeSession | None = None,
    feed: Feed | None = None,
    environ: Mapping[str, str] = UTF8,
    **changed: Any,
) -> ConsoleApp:
    """The app on the shop's bad night; nothing happens by itself."""
    chosen, trouble = theme.choose(environ)
    given = {
        "clock": shop.FakeClock(),
        "feed": feed or StillFeed(),
        "session": session or FakeSession(),
        "snapshot": snapshot or shop.snapshot(),
        "theme": chosen,
        "environ": environ,
        "origin": "console on web-1 /dev/pts/3",
        "zone": UTC,
        "plain": theme.plain_glyphs(environ),
        "trouble": trouble,
        "live": False,
    }
    app = ConsoleApp(Setup(**(given | changed)))
    app.first = False
    return app


def screen(app: ConsoleApp) -> str:
    """The whole screen as text, a line a line, blanks at the ends cut."""
    strips = app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips) + "\n"


async def press(pilot: Pilot[int], *actions: str) -> None:
    """Press the first key of each action of the table."""
    for action in actions:
        await pilot.press(BY_ID[action].keys[0])
    await pilot.pause()


async def shows(app: ConsoleApp, pilot: Pilot[int], *words: str) -> None:
    """Wait until all of them are on the screen."""
    for _ in range(200):
        if all(word in screen(app) for word in words):
            return
        await pilot.pause(0.02)
    raise AssertionError(screen(app))


def row(app: ConsoleApp, word: str) -> str:
    """The first line of the screen with `word` in it; empty when there is none."""
    return next((line for line in screen(app).splitlines() if word in line), "")
