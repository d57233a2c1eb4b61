"""What each rule did of late and when it is to be looked at; and one rule with a setting that would do better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from standby.console.present import figures as figure
from standby.console.present.cells import Cell, Column, Row, blank, fit, lay_out, line, place, titles, wrap
from standby.console.present.glyphs import DASH, RULE
from standby.console.present.moment import Moment
from standby.console.snapshot import Book, Suggested
from standby.domain.review import Figures, Review, Verdict
from standby.domain.units import DAY, format_duration, format_instant

PREFIX = "rule:"
WORD = "apply"
_COLUMNS = (
    Column("cursor", "", 1),
    Column("verdict", "verdict", 14),
    Column("rule", "rule", 24, weight=3, most=50),
    Column("fired", "fired", 5, right=True),
    Column("acked", "acked", 5, right=True),
    Column("brief", "brief", 5, right=True, drop=3),
    Column("flaps", "flaps", 5, right=True, drop=3),
    Column("to_ack", "to ack", 6, right=True, drop=1),
    Column("lasted", "lasted", 6, right=True, drop=1),
    Column("review", "review", 9),
    Column("owner", "owner", 8, weight=1, most=24, drop=2),
    Column("when", "when", 30, weight=4, drop=4),
)
_STYLES = {
    Verdict.IGNORED: "down",
    Verdict.FLAPS: "degraded",
    Verdict.DOUBLED: "degraded",
    Verdict.NEVER: "dim",
    Verdict.NEW: "dim",
}
_READING = "reading the store"
_LABEL = 10
_HALF = 0.5
_TEMPLATE = "a template, by how critical the integration is; a [[rule]] of yours about the same takes its place"


def rules(moment: Moment, width: int) -> list[Row]:
    """A line of titles, then a line a rule, the worst first."""
    slots = lay_out(_COLUMNS, width)
    book = moment.snapshot.book
    shown = [one for one in book.figures if moment.shows(one.rule, one.verdict.value, _owner(moment, one.rule))]
    rows = [titles(slots, width)]
    if not shown:
        rows.append(line([Cell(f"  {_nothing(moment, book)}", "down" if book.failed else "dim")], width))
    rows += [place(slots, _cells(moment, one), width, id=PREFIX + one.rule) for one in shown]
    if book.silent and not moment.filter:
        noun = "rule of a template has" if book.silent == 1 else "rules of templates have"
        rows.append(line([Cell(f"  {book.silent} {noun} not fired; standby rules list shows them", "dim")], width))
    return rows


def advice(moment: Moment, key: str) -> str:
    """What may be done about a rule, in one line; what it looks for when nothing need be."""
    found = figures_of(moment.snapshot.book, key)
    known = moment.snapshot.book.rules.get(key, {})
    return found.advice or str(known.get("when") or "") if found is not None else ""


def figures_of(book: Book, key: str) -> Figures | None:
    """What one rule did."""
    return next((one for one in book.figures if one.rule == key), None)


def due(moment: Moment) -> int:
    """How many rules are due for a review."""
    return sum(one.is_due(moment.now) for one in moment.snapshot.reviews.values())


def _nothing(moment: Moment, book: Book) -> str:
    if book.failed:
        return f"failed: {book.failed}"
    if not book.loaded:
        return _READING
    return f"nothing matches {moment.filter}; esc clears the filter" if book.figures else "no rule is known here yet"


def _cells(moment: Moment, one: Figures) -> dict[str, Cell]:
    fired = bool(one.fired)
    text, style = _when(moment, moment.snapshot.reviews.get(one.rule))
    return {
        "verdict": Cell(one.verdict.value, _STYLES.get(one.verdict, "up")),
        "rule": Cell(one.rule, "name"),
        "fired": Cell(str(one.fired), "figure"),
        "acked": Cell(figure.share(one.share_acked), "figure"),
        "brief": Cell(str(one.brief) if fired else DASH, "figure"),
        "flaps": Cell(str(one.flaps) if fired else DASH, "figure"),
        "to_ack": Cell(_span(one.to_ack_ns), "figure"),
        "lasted": Cell(_span(one.lasted_ns), "figure"),
        "review": Cell(text, style),
        "owner": Cell(_owner(moment, one.rule), "dim"),
        "when": Cell(str(moment.snapshot.book.rules.get(one.rule, {}).get("when") or ""), "dim"),
    }


def _span(ns: int | None) -> str:
    return DASH if ns is None else figure.age(ns)


def _owner(moment: Moment, key: str) -> str:
    found = moment.snapshot.reviews.get(key)
    return found.owner if found is not None else ""


def _when(moment: Moment, review: Review | None) -> tuple[str, str]:
    """`in 41 d`, `today`, `due 3 d`, `never`, and the style of it."""
    if review is None or review.due_at is None:
        return "never", "dim"
    days = abs(review.due_at - moment.now) // DAY
    if not days:
        return "due" if review.is_due(moment.now) else "today", "degraded"
    return (f"due {days} d", "degraded") if review.is_due(moment.now) else (f"in {days} d", "dim")


# -- one rule ----------------------------------------------------------------------------------------------------------


def rule(moment: Moment, width: int, key: str, suggested: Suggested) -> list[Row]:
    """Everything about one rule, then the difference that a better setting would be."""
    book = moment.snapshot.book
    found = figures_of(book, key)
    if found is None:
        gone = "it is not in force any more; esc goes back" if book.loaded else _READING
        return [line([Cell(f"  {book.failed or gone}", "down" if book.failed else "dim")], width)]
    rows = [line([Cell(f" {key}", "name"), Cell(f"  {found.verdict.value}", _STYLES.get(found.verdict, "up"))], width)]
    for name, text in _facts(moment, book.rules.get(key, {}), found):
        for number, part in enumerate(wrap(text, max(10, width - _LABEL - 2), 20)):
            rows.append(line([Cell(fit(f" {name}" if not number else "", _LABEL), "dim"), Cell(f" {part}")], width))
    return [*rows, line([Cell(" " + RULE * max(0, width - 2), "rule")], width), *_suggestion(suggested, width)]


def _facts(moment: Moment, known: Mapping[str, Any], one: Figures) -> list[tuple[str, str]]:
    review = moment.snapshot.reviews.get(one.rule)
    spans = [f"{word} {format_duration(ns)}" for word, ns in _spans(known)]
    facts = [
        ("when", str(known.get("when") or "?")),
        ("timing", ", ".join([*spans, str(known.get("severity") or "?")])),
        ("from", _TEMPLATE if known.get("template") else ""),
        ("fired", _fired(moment, one, review)),
        ("taken", _taken(one)),
        ("with", _with(one)),
        ("advice", one.advice),
        ("owner", review.owner if review is not None else ""),
        ("review", _review(moment, review)),
        ("note", review.note if review is not None else ""),
    ]
    return [(name, text) for name, text in facts if text]


def _spans(known: Mapping[str, Any]) -> list[tuple[str, int]]:
    named = (("over", "window_ns"), ("for", "for_ns"), ("keeps firing for", "keep_firing_for_ns"))
    return [(word, ns) for word, key in named if isinstance(ns := known.get(key), int) and ns > 0]


def _fired(moment: Moment, one: Figures, review: Review | None) -> str:
    days = f"in {moment.snapshot.book.days} days"
    if one.new and review is not None:
        days = f"in the {figure.exact_age(moment.now - review.since)} that it is in force"
    if not one.fired:
        return f"not once {days}"
    text = f"{'once' if one.fired == 1 else f'{one.fired} times'} {days}"
    return f"{text}: {one.brief} over by themselves, {one.flaps} came back, {one.muted} muted"


def _taken(one: Figures) -> str:
    if not one.told:
        return "nobody was told"
    quick = "" if one.to_ack_ns is None else f", half of them within {figure.age(one.to_ack_ns)}"
    return f"{one.acked} of {one.told} that were told{quick}; {one.ignored} ignored"


def _with(one: Figures) -> str:
    """Another rule is worth a line when it fires along half of the time."""
    if one.overlap is None or one.overlap.share < _HALF:
        return ""
    return f"{one.overlap.rule}, {figure.share(one.overlap.share)} of the time"


def _review(moment: Moment, review: Review | None) -> str:
    text, _ = _when(moment, review)
    if review is None or review.reviewed_at is None:
        return f"{text}; never reviewed"
    return f"{text}; reviewed {format_instant(review.reviewed_at)[:10]} by {review.by}"


def _suggestion(suggested: Suggested, width: int) -> Sequence[Row]:
    if suggested.failed:
        return [line([Cell(f" {text}", "down")], width) for text in wrap(suggested.failed, width - 2, 4)]
    if not suggested.done:
        return [line([Cell(" trying other settings on what the store has of 30 days", "dim")], width)]
    if suggested.asked:
        return [line([Cell(" the engine was asked to write it; open the rule again for others", "dim")], width)]
    if not suggested.diff:
        return [line([Cell(" nothing that can be tried speaks less without missing something", "dim")], width)]
    told = [line([Cell(f" {text}", "name")], width) for text in wrap(f"It {suggested.text}.", width - 2, 4)]
    lines = [line([Cell(f" {text}", _diff_style(text))], width) for text in suggested.diff]
    return [*told, blank(width), *lines]


def _diff_style(text: str) -> str:
    if text.startswith(("+++", "---", "@@")):
        return "dim"
    return "up" if text.startswith("+") else "down" if text.startswith("-") else "text"
