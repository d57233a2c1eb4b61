"""`standby silence`: keep alerts quiet for a while, see what is kept quiet, end it or make it longer."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from standby.cli.arguments import duration_of, matchers_of
from standby.cli.main import UsageError
from standby.cli.output import ago, table
from standby.cli.place import reading, store_path
from standby.cli.wish import REFUSED, read_only, wish
from standby.domain.matchers import Matcher
from standby.domain.outcome import AlertState
from standby.domain.silence import Silence, SilenceState
from standby.domain.units import format_instant, parse_instant
from standby.engine.clock import SystemClock
from standby.link.protocol import CommandKind, Status
from standby.store.rows import AlertRow

TIMEOUT_S = 5.0
_MOST_HIDDEN = 20


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the deeds."""
    deeds = parser.add_subparsers(dest="deed", metavar="DEED", required=True)
    make = deeds.add_parser("add", help="tell nobody about the alerts that all of the matchers choose")
    make.add_argument("matcher", nargs="+", metavar="MATCHER", help='vendor=acme, severity=~"warning|info"')
    make.add_argument("--for", dest="span", required=True, metavar="DURATION", help="how long, as in 2h")
    make.add_argument("--why", required=True, metavar="TEXT", help="what is being done meanwhile")
    make.add_argument("--from", dest="starts", metavar="INSTANT", help="when it begins, RFC 3339; now when left out")
    make.add_argument("--dry-run", action="store_true", help="only say which open alerts it would hide")
    found = deeds.add_parser("list", help="what is kept quiet, and what will be")
    found.add_argument("--expired", action="store_true", help="also what is over")
    shown = deeds.add_parser("show", help="one silence, and the open alerts that it hides")
    for deed in (found, shown):
        deed.add_argument("--json", action="store_true", help="as JSON on standard output")
    end = deeds.add_parser("expire", help="end it now")
    longer = deeds.add_parser("extend", help="make it end so long from now")
    longer.add_argument("--for", dest="span", required=True, metavar="DURATION", help="how long from now, as in 1h")
    for deed in (shown, end, longer):
        deed.add_argument("silence", type=int, metavar="SILENCE", help="its number, as `standby silence list` shows it")


def run(args: argparse.Namespace) -> int:
    """0; 5 when it was refused, with the reason."""
    if args.deed == "list":
        return _list(args)
    if args.deed == "show":
        return _show(args)
    now = SystemClock().now()
    if args.deed == "add":
        return _add(args, now)
    if args.deed == "expire":
        return _send(args, CommandKind.SILENCE_EXPIRE, {"silence": args.silence})
    ends = now + duration_of("--for", args.span)
    return _send(args, CommandKind.SILENCE_EXTEND, {"silence": args.silence, "ends": ends})


def _add(args: argparse.Namespace, now: int) -> int:
    matchers, starts = matchers_of("MATCHER", args.matcher), _starts(args, now)
    ends = starts + duration_of("--for", args.span)
    with reading(args) as reader:
        alerts = reader.alerts(5_000, open_only=True)
    hidden = [alert for alert in alerts if Silence(0, [matchers], 0, 1).matches(alert.labels)]
    print(_hides(hidden), file=sys.stderr)
    if args.dry_run:
        return 0
    fields = {"matchers": ", ".join(map(str, matchers)), "ends": ends, "comment": args.why}
    return _send(args, CommandKind.SILENCE, fields | ({"starts": starts} if args.starts else {}))


def _send(args: argparse.Namespace, kind: CommandKind, fields: dict[str, Any]) -> int:
    """Never kept for later: what somebody wants quiet now may be something else by then."""
    if read_only(args, f"silence {args.deed}"):
        return REFUSED
    from standby.link.client import send_once
    from standby.link.paths import link_paths

    receipt = send_once(link_paths(store_path(args)), wish(args, kind, fields), TIMEOUT_S)
    if receipt.status is Status.DONE:
        print(receipt.reason)
        return 0
    print(f"standby: silence {args.deed} refused: {receipt.reason}", file=sys.stderr)
    return REFUSED


def _list(args: argparse.Namespace) -> int:
    now = SystemClock().now()
    with reading(args) as reader:
        silences = reader.changes(0).silences
    found = [one for one in silences if args.expired or one.state(now) is not SilenceState.EXPIRED]
    found = sorted(found, key=lambda one: (list(SilenceState).index(one.state(now)), one.ends_at))
    if args.json:
        print(json.dumps([silence_json(one, now) for one in found], ensure_ascii=False, indent=2))
        return 0
    rows = [
        (str(one.id), one.state(now).value, _left(one, now), one.by, _written(one.matchers), one.why) for one in found
    ]
    print(table(("id", "state", "left", "by", "hides", "why"), rows) if rows else "nothing is kept quiet")
    return 0


def _show(args: argparse.Namespace) -> int:
    now = SystemClock().now()
    with reading(args) as reader:
        silences = {one.id: one for one in reader.changes(0).silences}
        alerts = reader.alerts(5_000, open_only=True)
    one = silences.get(args.silence)
    if one is None:
        raise UsageError(f"there is no silence {args.silence}; `standby silence list --expired` has them")
    hidden = [alert for alert in alerts if any(mute.by == str(one.id) for mute in alert.mutes)]
    if args.json:
        doc = {**silence_json(one, now), "alerts": [alert.id for alert in hidden]}
        print(json.dumps(doc, ensure_ascii=False, indent=2))
        return 0
    print("\n".join(f"{name}: {value}" for name, value in silence_json(one, now).items()))
    print(_hides(hidden))
    return 0


def silence_json(one: Silence, now: int) -> dict[str, Any]:
    """One silence for scripts; instants are RFC 3339."""
    return {
        "id": one.id,
        "state": one.state(now).value,
        "matchers": [[str(matcher) for matcher in matchers] for matchers in one.matchers],
        "starts_at": format_instant(one.starts_at),
        "ends_at": format_instant(one.ends_at),
        "by": one.by,
        "why": one.why,
    }


def _hides(alerts: Sequence[AlertRow]) -> str:
    if not alerts:
        return "no open alert is hidden by it now"
    fires = sum(alert.state is AlertState.FIRING for alert in alerts)
    lines = [f"hides {len(alerts)} open alerts, of which {fires} fire and nobody has:"]
    lines += [
        f"  #{one.id} {one.severity} {one.integration}/{one.rule}: {one.summary}" for one in alerts[:_MOST_HIDDEN]
    ]
    more = len(alerts) - _MOST_HIDDEN
    return "\n".join([*lines, *([f"  and {more} more"] if more > 0 else [])])


def _written(matchers: Iterable[Sequence[Matcher]]) -> str:
    return " or ".join(", ".join(map(str, one)) for one in matchers)


def _left(one: Silence, now: int) -> str:
    if one.state(now) is SilenceState.PENDING:
        return f"in {ago(one.starts_at - now)}"
    return ago(one.ends_at - now)


def _starts(args: argparse.Namespace, now: int) -> int:
    if not args.starts:
        return now
    try:
        return parse_instant(args.starts)
    except ValueError as error:
        raise UsageError(f"--from: {error}") from None
