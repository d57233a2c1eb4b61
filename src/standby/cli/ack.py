"""`standby ack`, `unack` and `note`: a command to the engine, kept until one is there when none answers."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from standby.cli.arguments import duration_of
from standby.cli.main import UsageError
from standby.cli.place import store_path
from standby.cli.wish import REFUSED, read_only, wish
from standby.link.protocol import CommandKind, Status

TIMEOUT_S = 5.0


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the one of the three that was asked for."""
    verb = parser.prog.rsplit(" ", 1)[-1]
    parser.set_defaults(kind=verb)
    if verb == "note":
        parser.add_argument("subject", metavar="ALERT|INTEGRATION", help="an alert's id, or an integration's")
        parser.add_argument("text", nargs="+", help="what to write down")
        return
    parser.add_argument("alert", metavar="ALERT", nargs="+", help="ids of alerts, as `standby alerts` shows them")
    if verb == "ack":
        text = "have it for so long (1h for critical alerts, until it is over for others)"
        parser.add_argument("--for", dest="span", metavar="DURATION", help=text)
    parser.add_argument("--note", default="", metavar="TEXT", help="what to write down with it")


def run(args: argparse.Namespace) -> int:
    """Send a command for each alert and print its receipt: 0 done or kept, 5 when one was refused, with the reason."""
    if read_only(args, args.kind):
        return REFUSED
    fields = [_note_args(args)] if args.kind == "note" else _alert_args(args)
    return max([_send(args, one) for one in fields])


def _send(args: argparse.Namespace, fields: dict[str, Any]) -> int:
    from standby.link.client import send_or_keep
    from standby.link.paths import link_paths

    command = wish(args, CommandKind(args.kind), fields)
    receipt = send_or_keep(link_paths(store_path(args)), command, timeout=TIMEOUT_S)
    if receipt.status in (Status.DONE, Status.KEPT):
        print(receipt.reason or f"{args.kind}: done")
        return 0
    print(f"standby: {args.kind} refused: {receipt.reason}", file=sys.stderr)
    return REFUSED


def _alert_args(args: argparse.Namespace) -> list[dict[str, Any]]:
    fields: dict[str, Any] = {"note": args.note}
    if getattr(args, "span", None) is not None:
        fields["for"] = duration_of("--for", args.span)
    return [{**fields, "alert": number} for number in map(_alert_id, args.alert)]


def _note_args(args: argparse.Namespace) -> dict[str, Any]:
    text = " ".join(args.text)
    if args.subject.lstrip("#").isdigit():
        return {"alert": _alert_id(args.subject), "text": text}
    return {"integration": args.subject, "text": text}


def _alert_id(text: str) -> int:
    digits = text.lstrip("#")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 18):
        raise UsageError(f"{text!r} is not an alert's id; `standby alerts` lists them")
    return int(digits)
