"""`standby rules reviewed`: somebody has looked at some rules, and the log says so."""

from __future__ import annotations

import argparse
import sys
from fnmatch import fnmatchcase

from standby.cli.main import UsageError
from standby.cli.place import reading, store_path
from standby.cli.wish import REFUSED, read_only, wish
from standby.domain.text import clean
from standby.engine.clock import SystemClock
from standby.link.protocol import CommandKind, Status
from standby.store.reviews import key_of

TIMEOUT_S = 5.0


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    text = "ids, or integration/id where several are called so; with a * all in force that it fits: 'payments/*'"
    parser.add_argument("rule", nargs="+", metavar="RULE", help=text)
    parser.add_argument("--note", default="", metavar="TEXT", help="what was found")


def run(args: argparse.Namespace) -> int:
    """0; 5 when one was refused, with the reason: those before it are done. Raises UsageError."""
    if read_only(args, "rules reviewed"):
        return REFUSED
    from standby.link.client import send_once
    from standby.link.paths import link_paths

    paths = link_paths(store_path(args))
    for rule in _chosen(args):
        fields = {"rule": rule, "note": args.note}
        receipt = send_once(paths, wish(args, CommandKind.RULE_REVIEWED, fields), TIMEOUT_S)
        if receipt.status is not Status.DONE:
            print(f"standby: rules reviewed refused: {receipt.reason}", file=sys.stderr)
            return REFUSED
        print(receipt.reason)
    return 0


def _chosen(args: argparse.Namespace) -> list[str]:
    """What was named, a pattern as the rules in force that it fits."""
    if not any("*" in name for name in args.rule):
        return list(args.rule)
    with reading(args) as reader:
        known = [key_of(rule) for rule in reader.tuning(SystemClock().now()).rules]
    found: list[str] = []
    for name in args.rule:
        fits = [key for key in known if fnmatchcase(key, name)] if "*" in name else [name]
        if not fits:
            raise UsageError(f"no rule fits {clean(name, 80)!r}; `standby rules review` has them all")
        found += fits
    return list(dict.fromkeys(found))
