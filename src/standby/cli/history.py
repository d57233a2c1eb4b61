"""`standby history`: one integration over an hour to a month, or between two instants; as text, JSON or CSV."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TextIO

from standby.cli.main import UsageError
from standby.cli.output import ago, table
from standby.cli.place import reading
from standby.console.estate import Estate, estate_of
from standby.console.present.figures import latency, percent, rate
from standby.domain.availability import DEFINITION, Standing
from standby.domain.history import FIRST, WINDOWS, Column, History, Latency, PhaseTimes, step_for, unit_for
from standby.domain.units import DAY, SECOND, format_instant, parse_instant
from standby.engine.clock import SystemClock
from standby.store.history import Asked
from standby.store.history_csv import HEAD, rows
from standby.store.reader import Reader

_LONGEST = 2 * 366 * DAY  # what the store keeps at most
_LINES = 31  # of the table for people, about


@dataclass(frozen=True, slots=True)
class Scope:
    """What is asked for: the integration's name and checks (id to interval in ns), and the span (ns since 1970)."""

    integration: str
    every_ns: Mapping[str, int]
    start: int
    end: int


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("integration", metavar="INTEGRATION", help="its id")
    parser.add_argument("--window", choices=tuple(WINDOWS), default=FIRST, help=f"up to now (default {FIRST})")
    parser.add_argument("--from", dest="start", metavar="INSTANT", help='instead: from "2026-11-23T03:10:00+01:00"')
    parser.add_argument("--to", dest="end", metavar="INSTANT", help="to this instant (default now)")
    parser.add_argument("--by", choices=("integration", "check"), default="integration", help="whose rows a file has")
    output = parser.add_mutually_exclusive_group()
    output.add_argument(
        "--csv", metavar="FILE", help="a row a minute (an hour above two days) into a new FILE; - is standard output"
    )
    output.add_argument("--json", action="store_true", help="the same as JSON on standard output")


def run(args: argparse.Namespace) -> int:
    """Print or write it; 0. Raises UsageError."""
    now = SystemClock().now()
    with reading(args) as reader:
        scope = _scope(args, estate_of(reader.changes(0).config, Estate()), now)
        if args.csv is None and not args.json:
            print(_text(scope, _read(reader, scope, step_for(scope.end - scope.start, _LINES)), now))
            return 0
        found = [(of, _read(reader, part)) for of, part in _parts(scope, args.by)]
        if args.json:
            print(json.dumps(_json(scope, found), ensure_ascii=False, indent=2))
            return 0
    _write(args.csv, found)
    return 0


def _scope(args: argparse.Namespace, estate: Estate, now: int) -> Scope:
    name = args.integration
    if name not in estate.integrations:
        known = ", ".join(estate.integrations) or "none yet: start an engine"
        raise UsageError(f"there is no integration {name!r}; there are {known}")
    end = _instant("--to", args.end, now)
    start = _instant("--from", args.start, end - WINDOWS[args.window])
    if not start < end:
        raise UsageError("--from must be before --to")
    if end - start > _LONGEST:
        raise UsageError("that is longer than two years; choose a later --from")
    every_ns = {check.id: check.every_ns for check in estate.checks_of.get(name, ())}
    return Scope(name, every_ns, start, min(end, now) if start < now else end)


def _instant(option: str, written: str | None, default: int) -> int:
    if written is None:
        return default
    try:
        return max(0, parse_instant(written))
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from None


def _read(reader: Reader, scope: Scope, step: int = 0) -> History:
    """In columns of `step`; without one in the shortest that there are for the span."""
    unit = max(unit_for(scope.end - scope.start), reader.finest(scope.every_ns, scope.start))
    return reader.history(Asked(scope.integration, scope.every_ns, scope.start, scope.end, max(step, unit), unit))


def _parts(scope: Scope, by: str) -> Iterator[tuple[str, Scope]]:
    """`integration:ID` or each `check:ID`, with what belongs to it."""
    if by == "integration":
        yield f"integration:{scope.integration}", scope
        return
    for check_id, every_ns in scope.every_ns.items():
        yield f"check:{check_id}", replace(scope, every_ns={check_id: every_ns})


def _write(where: str, found: Sequence[tuple[str, History]]) -> None:
    """Raises UsageError when the file is there already or cannot be made."""
    if where == "-":
        _write_rows(sys.stdout, found)
        return
    try:
        with Path(where).open("x", encoding="utf-8", newline="") as file:
            _write_rows(file, found)
    except FileExistsError:
        raise UsageError(f"--csv {where}: it is there already; name a new file") from None
    except OSError as error:
        raise UsageError(f"--csv {where}: {error.strerror}; name a file in a folder that you can write") from None


def _write_rows(file: TextIO, found: Sequence[tuple[str, History]]) -> None:
    out = csv.writer(file, lineterminator="\n")
    out.writerow(HEAD)
    for of, history in found:
        out.writerows(rows(history, of))


# -- JSON --------------------------------------------------------------------------------------------------------------


def _json(scope: Scope, found: Sequence[tuple[str, History]]) -> dict[str, Any]:
    return {
        "integration": scope.integration,
        "from": format_instant(found[0][1].start if found else scope.start),
        "to": format_instant(scope.end),
        "definition": DEFINITION,
        "series": [{"of": of, **_history_json(history)} for of, history in found],
    }


def _history_json(history: History) -> dict[str, Any]:
    return {
        "step_s": history.step // SECOND,
        **_column_json(history.whole),
        "phases_ms": {phase: _phase_json(times) for phase, times in history.phases.items()},
        "down_s": history.down_ns // SECOND,
        "outages": [
            {
                "from": format_instant(outage.start),
                "to": None if outage.end is None else format_instant(outage.end),
                "unseen_s": outage.unseen_ns // SECOND,
            }
            for outage in history.outages
        ],
        "holes": [
            {
                "from": format_instant(hole.start),
                "to": None if hole.end is None else format_instant(hole.end),
                "reason": hole.reason,
            }
            for hole in history.holes
        ],
        "events": [
            {"at": format_instant(mark.at), "kind": mark.kind, "who": mark.who, "on": mark.subject, "text": mark.text}
            for mark in history.marks
        ],
        "columns": [{"start": format_instant(column.start), **_column_json(column)} for column in history.columns],
    }


def _column_json(column: Column) -> dict[str, Any]:
    tally, standing = column.tally, column.standing
    return {
        "count": tally.decided,
        "failures": tally.failures,
        "degraded": tally.degraded,
        "unknown": tally.unknown,
        "maintenance": tally.maintenance,
        "availability": standing.share,
        "availability_low": standing.low,
        "availability_high": standing.high,
        "coverage": standing.coverage,
        "latency_ms": None if column.latency is None else _latency_json(column.latency),
    }


def _latency_json(one: Latency) -> dict[str, float]:
    found = {"p50": one.p50, "p95": one.p95, "p99": one.p99, "min": one.least, "avg": one.mean, "max": one.most}
    return {name: round(value, 3) for name, value in found.items()}


def _phase_json(one: PhaseTimes) -> dict[str, float]:
    return {"count": one.count, "p50": round(one.p50, 3), "p95": round(one.p95, 3), "p99": round(one.p99, 3)}


# -- text --------------------------------------------------------------------------------------------------------------


def _text(scope: Scope, history: History, now: int) -> str:
    whole = history.whole
    times = ("–",) * 3 if whole.latency is None else _percentiles(whole.latency)
    down = f", {ago(history.down_ns)} in all" if history.outages else ""
    phases = [(phase, _percentiles(one)) for phase, one in history.phases.items()]
    lines = [
        f"{scope.integration}  {_minute(history.start)} to {_minute(history.end)}",
        f"availability {_standing(whole.standing)}",
        f"latency p50 {times[0]}  p95 {times[1]}  p99 {times[2]}",
        *(f"  {phase:<10}  p50 {p50}  p95 {p95}  p99 {p99}" for phase, (p50, p95, p99) in phases),
        f"outages {len(history.outages)}{down}",
    ]
    lines += [
        f"  {_minute(outage.start)}  {ago(outage.lasted(now))}"
        + (", lasts" if outage.end is None else "")
        + (f", {ago(outage.unseen_ns)} of it unseen" if outage.unseen_ns else "")
        for outage in history.outages
    ]
    head = ("start", "count", "errors", "availability", "coverage", "p50", "p95", "p99")
    return "\n".join([*lines, "", table(head, [_cells(column) for column in history.columns])])


def _standing(one: Standing) -> str:
    """The figure with its definition and coverage, and the band when too much was not seen."""
    told = f"{percent(one.share)} {DEFINITION}, coverage {percent(one.coverage, 1)}"
    if one.certain or one.share is None:
        return told
    return f"{told}: between {percent(one.low)} and {percent(one.high)}, as the unseen was down or up"


def _cells(column: Column) -> tuple[str, ...]:
    standing = column.standing
    times = ("–",) * 3 if column.latency is None else _percentiles(column.latency)
    return (
        _minute(column.start),
        str(column.tally.decided),
        rate(column.tally.error_rate),
        percent(standing.share),
        percent(standing.coverage, 1),
        *times,
    )


def _percentiles(one: Latency | PhaseTimes) -> tuple[str, ...]:
    return tuple(latency(value) for value in (one.p50, one.p95, one.p99))


def _minute(at: int) -> str:
    return format_instant(at)[:16] + "Z"
