"""Silences as rows: to cells and back. The database is untrusted when it is read."""

from __future__ import annotations

import json
from collections.abc import Sequence

from standby.domain.matchers import Matcher, parse_matcher
from standby.domain.silence import Silence
from standby.domain.text import clean
from standby.store.cells import Cell
from standby.store.values import MAX_JSON, MESSAGE_LIMIT, Cells, text, whole


def silence_cells(row: Silence, seq: int) -> tuple[Cell, ...]:
    """For `write.upsert_silence`."""
    return (
        row.id,
        seq,
        json.dumps([[str(one) for one in matchers] for matchers in row.matchers]),
        row.starts_at,
        row.ends_at,
        clean(row.by),
        clean(row.origin),
        clean(row.why, MESSAGE_LIMIT),
    )


def silence(cells: Cells) -> Silence:
    """From `read.silences`. Matchers that cannot be read match nothing: too loud is safer than too quiet."""
    return Silence(
        id=whole(cells[0]),
        matchers=_matchers(cells[1]),
        starts_at=whole(cells[2]),
        ends_at=whole(cells[3]),
        by=text(cells[4]),
        origin=text(cells[5]),
        why=text(cells[6], MESSAGE_LIMIT),
    )


def _matchers(cell: object) -> Sequence[Sequence[Matcher]]:
    if not isinstance(cell, str) or len(cell) > MAX_JSON:
        return ()
    try:
        found = tuple(tuple(parse_matcher(one) for one in matchers) for matchers in json.loads(cell))
    except (ValueError, TypeError, RecursionError):
        return ()
    return found if all(found) else ()
