"""What is usual as rows: to cells and back. The database is untrusted when it is read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from standby.domain.baseline import INTEGRATION, LATENCY, Decision, DecisionKind, Series
from standby.domain.text import clean
from standby.store.cells import Cell, name, number
from standby.store.values import MESSAGE_LIMIT, Cells, blob, maybe_real, maybe_whole, text, whole, word

_LONGEST_LIST = 64 * 2**20

Figures = tuple[str, ...]
"""Minutes or hours of one check as six lists of whole numbers, commas between them: which minute or hour since 1970,
count, failures, count, sum and largest of the latencies (us). A rebuild reads millions: as rows they cost twice as
much."""


@dataclass(frozen=True, slots=True)
class BaselineRow:
    """One series as people see it: the minute `at`, what is usual then, and how unusual it was."""

    series: Series
    integration: str
    at: int
    value: float | None
    usual: float | None  # None while it is learning
    low: float | None
    high: float | None
    deviation: float | None  # robust standard deviations
    samples: int
    days: float
    since: int | None = None  # when it became unusual
    cause: str = ""
    text: str = ""


def latency_of(rows: Sequence[BaselineRow]) -> BaselineRow | None:
    """That of an integration's latency: of all its checks together, or of its only one. `rows` are its series."""
    found = [row for row in rows if row.series.metric == LATENCY]
    whole = next((row for row in found if row.series.subject.startswith(INTEGRATION)), None)
    return found[0] if whole is None and len(found) == 1 else whole


@dataclass(frozen=True, slots=True)
class MemoryRow:
    """What the detectors of one kind of metric remember; `series` are theirs, in order."""

    kind: str
    at: int
    series: Sequence[Series]
    state: bytes


@dataclass(frozen=True, slots=True)
class Remembered:
    """What an engine goes on with."""

    memories: Sequence[MemoryRow] = ()
    decisions: Sequence[Decision] = ()
    last_decision: int = 0
    unusual: Mapping[Series, int] = field(default_factory=dict)  # what was when it was written last, and since when


def figure_rows(figures: Figures) -> Iterator[tuple[int, ...]]:
    """One minute or hour after the other, of few."""
    return zip(*(map(int, column.split(",")) for column in figures), strict=True)


def baseline_cells(row: BaselineRow) -> tuple[Cell, ...]:
    """For `write.upsert_baseline`."""
    return (
        name(row.series.subject),
        name(row.series.metric),
        name(row.integration),
        row.at,
        number(row.value),
        number(row.usual),
        number(row.low),
        number(row.high),
        number(row.deviation),
        row.samples,
        number(row.days),
        row.since,
        name(row.cause),
        clean(row.text, MESSAGE_LIMIT),
    )


def baseline(cells: Cells) -> BaselineRow:
    """From `read.baselines`."""
    return BaselineRow(
        Series(text(cells[0]), text(cells[1])),
        text(cells[2]),
        whole(cells[3]),
        maybe_real(cells[4]),
        maybe_real(cells[5]),
        maybe_real(cells[6]),
        maybe_real(cells[7]),
        maybe_real(cells[8]),
        whole(cells[9]),
        maybe_real(cells[10]) or 0.0,
        maybe_whole(cells[11]),
        text(cells[12]),
        text(cells[13], MESSAGE_LIMIT),
    )


def memory_cells(row: MemoryRow) -> tuple[Cell, ...]:
    """For `write.upsert_memory`."""
    series = json.dumps([[one.subject, one.metric] for one in row.series], separators=(",", ":"))
    return (row.kind, row.at, series, row.state)


def memory(cells: Cells) -> MemoryRow:
    """From `read.memories`; without a series when the list cannot be read."""
    return MemoryRow(text(cells[0]), whole(cells[1]), _series(cells[2]), blob(cells[3]) or b"")


def _series(cell: object) -> Sequence[Series]:
    if not isinstance(cell, str) or len(cell) > _LONGEST_LIST:
        return ()
    try:
        found = json.loads(cell)
        return [Series(clean(subject, 300), clean(metric, 300)) for subject, metric in found]
    except (ValueError, TypeError, AttributeError, RecursionError):
        return ()


def decision_cells(row: Decision, seq: int) -> tuple[Cell, ...]:
    """For `write.upsert_decision`."""
    who = clean(row.by), clean(row.origin), clean(row.why, MESSAGE_LIMIT)
    return (row.id, seq, row.kind.value, name(row.subject), name(row.metric), row.from_at, row.to_at, *who)


def decision(cells: Cells) -> Decision:
    """From `read.decisions`. What cannot be read excludes nothing."""
    return Decision(
        whole(cells[0]),
        word(cells[1], DecisionKind, DecisionKind.EXCLUDE),
        text(cells[2]),
        text(cells[3]),
        whole(cells[4]),
        whole(cells[5]),
        text(cells[6]),
        text(cells[7]),
        text(cells[8], MESSAGE_LIMIT),
    )
