"""The failover on the screen: what is shown before anything is done, the typed word, the progress, the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from standby.console.present.recovery import countdown, left_of, most_urgent
from standby.console.screens.failover import FailoverScreen
from standby.console.snapshot import Snapshot
from standby.domain.failover import RunState
from standby.domain.outcome import Outcome
from standby.domain.prechecks import Precheck, Verdict
from standby.domain.units import HOUR, MINUTE, SECOND
from standby.link.protocol import CommandKind, Status

from . import shop
from .harness import UTF8, FakeSession, console, press, row, screen
from .test_goldens import LINUX, golden

BLOCKED = shop.run(
    RunState.BLOCKED,
    ended_at=shop.NOW,
    result="healthy: borealis is unknown",
    prechecks=[
        Precheck("reachable", Verdict.PASS, "the director answers"),
        Precheck("healthy", Verdict.UNKNOWN, "borealis is unknown"),
        Precheck("cool-down", Verdict.FAIL, "the last run ended 1m ago, 10m must pass", "the vendor says so"),
    ],
)
CASES = [
    ("failover-armed-80x24", (80, 24), UTF8, shop.run()),
    ("failover-armed-120x40", (120, 40), UTF8, shop.run()),
    ("failover-armed-200x60", (200, 60), UTF8, shop.run()),
    ("failover-armed-nocolor-80x24", (80, 24), UTF8 | {"NO_COLOR": "1"}, shop.run()),
    ("failover-acting-80x24", (80, 24), UTF8, shop.half_way()),
    ("failover-over-80x24", (80, 24), UTF8, shop.over()),
    ("failover-over-linux-80x24", (80, 24), LINUX, shop.over()),
    ("failover-blocked-80x24", (80, 24), UTF8, BLOCKED),
]


@pytest.mark.parametrize(("name", "size", "environ", "run"), CASES, ids=[case[0] for case in CASES])
async def test_golden(name: str, size: tuple[int, int], environ: Mapping[str, str], run: object) -> None:
    app = console(shop.routed(run), environ=environ)  # type: ignore[arg-type]
    async with app.run_test(size=size) as pilot:
        await app.push_screen(FailoverScreen("card-payments", "payments"))
        await pilot.pause()
        shown = screen(app)
    golden(name, shown, environ)


@pytest.mark.parametrize(("width", "environ"), [(80, UTF8), (120, UTF8), (80, LINUX)])
async def test_golden_routes(width: int, environ: Mapping[str, str]) -> None:
    app = console(shop.routed(shop.over(), serving="borealis"), environ=environ)
    async with app.run_test(size=(width, 24)) as pilot:
        await press(pilot, "routes")
        shown = screen(app)
    golden(f"routes-{'linux-' if environ is LINUX else ''}{width}x24", shown)


async def test_f_asks_for_a_plan_and_shows_it_when_it_comes() -> None:
    session = FakeSession()
    app = console(shop.routed(), session=session)
    async with app.run_test(size=(100, 30)) as pilot:
        await press(pilot, "failover")
        [command] = session.commands
        assert (command.kind, command.args) == (CommandKind.FAILOVER_PLAN, {"route": "card-payments"})
        assert "asking the director" in screen(app)
        app.update(shop.routed(shop.run(command=command.id)))
        app.frame.paint()
        await pilot.pause()
        assert "payments -> borealis".casefold() in screen(app).casefold()
        assert row(app, "armed 1:43")


async def test_the_word_is_typed_and_sent_as_it_was_typed() -> None:
    session = FakeSession()
    app = console(shop.routed(shop.run()), session=session)
    async with app.run_test(size=(100, 30)) as pilot:
        await app.push_screen(FailoverScreen("card-payments", "payments"))
        await pilot.pause()
        await press(pilot, "confirm")
        assert "type Payments -> borealis" in screen(app)
        await pilot.press(*"Payments", "space", *"->", "space", *"borealis", "enter")
        await pilot.pause()
        [command] = session.commands
        assert command.kind is CommandKind.FAILOVER_RUN
        assert command.args == {"run": 7, "confirm": "Payments -> borealis"}


async def test_escape_in_the_prompt_starts_nothing() -> None:
    session = FakeSession()
    app = console(shop.routed(shop.run()), session=session)
    async with app.run_test(size=(100, 30)) as pilot:
        await app.push_screen(FailoverScreen("card-payments", "payments"))
        await pilot.pause()
        await press(pilot, "confirm")
        await pilot.press(*"Payments", "escape")
        await pilot.pause()
        assert session.commands == []
        await press(pilot, "drop")
        assert [(one.kind, one.args) for one in session.commands] == [(CommandKind.FAILOVER_CANCEL, {"run": 7})]


async def test_progress_of_anybodys_run_is_seen() -> None:
    app = console(shop.routed(shop.run()))
    async with app.run_test(size=(100, 30)) as pilot:
        await app.push_screen(FailoverScreen("card-payments", "payments"))
        await pilot.pause()
        for run, seen in ((shop.half_way(), "→ acting"), (shop.over(), "✓ succeeded")):
            app.update(shop.routed(run))
            app.frame.paint()
            await pilot.pause()
            assert seen in screen(app)


async def test_a_refusal_without_a_run_is_told_where_the_plan_would_be() -> None:
    app = console(shop.routed(), session=FakeSession(Status.UNREACHABLE, "no engine answers"))
    async with app.run_test(size=(100, 30)) as pilot:
        await press(pilot, "failover")
        await pilot.pause()
        app.frame.paint()
        assert row(app, "no engine answers")


@pytest.mark.parametrize(
    ("snapshot", "action", "reason"),
    [
        (shop.snapshot(), "failover", "no [[route]] is configured"),
        (shop.routed(read_only=True), "failover", "read-only"),
        (shop.routed(), "confirm", "F makes a plan first"),
    ],
)
async def test_what_cannot_be_done_says_why(snapshot: Snapshot, action: str, reason: str) -> None:
    session = FakeSession()
    app = console(snapshot, session=session)
    async with app.run_test(size=(100, 30)) as pilot:
        await press(pilot, action)
        assert reason in screen(app)
        assert session.commands == []


async def test_a_run_that_is_over_is_not_confirmed_again() -> None:
    app = console(shop.routed(shop.over()))
    async with app.run_test(size=(100, 30)) as pilot:
        await app.push_screen(FailoverScreen("card-payments", "payments"))
        await pilot.pause()
        await press(pilot, "confirm")
        assert "run 7 is succeeded; F plans again" in screen(app)


def test_the_recovery_objective_runs_down_and_is_missed() -> None:
    moment = shop.moment(shop.routed())
    urgent = most_urgent(moment)
    assert urgent is not None
    assert (urgent.name, countdown(urgent.left)) == ("Payments", "2:55")
    late = left_of(replace(moment, now=moment.now + 4 * MINUTE), "payments")
    assert late is not None
    assert countdown(late.left) == "-1:05"
    assert countdown(2 * HOUR + 3 * SECOND) == "2:00:03"


def test_traffic_that_is_answered_elsewhere_needs_no_countdown() -> None:
    assert most_urgent(shop.moment(shop.routed(serving="borealis"))) is None
    down = shop.routed(serving="borealis")
    standby = replace(down.checks["inventory-api"], outcome=Outcome.DOWN)
    both = replace(down, checks={**down.checks, "inventory-api": standby})
    assert most_urgent(shop.moment(both)) is not None
