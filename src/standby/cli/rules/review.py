"""`standby rules review`: what each rule did and who listened, the worst first, and when it is to be looked at."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from standby.cli.check import load_config
from standby.cli.main import UsageError
from standby.cli.output import ago, table
from standby.cli.place import reading, store_path
from standby.cli.rules.suggest import as_json, suggestions, told
from standby.domain.review import Figures, Review, Verdict, figures
from standby.domain.units import DAY, SECOND, format_instant
from standby.engine.clock import SystemClock
from standby.store.reviews import key_of

if TYPE_CHECKING:
    from standby.config.edit import Edit
    from standby.engine.trials.suggestions import Suggestion
    from standby.store.reviews import Tuning

_MOST_DAYS = 3660
_MOST_TRIED = 30


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--days", type=int, default=90, metavar="N", help="the last so many days (90)")
    parser.add_argument("--suggest", action="store_true", help="try other settings for the bad ones; takes a while")
    parser.add_argument("--json", action="store_true", help="as JSON on standard output; times in seconds")


def run(args: argparse.Namespace) -> int:
    """Print a line a rule, then what may be done about the bad ones; 0. Raises UsageError."""
    now = SystemClock().now()
    if not 0 < args.days <= _MOST_DAYS:
        raise UsageError(f"--days: write a number from 1 to {_MOST_DAYS}")
    with reading(args) as reader:
        tuning = reader.tuning(now - args.days * DAY)
    found = figures(map(key_of, tuning.rules), tuning.firings, tuning.new(now - args.days * DAY))
    better = dict(_better(args, now)) if args.suggest else {}
    if args.json:
        rules = [
            {**_as_json(one, tuning.reviews.get(one.rule), now), "suggestion": _suggestion(better.get(one.rule))}
            for one in found
        ]
        doc = {"at": format_instant(now), "days": args.days, "rules": rules, "silent_templates": tuning.silent}
        print(json.dumps(doc, ensure_ascii=False, indent=2))
    else:
        print(_text(found, tuning, args.days, now))
        for key, (suggestion, _) in better.items():
            keys = ", ".join(f'{name} = "{value}"' for name, value in suggestion.keys.items())
            print(f"{key}: with {keys} it {told(suggestion)}; `standby rules suggest {suggestion.rule.id}`")
    return 0


def _better(args: argparse.Namespace, now: int) -> Iterator[tuple[str, tuple[Suggestion, Edit]]]:
    """Other settings by rule, tried on as much as keeps the waiting bearable."""
    from standby.config.edit import EditError

    start = now - min(args.days, _MOST_TRIED) * DAY
    wanted = argparse.Namespace(**{**vars(args), "rule": None})
    try:
        for suggestion, edit in suggestions(wanted, load_config(args), store_path(args), start, now):
            yield f"{suggestion.rule.integration}/{suggestion.rule.id}", (suggestion, edit)
    except EditError as error:
        raise UsageError(str(error)) from None


def _suggestion(found: tuple[Suggestion, Edit] | None) -> dict[str, Any] | None:
    return None if found is None else as_json(*found)


def _text(found: Sequence[Figures], tuning: Tuning, days: int, now: int) -> str:
    reviews = tuning.reviews
    if not found:
        return "no rule is known here yet; an engine that has started once tells them"
    head = ("rule", "verdict", "fired", "acked", "ignored", "brief", "flaps", "to ack", "lasted", "owner", "review")
    rows = [_row(one, reviews.get(one.rule), now) for one in found]
    lines = [f"the last {days} days", "", table(head, rows)]
    advice = [f"{one.rule}: {one.advice}" for one in found if one.fired and one.advice]
    silent = sum(one.verdict is Verdict.NEVER for one in found)
    if silent:
        noun = "rule has" if silent == 1 else "rules have"
        advice.append(f"{silent} {noun} never fired: test, loosen or take out what can never speak")
    new = sum(one.verdict is Verdict.NEW for one in found)
    if new:
        noun = "rule is" if new == 1 else "rules are"
        advice.append(f"{new} {noun} new: in force for less than {days} days, and not fired yet")
    if tuning.silent:
        noun = "rule of a template has" if tuning.silent == 1 else "rules of templates have"
        advice.append(f"{tuning.silent} {noun} not fired either; nobody has to look at those")
    due = sum(one.is_due(now) for rule in found if (one := reviews.get(rule.rule)) is not None)
    if due:
        noun = "rule is" if due == 1 else "rules are"
        advice.append(f"{due} {noun} due for a review; `standby rules reviewed RULE` says that one was looked at")
    return "\n".join([*lines, *(["", *advice] if advice else [])])


def _row(one: Figures, review: Review | None, now: int) -> tuple[str, ...]:
    counts = [str(count) if one.fired else "-" for count in (one.acked, one.ignored, one.brief, one.flaps)]
    spans = [ago(span) if span is not None else "-" for span in (one.to_ack_ns, one.lasted_ns)]
    owner = review.owner if review is not None and review.owner else "-"
    return (one.rule, one.verdict.value, str(one.fired), *counts, *spans, owner, _when(review, now))


def _when(review: Review | None, now: int) -> str:
    if review is None or review.due_at is None:
        return "never"
    day = format_instant(review.due_at)[:10]
    return f"due since {day}" if review.is_due(now) else day


def _as_json(one: Figures, review: Review | None, now: int) -> dict[str, Any]:
    overlap = one.overlap
    return {
        "rule": one.rule,
        "verdict": one.verdict.value,
        "fired": one.fired,
        "acked": one.acked,
        "ignored": one.ignored,
        "brief": one.brief,
        "muted": one.muted,
        "flaps": one.flaps,
        "share_acked": one.share_acked,
        "to_ack_s": _seconds(one.to_ack_ns),
        "lasted_s": _seconds(one.lasted_ns),
        "overlap": None if overlap is None else {"rule": overlap.rule, "share": round(overlap.share, 4)},
        "advice": one.advice,
        "review": None if review is None else _review_json(review, now),
    }


def _review_json(review: Review, now: int) -> dict[str, Any]:
    return {
        "owner": review.owner,
        "due_at": _instant(review.due_at),
        "due": review.is_due(now),
        "reviewed_at": _instant(review.reviewed_at),
        "by": review.by,
        "note": review.note,
    }


def _instant(at: int | None) -> str | None:
    return None if at is None else format_instant(at)


def _seconds(ns: int | None) -> float | None:
    return None if ns is None else round(ns / SECOND, 3)
