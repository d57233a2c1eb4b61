"""`standby rules backtest`: what the rules, or edited ones, would have done with what is stored."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from standby.cli.main import UsageError
from standby.cli.output import ago, table
from standby.cli.place import config_path, store_path
from standby.domain.text import clean
from standby.domain.units import DAY, SECOND, format_instant, parse_instant
from standby.engine.clock import SystemClock

if TYPE_CHECKING:
    from standby.config.whole import Config
    from standby.engine.trials.backtest import Backtest, Firing, RuleTrial
    from standby.store.rows import AlertRow

Key = tuple[str, str]
_MOST_DAYS = 732
_LINES = 20  # of one rule's firings, for people
_WORTH_A_PROCESS = 200_000  # looks: about twenty seconds
_MOST_WORKERS = 8


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--days", type=int, default=30, metavar="N", help="the last so many days (30)")
    parser.add_argument("--from", dest="start", metavar="INSTANT", help='instead: from "2026-11-23T03:10:00+01:00"')
    parser.add_argument("--to", dest="end", metavar="INSTANT", help="to this instant (now)")
    parser.add_argument(
        "--config", dest="edited", metavar="FILE", type=Path, help="also by this configuration, side by side"
    )
    parser.add_argument(
        "--rule", action="append", default=[], metavar="RULE", help="only this one, and each firing; may be repeated"
    )
    parser.add_argument("--json", action="store_true", help="as JSON on standard output; spans in seconds")


def run(args: argparse.Namespace) -> int:
    """Print what each rule would have done; 0. Raises UsageError."""
    start, end = _span(args, SystemClock().now())
    present = _load(config_path(args))
    edited = None if args.edited is None else _load(args.edited)
    chosen = _chosen(args.rule, [present, *([edited] if edited is not None else [])])
    found = [_judged(present, store_path(args), start, end, chosen)]
    if edited is not None:
        found.append(_judged(edited, store_path(args), start, end, chosen))
    print(_as_json(found) if args.json else _as_text(found, in_detail=bool(args.rule)))
    return 0


def _span(args: argparse.Namespace, now: int) -> tuple[int, int]:
    if not 0 < args.days <= _MOST_DAYS:
        raise UsageError(f"--days: write a number from 1 to {_MOST_DAYS}")
    end = min(now, _instant("--to", args.end, now))
    start = _instant("--from", args.start, end - args.days * DAY)
    if not start < end:
        raise UsageError("--from must be before --to, and before now")
    if end - start > _MOST_DAYS * DAY:
        raise UsageError("that is longer than two years; choose a later --from")
    return start, end


def _instant(option: str, written: str | None, default: int) -> int:
    if written is None:
        return max(0, default)
    try:
        return max(0, parse_instant(written))
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from None


def _load(path: Path) -> Config:
    from standby.config.load import load
    from standby.config.problems import ConfigError
    from standby.engine.kinds import kinds

    try:
        return load(path, kinds())
    except ConfigError as error:
        raise UsageError(str(error)) from None


def _chosen(names: Sequence[str], configs: Sequence[Config]) -> set[Key] | None:
    """The rules that are asked for, by id or by integration/id, in any of the configurations; those that somebody
    wrote before those that nobody did. Raises UsageError."""
    from standby.config.problems import did_you_mean
    from standby.engine.rules.watches import watches

    if not names:
        return None
    keys = {watch.key for config in configs for watch in watches(config)}
    written = {(rule.integration, rule.id) for config in configs for rule in config.rules}
    known = [name for integration, rule in sorted(keys) for name in (rule, f"{integration}/{rule}")]
    found: set[Key] = set()
    for name in names:
        meant = {(integration, rule) for integration, rule in keys if name in (rule, f"{integration}/{rule}")}
        if not meant:
            mend = did_you_mean(name, list(dict.fromkeys(known)), "rules")
            raise UsageError(f'--rule: there is no rule "{clean(name, 80)}"; {mend}')
        found |= meant & written or meant
    return found


def _judged(config: Config, store: Path, start: int, end: int, chosen: Collection[Key] | None) -> Backtest:
    from standby.engine.trials.backtest import backtest
    from standby.store.errors import StoreError

    looks = sum((end - start) / check.every for check in config.checks)
    workers = min(os.cpu_count() or 1, _MOST_WORKERS) if looks > _WORTH_A_PROCESS else 1
    try:
        return backtest(config, store, start, end, chosen, workers=workers)
    except StoreError as error:
        raise UsageError(str(error)) from None


# -- for people --------------------------------------------------------------------------------------------------------


def _as_text(found: Sequence[Backtest], *, in_detail: bool) -> str:
    head = ("rule", "fired", "for", "muted", "really", "met", "missed", "new", "idle")
    pairs = [(key, rules) for key, rules in _side_by_side(found) if in_detail or not _is_idle(rules)]
    rows = [_row(key, rules) for key, rules in pairs]
    lines = [*_basis(found[-1]), "", table(head, rows) if rows else "no rule is in force"]
    idle = sum(_is_idle(rules) for _, rules in _side_by_side(found)) if not in_detail else 0
    if idle:
        noun = "rule of a template" if idle == 1 else "rules of templates"
        lines += ["", f"and {idle} {noun} that neither fired nor would have; `--rule` and --json tell of each"]
    if len(found) > 1:
        lines += ["", "before the arrow the configuration in force, after it the edited one"]
    if in_detail:
        for key, rules in pairs:
            lines += ["", *_detail(key, rules[-1] or rules[0], found[-1])]
    return "\n".join(lines)


def _basis(one: Backtest) -> Iterator[str]:
    """What it rests on, with its limits."""
    span = ago(one.end - one.start)
    yield f"{span} from {_at(one.start)} to {_at(one.end)}: {one.observations} looks judged"
    if one.known_from is None:
        yield "nothing is stored of it"
    elif one.known_from > one.start:
        yield f"what is stored begins at {_at(one.known_from)}"
    if one.from_sums:
        until = f"before {_at(one.single_from)}" if one.single_from is not None else "all of it"
        yield (
            f"{one.from_sums} of them are from sums of minutes ({until}): in which order within a minute, metrics, "
            "phases, messages and causes are not kept"
        )
    late = [rule for rule in one.rules if rule.judged_from > one.start and not _is_idle([rule])]
    if late:
        since = _at(min(rule.judged_from for rule in late))
        yield f"judged from {since} only, because they ask for what no sum has: {_some(late)}"


def _some(rules: Sequence[RuleTrial]) -> str:
    more = f" and {len(rules) - 3} more" if len(rules) > 3 else ""
    return ", ".join(_name(rule.key) for rule in rules[:3]) + more


def _side_by_side(found: Sequence[Backtest]) -> Iterator[tuple[Key, list[RuleTrial | None]]]:
    for key in dict.fromkeys(rule.key for one in found for rule in one.rules):
        yield key, [one.of(key) for one in found]


def _is_idle(rules: Sequence[RuleTrial | None]) -> bool:
    """Whether it is of a template, and nothing came of it: there are several of these an integration."""
    return all(rule is None or (rule.watch.template and not rule.fired and not rule.own) for rule in rules)


def _row(key: Key, rules: Sequence[RuleTrial | None]) -> tuple[str, ...]:
    cells = [_cells(rule) for rule in rules]
    return (_name(key), *(" → ".join(dict.fromkeys(several)) for several in zip(*cells, strict=True)))


def _cells(rule: RuleTrial | None) -> tuple[str, ...]:
    if rule is None:
        return ("-",) * 8
    counts = (rule.muted, len(rule.own), len(rule.own) - len(rule.missed), len(rule.missed), rule.new, rule.idle)
    return (str(rule.fired), ago(rule.lasted) if rule.fired else "-", *map(str, counts))


def _detail(key: Key, rule: RuleTrial | None, one: Backtest) -> Iterator[str]:
    """Each firing, and each real alert that would not have been."""
    if rule is None:
        return
    yield f"{_name(key)} would have fired {'once' if rule.fired == 1 else f'{rule.fired} times'}"
    real = {row.id: row for row in (*rule.own, *rule.others)}
    for firing in rule.firings[:_LINES]:
        yield f"  {_at(firing.began)} {_lasted(firing, one.end)}: {firing.summary}"
        for number in firing.met:
            yield f"    met {_real(real[number])}"
    if rule.fired > _LINES:
        yield f"  and {rule.fired - _LINES} more; --json has {len(rule.firings)} of them"
    for row in rule.missed[:_LINES]:
        yield f"  missed {_real(row)}"
    if len(rule.missed) > _LINES:
        yield f"  and {len(rule.missed) - _LINES} more that it missed"


def _lasted(firing: Firing, end: int) -> str:
    if firing.ended is None:
        return f"for {ago(end - firing.began)} and on"
    return f"for {ago(firing.ended - firing.began)}"


def _real(row: AlertRow) -> str:
    had = f", {row.acked_by} had it" if row.acked_by else ""
    return f"#{row.id} {row.severity} {row.integration}/{row.rule} of {_at(row.fired_at)}{had}"


def _name(key: Key) -> str:
    return "/".join(key)


def _at(instant: int | None) -> str:
    return "?" if instant is None else format_instant(instant)[:19] + "Z"


# -- for scripts -------------------------------------------------------------------------------------------------------


def _as_json(found: Sequence[Backtest]) -> str:
    names = ("present", "edited")[: len(found)]
    one = found[-1]
    document = {
        "from": format_instant(one.start),
        "to": format_instant(one.end),
        "stored_from": _maybe(one.known_from),
        "single_from": _maybe(one.single_from),
        "looks": one.observations,
        "from_sums": one.from_sums,
        "rules": [
            {"integration": key[0], "rule": key[1]}
            | {name: None if rule is None else _rule(rule) for name, rule in zip(names, rules, strict=True)}
            for key, rules in _side_by_side(found)
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=2)


def _rule(rule: RuleTrial) -> Mapping[str, Any]:
    return {
        "severity": rule.severity,
        "when": rule.watch.when,
        "judged_from": format_instant(rule.judged_from),
        "fired": rule.fired,
        "firing_s": rule.lasted // SECOND,
        "muted": rule.muted,
        "real": [row.id for row in rule.own],
        "missed": [row.id for row in rule.missed],
        "met_others": [row.id for row in rule.met_others],
        "new": rule.new,
        "idle": rule.idle,
        "firings": [
            {
                "fired_at": format_instant(firing.began),
                "resolved_at": _maybe(firing.ended),
                "summary": firing.summary,
                "met": list(firing.met),
                "muted": firing.muted,
            }
            for firing in rule.firings
        ],
    }


def _maybe(instant: int | None) -> str | None:
    return None if instant is None else format_instant(instant)
