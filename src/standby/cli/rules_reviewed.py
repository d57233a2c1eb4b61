"""`standby rules reviewed`: somebody has looked at a rule, and the log says so."""

from __future__ import annotations

import argparse
import sys

from standby.cli.place import store_path
from standby.cli.wish import REFUSED, read_only, wish
from standby.link.protocol import CommandKind, Status

TIMEOUT_S = 5.0


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("rule", metavar="RULE", help="its id, or integration/id where several are called so")
    parser.add_argument("--note", default="", metavar="TEXT", help="what was found")


def run(args: argparse.Namespace) -> int:
    """0; 5 when it was refused, with the reason."""
    if read_only(args, "rules reviewed"):
        return REFUSED
    from standby.link.client import send_once
    from standby.link.paths import link_paths

    fields = {"rule": args.rule, "note": args.note}
    receipt = send_once(link_paths(store_path(args)), wish(args, CommandKind.RULE_REVIEWED, fields), TIMEOUT_S)
    if receipt.status is Status.DONE:
        print(receipt.reason)
        return 0
    print(f"standby: rules reviewed refused: {receipt.reason}", file=sys.stderr)
    return REFUSED
