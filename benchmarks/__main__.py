"""Run every benchmark and print one table; `make figures` also writes docs/benchmarks.md.

    python -m benchmarks [NAME...] [--quick] [--write FILE]

Without a NAME all of them. `--quick` shortens each to seconds, to see that it works: nothing is written then. A page
keeps what it says of the benchmarks that were not run.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import machine
from benchmarks.figure import Figure
from benchmarks.report import page, row, section

BENCHMARKS = (
    "peers",
    "console",
    "history",
    "sketch",
    "failover",
    "pages",
    "contracts",
    "kinds",
    "storm",
    "mutes",
    "backtest",
    "rules",
    "baselines",
    "nab",
)


def measured(name: str, *, quick: bool) -> list[Figure]:
    """The figures of one benchmark. One that breaks is a line in the table: the others count all the same."""
    try:
        figures: list[Figure] = importlib.import_module(f"benchmarks.{name}").run(quick)
    except Exception as error:  # noqa: BLE001 - said in the table
        return [Figure.unmeasured(name, "", None, f"{type(error).__name__}: {error}")]
    return figures


def show(figures: Sequence[Figure]) -> None:
    """The table on the terminal, notes below it."""
    table = Table("what", "ours", "theirs", "ratio", "to reach", "reached")
    for number, figure in enumerate(figures, 1):
        table.add_row(*row(figure, str(number)))
    console = Console(markup=False, highlight=False)
    console.print(table)
    for number, figure in enumerate(figures, 1):
        if figure.note:
            console.print(f"[{number}] {figure.note}")


def main(argv: Sequence[str] | None = None) -> int:
    """0; 1 when a target was not reached or a figure not measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure Standby beside its peers.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; all by default")
    parser.add_argument("--quick", action="store_true", help="seconds instead of minutes; the figures mean little")
    parser.add_argument("--write", type=Path, metavar="FILE", help="the page that the figures go into")
    args = parser.parse_args(argv)
    if unknown := [name for name in args.names if name not in BENCHMARKS]:
        parser.error(f"no benchmark is called {unknown[0]}; there are {', '.join(BENCHMARKS)}")
    if args.write and args.quick:
        parser.error("--write needs benchmarks at full length")
    figures: list[Figure] = []
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else each start compiles all modules anew: time, and memory
    for name in args.names or BENCHMARKS:
        print(f"measuring {name}", file=sys.stderr, flush=True)
        load, found = machine.load(), measured(name, quick=args.quick)
        figures += found
        if args.write:  # at once: what broke off later has lost nothing
            before = args.write.read_text() if args.write.exists() else ""
            args.write.write_text(page({name: section(found, load)}, before, BENCHMARKS))
    show(figures)
    return 0 if all(figure.ours and figure.met is not False for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
