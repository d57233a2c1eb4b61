"""`standby demo`: the console on the bundled sample, in any directory, with a store of its own."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path

import standby
from standby.cli.main import UsageError


def add(parser: argparse.ArgumentParser) -> None:
    """It has no options of its own."""
    parser.set_defaults(demo=True)


def run(args: argparse.Namespace) -> int:
    """Point the console at the sample and hand over. Raises UsageError."""
    from platformdirs import user_state_path

    args.config = args.config or sample()
    if args.store is None:
        folder = user_state_path("standby") / "demo"
        try:
            folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"{folder}: {error.strerror}; name a store with --store FILE") from None
        args.store = str(folder / "standby.db")
    return int(importlib.import_module("standby.cli.console").run(args))


def sample() -> Path:
    """The sample configuration: what the package carries, else the checkout's. Raises UsageError."""
    package = Path(standby.__file__).parent
    for place in (package / "data" / "config.toml", package.parents[1] / "config.toml"):
        if place.is_file():
            return place
    raise UsageError(f"the sample configuration is missing from {package}; install standby again")
