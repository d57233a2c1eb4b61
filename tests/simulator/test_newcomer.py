"""What a newcomer does in the first two minutes: the whole demonstration, at a real terminal, by its own guide."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from console.terminal import terminal
from standby.link.simulator import SimulatorError, attach

SAMPLE = Path(__file__).parents[2] / "config.toml"
WITHIN_S = 120.0


async def end_simulator(store: Path) -> None:
    try:
        attached = await attach(store, spawn=False, role="test")
        await attached.end()
        await attached.close()
    except SimulatorError:
        pass


def test_the_guide_leads_from_the_first_key_to_a_failover_that_stops_the_losing(tmp_path: Path) -> None:
    sample = SAMPLE.read_text(encoding="utf-8").replace("[simulator] ", 'linger = "1s"\n\n[simulator] ', 1)
    (tmp_path / "config.toml").write_text(sample, encoding="utf-8")
    begun = time.monotonic()
    try:
        with terminal(tmp_path, size=(100, 40)) as console:
            console.shows("press any key: the bad minute starts")
            console.shows("● up           payments")
            console.press(" ")
            console.shows("press a to acknowledge it")
            console.until(lambda: "requests lost: press a" in console.text, "the requests lost")
            console.press("a")
            console.shows("press F for the plan")
            console.press("F")
            console.shows("nothing has been done yet")
            console.press("cpayments -> borealis\r")  # at once, as a slow link delivers it
            console.shows("✓ succeeded")
            console.shows("done: borealis answers")
            console.shows("requests lost")
            assert time.monotonic() - begun < WITHIN_S
            console.press("5")
            console.shows("● borealis up")
    finally:
        asyncio.run(end_simulator(tmp_path / "standby.db"))
