"""`standby simulator`: the simulated third parties, what is wrong with them, and making it wrong."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path

from standby.cli.arguments import duration
from standby.cli.main import UsageError
from standby.cli.output import table
from standby.cli.place import store_path
from standby.domain.units import format_duration
from standby.engine.clock import SystemClock
from standby.link.simulator import SEED, Attached, SimulatorError, attach, simulator_paths


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the actions."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="the third parties, where they listen, their faults")
    listing.add_argument("--json", action="store_true", help="as JSON on standard output")
    actions.add_parser("faults", help="the kinds of faults and their parameters")
    fault = actions.add_parser("fault", help="switch a fault on")
    fault.add_argument("party", metavar="NAME", help="the third party, as `list` shows it")
    fault.add_argument("kind", metavar="FAULT", help="the kind, as `faults` shows it")
    fault.add_argument("params", nargs="*", metavar="KEY=VALUE", help="its parameters")
    fault.add_argument(
        "--for", dest="for_ns", type=duration, metavar="DURATION", help="how long (default: until cleared)"
    )
    clear = actions.add_parser("clear", help="end the faults of one third party, or all of them and the scenario")
    clear.add_argument("party", nargs="?", metavar="NAME")
    rehearse = actions.add_parser("rehearse", help="start a scenario")
    rehearse.add_argument("scenario", nargs="?", default="bad-minute", metavar="SCENARIO")
    actions.add_parser("end", help="end the simulator now")
    _add_run(actions.add_parser("run", help="run the simulator; the engine does it by itself"))


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--seed", type=int, default=SEED, metavar="N", help=f"of latencies and chances (default {SEED})"
    )
    parser.add_argument("--first", type=duration, default="60s", metavar="DURATION", help="end when nobody came (60s)")
    parser.add_argument("--linger", type=duration, default="30s", metavar="DURATION", help="end when all left (30s)")
    parser.add_argument("--detach", action="store_true", help="leave this session and return when it is ready")


def run(args: argparse.Namespace) -> int:
    """Do it and print one line, or a table. Raises UsageError."""
    if args.action == "run":
        return _run(args)
    if args.action == "faults":
        return _faults()
    try:
        print(asyncio.run(_ask(store_path(args), _ACTIONS[args.action], args)))
    except SimulatorError as error:
        raise UsageError(str(error)) from None
    return 0


Action = Callable[[Attached, argparse.Namespace], Awaitable[str]]


async def _ask(store: Path, action: Action, args: argparse.Namespace) -> str:
    attached = await attach(store, spawn=False, role="cli")
    try:
        return await action(attached, args)
    finally:
        await attached.close()


async def _list(attached: Attached, args: argparse.Namespace) -> str:
    parties = await attached.list()
    if args.json:
        return json.dumps([asdict(party) for party in parties], ensure_ascii=False, indent=2)
    rows = [
        (party.name, str(party.requests), ", ".join(party.faults) or "none", "; ".join(party.endpoints) or party.text)
        for party in parties
    ]
    return table(("name", "requests", "faults", "where"), rows)


async def _fault(attached: Attached, args: argparse.Namespace) -> str:
    params: dict[str, object] = {}
    for pair in args.params:
        key, equals, value = pair.partition("=")
        if not equals:
            raise UsageError(f"{pair!r} is not a parameter; write KEY=VALUE, as in ms=800")
        params[key] = value
    return await attached.fault(args.party, args.kind, for_ns=args.for_ns, **params)


async def _clear(attached: Attached, args: argparse.Namespace) -> str:
    return await attached.clear(args.party)


async def _rehearse(attached: Attached, args: argparse.Namespace) -> str:
    return f"{args.scenario}: {await attached.rehearse(args.scenario)}"


async def _end(attached: Attached, _args: argparse.Namespace) -> str:
    return await attached.end()


_ACTIONS: dict[str, Action] = {
    "list": _list,
    "fault": _fault,
    "clear": _clear,
    "rehearse": _rehearse,
    "end": _end,
}


def _faults() -> int:
    from standby.simulator.faults import specs

    rows = []
    for kind, spec in specs().items():
        params = " ".join(f"{name}={param.default:g}" for name, param in spec.params.items())
        rows.append((kind.value, params or "-", spec.text))
    print(table(("fault", "parameters", "what it does"), rows))
    return 0


def _run(args: argparse.Namespace) -> int:
    from standby.simulator.process import READY, Lifetime, Ready, detach, run

    paths = simulator_paths(store_path(args))
    lifetime = Lifetime(args.first, args.linger)

    def body(ready: Ready) -> int:
        return run(paths, SystemClock(), args.seed, lifetime, ready)

    if args.detach:
        return detach(paths.log, body)

    def say(what: bytes) -> None:
        line = (
            f"listening; ends {format_duration(args.linger)} after the last program has left" if what == READY else ""
        )
        print(f"standby: {line or what.decode()}")

    return body(say)
