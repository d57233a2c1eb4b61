"""What the baselines find: both recorded corpora and generated series through the engine's detector.

    python -m benchmarks nab

The scores are those that `standby replay` writes. The threshold of each figure is chosen on the open parts.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.corpora import Corpora, Marks, Operational
from benchmarks.figure import Figure, Target
from benchmarks.generated import Made, Measured, measured, series
from standby.baselines.bank import Bank
from standby.baselines.detector import Detector

Floats = NDArray[np.float64]
WANTED = {"standard": 74.0, "low FP": 64.0, "low FN": 78.0}
WANTED_RECALL = {0.25: 0.45, 0.5: 0.55}
MISSING = 0.13
_NS = 1_000_000_000


def run(quick: bool) -> list[Figure]:  # noqa: FBT001 - the form of every benchmark
    """Every figure of the baselines; what needs the recorded corpora says so when they are not here."""
    return [*_recorded(quick), *_generated(6 if quick else 60)]


def replayed(times: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Scores and alert states of one series, seconds and values."""
    detector = Detector()
    readings = [detector.take(int(at * _NS), value) for at, value in zip(times.tolist(), values.tolist(), strict=True)]
    return np.array([one.score for one in readings]), np.array([float(one.alert) for one in readings])


def banked(times: Sequence[Floats], values: Sequence[Floats]) -> list[Floats]:
    """The same scores out of one bank that holds all series, each sample of all of them at once."""
    bank, lengths = Bank(), np.array([len(one) for one in values])
    for _ in values:
        bank.add()
    scores = [np.zeros(len(one)) for one in values]
    for sample in range(int(lengths.max())):
        rows = np.flatnonzero(lengths > sample)
        at = [int(times[row][sample] * _NS) for row in rows]
        told = bank.take(rows, at, [values[row][sample] for row in rows]).score
        for row, score in zip(rows.tolist(), told.tolist(), strict=True):
            scores[row][sample] = score
    return scores


def _recorded(quick: bool) -> list[Figure]:  # noqa: FBT001
    try:
        corpora = Corpora(quick)
    except FileNotFoundError as error:
        return [Figure.unmeasured("the recorded corpora", "", None, str(error))]
    read = [replayed(one.t, one.v) for one in corpora.series]
    scores, alerts = [score for score, _ in read], [alert for _, alert in read]
    marks = corpora.marks(scores)
    note = f"{sum(one.n for one in corpora.series)} samples of {len(corpora.series)} series, open parts"
    return [
        *_marks(marks, note),
        _lost(corpora, marks),
        *_as_alerts(corpora.alerts(alerts)),
        _apart(corpora, scores),
    ]


def _marks(marks: Marks, note: str) -> list[Figure]:
    out = [
        Figure(f"NAB, {name}", (mark,), None, "", Target(WANTED[name], at_least=True), note)
        for name, mark in marks.profiles.items()
    ]
    clean = Target(0.2)
    out.append(Figure("false alarms on series without anomalies", (marks.clean,), None, "a series and week", clean))
    for one in marks.operational:
        at = f"at {one.budget:g} false alarms a series and week"
        wanted = Target(WANTED_RECALL[one.budget], at_least=True)
        out.append(Figure(f"operational recall {at}", (one.recall,), None, "", wanted))
        out.append(Figure(f"delay {at}", (one.delay,), None, "samples", Target(3.0)))
        out.append(Figure(f"quiet time in alarm {at}", (100 * one.alarm_share,), None, "%", Target(1.0)))
    return out


def _as_alerts(told: Operational) -> list[Figure]:
    """What the alerts themselves do, at the constants as they are."""
    note = "at the built-in bounds, nothing chosen"
    return [
        Figure("operational recall of the alerts", (told.recall,), None, "", None, note),
        Figure("false alarms of the alerts", (told.budget,), None, "a series and week", None, note),
        Figure("quiet time with an alert open", (100 * told.alarm_share,), None, "%", Target(1.0), note),
    ]


def _lost(corpora: Corpora, whole: Marks) -> Figure:
    """Points of NAB's standard profile lost when rows are missing: 10 % alone, the rest in blocks."""
    rng, scores = np.random.default_rng(13), []
    for one in corpora.series:
        values = np.where(rng.random(one.n) < 0.10, np.nan, one.v)
        for start in rng.integers(0, one.n, max(1, int(one.n * 0.036 / 40))):
            values[start : start + 40] = np.nan
        scores.append(replayed(one.t, values)[0])
    lost = whole.profiles["standard"] - corpora.marks(scores).profiles["standard"]
    return Figure("NAB, standard: lost with 13 % of the rows missing", (lost,), None, "points", Target(3.0))


def _apart(corpora: Corpora, scores: Sequence[Floats]) -> Figure:
    told = banked([one.t for one in corpora.series], [one.v for one in corpora.series])
    apart = max(float(np.abs(ours - theirs).max()) for ours, theirs in zip(told, scores, strict=True))
    return Figure("scores of a bank apart from those of single series", (apart,), None, "", Target(1e-9))


def _generated(count: int) -> list[Figure]:
    made = [series(seed) for seed in range(count)]
    told = measured(made, [_alerts(one) for one in made])
    return [
        Figure("generated series: troubles found", (told.recall,), None, "", None, _kinds(told)),
        Figure("generated series: delay", (told.delay,), None, "samples", None),
        Figure("generated series: false alarms", (told.false_a_week,), None, "a series and week", None),
        Figure("generated series: quiet time with an alert open", (100 * told.alarm_share,), None, "%", None),
    ]


def _alerts(made: Made) -> NDArray[np.bool_]:
    detector = Detector()
    return np.array([detector.take(made.at(number), value).alert for number, value in enumerate(made.values.tolist())])


def _kinds(told: Measured) -> str:
    return ", ".join(f"{kind} {share:.2f}" for kind, share in told.by_kind.items())
