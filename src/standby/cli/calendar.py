"""`standby calendar`: what ends when: certificates, API versions, and the maintenance that vendors announce."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from standby.cli.output import table
from standby.cli.place import reading
from standby.console.estate import Estate, estate_of
from standby.domain.units import DAY, HOUR, format_instant
from standby.engine.clock import SystemClock
from standby.store.rows import CheckStateRow

_WHAT = {
    "certificate_days": (DAY, "certificate ends"),
    "sunset_days": (DAY, "API version ends (Sunset)"),
    "deprecated_days": (DAY, "API version is deprecated"),
    "maintenance_in_h": (HOUR, "maintenance begins"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One date: `days` from now, below zero when it is past."""

    at: str
    days: float
    what: str
    integration: str
    check: str


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
    found = [entry for row in changes.check_states for entry in entries(row, now) if entry.days <= args.within]
    found.sort(key=lambda entry: entry.days)
    if args.json:
        print(json.dumps([asdict(entry) for entry in found], ensure_ascii=False, indent=2))
        return 0
    rows = [(one.at[:10], f"{one.days:.0f}", one.what, estate.name_of(one.integration), one.check) for one in found]
    print(table(("DATE", "DAYS", "WHAT", "INTEGRATION", "CHECK"), rows) if rows else "no check tells of a date")
    return 0


def entries(row: CheckStateRow, now: int) -> Iterator[Entry]:
    """What the last look of one check told: its figures count from then."""
    metrics = row.doc.get("metrics")
    for name, (unit, what) in _WHAT.items():
        left = metrics.get(name) if isinstance(metrics, dict) else None
        if isinstance(left, (int, float)) and abs(left) < 100_000:
            at = row.at + round(left * unit)
            yield Entry(format_instant(max(at, 0)), round((at - now) / DAY, 1), what, row.integration, row.check_id)
