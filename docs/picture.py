"""Make docs/console.svg: the running console on the sample configuration, a while into the bad minute.

.venv/bin/python docs/picture.py
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from standby.engine.clock import SystemClock

HERE = Path(__file__).resolve().parent
SIZE = (112, 30)
TERMINAL = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
QUIET_S, FAILING_S = 200, 40  # history first, so that the sparklines show something


def command(config: Path, *words: str) -> list[str]:
    """The command line of this checkout."""
    return [sys.executable, "-m", "standby", "--config", str(config), *words]


async def picture(store: Path) -> str:
    """The console's screen as SVG, drawn from the store."""
    from standby.console import theme
    from standby.console.app import ConsoleApp, Setup
    from standby.console.feed import Feed
    from standby.console.session import EngineSession, Place
    from standby.console.snapshot import Snapshot

    clock = SystemClock()
    feed = Feed(store, clock)
    chosen, _ = theme.choose(TERMINAL)
    app = ConsoleApp(
        Setup(
            clock=clock,
            feed=feed,
            session=EngineSession(Place(store, None, named=True, spawn=False)),
            snapshot=feed.first(Snapshot()),
            theme=chosen,
            environ=TERMINAL,
            origin="picture",
        )
    )
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause(2)
        return app.export_screenshot(title="standby")


def main() -> None:
    """Run the engine through the bad minute and draw."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = folder / "config.toml"
        config.write_text((HERE.parent / "config.toml").read_text())
        engine = subprocess.Popen(command(config, "engine"))
        try:
            time.sleep(QUIET_S)
            subprocess.run(command(config, "simulator", "rehearse"), check=True)
            time.sleep(FAILING_S)
            (HERE / "console.svg").write_text(asyncio.run(picture(folder / "standby.db")))
        finally:
            engine.terminate()
            engine.wait(10)


if __name__ == "__main__":
    main()
