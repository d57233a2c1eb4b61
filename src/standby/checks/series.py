"""Figures that a query gives: series of a metrics store, rows of a query language, each judged by the user's CEL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from pydantic import Field

from standby.checks.api import ApiModel, Finding
from standby.checks.expectations import Expectations
from standby.config.fields import FigureExpectation
from standby.domain.observation import Failure
from standby.domain.outcome import Outcome, worst
from standby.domain.text import clean
from standby.domain.units import SECOND

_NOTHING: Mapping[str, Any] = MappingProxyType({})
_MOST_SAID = 3


class FiguresModel(ApiModel):
    """What every check has that judges the figures of a query."""

    expect: list[FigureExpectation] = Field(default=[], description="CEL on each figure; a broken one is `down`")
    prefer: list[FigureExpectation] = Field(default=[], description="CEL on each figure; a broken one is `degraded`")
    absent: Literal["unknown", "up", "degraded", "down"] = Field(
        default="unknown", description="what it means when the query gives nothing"
    )


@dataclass(frozen=True, slots=True)
class Series:
    """One figure: a series at its newest point, or a row.

    `value` is None when there is no number, or several of which none is meant; `at` is when it was measured (ns).
    """

    value: float | None
    values: Mapping[str, float] = field(default_factory=lambda: _NOTHING)
    labels: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    at: int | None = None

    @property
    def name(self) -> str:
        """`region:eu, host:a`; empty for one without labels."""
        return clean(", ".join(f"{key}:{value}" for key, value in self.labels.items()), 120)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a query is judged with: when it was (ns), how long it took, and what it means when nothing came."""

    now: int
    latency_ms: float
    absent: Outcome


def judge(expectations: Expectations, series: Sequence[Series], asked: Asked) -> Finding:
    """The worst of all series, with the ones that spoke; `value`, `lowest`, `highest` and `series` as metrics."""
    metrics = _metrics(series)
    if not series:
        failure = None if asked.absent is Outcome.UP else Failure.DATA
        return Finding(asked.absent, "the query gives nothing", failure, metrics)
    verdicts = [_one(expectations, one, len(series), asked) for one in series]
    outcome = worst(found for found, _ in verdicts)
    if outcome is Outcome.UP:
        return Finding(outcome, _said(series), None, metrics)
    spoke = [said for found, said in verdicts if found is outcome]
    more = f", and {len(spoke) - _MOST_SAID} more" if len(spoke) > _MOST_SAID else ""
    failure = Failure.DATA if outcome is Outcome.UNKNOWN else Failure.EXPECTATION
    return Finding(outcome, "; ".join(spoke[:_MOST_SAID]) + more, failure, metrics)


def _one(expectations: Expectations, one: Series, count: int, asked: Asked) -> tuple[Outcome, str]:
    where = f" ({one.name})" if one.name else ""
    if one.value is None and ("value" in expectations.names or (not one.values and one.at is None)):
        several = ", ".join(list(one.values)[:5])
        mend = f": it has {clean(several, 120)}; write values['…']" if several else ""
        return Outcome.UNKNOWN, f"the query gives no number{where}{mend}"
    if one.at is None and "age_s" in expectations.names:
        return Outcome.UNKNOWN, f"the query gives no time{where}; leave age_s out"
    values: dict[str, Any] = {
        "values": dict(one.values),
        "labels": dict(one.labels),
        "count": count,
        "latency_ms": asked.latency_ms,
    }
    if one.value is not None:
        values["value"] = one.value
    if one.at is not None:
        values["age_s"] = (asked.now - one.at) / SECOND
    if broken := expectations.broken(values):
        return Outcome.DOWN, "; ".join(broken) + where
    if missed := expectations.missed(values):
        return Outcome.DEGRADED, "; ".join(missed) + where
    return Outcome.UP, ""


def _said(series: Sequence[Series]) -> str:
    if len(series) == 1:
        one = series[0]
        shown = f"{one.value:g}" if one.value is not None else _listed(one.values)
        return f"{shown} ({one.name})" if one.name else shown
    found = [one.value for one in series if one.value is not None]
    return f"{len(series)} series" + (f", {min(found):g} to {max(found):g}" if found else "")


def _listed(values: Mapping[str, float]) -> str:
    return ", ".join(f"{clean(name, 40)} {value:g}" for name, value in list(values.items())[:5])


def _metrics(series: Sequence[Series]) -> dict[str, float]:
    found = [one.value for one in series if one.value is not None]
    metrics = {"series": float(len(series))}
    if found:
        metrics |= {"lowest": min(found), "highest": max(found)}
    if len(series) == 1 and series[0].value is not None:
        metrics["value"] = series[0].value
    return metrics
