"""What is usual: on the page of an integration, beside its observations, and decided about by key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC

import pytest
from rich.cells import cell_len

from standby.console.app import ConsoleApp
from standby.console.keys import BY_ID, Situation
from standby.console.present.moment import Moment
from standby.console.present.record import record
from standby.console.present.usual import bands, outside, told, usual
from standby.console.snapshot import Pane, Snapshot
from standby.domain.baseline import Series
from standby.domain.outcome import Outcome
from standby.domain.units import HOUR, MINUTE
from standby.link.protocol import CommandKind
from standby.store.baselines import BaselineRow

from . import shop
from .harness import UTF8, FakeSession, StillFeed, console, press, screen
from .test_goldens import LINUX, golden
from .test_silencing import types

NOW = shop.NOW
STRANGE = BaselineRow(
    Series("check:payments-api", "latency_ms"), "payments", NOW - MINUTE, 1834.0, 412.0, 310.0, 505.0, 14.2,
    60_480, 42.0, NOW - 9 * MINUTE, "shift",
    "latency 1.83 s, usual for Mon 03:10: 412 ms ± 93; away from its level for a while; since 03:01",
)  # fmt: skip
CALM = BaselineRow(
    Series("integration:payments", "throughput"), "payments", NOW - MINUTE, 12.0, 11.8, 9.0, 14.0, 0.1, 60_480, 42.0,
    text="throughput 12 /min, usual for Mon 03:10: 11.8 ± 2.2",
)  # fmt: skip
LEARNING = BaselineRow(
    Series("check:payments-api", "metrics.queue"), "payments", NOW - MINUTE, 4.0, None, None, None, None, 4_320, 3.0,
    text="queue 4; still learning, 3 of 7 days",
)  # fmt: skip
MANY = (
    STRANGE,
    *(replace(LEARNING, series=Series("check:payments-api", f"metrics.m{n}"), days=0.125) for n in range(20)),
    *(replace(CALM, series=Series("integration:payments", name)) for name in ("error_rate", "throughput", "freshness")),
)  # fmt: skip
SEEN = [replace(shop.observation("payments", back, Outcome.UP), latency_ms=1800.0 - 150 * back) for back in range(12)]
PANE = Pane("payments", SEEN, [], [], usual=(CALM, LEARNING, STRANGE), loaded=True)
NO_COLOR = UTF8 | {"NO_COLOR": "1"}


def looking(session: FakeSession | None = None, environ: Mapping[str, str] = UTF8) -> ConsoleApp:
    return console(shop.snapshot(pane=PANE), feed=StillFeed(PANE), environ=environ, session=session or FakeSession())


def at(key: str, pane: Pane = PANE) -> Situation:
    return Situation(shop.snapshot(pane=pane), "detail", selected=key, integration="payments")


@pytest.mark.parametrize(
    ("name", "size", "environ"),
    [
        ("usual-80x24", (80, 24), UTF8),
        ("usual-120x40", (120, 40), UTF8),
        ("usual-200x60", (200, 60), UTF8),
        ("usual-nocolor-80x24", (80, 24), NO_COLOR),
        ("usual-linux-80x24", (80, 24), LINUX),
    ],
)
async def test_golden(name: str, size: tuple[int, int], environ: Mapping[str, str]) -> None:
    app = looking(environ=environ)
    async with app.run_test(size=size) as pilot:
        await press(pilot, "open")
        await pilot.pause()
        shown = screen(app)
    golden(name, shown, environ)


@pytest.mark.parametrize(
    ("latency", "age", "said"),
    [
        (400.0, 0, ""),
        (505.0, 0, ""),
        (505.1, 0, "↑ above usual"),
        (309.9, 0, "↓ below usual"),
        (9_000.0, 2 * HOUR, ""),
        (None, 0, ""),
    ],
)
def test_an_observation_outside_its_band_says_so(latency: float | None, age: int, said: str) -> None:
    one = replace(SEEN[0], latency_ms=latency, at=STRANGE.at - age)
    assert outside(one, bands([CALM, LEARNING, STRANGE])) == said


def test_nothing_is_compared_with_what_is_still_learned() -> None:
    young = replace(STRANGE, usual=None, low=None, high=None)
    assert outside(SEEN[0], bands([young])) == ""


@pytest.mark.parametrize("width", [80, 120, 200])
def test_what_is_as_usual_or_learned_takes_a_line_a_check_and_a_line(width: int) -> None:
    moment = Moment(shop.snapshot(), NOW, UTC)
    rows = usual(moment, width, MANY)
    assert [row.id for row in rows] == [
        None, "usual:check:payments-api/latency_ms", "usual:integration:payments", "usual:learning",
    ]  # fmt: skip
    assert all(cell_len(row.text) == width for row in rows)
    assert "error_rate 12 (11.8 ± 2.2)" in rows[2].text
    assert "20 series" in rows[3].text
    assert "known in about 21h00m; seen for 3h00m" in rows[3].text


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ((0.0, 0.0), "known in about 1d00h; seen for 0 s"),
        ((0.125, 0.75), "known in about 6h00m; seen for 18h00m"),
        ((3.0, 0.5), "more is needed; seen for 3d00h"),
    ],
)
def test_learning_says_how_long_it_takes_yet(days: tuple[float, float], words: str) -> None:
    rows = [replace(LEARNING, series=Series("check:x", f"metrics.{day}"), days=day) for day in days]
    assert told(rows, "learning") == words


@pytest.mark.parametrize(
    ("key", "names"),
    [
        ("usual:learning", [f"payments-api m{n}" for n in range(20)]),
        ("usual:integration:payments", ["error_rate", "throughput", "freshness"]),
    ],
)
def test_enter_on_a_line_of_several_lists_them(key: str, names: list[str]) -> None:
    moment = Moment(shop.snapshot(pane=replace(PANE, usual=MANY)), NOW, UTC)
    rows = [row.text for row in record(moment, 120, key)]
    assert [row[1 : row.index("  ")].strip() if "  " in row[1:] else row for row in rows] == names


async def decided(key: str, action: str, why: str) -> FakeSession:
    session = FakeSession()
    app = looking(session)
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "open")
        await pilot.pause()
        for _ in range(20):
            if app.frame.situation().selected == key:
                break
            await press(pilot, "down")
        assert app.frame.situation().selected == key
        await press(pilot, action)
        await types(pilot, why)
    return session


async def test_b_takes_the_present_as_the_new_normal() -> None:
    session = await decided("usual:check:payments-api/latency_ms", "accept", "they moved to another region")
    assert [(one.kind, dict(one.args)) for one in session.commands] == [
        (
            CommandKind.BASELINE_ACCEPT,
            {"check": "payments-api", "metric": "latency_ms", "comment": "they moved to another region"},
        )
    ]


async def test_capital_b_has_nothing_learned_from_the_trouble() -> None:
    session = await decided("usual:check:payments-api/latency_ms", "exclude", "load test")
    [one] = session.commands
    assert one.kind is CommandKind.BASELINE_EXCLUDE
    assert (one.args["check"], one.args["starts"], one.args["comment"]) == ("payments-api", STRANGE.since, "load test")
    assert one.args["ends"] >= NOW


async def test_without_a_reason_nothing_is_left_out() -> None:
    assert (await decided("usual:check:payments-api/latency_ms", "exclude", "")).commands == []


@pytest.mark.parametrize(
    ("action", "selected", "reason"),
    [
        ("accept", "usual:check:payments-api/latency_ms", None),
        ("accept", "usual:check:payments-api/metrics.queue", "it is still being learned: there is nothing to replace"),
        ("accept", "check:payments-api", None),
        ("accept", "integration:payments", "select a check, what is usual of one, or an alert about it"),
        ("exclude", "usual:check:payments-api/latency_ms", None),
        (
            "exclude",
            "usual:integration:payments/throughput",
            "payments throughput is as usual now: select the alert of the trouble",
        ),
        (
            "exclude",
            "usual:check:payments-api/metrics.queue",
            "payments-api queue is still being learned: select the alert of the trouble",
        ),
        ("exclude", "check:payments-api", "select the alert of the trouble, or an unusual series"),
    ],
)
def test_the_keys_say_why_they_cannot(action: str, selected: str, reason: str | None) -> None:
    assert BY_ID[action].enabled(at(selected)) == reason


@pytest.mark.parametrize(
    ("action", "reason"),
    [
        ("accept", "nothing here is unusual: there is nothing to replace"),
        ("exclude", "nothing here is unusual: select the alert of the trouble"),
    ],
)
@pytest.mark.parametrize("key", ["usual:learning", "usual:integration:payments"])
def test_lines_of_several_decide_nothing(action: str, reason: str, key: str) -> None:
    assert BY_ID[action].enabled(at(key, replace(PANE, usual=MANY))) == reason


@pytest.mark.parametrize(("rule", "accepts"), [("deviation", True), ("down", False)])
def test_an_alert_about_what_is_usual_may_be_decided_about(rule: str, accepts: bool) -> None:
    snapshot: Snapshot = shop.snapshot(alerts={1: shop.alert(1, rule=rule)})
    situation = Situation(snapshot, "alerts", selected="alert:1")
    assert (BY_ID["accept"].enabled(situation) is None) == accepts
    assert BY_ID["exclude"].enabled(situation) is None
