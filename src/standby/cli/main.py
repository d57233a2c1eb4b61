"""Parse the command line and hand over to one command group."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from standby import __version__

# command -> module of `standby.cli`, help. A group's module has `add(parser)` and `run(args) -> int`, and is imported
# only when its command is used, so that `standby` paints before anything heavy is loaded.
COMMANDS = {
    "engine": ("engine", "run the engine without a screen"),
    "check": ("check", "run every check once, now, without a store"),
    "init": ("init", "write a first configuration from the catalogue, by five questions or by flags"),
    "vendors": ("vendors", "what is known of well-known vendors, and from where"),
    "config": ("config", "check, describe or show the configuration"),
    "status": ("status", "the present state, from the store"),
    "alerts": ("alerts", "the alerts, newest first"),
    "history": ("history", "latency, errors and outages of one integration over time"),
    "ack": ("ack", "acknowledge an alert"),
    "unack": ("ack", "take an acknowledgement back"),
    "note": ("ack", "write a note on an alert or an integration"),
    "failover": ("failover", "where traffic goes, and moving it to the standby and back"),
    "escalation": ("escalation", "who was told about each alert, what became of it, who is next"),
    "silence": ("silence", "keep alerts quiet for a while, and see what is kept quiet"),
    "maintenance": ("maintenance", "planned windows in which nobody is told: which are on, which come"),
    "notify": ("notify", "send a test message over a channel or to a person"),
    "alertmanager": ("alertmanager", "silence alerts in an Alertmanager that a check watches"),
    "contract": ("contract", "what a third party's answers look like, and what has changed since"),
    "rules": ("rules", "tests of rules, what each did, which are due for a review, what would make them better"),
    "calendar": ("calendar", "what ends when: certificates, domains, API versions, announced maintenance"),
    "baseline": ("baseline", "what is usual of every check; accept the present, exclude a period"),
    "attribution": ("attribution", "them or us: whose the troubles were, and who saw them first, as evidence"),
    "audit": ("audit", "the append-only log, and whether its hash chain holds"),
    "doctor": ("doctor", "terminal, clock, store, permissions, reachability"),
    "replay": ("replay", "a metric's history through the detector: what it would have said"),
    "simulator": ("simulator", "the simulated third parties and their faults"),
    "demo": ("demo", "the console on simulated third parties with a scripted bad day"),
}


class UsageError(Exception):
    """A command that cannot be run as asked: one line with its mend, exit 2."""


@dataclass(frozen=True, slots=True)
class Globals:
    """What is accepted before every subcommand."""

    config: Path | None
    store: str | None
    user: str | None
    read_only: bool


def globals_of(args: argparse.Namespace) -> Globals:
    """The global options of a parsed command line."""
    return Globals(args.config, args.store, args.user, args.read_only)


def build_parser(command: str | None) -> argparse.ArgumentParser:
    """The parser; only the group of `command` is imported, the others are one line each."""
    parser = argparse.ArgumentParser(
        prog="standby", description="The operations console for third parties. Without a command: the console."
    )
    parser.add_argument("--version", action="version", version=f"standby {__version__}")
    parser.add_argument("--config", metavar="FILE", type=Path, help="the configuration (default: see docs)")
    parser.add_argument("--store", metavar="URL", help="the store, instead of the one the configuration names")
    parser.add_argument("--user", metavar="NAME", help="who you are, when several people share an account")
    parser.add_argument("--read-only", action="store_true", help="look, never act")
    groups = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, (module, text) in COMMANDS.items():
        sub = groups.add_parser(name, help=text, description=text)
        if name == command:
            importlib.import_module(f"standby.cli.{module}").add(sub)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Errors are one line on standard error, never a traceback."""
    words = list(sys.argv[1:] if argv is None else argv)
    args = build_parser(_command_of(words)).parse_args(words)
    module = COMMANDS[args.command][0] if args.command else "console"
    try:
        return int(importlib.import_module(f"standby.cli.{module}").run(args))
    except UsageError as error:
        print(f"standby: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # `standby alerts | head`: the reader is gone, nothing is wrong
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130


def _command_of(words: Sequence[str]) -> str | None:
    """The first word that is a command and not the value of a global option."""
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word in ("--config", "--store", "--user"):
            skip = True
        elif not word.startswith("-"):
            return word
    return None
