"""Moving traffic from the command line: a plan, the typed word, each step as it is taken, a telling exit code."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections.abc import Mapping
from typing import Any

from standby.cli.follow import follow
from standby.cli.main import UsageError
from standby.cli.place import reading, store_path
from standby.cli.runs import ending_lines, plan_lines, run_json, word
from standby.cli.wish import REFUSED, read_only, wish
from standby.console.estate import Estate, estate_of
from standby.domain.failover import ARMED_FOR_NS, RunState
from standby.engine.clock import SystemClock
from standby.link.client import send_once
from standby.link.paths import link_paths
from standby.link.protocol import CommandKind, Receipt, Status
from standby.store.failovers import FailoverRow
from standby.store.reader import Reader

ROLLED_BACK, PART_WAY = 6, 7
PATIENCE_S = 30.0  # the engine asks the director before it answers
TRIES = 3
_CODES = {RunState.SUCCEEDED: 0, RunState.ROLLED_BACK: ROLLED_BACK, RunState.PARTIALLY_FAILED: PART_WAY}


def plan(args: argparse.Namespace) -> int:
    """Make a plan and print it: 0 armed, 5 blocked or refused. Raises UsageError."""
    with reading(args) as reader:
        estate = estate_of(reader.changes(0).config, Estate())
        run, receipt = _planned(args, reader, estate)
        if run is None:
            return _refused("plan", receipt)
        if args.json:
            print(json.dumps(run_json(run, estate), ensure_ascii=False, indent=2))
        else:
            print("\n".join(plan_lines(run, estate, SystemClock().now())))
            if run.state is RunState.ARMED:
                print(f"to do it: standby failover run {run.route} --to {run.target}, and type: {word(run, estate)}")
        return 0 if run.state is RunState.ARMED else REFUSED


def switch(args: argparse.Namespace) -> int:
    """Plan, have the word typed, and watch the run: 0 done, 5 refused, 6 rolled back, 7 part-way. Raises UsageError."""
    with reading(args) as reader:
        estate = estate_of(reader.changes(0).config, Estate())
        run, receipt = _planned(args, reader, estate)
        if run is None:
            return _refused("run", receipt)
        _say("\n".join(plan_lines(run, estate, SystemClock().now())))
        if run.state is RunState.ARMED:
            run = _started(args, reader, run, word(run, estate))
        return _ended(args, reader, run, estate)


def _planned(args: argparse.Namespace, reader: Reader, estate: Estate) -> tuple[FailoverRow | None, Receipt]:
    """The run that was planned, armed or blocked; None, and why, when there is none."""
    if read_only(args, f"failover {args.action}"):
        return None, Receipt("", Status.REFUSED)
    fields: dict[str, Any] = {"route": args.route}
    target = _primary(args.route, estate) if args.action == "back" else args.to
    if target:
        fields["to"] = target
    if args.force:
        fields["force"] = "; ".join(_override(pair) for pair in args.force)
    command, receipt = _send(args, CommandKind.FAILOVER_PLAN, fields)
    run = reader.failover(command=command)
    if receipt.status is Status.UNREACHABLE and run is not None:
        receipt = Receipt(command, Status.DONE)  # it was recorded, only the answer was lost
    return run, receipt


def _primary(route: str, estate: Estate) -> str:
    known = estate.routes.get(route)
    if known is None:
        raise UsageError(f"there is no route {route!r}; `standby failover list` lists them")
    return known.primary


def _override(pair: str) -> str:
    rule, sign, reason = pair.partition("=")
    if not (rule.strip() and sign and reason.strip()):
        raise UsageError(f"--force {pair!r} does not say why; write RULE=REASON, as in cool-down='the vendor says so'")
    return f"{rule.strip()}={reason.strip().replace(';', ',')}"


def _started(args: argparse.Namespace, reader: Reader, run: FailoverRow, phrase: str) -> FailoverRow:
    """The run after the word was typed, or after it was dropped because nobody typed it."""
    if args.confirm is not None:
        return _confirm(args, reader, run, args.confirm)
    if not sys.stdin.isatty():
        _say(f"standby: nobody is there to type the word; give --confirm {phrase!r}")
        return _dropped(args, reader, run)
    for _ in range(TRIES):
        typed = _typed(phrase)
        if not typed:
            break
        run = _confirm(args, reader, run, typed)
        if run.state is not RunState.ARMED:
            return run
    return _dropped(args, reader, run)


def _typed(phrase: str) -> str:
    """What a person typed; empty when they thought better of it."""
    print(f"type  {phrase}  to move the traffic, or nothing to drop it: ", end="", file=sys.stderr, flush=True)
    try:
        return sys.stdin.readline().strip()
    except KeyboardInterrupt:
        _say("")
        return ""


def _confirm(args: argparse.Namespace, reader: Reader, run: FailoverRow, typed: str) -> FailoverRow:
    """The run as the store has it after the engine heard the word, which may be wrong."""
    _, receipt = _send(args, CommandKind.FAILOVER_RUN, {"run": run.id, "confirm": typed})
    if receipt.status is Status.REFUSED:
        _say(f"standby: refused: {receipt.reason}")
    after = reader.failover(id=run.id) or run
    if receipt.status is Status.UNREACHABLE and after.state is RunState.ARMED:
        # Whether the engine still grants it is not known: the store says so in the end.
        _say(f"standby: {receipt.reason}; whether the run begins is read from the store")
        return follow(reader, SystemClock(), after, _say).run
    if args.confirm is not None and after.state is RunState.ARMED:
        return _dropped(args, reader, after)
    return after


def _dropped(args: argparse.Namespace, reader: Reader, run: FailoverRow) -> FailoverRow:
    """Say so to the engine: what is armed keeps others from acting."""
    _send(args, CommandKind.FAILOVER_CANCEL, {"run": run.id})
    return reader.failover(id=run.id) or run


def _ended(args: argparse.Namespace, reader: Reader, run: FailoverRow, estate: Estate) -> int:
    """Watch it to its end, print that, and say it by the exit code."""
    given_up = ""
    if run.state.acting:
        try:
            followed = follow(reader, SystemClock(), run, _say)
        except KeyboardInterrupt:
            _say(f"run {run.id} goes on without you; see `standby failover history {run.route}`")
            raise
        run, given_up = followed.run, followed.given_up
        _say(f"run {run.id}: {given_up}" if given_up else "\n".join(ending_lines(run)))
    elif not run.state.ended:
        _say(f"run {run.id} is still armed: nothing was moved, and it expires by itself")
    if args.json:
        print(json.dumps(run_json(run, estate), ensure_ascii=False, indent=2))
    return PART_WAY if given_up else _CODES.get(run.state, REFUSED)


def _send(args: argparse.Namespace, kind: CommandKind, fields: Mapping[str, Any]) -> tuple[str, Receipt]:
    """The id of the command and what became of it; never kept for later."""
    command = wish(args, kind, fields, lasts_ns=ARMED_FOR_NS)
    return command.id, send_once(link_paths(store_path(args)), command, PATIENCE_S)


def _refused(verb: str, receipt: Receipt) -> int:
    if receipt.reason:
        _say(f"standby: failover {verb} refused: {receipt.reason}")
    return REFUSED


def _say(line: str) -> None:
    if line:
        with contextlib.suppress(BrokenPipeError):  # whoever listened has gone; the run has not
            print(line, file=sys.stderr, flush=True)
