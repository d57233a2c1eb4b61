"""`standby rules test`: unit tests of rules, for a person and for CI."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from standby.cli.main import UsageError
from standby.domain.units import MILLISECOND, format_duration
from standby.engine.clock import SystemClock

if TYPE_CHECKING:
    from standby.config.ruletests import RuleTests
    from standby.engine.trials.ruletest import Mismatch, Report

BROKEN = 1


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("files", metavar="FILE", nargs="+", type=Path, help="tests, in TOML (see docs/rules.md)")
    parser.add_argument("--json", action="store_true", help="as JSON on standard output")
    parser.add_argument("--junit", metavar="FILE", type=Path, help="also write a JUnit report")


def run(args: argparse.Namespace) -> int:
    """Run them all; 0 when everything is as expected, 1 when not. Raises UsageError with every problem of the files."""
    from standby.config.problems import ConfigError
    from standby.engine.trials.ruletest import run_tests

    clock = SystemClock()
    started = clock.monotonic()
    reports: list[Report] = []
    wrong: list[str] = []
    for tests in _read(args.files, wrong):
        try:
            reports += run_tests(tests)
        except ConfigError as error:
            wrong.append(str(error))
    if wrong:
        raise UsageError("\n".join(wrong))
    if args.junit is not None:
        _write_junit(args.junit, reports, (clock.monotonic() - started) / 1e9)
    print(_as_json(reports) if args.json else _as_text(reports))
    return 0 if all(report.ok for report in reports) else BROKEN


def _read(files: Sequence[Path], wrong: list[str]) -> list[RuleTests]:
    """Those that can be read; what is wrong with the others."""
    from standby.config.problems import ConfigError
    from standby.config.ruletests import read_tests
    from standby.engine.kinds import kinds

    found = []
    for file in files:
        try:
            found.append(read_tests(file, kinds()))
        except ConfigError as error:
            wrong.append(str(error))
    return found


def _as_text(reports: Sequence[Report]) -> str:
    lines = []
    for report in reports:
        lines.append(f"{'ok  ' if report.ok else 'FAIL'}  {report.placed.file}: {report.placed.test.name}")
        lines += [f"  {said(report, one)}" for one in report.mismatches]
    failed = sum(not report.ok for report in reports)
    return "\n".join([*lines, "", f"{len(reports)} tests, {failed} failed"])


def said(report: Report, one: Mismatch) -> str:
    """`shop.toml:41: test[slow pages]: payments/slow at 5m: expected firing, got pending since 4m; so far ...`."""
    place = f"{report.placed.file}:{one.line}: {report.placed.label}"
    so_far = f"; before: {', '.join(one.so_far)}" if one.so_far else ""
    rule = f"{one.rule} " if one.rule else ""
    return f"{place}: {rule}at {format_duration(one.at)}: expected {one.expected}, got {one.got}{so_far}"


def _as_json(reports: Sequence[Report]) -> str:
    failed = sum(not report.ok for report in reports)
    tests = [_test(report) for report in reports]
    return json.dumps({"tests": tests, "summary": {"passed": len(reports) - failed, "failed": failed}}, indent=2)


def _test(report: Report) -> dict[str, Any]:
    return {
        "file": report.placed.file,
        "line": report.placed.line(),
        "name": report.placed.test.name,
        "ok": report.ok,
        "samples": report.samples,
        "failures": [_failure(one) for one in report.mismatches],
    }


def _failure(one: Mismatch) -> dict[str, Any]:
    return {
        "line": one.line,
        "rule": one.rule,
        "at": format_duration(one.at),
        "at_ms": one.at // MILLISECOND,
        "expected": one.expected,
        "got": one.got,
        "before": list(one.so_far),
    }


def _write_junit(path: Path, reports: Sequence[Report], seconds: float) -> None:
    from standby.cli import junit

    cases = [
        (report.placed.file, report.placed.test.name, [said(report, one) for one in report.mismatches])
        for report in reports
    ]
    junit.write(path, junit.report_of_tests("standby rules test", cases, seconds))
