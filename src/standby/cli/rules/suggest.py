"""`standby rules suggest`: other settings for rules that nobody listens to, as a diff of the configuration file."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from standby.cli.check import load_config
from standby.cli.main import UsageError, globals_of
from standby.cli.place import reading, store_path
from standby.cli.wish import REFUSED, read_only
from standby.domain.review import Verdict, figures
from standby.domain.text import clean
from standby.domain.units import DAY, format_instant
from standby.engine.clock import SystemClock

if TYPE_CHECKING:
    from standby.config.edit import Edit
    from standby.config.models import Rule
    from standby.config.whole import Config
    from standby.engine.trials.suggestions import Suggestion

_MOST_DAYS = 366
_FEW_DAYS = 2
_WORTH_TRYING = frozenset({Verdict.IGNORED, Verdict.FLAPS, Verdict.DOUBLED})


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("rule", metavar="RULE", nargs="?", help="its id; else every one that review complains of")
    parser.add_argument("--days", type=int, default=30, metavar="N", help="try it on the last so many days (30)")
    parser.add_argument("--apply", action="store_true", help="write it into the file, whose comments stay")
    parser.add_argument("--json", action="store_true", help="as JSON on standard output")


def run(args: argparse.Namespace) -> int:
    """0, also when nothing is better than what is; 5 when it was not applied, with the reason. Raises UsageError."""
    from standby.config.edit import EditError

    if not 0 < args.days <= _MOST_DAYS:
        raise UsageError(f"--days: write a number from 1 to {_MOST_DAYS}")
    if args.apply and read_only(args, "rules suggest --apply"):
        return REFUSED
    config, end = load_config(args), SystemClock().now()
    start, store = end - args.days * DAY, store_path(args)
    try:
        found = list(suggestions(args, config, store, start, end))
        if args.apply:
            _apply(config, [suggestion for suggestion, _ in found])
    except EditError as error:
        print(f"standby: rules suggest: {error}", file=sys.stderr)
        return REFUSED
    if args.json:
        doc = {
            "from": format_instant(start),
            "to": format_instant(end),
            "suggestions": [as_json(*one) for one in found],
        }
        print(json.dumps(doc, ensure_ascii=False, indent=2))
        return 0
    for suggestion, edit in found:
        print(f"# {suggestion.rule.integration}/{suggestion.rule.id} {told(suggestion)}", file=sys.stderr)
        print(edit.diff, end="")
    print(_ending(found, args), file=sys.stderr)
    return 0


def suggestions(
    args: argparse.Namespace, config: Config, store: Path, start: int, end: int
) -> Iterator[tuple[Suggestion, Edit]]:
    """Those of one rule (`args.rule`), or of all that are worth trying, one by one: each takes seconds.

    Raises UsageError and EditError.
    """
    from standby.config.edit import edit_rule
    from standby.engine.trials.suggestions import suggest
    from standby.store.errors import StoreError

    for rule in _chosen(args, config, start):
        try:
            found = suggest(config, store, rule, start, end)
        except StoreError as error:
            raise UsageError(str(error)) from None
        if found is not None:
            yield found, edit_rule(config, rule, found.keys)


def _chosen(args: argparse.Namespace, config: Config, start: int) -> Sequence[Rule]:
    """The rule that was named, or those of the files that people do not listen to. Raises UsageError."""
    names = {f"{rule.integration}/{rule.id}": rule for rule in config.rules}
    if args.rule:
        found = [rule for key, rule in names.items() if args.rule in (key, rule.id)]
        for whose, rules in (("built in", config.rules_in_force), ("of a template", config.templates)):
            if not found and any(args.rule in (f"{one.integration}/{one.id}", one.id) for one in rules):
                mend = "a [[rule]] of yours can say it otherwise"
                raise UsageError(f"rule {clean(args.rule, 80)} is {whose}, so no file has settings of it; {mend}")
        if not found:
            known = ", ".join(rule.id for rule in config.rules[:20]) or "none: the built-in ones have no settings"
            raise UsageError(f"there is no [[rule]] {clean(args.rule, 80)!r}; there are {known}")
        return found
    with reading(args) as reader:
        firings = reader.tuning(start).firings
    bad = [one.rule for one in figures(names, firings) if one.verdict in _WORTH_TRYING]
    return [names[key] for key in bad]


def _apply(config: Config, found: Sequence[Suggestion]) -> None:
    """One after the other: several may be in one file. Raises EditError."""
    from standby.config.edit import apply, edit_rule
    from standby.engine.kinds import kinds

    for one in found:
        apply(edit_rule(config, one.rule, one.keys), config, kinds())


def told(suggestion: Suggestion) -> str:
    """The effect, and how much history it stands on."""
    days = suggestion.span_ns / DAY
    span = f"{days:.0f} days" if days >= _FEW_DAYS else f"{days * 24:.0f} hours"
    return f"{suggestion.effect} (by {span} of history)"


def _ending(found: Sequence[object], args: argparse.Namespace) -> str:
    if not found:
        return "nothing that can be tried speaks less without missing something"
    if args.apply:
        return "applied; a running engine takes it over within seconds"
    return "--apply writes it into the file" if not globals_of(args).read_only else ""


def as_json(suggestion: Suggestion, edit: Edit) -> dict[str, Any]:
    """One suggestion for scripts."""
    effect, change = suggestion.effect, suggestion.change
    return {
        "rule": f"{suggestion.rule.integration}/{suggestion.rule.id}",
        "keys": dict(suggestion.keys),
        "change": {"key": change.key, "value": change.value, "at": change.at},
        "text": told(suggestion),
        "days": round(suggestion.span_ns / DAY, 3),
        "fired": effect.fired,
        "fired_before": effect.before,
        "incidents": effect.incidents,
        "later_s": effect.later / 1e9,
        "file": str(edit.path),
        "digest": edit.digest,
        "diff": edit.diff,
    }
