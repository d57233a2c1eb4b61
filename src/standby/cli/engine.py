"""`standby engine`: the engine without a screen."""

from __future__ import annotations

import argparse
from pathlib import Path

from standby.cli.arguments import duration
from standby.cli.main import UsageError, globals_of
from standby.cli.place import config_path, store_path


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options. Those of a console that starts an engine of its own are not for people."""
    parser.add_argument("--for", dest="for_ns", type=duration, metavar="DURATION", help="end after it (5m, 2h)")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write the run's figures as JSON at the end")
    parser.add_argument("--replace", action="store_true", help="end the engine that holds the store first")
    parser.add_argument("--companion", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--pipe", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--takeover", action="store_true", help=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Run it to its end: 0; 2 configuration; 3 another engine holds the store. Raises UsageError."""
    if globals_of(args).read_only:
        raise UsageError("an engine writes; leave --read-only out")
    report: Path | None = args.report.absolute() if args.report is not None else None
    if report is not None and not report.parent.is_dir():
        raise UsageError(f"--report {args.report}: there is no folder {report.parent}")
    from standby.engine.process.run import Options, run_engine

    return run_engine(
        Options(
            config=config_path(args),
            store=store_path(args) if globals_of(args).store is not None else None,
            for_ns=args.for_ns,
            report=report,
            replace=args.replace,
            companion=args.companion,
            pipe=args.pipe,
            takeover=args.takeover,
            last_resort=True,
        )
    )
