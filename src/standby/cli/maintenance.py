"""`standby maintenance list` and `hours`: windows and named times of the configuration, and when each comes next."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from standby.cli.output import table
from standby.cli.place import config_path
from standby.domain.units import SECOND, format_instant
from standby.engine.clock import SystemClock

if TYPE_CHECKING:
    from standby.config.maintenance import Maintenance
    from standby.config.times import NamedInterval

BROKEN = 2
COMING = 5
_NONE = {"list": "no maintenance is planned", "hours": "no [[time_interval]] is configured"}


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the deed."""
    deeds = parser.add_subparsers(dest="deed", metavar="DEED", required=True)
    for deed, told in (("list", "each window"), ("hours", "the named times of routes, `[[time_interval]]`")):
        found = deeds.add_parser(deed, help=f"{told}, whether it is on, and the next times it comes")
        found.add_argument("--json", action="store_true", help="as JSON on standard output")


def run(args: argparse.Namespace) -> int:
    """0; 2 with the problems of a configuration that is not taken."""
    from standby.config.load import load
    from standby.config.problems import ConfigError
    from standby.engine.kinds import kinds

    try:
        config = load(config_path(args), kinds())
    except ConfigError as error:
        print(error, file=sys.stderr)
        return BROKEN
    now = SystemClock().now()
    hours = args.deed == "hours"
    found = [times_json(one, now) for one in config.intervals] if hours else []
    found += [] if hours else [window_json(one, now) for one in config.maintenance]
    if args.json:
        print(json.dumps(found, ensure_ascii=False, indent=2))
        return 0
    rows = [row for one in found for row in _rows(one)]
    print(table(("id", "now", "there", "UTC", "reason"), rows) if rows else _NONE[args.deed])
    return 0


def window_json(one: Maintenance, now: int) -> dict[str, Any]:
    """One window for scripts; instants are RFC 3339, an end that is more than five years away is null."""
    what = {"vendors": list(one.vendors), "integrations": list(one.integrations), "match": list(one.match)}
    return times_json(one, now) | what


def times_json(one: Maintenance | NamedInterval, now: int) -> dict[str, Any]:
    """Named times for scripts, in the same form."""
    zone = ZoneInfo(one.zone)
    return {
        "id": one.id,
        "on": one.is_on(now),
        "zone": one.zone,
        "reason": one.reason,
        "next": [
            {
                "from": format_instant(begin),
                "to": None if end is None else format_instant(end),
                "from_local": _there(begin, zone),
                "to_local": None if end is None else _there(end, zone),
            }
            for begin, end in one.occurrences(now, COMING)
        ],
    }


def _there(at: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(at // SECOND, UTC).astimezone(zone).isoformat()


def _rows(one: dict[str, Any]) -> list[tuple[str, ...]]:
    spans = [
        (f"{span['from_local']} - {span['to_local'] or '...'}", f"{span['from']} - {span['to'] or '...'}")
        for span in one["next"]
    ] or [("over", "")]
    head = (one["id"], "on" if one["on"] else "off")
    return [
        (*(head if index == 0 else ("", "")), there, utc, one["reason"] if index == 0 else "")
        for index, (there, utc) in enumerate(spans)
    ]
