"""Real keys from the action table: what is sent, and what the screen says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from textual import events

from standby.console.app import ConsoleApp
from standby.console.feed import Feed
from standby.console.screens.detail import DetailScreen, RecordScreen
from standby.console.screens.overview import OverviewScreen
from standby.console.screens.pages import HelpScreen, PaletteScreen
from standby.console.snapshot import Link, Pane, Snapshot
from standby.domain.outcome import AlertState
from standby.domain.units import MINUTE, SECOND
from standby.link.protocol import CommandKind, Status, Welcome

from . import shop
from .harness import UTF8, FakeSession, StillFeed, console, press, row, screen, shows


async def test_a_acknowledges_what_fails_on_top() -> None:
    session = FakeSession()
    app = console(session=session)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "ack")
        assert [(sent.kind, sent.args["alert"]) for sent in session.commands] == [(CommandKind.ACK, 1)]
        assert session.commands[0].origin == "console on web-1 /dev/pts/3"
        assert row(app, "acknowledged: #1 Payments")


async def test_sent_until_the_receipt() -> None:
    session = FakeSession()
    session.answer.clear()
    app = console(session=session)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "ack")
        app.setup.clock.step(SECOND)
        app.poll()
        await pilot.pause()
        assert "ack sent" in row(app, "! firing")
        session.answer.set()
        await pilot.pause()
        app.setup.clock.step(SECOND)
        app.poll()
        await pilot.pause()
        assert "ack sent" not in screen(app)


@pytest.mark.parametrize(
    ("status", "reason", "words"),
    [
        (Status.REFUSED, "alert 1 is resolved", "ack #1 Payments refused: alert 1 is resolved"),
        (Status.KEPT, "kept: no engine answers", "ack #1 Payments: kept: no engine answers"),
        (Status.UNREACHABLE, "no engine", "ack #1 Payments not done: no engine"),
    ],
)
async def test_what_is_not_done_is_said(status: Status, reason: str, words: str) -> None:
    app = console(session=FakeSession(status, reason))
    async with app.run_test(size=(100, 24)) as pilot:
        await press(pilot, "ack")
        assert row(app, words)


async def test_what_was_kept_loses_its_mark_when_the_log_has_it() -> None:
    session = FakeSession(Status.KEPT, "kept")
    app = console(session=session)
    async with app.run_test(size=(100, 24)) as pilot:
        await press(pilot, "ack")
        assert app.last_words() == ["1 command(s) wait for an engine; they are delivered when one is back"]
        done = shop.audit(9, command=session.commands[0].id)
        app.update(replace(app.snapshot, audits=(*app.snapshot.audits, done)))
        assert app.snapshot.sent == {}


async def test_acknowledging_another_line_asks_by_name() -> None:
    session = FakeSession()
    app = console(session=session)
    async with app.run_test(size=(100, 24)) as pilot:
        await press(pilot, "down", "ack")
        assert row(app, "acknowledge #1 Payments")
        await pilot.press("x")
        assert session.commands == []
        await press(pilot, "ack")
        await pilot.press("enter")
        await pilot.pause()
        assert [sent.args["alert"] for sent in session.commands] == [1]


async def test_a_note_is_typed_in_one_line_and_keys_do_nothing_else_meanwhile() -> None:
    session = FakeSession()
    app = console(session=session)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "note")
        await pilot.press("q", "u", "i", "t", "space", "a", "n", "enter")
        await pilot.pause()
        assert session.commands[0].kind is CommandKind.NOTE
        assert session.commands[0].args == {"integration": "payments", "text": "quit an"}


async def test_keys_that_come_in_one_burst_find_what_the_one_before_them_opened() -> None:
    """Over a slow link a note's first letters arrive with the key that opens it; `q` in it is no farewell."""
    session = FakeSession()
    app = console(session=session)
    async with app.run_test(size=(80, 24)) as pilot:
        burst(app, "nquite bad")
        await shows(app, pilot, "note on Payments: quite bad")
        burst(app, "\r:log")
        await shows(app, pilot, "action: log")
        assert session.commands[0].args["text"] == "quite bad"
        burst(app, "\rnq")
        await shows(app, pilot, "note on", ": q")
        assert len(session.commands) == 1


def burst(app: ConsoleApp, text: str) -> None:
    """Keys that are all there before the first is looked at."""
    for letter in text:
        key = {"\r": "enter", ":": "colon", " ": "space"}.get(letter, letter)
        app.post_message(events.Key(key, letter))


async def test_acknowledge_with_a_note_and_take_it_back() -> None:
    session = FakeSession()
    app = console(session=session)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "ack_note")
        await pilot.press("m", "e", "enter")
        app.update(replace(app.snapshot, alerts={1: shop.acked(1, "payments")}))
        await press(pilot, "unack")
        assert [(sent.kind, sent.args) for sent in session.commands] == [
            (CommandKind.ACK, {"alert": 1, "note": "me"}),
            (CommandKind.UNACK, {"alert": 1, "note": ""}),
        ]


async def test_read_only_sends_nothing_and_says_why() -> None:
    session = FakeSession()
    app = console(shop.snapshot(read_only=True), session=session)
    async with app.run_test(size=(80, 24)) as pilot:
        for action in ("ack", "ack_note", "unack", "note"):
            await press(pilot, action)
            assert row(app, "read-only: --read-only was given")
        assert session.commands == []


async def test_the_first_key_of_a_demonstration_starts_the_bad_minute_once() -> None:
    session = FakeSession()
    quiet = shop.snapshot(shop.bad_night(simulated=True), alerts={}, audits=())
    app = console(quiet, session=session)
    async with app.run_test(size=(80, 24)) as pilot:
        assert row(app, "press any key: the bad minute starts")
        await press(pilot, "down", "up")
        assert [sent.kind for sent in session.commands] == [CommandKind.REHEARSE]


@pytest.mark.parametrize("key", ["q", "ctrl+c"])
async def test_leaving_is_not_a_rehearsal(key: str) -> None:
    session = FakeSession()
    app = console(shop.snapshot(shop.bad_night(simulated=True), alerts={}, audits=()), session=session)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(key)
    assert session.commands == []


async def test_no_rehearsal_against_real_third_parties_or_twice() -> None:
    session = FakeSession()
    simulated = shop.bad_night(simulated=True)
    for given in (shop.snapshot(alerts={}), shop.snapshot(simulated, alerts={}, audits=(shop.audit(1, "rehearse"),))):
        app = console(given, session=session)
        async with app.run_test(size=(80, 24)) as pilot:
            await press(pilot, "down")
    assert session.commands == []


async def test_a_rehearsal_waits_for_the_engine() -> None:
    session = FakeSession()
    given = shop.snapshot(shop.bad_night(simulated=True), alerts={}, audits=(), link=Link())
    app = console(given, session=session)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "down")
        assert session.commands == []
        app.link_changed(Link(connected=True, welcome=Welcome(1, "companion", 2, "ana", may_act=True)))
        await pilot.pause()
        assert [sent.kind for sent in session.commands] == [CommandKind.REHEARSE]


async def test_selection_stays_on_its_line_when_rows_move() -> None:
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "down", "down", "down")
        assert app.frame.grid("status").selected == "integration:sms"
        worse = [shop.state("crm", shop.Outcome.DOWN), shop.state("sms", shop.Outcome.DOWN)]
        states = {**app.snapshot.integrations, **{one.integration: one for one in worse}}
        app.update(replace(app.snapshot, integrations=states))
        app.frame.paint()
        assert app.frame.grid("status").selected == "integration:sms"


async def test_an_untouched_cursor_stays_on_what_is_first() -> None:
    app = console()
    async with app.run_test(size=(120, 40)):
        worse = {**app.snapshot.integrations, "inventory": shop.state("inventory", shop.Outcome.DOWN)}
        fine = {**worse, "payments": shop.state("payments")}
        app.update(replace(app.snapshot, integrations=fine))
        app.frame.paint()
        assert app.frame.grid("status").selected == "integration:inventory"


async def test_the_way_around_the_screens() -> None:
    app = console(feed=StillFeed(Pane("payments", [shop.observation("payments", 0)], loaded=True)))
    async with app.run_test(size=(120, 40)) as pilot:
        for actions, expected in (
            (("open",), DetailScreen),
            (("help",), HelpScreen),
            (("back",), DetailScreen),
            (("open",), RecordScreen),
            (("overview",), OverviewScreen),
            (("palette",), PaletteScreen),
        ):
            await press(pilot, *actions)
            assert type(app.screen) is expected
        await pilot.press("escape")
        await pilot.pause()
        assert type(app.screen) is OverviewScreen


async def test_the_palette_does_what_is_typed() -> None:
    session = FakeSession()
    app = console(session=session)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "palette")
        await pilot.press("l", "o", "g", "space", "w", "h", "o", "enter")
        await pilot.pause()
        await pilot.pause()
        assert app.frame.NAME == "log"


async def test_the_filter_narrows_while_it_is_typed_and_escape_clears_it() -> None:
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "filter")
        await pilot.press("s", "m", "s", "enter")
        await pilot.pause()
        assert "Acme Pay" not in screen(app)
        assert row(app, "filter sms (esc clears)")
        await press(pilot, "back")
        assert "Acme Pay" in screen(app)


async def test_tab_gives_the_keys_to_the_alerts() -> None:
    session = FakeSession()
    app = console(session=session)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "next_pane", "down", "unack")
        assert [(sent.kind, sent.args["alert"]) for sent in session.commands] == [(CommandKind.UNACK, 2)]


@pytest.mark.parametrize(
    ("kind", "alerts", "consoles", "asks"),
    [
        ("companion", True, None, True),
        ("companion", True, 1, True),
        ("companion", True, 2, False),
        ("companion", False, 1, False),
        ("service", True, 1, False),
    ],
)
async def test_the_last_console_of_a_companion_asks(kind: str, alerts: bool, consoles: int | None, asks: bool) -> None:
    given = shop.snapshot(engine=shop.engine(kind=kind))
    app = console(given if alerts else replace(given, alerts={}), session=FakeSession(consoles=consoles))
    async with app.run_test(size=(120, 24)) as pilot:
        await press(pilot, "quit")
        assert bool(row(app, "the engine ends with its last console")) is asks
        if asks:
            await pilot.press("n")
            await pilot.pause()
            assert app.return_code is None
            await press(pilot, "quit")
            await pilot.press("y")
            await pilot.pause()
    assert app.return_value == 0


async def test_time_alone_repaints_only_the_clock() -> None:
    app = console(shop.snapshot(alerts={}, integrations={}))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        before = screen(app)
        app.setup.clock.step(5 * SECOND)  # the engine's heartbeat goes on meanwhile
        app.update(replace(app.snapshot, engine=shop.engine(heartbeat_at=app.setup.clock.now())))
        app.poll()
        await pilot.pause()
        assert screen(app) == before
        app.setup.clock.step(MINUTE)
        app.update(replace(app.snapshot, engine=shop.engine(heartbeat_at=app.setup.clock.now())))
        app.poll()
        await pilot.pause()
        assert "03:11" in row(app, "shop-eu")


async def test_a_dead_engine_is_the_top_line() -> None:
    app = console()
    async with app.run_test(size=(100, 24)) as pilot:
        app.link_changed(Link(held=False))
        app.setup.clock.step(40 * SECOND)
        app.poll()
        await pilot.pause()
        assert "engine dead 41 s: nothing is polled" in screen(app).splitlines()[1]
        assert "stale" in row(app, "Inventory")


async def test_every_size_has_a_screen() -> None:
    app = console(shop.snapshot(shop.bad_night(simulated=True)))
    async with app.run_test(size=(80, 24)) as pilot:
        for size in ((200, 60), (40, 10), (20, 5), (1, 1), (120, 40), (80, 24)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert len(screen(app).splitlines()) == size[1]
        assert row(app, "✗ down")


async def test_an_empty_store_says_so() -> None:
    app = console(Snapshot())
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "ack")
        assert row(app, "no data yet")
        assert row(app, "ack: no alert is firing")
        await press(pilot, "open")
        assert row(app, "detail: nothing is selected")


async def test_themes_go_round_and_a_bad_one_says_why() -> None:
    app = console(environ=UTF8 | {"STANDBY_THEME": "nope"})
    async with app.run_test(size=(160, 24)) as pilot:
        await pilot.pause()
        assert row(app, "theme 'nope' is not there")
        for _ in range(5):
            await press(pilot, "theme")
        assert app.shown_theme.name == "dark"


async def test_resolved_alert_cannot_be_acknowledged_from_its_line() -> None:
    app = console(shop.snapshot(alerts={3: shop.alert(3, "crm", state=AlertState.RESOLVED)}))
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "alerts", "ack")
        assert row(app, "ack: no alert is firing")


async def test_sparklines_come_after_the_first_frame(tmp_path: Path) -> None:
    """Two hours of 500 checks are sixty thousand minutes: nobody waits for them before anything is shown."""
    await shop.fill(tmp_path / "s.db")
    feed = Feed(tmp_path / "s.db", shop.FakeClock())
    first = feed.first(Snapshot())
    assert (first.series, first.series_at) == ({}, 0)
    app = console(first, feed=feed)
    async with app.run_test(size=(120, 40)) as pilot:
        assert "Payments" in screen(app)
        app.poll()
        for _ in range(200):
            if app.snapshot.series_at:
                break
            await pilot.pause(0.02)
        assert app.snapshot.series["payments-api"]
    feed.close()


async def test_on_the_way_out_nothing_is_painted() -> None:
    app = console(shop.snapshot())
    async with app.run_test(size=(80, 24)):
        app.update(shop.snapshot(alerts={}))  # there would be something to paint
        app._running = False  # as Textual's shutdown begins, which then takes the panes away one by one
        await app.screen.remove_children()
        app.pulse.beat()
        app.frame.paint()  # one that was due
        assert not app.frame.shown
