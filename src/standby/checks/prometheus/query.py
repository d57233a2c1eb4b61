"""The value of a query held against conditions: each series alone, and how many there are once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from standby.checks.api import Finding
from standby.checks.expectations import Expectations
from standby.checks.monitors import several, shown
from standby.checks.prometheus.samples import Samples, Series
from standby.config.cel import SERIES, compile_in
from standby.config.cel.values import show
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome, worst

_OF_ALL = frozenset({"count"})


@dataclass(frozen=True, slots=True)
class Limits:
    """What a query's value must be (`expect`) and should be (`prefer`), of all series together and of each alone."""

    together: Expectations
    each: Expectations

    @classmethod
    def of(cls, expect: Sequence[str], prefer: Sequence[str]) -> Limits:
        """The conditions as written, told apart by the names that they use."""
        split = [[_for_all(text) for text in texts] for texts in (expect, prefer)]
        sides = [
            Expectations(
                [text for text, together in zip(expect, split[0], strict=True) if together is side],
                [text for text, together in zip(prefer, split[1], strict=True) if together is side],
                SERIES,
            )
            for side in (True, False)
        ]
        return cls(*sides)

    @property
    def needs_values(self) -> bool:
        """Whether an answer without any series leaves something open: also when nothing at all is asked of it."""
        return bool(self.each.names) or not self.together.names


def judge(found: Samples, limits: Limits, absent: Outcome, *, fresh_from: float = -math.inf) -> Finding:
    """What the answer means. `absent` is for a series without a number, or whose newest is older than `fresh_from` (s).

    An answer without any series is absent too, unless nothing but their count is asked for.
    """
    alive = [one for one in found.series if one.value is not None and one.at >= fresh_from]
    gone = [one for one in found.series if one.value is None or one.at < fresh_from]
    count = {"count": len(found.series)}
    broken, missed = limits.together.broken(count), limits.together.missed(count)
    for one in alive:
        broken += _of(one, alive, limits.each.broken(_values(one, count["count"])))
        missed += _of(one, alive, limits.each.missed(_values(one, count["count"])))
    metrics = _metrics(found, alive)
    silent = bool(gone) or not alive
    left_open = absent if silent and limits.needs_values else Outcome.UP
    outcome = worst([left_open, Outcome.DOWN if broken else Outcome.UP, Outcome.DEGRADED if missed else Outcome.UP])
    if outcome is Outcome.UP:
        return Finding(outcome, _up(found, alive, gone), metrics=metrics)
    if broken or missed:
        # What does not hold says more than what is not there.
        return Finding(outcome, several(broken or missed), Failure.EXPECTATION, metrics)
    return Finding(outcome, _absent(found, gone), Failure.DATA, metrics)


def _for_all(text: str) -> bool:
    roots = compile_in(text, SERIES).roots
    return bool(roots) and roots <= _OF_ALL


def _values(one: Series, count: int) -> dict[str, object]:
    return {"value": one.value, "values": list(one.values), "labels": dict(one.labels), "count": count}


def _of(one: Series, among: Sequence[Series], lines: Sequence[str]) -> list[str]:
    """What does not hold, and for which series when there are several."""
    if not lines:
        return []
    whose = f" for {shown(one.labels)}" if len(among) > 1 and shown(one.labels) else ""
    return [line + whose for line in lines]


def _metrics(found: Samples, alive: Sequence[Series]) -> dict[str, float]:
    numbers = [one.value for one in alive if one.value is not None and math.isfinite(one.value)]
    metrics = {"series": float(len(found.series)), "histograms": float(found.histograms)}
    if numbers:
        metrics |= {"lowest": min(numbers), "highest": max(numbers)}
    if len(numbers) == len(found.series) == 1:
        metrics["value"] = numbers[0]
    return metrics


def _up(found: Samples, alive: Sequence[Series], gone: Sequence[Series]) -> str:
    numbers = sorted(one.value for one in alive if one.value is not None)
    if not numbers:
        return _absent(found, gone)
    said = (
        f"value {show(numbers[0])}"
        if len(numbers) == 1
        else (f"{len(numbers)} series: {show(numbers[0])} to {show(numbers[-1])}")
    )
    return f"{said}; {len(gone)} without a number" if gone else said


def _absent(found: Samples, gone: Sequence[Series]) -> str:
    if gone:
        which = several([shown(one.labels) or "the result" for one in gone])
        return f"no number now for {len(gone)} of {len(found.series)} series: {which}"
    if found.histograms:
        return f"the query gives {found.histograms} native histograms and no number: ask by histogram_quantile()"
    return "the query gives no series"
