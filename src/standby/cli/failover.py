"""`standby failover`: where traffic goes, and what was done about it."""

from __future__ import annotations

import argparse
import json

from standby.cli import routes, runs
from standby.cli.output import table
from standby.cli.place import reading
from standby.console.estate import Estate, estate_of
from standby.engine.clock import SystemClock


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the actions."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="the routes: where traffic goes, how the targets are, the last run")
    history = actions.add_parser("history", help="the runs, newest first")
    history.add_argument("route", nargs="?", metavar="ROUTE", help="only of this route")
    history.add_argument("--limit", type=int, default=50, metavar="N", help="at most so many (default 50)")
    for action in (listing, history):
        action.add_argument("--json", action="store_true", help="as JSON on standard output")


def run(args: argparse.Namespace) -> int:
    """Print it; 0. Raises UsageError."""
    return _list(args) if args.action == "list" else _history(args)


def _list(args: argparse.Namespace) -> int:
    with reading(args) as reader:
        views = routes.routes_of(reader.changes(0))
    if args.json:
        print(json.dumps([routes.route_json(view) for view in views], ensure_ascii=False, indent=2))
    elif views:
        now = SystemClock().now()
        print(table(routes.HEAD, [routes.route_cells(view, now) for view in views]))
    else:
        print("no routes; see [[route]] in docs/configuration.md")
    return 0


def _history(args: argparse.Namespace) -> int:
    with reading(args) as reader:
        estate = estate_of(reader.changes(0).config, Estate())
        found = reader.failovers(max(1, args.limit), args.route)[::-1]
    if args.json:
        print(json.dumps([runs.run_json(one, estate) for one in found], ensure_ascii=False, indent=2))
    elif found:
        now = SystemClock().now()
        print(table(runs.HEAD, [runs.history_cells(one, now) for one in found]))
    else:
        print("no runs")
    return 0
