"""Windows that are new are filled with what the store still has: a restart does not make one failure 100 %."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from standby.domain.minutes import LONGEST, QUARTER
from standby.domain.outcome import Outcome
from standby.domain.units import HOUR, MINUTE
from standby.engine.rules.burning import Burning
from standby.engine.rules.windows import Scope, Windows
from standby.engine.timeline import Timeline
from standby.store.baselines import figure_rows
from standby.store.errors import StoreError
from standby.store.reader import Reader

MOST_ROWS = 20_000
HOURS_FROM = 7 * HOUR  # before that no minute is asked for
Sample = tuple[int, Outcome, float | None]
"""Slot (ns since 1970), outcome, latency in milliseconds."""


async def refill(
    path: Path, timeline: Timeline, windows: Windows, fresh: Iterable[Scope], every: Mapping[str, int]
) -> None:
    """Fill the windows `fresh` from the store at `path`; `every` is the interval of each check, ns.

    A store that cannot be read leaves them empty: they fill as time passes.
    """
    scopes = list(fresh)
    spans: dict[str, int] = {}
    for checks, span in scopes:
        for check in checks:
            spans[check] = max(span, spans.get(check, 0))
    found = await asyncio.to_thread(_read, path, timeline.now(), spans, every)
    for scope in scopes:
        for check in scope[0]:
            windows.fill(
                scope, check, [(timeline.monotonic_at(slot), outcome, ms) for slot, outcome, ms in found.get(check, ())]
            )


async def restore_counts(path: Path, timeline: Timeline, burning: Burning) -> None:
    """Give new counts of burn rates what the store's roll-ups hold of the last three days.

    A store that cannot be read leaves them empty: they say nothing until they are old enough.
    """
    scopes, burning.unfilled = burning.unfilled, set()
    checks = {check for scope in scopes for check in scope}
    found = await asyncio.to_thread(_counts, path, timeline.now(), checks)
    for scope in scopes:
        for check in scope:
            for at, bad, total in found.get(check, ()):
                burning.fill(scope, timeline.monotonic_at(at), bad=bad, total=total)


def _counts(path: Path, now: int, checks: Iterable[str]) -> dict[str, list[tuple[int, int, int]]]:
    """Per check instants with how many looks were bad, of how many: hours, then minutes where they are needed."""
    found: dict[str, list[tuple[int, int, int]]] = {}
    fine = (now - HOURS_FROM) // HOUR * HOUR
    try:
        reader = Reader(path)
    except StoreError:
        return found
    try:
        for check in checks:
            rows = [(HOUR, row) for row in figure_rows(reader.figures(check, "hour", now - LONGEST, fine))]
            rows += [(MINUTE, row) for row in figure_rows(reader.figures(check, "minute", fine, now))]
            found[check] = [part for span, row in rows for part in _spread(row[0] * span, row[2], row[1], span)]
    except StoreError:
        return found
    finally:
        reader.close()
    return found


def _spread(bucket: int, bad: int, total: int, span: int) -> Iterator[tuple[int, int, int]]:
    """A sum over an hour as one over each of its quarters; one over a minute as it is."""
    parts = max(1, span // QUARTER)
    for part in range(parts):
        of_bad, of_total = (many * (part + 1) // parts - many * part // parts for many in (bad, total))
        yield bucket + part * QUARTER, of_bad, of_total


def _read(path: Path, now: int, spans: Mapping[str, int], every: Mapping[str, int]) -> dict[str, list[Sample]]:
    try:
        reader = Reader(path)
    except StoreError:
        return {}
    found: dict[str, list[Sample]] = {}
    try:
        for check, span in spans.items():
            # Retries come between slots: twice the grid and some.
            limit = min(MOST_ROWS, 2 * span // every.get(check, MINUTE) + 10)
            rows = reader.observations(check, limit)
            samples = [(row.slot, row.outcome, row.latency_ms) for row in rows if now - span < row.slot <= now]
            found[check] = samples[::-1]
    except StoreError:
        return found
    finally:
        reader.close()
    return found
