"""What is usual of each check, where the present lies beside it, and what is still being learned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from standby.console.present import figures
from standby.console.present.cells import Cell, Column, Row, lay_out, place, titles
from standby.console.present.glyphs import DASH, OUTCOMES, STRANGE
from standby.console.present.moment import Moment
from standby.domain.baseline import CHECK, LATENCY
from standby.domain.observation import Observation
from standby.domain.outcome import Outcome
from standby.domain.units import HOUR
from standby.store.baselines import BaselineRow

PREFIX = "usual:"
_COLUMNS = (
    Column("cursor", "", 1),
    Column("state", "usual", 11),
    Column("of", "of", 12, weight=2, most=30),
    Column("metric", "metric", 13, weight=1, most=24),
    Column("now", "now", 8, right=True),
    Column("band", "at this hour", 15, right=True),
    Column("since", "since", 6, drop=4),
    Column("text", "in words", 30, weight=6, drop=5),
)

Bands = Mapping[str, BaselineRow]
"""By check: what is usual of its latency."""


def usual(moment: Moment, width: int, found: Sequence[BaselineRow]) -> list[Row]:
    """A line a series, those that are unusual now first; nothing while nothing was seen."""
    if not found:
        return []
    slots = lay_out(_COLUMNS, width)
    order = sorted(found, key=lambda row: (row.since is None, row.series.name, row.series.metric))
    return [
        titles(slots, width),
        *(place(slots, _cells(moment, row), width, id=PREFIX + _key(row)) for row in order),
    ]


def series(found: Sequence[BaselineRow], key: str) -> BaselineRow | None:
    """The one that a line is about: `check:ID/metric`."""
    return next((row for row in found if key == _key(row)), None)


def in_time(row: BaselineRow, at: int) -> bool:
    """Whether what was usual then says anything of `at`: the band is that of one hour of the week."""
    return abs(at - row.at) <= HOUR


def bands(found: Sequence[BaselineRow]) -> Bands:
    """What the latency of single observations is compared with."""
    return {
        row.series.name: row for row in found if row.series.metric == LATENCY and row.series.subject.startswith(CHECK)
    }


def outside(one: Observation, known: Bands) -> str:
    """`↑ above usual` or `↓ below usual` of a latency outside its band; nothing without a band of about that time."""
    band = known.get(one.check_id)
    if band is None or one.latency_ms is None or not in_time(band, one.at):
        return ""
    if band.high is not None and one.latency_ms > band.high:
        return "↑ above usual"
    if band.low is not None and one.latency_ms < band.low:
        return "↓ below usual"
    return ""


def facts(moment: Moment, row: BaselineRow) -> Iterator[tuple[str, str]]:
    """Everything that is known of one series, for its record."""
    yield "of", f"{row.series.name} {row.series.metric}"
    yield "now", row.text
    if row.deviation is not None:
        yield "unusual", f"{row.deviation:+.1f} standard deviations"
    if row.low is not None and row.high is not None:
        yield "band", f"{row.low:.4g} to {row.high:.4g}"
    if row.since is not None:
        yield "since", figures.stamp(row.since, moment.now, moment.zone)
    yield "why", row.cause or DASH
    yield "seen", f"{row.samples} minutes over {row.days:.1f} days"


def _key(row: BaselineRow) -> str:
    return f"{row.series.subject}/{row.series.metric}"


def _cells(moment: Moment, row: BaselineRow) -> dict[str, Cell]:
    strange = row.since is not None
    state = Cell(STRANGE, "degraded") if strange else Cell(f"{OUTCOMES[Outcome.UP]} usual", "dim")
    if row.usual is None:
        state = Cell(f"{OUTCOMES[Outcome.UNKNOWN]} learning", "unknown")
    width = f" ± {_number(row.high - row.usual)}" if row.usual is not None and row.high is not None else ""
    since = figures.clock(row.since, moment.zone) if row.since is not None else DASH
    return {
        "state": state,
        "of": Cell(row.series.name, "name"),
        "metric": Cell(row.series.metric, "dim"),
        "now": Cell(_number(row.value), "figure.bad" if strange else "figure"),
        "band": Cell(f"{_number(row.usual)}{width}" if row.usual is not None else f"{row.days:.0f} days seen", "dim"),
        "since": Cell(since, "text" if strange else "dim"),
        "text": Cell(row.text, "text" if strange else "dim"),
    }


def _number(value: float | None) -> str:
    """In the metric's own unit, which its name ends with."""
    if value is None:
        return DASH
    return f"{value:.0f}" if 100 <= abs(value) < 1e7 else f"{value:.3g}"
