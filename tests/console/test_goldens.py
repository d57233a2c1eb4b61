"""The whole screen as plain text at the sizes that matter. STANDBY_UPDATE=1 writes the files again."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from standby.console.snapshot import Pane
from standby.domain.outcome import Outcome
from standby.domain.outside import Origin
from standby.domain.units import MINUTE

from . import shop
from .harness import UTF8, StillFeed, console, press, screen

GOLDENS = Path(__file__).parent / "goldens"
LINUX = {"TERM": "linux", "LANG": "C.UTF-8", "HOME": "/nonexistent"}
CASES = [
    ("overview-80x24", (80, 24), UTF8, ()),
    ("overview-120x40", (120, 40), UTF8, ()),
    ("overview-200x60", (200, 60), UTF8, ()),
    ("overview-60x15", (60, 15), UTF8, ()),
    ("overview-linux-80x24", (80, 24), LINUX, ()),
    ("overview-nocolor-80x24", (80, 24), UTF8 | {"NO_COLOR": "1"}, ()),
    ("alerts-80x24", (80, 24), UTF8, ("alerts",)),
    ("alerts-120x40", (120, 40), UTF8, ("alerts",)),
    ("log-120x40", (120, 40), UTF8, ("log",)),
    ("detail-80x24", (80, 24), UTF8, ("open",)),
    ("detail-120x40", (120, 40), UTF8, ("open",)),
    ("history-80x24", (80, 24), UTF8, ("history", "event_before")),
    ("history-120x40", (120, 40), UTF8, ("open", "history", "longer", "far_left")),
    ("history-200x60", (200, 60), UTF8, ("history", "longer", "longer", "top")),
    ("history-60x15", (60, 15), UTF8, ("history",)),
    ("history-linux-80x24", (80, 24), LINUX, ("history", "event_before")),
    ("history-nocolor-80x24", (80, 24), UTF8 | {"NO_COLOR": "1"}, ("history", "event_before")),
    ("help-80x24", (80, 24), UTF8, ("help",)),
    ("palette-80x24", (80, 24), UTF8, ("palette",)),
]


def golden(name: str, shown: str, environ: Mapping[str, str] = UTF8) -> None:
    """What is shown is what is kept under this name; on a console of Linux in ASCII alone."""
    path = GOLDENS / f"{name}.txt"
    if os.environ.get("STANDBY_UPDATE"):
        path.write_text(shown, encoding="utf-8")
    assert shown == path.read_text(encoding="utf-8")
    if environ is LINUX:
        assert shown.isascii()


@pytest.mark.parametrize(("name", "size", "environ", "actions"), CASES, ids=[case[0] for case in CASES])
async def test_golden(name: str, size: tuple[int, int], environ: Mapping[str, str], actions: tuple[str, ...]) -> None:
    seen = [
        shop.observation("payments", back, Outcome.DOWN if back < 9 else Outcome.UP, shop.DOWN) for back in range(12)
    ]
    pane = Pane("payments", seen, [shop.alert(1)], [shop.audit(4, "note", message="vendor confirms")], loaded=True)
    app = console(shop.snapshot(pane=pane), feed=StillFeed(pane), environ=environ)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        await press(pilot, *actions)
        await pilot.pause()
        shown = screen(app)
    golden(name, shown, environ)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_golden_of_an_alert_that_is_none_of_ours(size: tuple[int, int]) -> None:
    """Enter on what a source pushed: its labels, where to look at it, and what was written down about it."""
    origin = Origin("prometheus-eu", "ab12", "http://prom.test:9090/graph?g0.expr=up+%3D%3D+0", 4 * MINUTE)
    labels = {"alertname": "InstanceDown", "instance": "db1:9100", "job": "node", "source": "prometheus-eu"}
    one = shop.alert(
        7, "prometheus-eu", rule="InstanceDown", summary="db1 does not answer", labels=labels, origin=origin
    )
    log = [shop.audit(5, "fired", actor="engine", origin="", subject="alert:7", message="db1 does not answer")]
    log.append(shop.audit(6, "note", subject="alert:7", message="the rack has no power"))
    pane = Pane("alert:7", (), [one], log, loaded=True)
    app = console(shop.snapshot(alerts={7: one}, pane=pane), feed=StillFeed(pane), environ=UTF8)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        await press(pilot, "alerts")
        feed = screen(app)
        await press(pilot, "open")
        await pilot.pause()
        shown = f"{feed}\n\n{screen(app)}"
    golden(f"pushed-{size[0]}x{size[1]}", shown)
