"""`standby` without a command: the console. Paints the last stored state first; all else is imported after that."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from typing import TYPE_CHECKING

from standby.cli.main import Globals, UsageError, globals_of
from standby.engine.clock import SystemClock

if TYPE_CHECKING:
    from pathlib import Path

    from standby.console.app import Suggest
    from standby.console.session import Place
    from standby.console.snapshot import Snapshot, Suggested

# Read by Textual when it is imported. Animations repaint without telling anything; a key that comes just after a
# painting waits for the next frame, so there are many of them although cells change four times a second; the Kitty
# protocol would stay on in the shell after a kill -9.
_TEXTUAL = {"TEXTUAL_ANIMATIONS": "none", "TEXTUAL_FPS": "60", "ESCDELAY": "50", "TEXTUAL_DISABLE_KITTY_KEY": "1"}


def run(args: argparse.Namespace) -> int:
    """Show the console until it is left: 0, or 128 + the signal that ended it. Raises UsageError.

    With --read-only it looks and never acts: no command is sent and no engine is started. It still connects to a
    running one, so that a wall screen keeps a companion alive and learns of its troubles.
    """
    options = globals_of(args)
    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):  # Textual draws on the last one
        raise UsageError("the console needs a terminal; for scripts: standby status, standby alerts, standby engine")
    environ = dict(os.environ)  # Textual takes NO_COLOR out of the real one
    for name, value in _TEXTUAL.items():
        os.environ.setdefault(name, value)
    gc.disable()  # until the first frame: importing makes objects that stay, and looking for garbage among them is slow
    place, snapshot = _place(options)
    return _show(options, environ, place, snapshot)


def _place(options: Globals) -> tuple[Place, Snapshot]:
    """Which store, and what its configuration file says of it at a glance. Raises UsageError."""
    from standby.cli.place import config_path, store_path
    from standby.config.discover import peek
    from standby.config.problems import ConfigError
    from standby.console.estate import Estate
    from standby.console.session import Place
    from standby.console.snapshot import Snapshot

    args = argparse.Namespace(**{name: getattr(options, name) for name in ("config", "store", "user", "read_only")})
    named = None if options.store is None else store_path(args)
    try:
        config = config_path(args)
        seen = peek(config)
    except UsageError:
        if named is None:
            raise  # with a store of its own, a console without a configuration can still look
        return Place(named, None, named=True, spawn=not options.read_only), Snapshot(read_only=options.read_only)
    except ConfigError as error:
        raise UsageError(str(error)) from None
    estate = Estate(name=seen.name, environment=seen.environment.value, simulated=seen.simulated)
    place = Place(named or seen.store, config, named=named is not None, spawn=not options.read_only)
    return place, Snapshot(estate=estate, read_only=options.read_only)


def _show(options: Globals, environ: dict[str, str], place: Place, snapshot: Snapshot) -> int:
    from standby.console import theme
    from standby.console.app import ConsoleApp, Setup, no_suggestion
    from standby.console.feed import Feed
    from standby.console.lifeline import Lifeline, origin
    from standby.console.session import EngineSession

    clock = SystemClock()
    feed = Feed(place.store, clock)
    chosen, trouble = theme.choose(environ)
    app = ConsoleApp(
        Setup(
            clock=clock,
            feed=feed,
            session=EngineSession(place),
            snapshot=feed.first(snapshot),
            theme=chosen,
            environ=environ,
            origin=origin(),
            user=options.user,
            plain=theme.plain_glyphs(environ),
            trouble=trouble,
            suggest=no_suggestion if place.config is None else _suggesting(place.config, place.store),
        )
    )
    lifeline = Lifeline(app)
    code = lifeline.run()
    feed.close()
    for line in app.last_words():
        print(f"standby: {line}", file=sys.stderr)
    return code


def _suggesting(config: Path, store: Path) -> Suggest:
    async def suggest(rule: str) -> Suggested:
        from standby.console import suggesting

        return await suggesting.suggest(config, store, rule)

    return suggest
