"""What time does to the screen: reads what is new ten times a second and paints what looks different, seldom."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from standby.console.feed import minute_of
from standby.console.snapshot import Pane, Snapshot, Wanted, only_heartbeat
from standby.domain.units import MILLISECOND, SECOND

if TYPE_CHECKING:
    from standby.console.app import ConsoleApp
    from standby.console.estate import Estate

PAINT_NS = 250 * MILLISECOND  # at most four times a second
FULL_NS = 10 * SECOND  # ages below a minute move by tens of seconds
FLASH_NS = 8 * SECOND
PANE_NS = SECOND
BOOK_NS = 10 * SECOND


class Pulse:
    """Remembers when what was done last."""

    def __init__(self, app: ConsoleApp) -> None:
        self._app = app
        now, engine = app.setup.clock.now(), app.snapshot.engine
        self._second, self._tens = now // SECOND, now // FULL_NS
        self._minute = minute_of(now) if app.snapshot.series_at else None  # None: read at the first beat
        self._painted = 0
        self._dirty = False
        self._pane_at = 0
        self._pane_seq = -1
        self._book_at = 0
        self._book_seq = -1
        self._reading: Wanted | None = None
        self._finding_out = False  # when maintenance comes
        self._heartbeat = engine.heartbeat_at if engine else None
        self._moved_at: int | None = None  # when we saw the heartbeat move, by our own monotonic clock

    @property
    def heartbeat_age(self) -> int | None:
        """Nanoseconds since this console saw the engine's heartbeat move; `None` before it did."""
        return None if self._moved_at is None else self._app.setup.clock.monotonic() - self._moved_at

    def beat(self) -> None:
        """Read, then paint: all of it after a change or each ten seconds, the header each second. Else nothing."""
        app = self._app
        if not app.is_running or not app.screen_stack:
            return  # on the way out
        app.update(app.setup.feed.poll(app.snapshot))
        app.first = False
        now, mono = app.setup.clock.now(), app.setup.clock.monotonic()
        if app.flashed is not None and mono - app.flashed_at > FLASH_NS:
            app.flashed = None
            app.frame.paint_bottom()
        turned = minute_of(now) != self._minute
        if turned:
            app.run_soon(self._read_series())
        full = turned or now // FULL_NS != self._tens or (self._dirty and mono - self._painted >= PAINT_NS)
        if full:
            self._dirty, self._painted = False, mono
            app.frame.paint()
        elif now // SECOND != self._second:
            app.doubt_engine()
            app.frame.tick()
        self._second, self._tens, self._minute = now // SECOND, now // FULL_NS, minute_of(now)
        self._read_pane(mono)
        self.read_book()
        self.read_history(turned=turned)
        self.read_coming()

    def changed(self, before: Snapshot, after: Snapshot) -> None:
        """Something is new; a heartbeat alone is no reason to paint."""
        engine = after.engine
        if engine is not None and engine.heartbeat_at != self._heartbeat:
            if self._heartbeat is not None:
                self._moved_at = self._app.setup.clock.monotonic()
            self._heartbeat = engine.heartbeat_at
        if not (only_heartbeat(before, after) and _same_engine(before, after)):
            self._dirty = True

    async def _read_series(self) -> None:
        app = self._app
        now = app.setup.clock.now()
        series = await app.setup.feed.series(now)
        if series is not None:
            app.update(replace(app.snapshot, series=series, series_at=now))

    def _read_pane(self, mono: int) -> None:
        """Read the detail that is looked at: when it is opened, then when the store has changed, once a second."""
        app = self._app
        integration, pane = app.frame.integration(), app.snapshot.pane
        if not integration:
            return
        if pane.integration == integration and (self._pane_seq == app.snapshot.seq or mono - self._pane_at < PANE_NS):
            return
        self._pane_at, self._pane_seq = mono, app.snapshot.seq
        if pane.integration != integration:
            app.update(replace(app.snapshot, pane=Pane(integration)))
        app.run_soon(self._load_pane(integration))

    def read_book(self) -> None:
        """Read what the rules did: when it is opened, then when the store has changed, each ten seconds at most."""
        app = self._app
        mono, seq = app.setup.clock.monotonic(), app.snapshot.seq
        if not app.frame.reads_book() or seq == 0:  # at 0 the first engine is still making the store
            self._book_seq = -1
            return
        if self._book_seq == seq or (self._book_seq >= 0 and mono - self._book_at < BOOK_NS):
            return
        self._book_at, self._book_seq = mono, seq
        app.run_soon(self._load_book())

    async def _load_book(self) -> None:
        app = self._app
        book = await app.setup.feed.book()
        if book != app.snapshot.book:
            app.update(replace(app.snapshot, book=book))
            app.frame.paint()

    def read_history(self, *, turned: bool = False) -> None:
        """Read the history that is looked at: when another is wanted, and when the minute has turned."""
        app = self._app
        wanted = app.frame.wanted()
        if wanted is None or self._reading == wanted or (wanted == app.snapshot.past.wanted and not turned):
            return
        self._reading = wanted
        app.run_soon(self._load_history(wanted))

    def read_coming(self) -> None:
        """Find out when maintenance comes, for a screen that shows it: once, and when a window has ended."""
        app = self._app
        estate, known = app.snapshot.estate, app.snapshot.coming
        now = app.setup.clock.now()
        if not app.frame.PLANS or self._finding_out:
            return
        if known.digest != estate.digest or (known.over is not None and known.over <= now):
            self._finding_out = True
            app.run_soon(self._find_coming(estate, now))

    async def _find_coming(self, estate: Estate, now: int) -> None:
        """In a thread: a calendar of fifty windows takes half a second."""
        from standby.console.coming import coming

        app = self._app
        try:
            found = await asyncio.to_thread(coming, estate, now)
        finally:
            self._finding_out = False
        app.update(replace(app.snapshot, coming=found))
        app.frame.paint()

    async def _load_history(self, wanted: Wanted) -> None:
        app = self._app
        past = await app.setup.feed.past(app.snapshot, wanted)
        if self._reading == wanted:
            self._reading = None
        if app.frame.wanted() == wanted:
            app.update(replace(app.snapshot, past=past))
            app.frame.paint()

    async def _load_pane(self, integration: str) -> None:
        app = self._app
        pane = await app.setup.feed.pane(app.snapshot, integration)
        if pane != app.snapshot.pane and app.frame.integration() == integration:
            app.update(replace(app.snapshot, pane=pane))


def _same_engine(before: Snapshot, after: Snapshot) -> bool:
    """Whether the engine's row differs in nothing but its heartbeat and its delay."""
    if before.engine is None or after.engine is None:
        return before.engine is after.engine
    still = replace(after.engine, heartbeat_at=before.engine.heartbeat_at, lag_ms=before.engine.lag_ms)
    return still == before.engine
