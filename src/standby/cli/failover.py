"""`standby failover`: where traffic goes, what was done about it, and moving it."""

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
    planning = actions.add_parser("plan", help="what would be done, and what speaks against it; nothing is moved")
    moving = actions.add_parser("run", help="move traffic to the standby: plan, type the word, watch")
    back = actions.add_parser("back", help="move traffic back to the primary")
    for action in (planning, moving, back):
        action.add_argument("route", metavar="ROUTE", help="the route, as `list` shows it")
        action.add_argument(
            "--force", action="append", metavar="RULE=REASON", help="override a rule, and say why; may be repeated"
        )
    for action in (planning, moving):
        action.add_argument("--to", metavar="TARGET", help="the target (default: the best one that does not serve)")
    for action in (moving, back):
        action.add_argument("--confirm", metavar="TEXT", help="the word, for scripts; asked for on a terminal")
    for action in (listing, history, planning, moving, back):
        action.add_argument("--json", action="store_true", help="as JSON on standard output")


def run(args: argparse.Namespace) -> int:
    """Do it: 0; 5 refused; 6 failed and rolled back; 7 failed part-way. Raises UsageError."""
    if args.action == "list":
        return _list(args)
    if args.action == "history":
        return _history(args)
    from standby.cli import switching

    return switching.plan(args) if args.action == "plan" else switching.switch(args)


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
