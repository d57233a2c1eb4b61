"""`standby rules`: everything about rules, a module a deed."""

from __future__ import annotations

import argparse
import importlib

# deed -> module of `standby.cli`, help. A module has `add(parser)` and `run(args) -> int`.
DEEDS = {
    "list": ("rules_list", "every rule in force, where it comes from, and when it speaks"),
    "test": ("rules_test", "unit tests of rules: samples in, expected states of alerts out"),
    "backtest": ("rules_backtest", "what rules, or edited ones, would have done with what is stored"),
    "review": ("rules_review", "what each rule did, the worst first, and which are due for a review"),
    "suggest": ("rules_suggest", "settings that would have spoken less and missed nothing, as a diff"),
    "reviewed": ("rules_reviewed", "say that a rule was looked at: it is due again one period from now"),
}


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the deeds."""
    deeds = parser.add_subparsers(dest="deed", metavar="DEED", required=True)
    for name, (module, text) in DEEDS.items():
        importlib.import_module(f"standby.cli.{module}").add(deeds.add_parser(name, help=text, description=text))


def run(args: argparse.Namespace) -> int:
    """What the deed says."""
    return int(importlib.import_module(f"standby.cli.{DEEDS[args.deed][0]}").run(args))
