"""`standby attribution`: them or us, summed up out of the log as evidence for an SLA."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from standby.cli.main import UsageError
from standby.cli.output import ago, table
from standby.cli.place import reading
from standby.console.estate import Estate, estate_of
from standby.console.present.figures import percent
from standby.domain.attribution import Side
from standby.domain.evidence import Case, Evidence, sum_up
from standby.domain.units import DAY, SECOND, format_instant
from standby.engine.clock import SystemClock

_MOST_DAYS = 3660
_WORDS = {Side.THEM: "theirs", Side.US: "ours", Side.BETWEEN: "path", Side.OPEN: "unknown"}


@dataclass(frozen=True, slots=True)
class Found:
    """The evidence about one integration."""

    integration: str
    name: str
    vendor: str
    evidence: Evidence


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("integrations", metavar="INTEGRATION", nargs="*", help="only these; all without any")
    parser.add_argument("--days", type=int, default=30, metavar="N", help="the last so many days (30)")
    parser.add_argument("--json", action="store_true", help="as JSON on standard output; times in seconds")


def run(args: argparse.Namespace) -> int:
    """Print the sums, then each case; 0. Raises UsageError."""
    now = SystemClock().now()
    if not 0 < args.days <= _MOST_DAYS:
        raise UsageError(f"--days: write a number from 1 to {_MOST_DAYS}")
    start = now - args.days * DAY
    with reading(args) as reader:
        estate = estate_of(reader.changes(0).config, Estate())
        lines, holes = reader.judgements(start, now)
    names = _chosen(args.integrations, estate, lines)
    found = [
        Found(name, estate.name_of(name), _vendor(estate, name), sum_up(lines.get(name, ()), holes, start, now))
        for name in names
    ]
    found.sort(key=lambda one: (one.vendor.lower(), one.name.lower()))
    print(json.dumps(_json(found, start, now), ensure_ascii=False, indent=2) if args.json else _text(found, start, now))
    return 0


def _chosen(wanted: Sequence[str], estate: Estate, lines: Mapping[str, object]) -> Sequence[str]:
    """Those of the configuration, and those that left it and are in the log."""
    known = list(dict.fromkeys([*estate.integrations, *lines]))
    for name in wanted:
        if name not in known:
            raise UsageError(f"there is no integration {name!r}; there are {', '.join(known) or 'none yet'}")
    return list(dict.fromkeys(wanted)) or known


def _vendor(estate: Estate, name: str) -> str:
    entry = estate.integrations.get(name)
    return entry.vendor if entry is not None else "-"


# -- text --------------------------------------------------------------------------------------------------------------


def _text(found: Sequence[Found], start: int, now: int) -> str:
    head = ("vendor", "integration", "cases", *_WORDS.values(), "watched", "lead")
    rows = [_row(one) for one in found]
    whole = f"{format_instant(start)[:16]}Z to {format_instant(now)[:16]}Z"
    lines = [whole, "", table(head, rows) if rows else "no integration is known here yet"]
    cases = sorted(((case, one) for one in found for case in one.evidence.cases), key=lambda pair: pair[0].start)
    if cases:
        lines += ["", table(("began", "lasted", "integration", "lead", "says"), [_line(*pair, now) for pair in cases])]
    return "\n".join([*lines, "", _EXPLAINED])


_EXPLAINED = (
    "lead: how long before their own page told of it we saw it (the median; below zero: after it).\n"
    "watched: the share of the time in which somebody looked; the rest is in no column, for nobody knows it."
)


def _row(one: Found) -> tuple[str, ...]:
    evidence = one.evidence
    spent = [ago(evidence.spent[side]) if evidence.spent[side] else "-" for side in _WORDS]
    watched = percent(evidence.coverage, 1)
    return (one.vendor, one.name, str(len(evidence.cases)), *spent, watched, _lead(evidence.lead))


def _line(case: Case, one: Found, now: int) -> tuple[str, ...]:
    lasted = ago((case.end or now) - case.start) + ("" if case.end is not None else ", lasts")
    unseen = f" ({ago(case.unseen)} of it unseen)" if case.unseen else ""
    return (f"{format_instant(case.start)[:16]}Z", lasted, one.name, _lead(case.lead), case.says + unseen)


def _lead(lead: int | None) -> str:
    if lead is None:
        return "-"
    return ago(lead) if lead >= 0 else f"-{ago(-lead)}"


# -- JSON --------------------------------------------------------------------------------------------------------------


def _json(found: Sequence[Found], start: int, now: int) -> dict[str, Any]:
    return {
        "from": format_instant(start),
        "to": format_instant(now),
        "integrations": [
            {
                "integration": one.integration,
                "name": one.name,
                "vendor": one.vendor,
                **_seconds(one.evidence.spent),
                "unwatched_s": one.evidence.unseen // SECOND,
                "coverage": round(one.evidence.coverage, 6),
                "lead_s": _whole(one.evidence.lead),
                "cases": [_case_json(case) for case in one.evidence.cases],
            }
            for one in found
        ],
    }


def _case_json(case: Case) -> dict[str, Any]:
    return {
        "from": format_instant(case.start),
        "to": None if case.end is None else format_instant(case.end),
        "side": _WORDS[case.side],
        **_seconds(case.spent),
        "unwatched_s": case.unseen // SECOND,
        "lead_s": _whole(case.lead),
        "says": case.says,
    }


def _seconds(spent: Mapping[Side, int]) -> dict[str, int]:
    return {f"{word}_s": spent.get(side, 0) // SECOND for side, word in _WORDS.items()}


def _whole(ns: int | None) -> int | None:
    return None if ns is None else round(ns / SECOND)
