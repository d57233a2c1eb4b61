"""Windows that are new are filled with what the store still has: a restart does not make one failure 100 %."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path

from standby.domain.outcome import Outcome
from standby.domain.units import MINUTE
from standby.engine.timeline import Timeline
from standby.engine.windows import Scope, Windows
from standby.store.errors import StoreError
from standby.store.reader import Reader

MOST_ROWS = 20_000
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
