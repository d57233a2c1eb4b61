"""`standby rules`: everything about rules, a module a deed."""

from __future__ import annotations

import argparse
import importlib

# deed and module here -> help. A module has `add(parser)` and `run(args) -> int`.
DEEDS = {
    "list": "every rule in force, where it comes from, and when it speaks",
    "test": "unit tests of rules: samples in, expected states of alerts out",
    "backtest": "what rules, or edited ones, would have done with what is stored",
    "review": "what each rule did, the worst first, and which are due for a review",
    "suggest": "settings that would have spoken less and missed nothing, as a diff",
    "reviewed": "say that a rule was looked at: it is due again one period from now",
}


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the deeds."""
    deeds = parser.add_subparsers(dest="deed", metavar="DEED", required=True)
    for name, text in DEEDS.items():
        importlib.import_module(f"{__name__}.{name}").add(deeds.add_parser(name, help=text, description=text))


def run(args: argparse.Namespace) -> int:
    """What the deed says."""
    return int(importlib.import_module(f"{__name__}.{args.deed}").run(args))
