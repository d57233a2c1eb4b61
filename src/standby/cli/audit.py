"""`standby audit`: the append-only log, and whether its hash chain holds."""

from __future__ import annotations

import argparse
import json
import sys

from standby.cli.output import table
from standby.cli.place import reading
from standby.domain.units import format_instant


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--json", action="store_true", help="as JSON on standard output")
    parser.add_argument("--limit", type=int, default=50, metavar="N", help="the newest so many (default 50)")
    parser.add_argument("--subject", metavar="S", help="only of one subject: alert:12, integration:payments, engine")
    parser.add_argument("--verify", action="store_true", help="check the whole chain; exit 1 when it is broken")


def run(args: argparse.Namespace) -> int:
    """Print the newest lines, or verify all of them."""
    with reading(args) as reader:
        if args.verify:
            verdict = reader.verify_audit()
            print(verdict.text, file=sys.stdout if verdict.ok else sys.stderr)
            return 0 if verdict.ok else 1
        rows = reader.audits(max(1, args.limit), subject=args.subject)
    if args.json:
        lines = [
            {
                "no": row.no,
                "at": format_instant(row.at),
                "actor": row.actor,
                "origin": row.origin,
                "kind": row.kind,
                "subject": row.subject,
                "message": row.message,
                "command": row.command,
            }
            for row in rows
        ]
        print(json.dumps(lines, ensure_ascii=False, indent=2))
        return 0
    cells = [(str(row.no), format_instant(row.at), row.actor, row.kind, row.subject, row.message) for row in rows]
    print(table(("no", "at", "who", "what", "subject", "message"), cells))
    return 0
