"""`standby rules list`: every rule in force, where it comes from, and when it speaks."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from standby.cli.check import load_config
from standby.cli.main import UsageError
from standby.cli.output import table
from standby.domain.text import clean
from standby.domain.units import SECOND, format_duration

if TYPE_CHECKING:
    from standby.config.whole import Config
    from standby.engine.rules.watches import Watch

_SAYS = {
    "down": "a check is settled as down",
    "no-data": "a check was not seen {no_data_after} times in a row",
    "flapping": "a check comes and goes",
    "deviation": "a figure is not as usual",
}
"""What the built-in rules stand for, which have no condition in CEL."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--integration", metavar="ID", help="only those of this one")
    parser.add_argument("--json", action="store_true", help="as JSON on standard output; spans in seconds")


def run(args: argparse.Namespace) -> int:
    """Print what the configuration puts into force, by integration; 0. Raises UsageError."""
    config = load_config(args)
    found = list(_chosen(config, args.integration))
    if args.json:
        print(json.dumps([_as_json(config, watch) for watch in found], ensure_ascii=False, indent=2))
    else:
        print(_text(config, found))
    return 0


def _chosen(config: Config, integration: str | None) -> Iterator[Watch]:
    """The rules in force, in the order of the integrations."""
    from standby.config.problems import did_you_mean
    from standby.engine.rules.watches import watches

    known = list(config.integration_by_id)
    if integration is not None and integration not in known:
        mend = did_you_mean(integration, known, "integrations")
        raise UsageError(f'--integration: there is no integration "{clean(integration, 80)}"; {mend}')
    place = {name: number for number, name in enumerate(known if integration is None else [integration])}
    found = [watch for watch in watches(config) if watch.integration in place and watch.checks]
    yield from sorted(found, key=lambda watch: place[watch.integration])


def _text(config: Config, found: Sequence[Watch]) -> str:
    if not found:
        return "no rule is in force: nothing is looked at"
    head = ("rule", "severity", "for", "keep", "from", "when")
    return table(head, [_row(config, watch) for watch in found])


def _row(config: Config, watch: Watch) -> tuple[str, ...]:
    when = _when(config, watch)
    if watch.when:
        when += f" over {format_duration(watch.window_ns)}"
    if watch.at_least is not None:
        when += f", {watch.at_least.failures} of the last {watch.at_least.total} looks"
    spans = (watch.timing.for_ns, watch.timing.keep_firing_for_ns)
    return ("/".join(watch.key), watch.severity.value, *(_span(ns) for ns in spans), _source(config, watch), when)


def _span(ns: int) -> str:
    return format_duration(ns) if ns else "-"


def _when(config: Config, watch: Watch) -> str:
    said = _SAYS.get(watch.sort, "").format(no_data_after=config.settings.no_data_after)
    return watch.when or said


def _source(config: Config, watch: Watch) -> str:
    """`config.toml:12`, `template for critical` or `built in`."""
    if watch.template:
        return f"template for {config.integration_by_id[watch.integration].criticality.value}"
    return config.places.get(watch.key, "built in") if watch.when else "built in"


def _as_json(config: Config, watch: Watch) -> dict[str, Any]:
    file, _, line = config.places.get(watch.key, "").rpartition(":") if watch.when and not watch.template else ("",) * 3
    kind = "template" if watch.template else "file" if watch.when else "built-in"
    return {
        "rule": watch.id,
        "integration": watch.integration,
        "check": watch.check,
        "checks": list(watch.checks),
        "from": {"kind": kind, "file": file or None, "line": int(line) if line else None},
        "severity": watch.severity.value,
        "when": watch.when or None,
        "says": None if watch.when else _when(config, watch),
        "window_s": watch.window_ns / SECOND if watch.when else None,
        "for_s": watch.timing.for_ns / SECOND,
        "keep_firing_for_s": watch.timing.keep_firing_for_ns / SECOND,
        "at_least": None if watch.at_least is None else f"{watch.at_least.failures} of {watch.at_least.total}",
        "summary": watch.summary or None,
    }
