"""What a NRQL query gives: rows, facets, time series. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from standby.checks.documents import Table, every, number, table, text
from standby.checks.instants import instant
from standby.checks.series import Series

MOST = 5000
"""Rows that are looked at: New Relic gives no more (`LIMIT MAX`)."""
_TIMES = ("endTimeSeconds", "endTimestamp", "timestamp", "beginTimeSeconds")
_COMPARISON = "comparison"  # `current` or `previous`, of COMPARE WITH


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a query is. `id` asks for the rest; `wait_s` is how long New Relic wants us to wait before."""

    done: bool
    id: str
    wait_s: float


def progress(found: Table) -> Progress:
    """The progress of a query; one that says nothing about it is done when it has results."""
    said = table(found.get("queryProgress"))
    completed = said.get("completed")
    done = completed if isinstance(completed, bool) else isinstance(found.get("results"), list)
    wait = number(said.get("retryAfter"))
    return Progress(done, text(said.get("queryId"), 200), min(max(wait if wait is not None else 1.0, 0.0), 60.0))


def series(found: Table) -> list[Series] | None:
    """The rows, of a time series the newest of each facet; None when there is no list of them."""
    listed = found.get("results")
    if not isinstance(listed, list):
        return None
    metadata = table(found.get("metadata"))
    facets = metadata.get("facets")
    names = [name for name in facets if isinstance(name, str)] if isinstance(facets, list) else []
    rows = [_row(one, names) for one in every(listed)[-MOST:]]
    newest: dict[str, Series] = {}
    apart: list[Series] = []
    for row in rows:
        if row.at is None:
            apart.append(row)
        elif row.name not in newest or (newest[row.name].at or 0) <= row.at:
            newest[row.name] = row
    return [*apart, *newest.values()]


def notes(found: Table) -> str:
    """What New Relic has to say about the query itself; empty when nothing."""
    messages = table(found.get("metadata")).get("messages")
    return text(messages[0], 160) if isinstance(messages, list) and messages else ""


def _row(row: Table, facets: Sequence[str]) -> Series:
    labels = _labels(row, facets)
    values: dict[str, float] = {}
    for key, value in row.items():
        if key not in _TIMES and key != "facet" and key not in facets:
            values.update(_figures(key, value))
    at = next((when for when in (instant(row.get(key)) for key in _TIMES) if when is not None), None)
    only = next(iter(values.values())) if len(values) == 1 else None
    return Series(only, values, labels, at)


def _figures(key: str, value: object) -> dict[str, float]:
    """`count: 5` and, of a percentile or a summary, `percentile.duration.95`."""
    if isinstance(value, Mapping):
        inner = {f"{key}.{part}": number(figure) for part, figure in value.items()}
        return {name: figure for name, figure in inner.items() if figure is not None}
    if isinstance(value, str):
        return {}
    figure = number(value)
    return {} if figure is None else {key: figure}


def _labels(row: Table, facets: Sequence[str]) -> dict[str, str]:
    said = row.get("facet")
    values = said if isinstance(said, list) else [said]
    labels = {name: text(row[name], 80) for name in facets if row.get(name) is not None}
    if not labels and said is not None:
        names = facets if len(facets) == len(values) else [f"facet{n or ''}" for n in range(len(values))]
        labels = {name: text(value, 80) for name, value in zip(names, values, strict=True)}
    if isinstance(row.get(_COMPARISON), str):
        labels[_COMPARISON] = text(row[_COMPARISON], 40)
    return labels
