"""`standby baseline`: what is usual of every check, and deciding about what was learned."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from standby.cli.main import UsageError
from standby.cli.output import table
from standby.cli.place import reading, store_path
from standby.cli.wish import REFUSED, read_only, wish
from standby.domain.baseline import CHECK
from standby.domain.units import format_instant, parse_instant
from standby.link.protocol import CommandKind, Status

if TYPE_CHECKING:
    from standby.store.baselines import BaselineRow

TIMEOUT_S = 5.0


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the deeds."""
    deeds = parser.add_subparsers(dest="deed", metavar="DEED", required=True)
    found = deeds.add_parser("list", help="what is usual, of everything that is learned")
    shown = deeds.add_parser("show", help="the same of one check or integration")
    accept = deeds.add_parser("accept", help="the present is the new normal")
    exclude = deeds.add_parser("exclude", help="a period teaches nothing: latency and errors are learned without it")
    for deed in (found, shown):
        deed.add_argument("--json", action="store_true", help="as JSON on standard output")
    for deed in (shown, accept, exclude):
        deed.add_argument("subject", metavar="ID", help="a check, or an integration with all of its checks")
    for deed in (accept, exclude):
        deed.add_argument("--metric", metavar="METRIC", help="only this one, as in latency_ms or metrics.queue")
    accept.add_argument("--why", default="", metavar="TEXT", help="what has changed")
    exclude.add_argument("--from", dest="starts", required=True, metavar="INSTANT", help="when it begins, RFC 3339")
    exclude.add_argument("--to", dest="ends", required=True, metavar="INSTANT", help="when it ends, RFC 3339")
    exclude.add_argument("--why", required=True, metavar="TEXT", help="what was unusual about it")


def run(args: argparse.Namespace) -> int:
    """0; 5 when a decision was refused, with the reason."""
    with reading(args) as reader:
        rows = reader.baselines()
    if args.deed == "list":
        return _print(args, rows)
    mine = [row for row in rows if args.subject in (row.series.name, row.integration)]
    if not mine:
        raise UsageError(f"nothing is learned of {args.subject}; `standby baseline list` has what is")
    return _print(args, mine) if args.deed == "show" else _decide(args, mine)


def _print(args: argparse.Namespace, rows: Sequence[BaselineRow]) -> int:
    if args.json:
        print(json.dumps([baseline_json(row) for row in rows], ensure_ascii=False, indent=2))
        return 0
    lines = [(row.integration, row.series.name, row.series.metric, _value(row.value), row.text) for row in rows]
    print(table(("integration", "of", "metric", "last", "usual"), lines) if lines else "nothing is learned yet")
    return 0


def _decide(args: argparse.Namespace, rows: Sequence[BaselineRow]) -> int:
    if read_only(args, f"baseline {args.deed}"):
        return REFUSED
    from standby.link.client import send_once
    from standby.link.paths import link_paths

    is_check = any(row.series.subject == f"{CHECK}{args.subject}" for row in rows)
    fields: dict[str, Any] = {"check" if is_check else "integration": args.subject}
    fields |= {"metric": args.metric} if args.metric else {}
    fields |= {"comment": args.why} if args.why else {}
    kind = CommandKind.BASELINE_ACCEPT
    if args.deed == "exclude":
        kind = CommandKind.BASELINE_EXCLUDE
        fields |= {"starts": _instant("--from", args.starts), "ends": _instant("--to", args.ends)}
    receipt = send_once(link_paths(store_path(args)), wish(args, kind, fields), TIMEOUT_S)
    if receipt.status is Status.DONE:
        print(receipt.reason)
        return 0
    print(f"standby: baseline {args.deed} refused: {receipt.reason}", file=sys.stderr)
    return REFUSED


def baseline_json(row: BaselineRow) -> dict[str, Any]:
    """One series for scripts; instants are RFC 3339, `usual` is null while it is learning."""
    return {
        "integration": row.integration,
        "subject": row.series.subject,
        "metric": row.series.metric,
        "at": format_instant(row.at),
        "value": row.value,
        "usual": row.usual,
        "low": row.low,
        "high": row.high,
        "deviation": row.deviation,
        "samples": row.samples,
        "days": row.days,
        "since": None if row.since is None else format_instant(row.since),
        "cause": row.cause,
        "text": row.text,
    }


def _value(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _instant(option: str, written: str) -> int:
    try:
        return parse_instant(written)
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from None
