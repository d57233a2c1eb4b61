"""`standby calendar`: what ends when: certificates, domains, API versions, and the work that vendors announce."""

from __future__ import annotations

import argparse
import json
from typing import Any

from standby.cli.output import table
from standby.cli.place import reading
from standby.console.estate import Estate, estate_of
from standby.console.present.calendar import Entry, entries
from standby.domain.units import DAY, format_instant
from standby.engine.clock import SystemClock


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--within", type=int, default=400, metavar="DAYS", help="only what comes within so many days")
    parser.add_argument("--json", action="store_true", help="as JSON on standard output")


def run(args: argparse.Namespace) -> int:
    """Print the dates, soonest first."""
    now = SystemClock().now()
    with reading(args) as reader:
        changes = reader.changes(0)
    estate = estate_of(changes.config, Estate())
    found = [entry for entry in entries(changes.check_states, now) if entry.due.at - now <= args.within * DAY]
    if args.json:
        print(json.dumps([as_json(entry, now) for entry in found], ensure_ascii=False, indent=2))
        return 0
    rows = [
        (
            format_instant(due.at)[:10],
            f"{(due.at - now) / DAY:.0f}",
            due.what,
            estate.name_of(check.integration),
            check.check_id,
        )
        for due, check in found
    ]
    print(table(("DATE", "DAYS", "WHAT", "INTEGRATION", "CHECK"), rows) if rows else "no check tells of a date")
    return 0


def as_json(entry: Entry, now: int) -> dict[str, Any]:
    """`days` from `now` (ns since 1970) on, below zero when it is past."""
    due, check = entry
    return {
        "at": format_instant(due.at),
        "days": round((due.at - now) / DAY, 1),
        "what": due.what,
        "integration": check.integration,
        "check": check.check_id,
    }
