"""`standby alertmanager silence`: a silence in an Alertmanager that a check watches, made by the engine."""

from __future__ import annotations

import argparse
import json
import sys

from standby.cli.arguments import duration_of, matchers_of
from standby.cli.main import UsageError, globals_of
from standby.cli.place import store_path
from standby.cli.wish import REFUSED, read_only, wish
from standby.domain.matchers import Matcher
from standby.domain.text import clean
from standby.domain.units import MINUTE, SECOND, format_instant
from standby.engine.clock import SystemClock
from standby.link.protocol import CommandKind, Status

PATIENCE_S = 30.0  # the engine asks Alertmanager before it answers
_GRANTED_WITHIN = MINUTE
_WORD = "silence"


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the actions."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    text = "silence alerts there: shows what would be silenced, and asks"
    silencing = actions.add_parser("silence", help=text, description=text)
    silencing.add_argument("check", metavar="CHECK", help="the id of a check of kind alertmanager")
    silencing.add_argument(
        "--matcher", action="append", required=True, metavar="M", help='job="crm", severity=~"a|b"; may be repeated'
    )
    silencing.add_argument("--for", dest="lasts", required=True, metavar="DURATION", help="how long, as in 2h")
    silencing.add_argument("--comment", required=True, metavar="TEXT", help="why, for who finds it")
    silencing.add_argument("--confirm", metavar="WORD", help=f"{_WORD!r}, for scripts; asked for on a terminal")
    silencing.add_argument("--json", action="store_true", help="as JSON on standard output")


def run(args: argparse.Namespace) -> int:
    """Show, ask, send: 0 silenced, 5 refused or not known. Raises UsageError."""
    if read_only(args, "alertmanager silence"):
        return REFUSED
    from standby.link.client import send_once
    from standby.link.paths import link_paths

    matchers, ends = matchers_of("--matcher", args.matcher), SystemClock().now() + duration_of("--for", args.lasts)
    comment = clean(args.comment, 300)
    if not comment:
        raise UsageError("--comment is empty; say why, for who finds the silence")
    _show(args, matchers, ends, comment)
    if not _confirmed(args.confirm):
        print("standby: nothing was silenced", file=sys.stderr)
        return REFUSED
    fields = {"check": args.check, "matchers": ", ".join(map(str, matchers)), "ends": ends, "comment": comment}
    command = wish(args, CommandKind.SILENCE_THERE, fields, lasts_ns=_GRANTED_WITHIN)
    receipt = send_once(link_paths(store_path(args)), command, PATIENCE_S)
    if args.json:
        print(json.dumps({"status": receipt.status.value, "reason": receipt.reason}, ensure_ascii=False))
    if receipt.status is Status.DONE:
        if not args.json:
            print(receipt.reason)
        return 0
    known = "refused" if receipt.status is Status.REFUSED else "not answered: `standby audit` says what came of it"
    print(f"standby: alertmanager silence {known}: {receipt.reason}", file=sys.stderr)
    return REFUSED


def _show(args: argparse.Namespace, matchers: list[Matcher], ends: int, comment: str) -> None:
    author = globals_of(args).user or "you, by your login name"
    lines = [
        f"silences in {args.check}'s Alertmanager every alert with",
        *(f"    {matcher}" for matcher in matchers),
        f"until {format_instant(ends // SECOND * SECOND)}, by {author}",
        f"because {comment}",
    ]
    print("\n".join(lines), file=sys.stderr)


def _confirmed(given: str | None) -> bool:
    if given is not None:
        return given == _WORD
    if not sys.stdin.isatty():
        print(f"standby: nobody is there to type the word; give --confirm {_WORD}", file=sys.stderr)
        return False
    print(f"type  {_WORD}  to do it, or nothing to leave it: ", end="", file=sys.stderr, flush=True)
    try:
        return sys.stdin.readline().strip() == _WORD
    except KeyboardInterrupt:
        return False
