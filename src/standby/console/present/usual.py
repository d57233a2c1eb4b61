"""What is usual of each check, where the present lies beside it, and what is still being learned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from standby.console.present import figures
from standby.console.present.cells import Cell, Column, Row, Slot, lay_out, line, place, titles
from standby.console.present.glyphs import DASH, OUTCOMES, STRANGE
from standby.console.present.moment import Moment
from standby.domain.baseline import CHECK, LATENCY, LEARNING_DAYS
from standby.domain.observation import Observation
from standby.domain.outcome import Outcome
from standby.domain.units import DAY, HOUR
from standby.store.baselines import BaselineRow

PREFIX = "usual:"
_LEARNING = "learning"  # the line of all that are still learned
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

_STATE_USUAL = Cell(f"{OUTCOMES[Outcome.UP]} usual", "dim")
_STATE_LEARNING = Cell(f"{OUTCOMES[Outcome.UNKNOWN]} learning", "unknown")

Bands = Mapping[str, BaselineRow]
"""By check: what is usual of its latency."""


def usual(moment: Moment, width: int, found: Sequence[BaselineRow]) -> list[Row]:
    """A line a series that is unusual now, then one for all usual ones of a check, then one for all that are learned.

    Nothing while nothing was seen.
    """
    if not found:
        return []
    slots = lay_out(_COLUMNS, width)
    order = sorted(found, key=lambda row: (row.series.name, row.series.metric))
    groups = [[row] for row in order if row.since is not None]
    groups += [list(group) for _, group in groupby(sorted(_quiet(order), key=_group), key=_group)]
    rows = [
        _single(moment, slots, width, group[0]) if len(group) == 1 else _together(slots, width, group)
        for group in groups
    ]
    singles = any(len(group) == 1 for group in groups)
    return [titles(slots if singles else _begin(slots), width), *rows]


def series(found: Sequence[BaselineRow], key: str) -> BaselineRow | None:
    """The one that a line is about: `check:ID/metric`."""
    return next((row for row in found if key == _key(row)), None)


def several(found: Sequence[BaselineRow], key: str) -> list[BaselineRow]:
    """Those that a line stands for which is about several: `check:ID`, or `learning`."""
    return [row for row in _quiet(found) if _group(row)[1] == key]


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


def told(found: Sequence[BaselineRow], key: str) -> str:
    """What a line says, in one that has room for it."""
    row = series(found, key)
    if row is not None:
        return row.text
    together = several(found, key)
    return _summary(key, together) if together else ""


def listed(found: Sequence[BaselineRow], key: str) -> Iterator[tuple[str, str]]:
    """The series that a line stands for, for its record: which, and what is known of each."""
    for row in several(found, key):
        name = str(row.series) if key == _LEARNING else row.series.metric
        value = f"{_number(row.value)}; {row.text}" if row.text else _number(row.value)
        yield name, value


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


def _quiet(found: Sequence[BaselineRow]) -> list[BaselineRow]:
    return [row for row in found if row.since is None]


def _group(row: BaselineRow) -> tuple[bool, str]:
    """Which line it is summed up in; those that are learned come last."""
    learning = row.usual is None
    return learning, _LEARNING if learning else row.series.subject


def _key(row: BaselineRow) -> str:
    return f"{row.series.subject}/{row.series.metric}"


def _single(moment: Moment, slots: Sequence[Slot], width: int, row: BaselineRow) -> Row:
    return place(slots, _cells(moment, row), width, id=PREFIX + _key(row))


def _together(slots: Sequence[Slot], width: int, rows: Sequence[BaselineRow]) -> Row:
    """Under the titles of the state and of what it is about; the words take the room of all others."""
    learning, key = _group(rows[0])
    state = _STATE_LEARNING if learning else _STATE_USUAL
    begin = _begin(slots)
    name = Cell(f"{len(rows)} series" if learning else rows[0].series.name, "name")
    head = place(begin, {"state": state, "of": name}, sum(slot.width + 1 for slot in begin))
    return line([*head.cells, Cell(_summary(key, rows), "dim")], width, id=PREFIX + key)


def _begin(slots: Sequence[Slot]) -> list[Slot]:
    return [slot for slot in slots if slot.column.key in ("cursor", "state", "of")]


def _summary(key: str, rows: Sequence[BaselineRow]) -> str:
    """`latency_ms 54.2 (50 ± 9), error_rate 0 (0 ± 0.01)`; `known in about 21h00m; seen for 3h00m`."""
    if key != _LEARNING:
        return ", ".join(_value_and_band(row) for row in rows)
    days = max(row.days for row in rows)
    left = int((LEARNING_DAYS - days) * DAY)
    known = f"known in about {figures.age(left)}" if left > 0 else "more is needed"
    return f"{known}; seen for {figures.exact_age(int(days * DAY))}"


def _value_and_band(row: BaselineRow) -> str:
    name = row.series.metric.removeprefix("metrics.")
    return f"{name} {_number(row.value)} ({_number(row.usual)}{_width(row)})"


def _width(row: BaselineRow) -> str:
    return f" ± {_number(row.high - row.usual)}" if row.usual is not None and row.high is not None else ""


def _cells(moment: Moment, row: BaselineRow) -> dict[str, Cell]:
    strange = row.since is not None
    calm = _STATE_LEARNING if row.usual is None else _STATE_USUAL
    band = f"{_number(row.usual)}{_width(row)}" if row.usual is not None else f"{row.days:.0f} days seen"
    since = figures.clock(row.since, moment.zone) if row.since is not None else DASH
    return {
        "state": Cell(STRANGE, "degraded") if strange else calm,
        "of": Cell(row.series.name, "name"),
        "metric": Cell(row.series.metric, "dim"),
        "now": Cell(_number(row.value), "figure.bad" if strange else "figure"),
        "band": Cell(band, "dim"),
        "since": Cell(since, "text" if strange else "dim"),
        "text": Cell(row.text, "text" if strange else "dim"),
    }


def _number(value: float | None) -> str:
    """In the metric's own unit, which its name ends with."""
    if value is None:
        return DASH
    return f"{value:.0f}" if 100 <= abs(value) < 1e7 else f"{value:.3g}"
