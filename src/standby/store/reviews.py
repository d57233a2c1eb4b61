"""Reviews of rules and the alerts that they are judged by, as rows: to cells and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from standby.domain.outcome import Severity
from standby.domain.review import Firing, Review
from standby.domain.text import clean
from standby.store.cells import Cell
from standby.store.values import MESSAGE_LIMIT, Cells, maybe_whole, text, whole, word

MOST_FIRINGS = 20_000


@dataclass(frozen=True, slots=True)
class Tuning:
    """What rules are judged by: the rules of the stored configuration (see `config.view`), alerts, reviews.

    Rules of templates belong to `rules` when they fired, and say so by `template`; of the others, that nobody wrote and
    nobody heard of, only the number is told: `silent`.
    """

    rules: Sequence[Mapping[str, Any]]
    firings: Sequence[Firing]
    reviews: Mapping[str, Review]
    silent: int = 0

    def new(self, start: int) -> set[str]:
        """The rules that came into force after `start` (ns since 1970)."""
        return {key for key, row in self.reviews.items() if row.since > start}


def key_of(rule: Mapping[str, Any]) -> str:
    """What a rule of a stored configuration is called where several integrations have one of its name."""
    return clean(f"{rule['integration']}/{rule['id']}")


def review_cells(row: Review, seq: int) -> tuple[Cell, ...]:
    """For `write.upsert_review`."""
    return (
        clean(row.rule),
        seq,
        clean(row.owner),
        row.since,
        row.due_at,
        row.reviewed_at,
        clean(row.by),
        clean(row.note, MESSAGE_LIMIT),
        row.reminded_at,
    )


def review(cells: Cells) -> Review:
    """From `read.reviews`."""
    return Review(
        rule=text(cells[0]),
        owner=text(cells[1]),
        since=whole(cells[2]),
        due_at=maybe_whole(cells[3]),
        reviewed_at=maybe_whole(cells[4]),
        by=text(cells[5]),
        note=text(cells[6], MESSAGE_LIMIT),
        reminded_at=maybe_whole(cells[7]),
    )


def firing(cells: Cells) -> Firing:
    """From `read.firings`."""
    return Firing(
        rule=f"{text(cells[0])}/{text(cells[1])}",
        severity=word(cells[2], Severity, Severity.WARNING),
        fired_at=whole(cells[3]),
        resolved_at=maybe_whole(cells[4]),
        acked_at=maybe_whole(cells[5]),
        muted=bool(cells[6]),
    )


def tuning(doc: Mapping[str, Any], fired: Sequence[Firing], reviews: Sequence[Review]) -> Tuning:
    """What is known of the rules of a stored configuration."""
    templates, names = rules_of(doc, "templates"), {one.rule for one in fired}
    heard = [{**rule, "template": True} for rule in templates if key_of(rule) in names]
    known = {row.rule: row for row in reviews}
    return Tuning([*rules_of(doc), *heard], fired, known, len(templates) - len(heard))


def rules_of(doc: Mapping[str, Any], table: str = "rules") -> Sequence[Mapping[str, Any]]:
    """The rules of a stored configuration; what is none is left out."""
    found = doc.get(table)
    entries = found if isinstance(found, list) else []
    return [one for one in entries if isinstance(one, Mapping) and one.get("id") and one.get("integration")]
