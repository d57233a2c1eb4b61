"""The first line, and the lines under it that somebody must see before anything else."""

from __future__ import annotations

from rich.cells import cell_len

from standby.console.present import figures
from standby.console.present.cells import Cell, Row, both_ends, fit, line, wrap
from standby.console.present.guide import guide
from standby.console.present.moment import Moment, engine
from standby.console.present.ranking import tally
from standby.console.present.recovery import countdown, most_urgent
from standby.console.present.review import due
from standby.domain.outcome import Environment

_ENVIRONMENTS = tuple(Environment)
_LINES_EACH = 2


def header(moment: Moment, width: int, place: str = "") -> Row:
    """Name, environment, engine, what fires, the time. `place` names the screen when it is not the first one."""
    estate, snapshot = moment.snapshot.estate, moment.snapshot
    environment = estate.environment if estate.environment in _ENVIRONMENTS else "unknown"
    state = engine(moment)
    left = [Cell(" ", "bar"), Cell(fit(estate.name or "standby", min(24, _length(estate.name))), "bar.name")]
    left += [Cell(" ", "bar"), Cell(f" {environment.upper()} ", f"env.{environment}"), Cell("  ", "bar")]
    left += [Cell(state.text, f"bar.{state.style}")]
    if snapshot.read_only:
        left += [Cell("  ", "bar"), Cell("read-only", "bar.degraded")]
    if place:
        left += [Cell("  ", "bar"), Cell(place, "bar.name")]
    room = width - sum(cell_len(cell.text) for cell in left)
    return both_ends(left, _counts(moment, room), width, "bar")


def _counts(moment: Moment, room: int) -> list[Cell]:
    """What fires, what is held, the time; on a narrow screen less of it."""
    firing, muted, acked = tally(moment.snapshot.alerts)
    urgent = most_urgent(moment)
    left = [Cell(f" RTO {urgent.name} {countdown(urgent.left)} ", "bar.down")] if urgent is not None else []
    fires = Cell(f" {firing} firing", "bar.down" if firing else "bar.dim")
    held = [Cell(f"  {acked} acked", "bar.acked")] if acked else []
    hint = [Cell(f" {reviews} to review ", "bar.dim")] if (reviews := due(moment)) else []
    held += [Cell(f"  {muted} muted", "bar.dim")] if muted else []
    exact = Cell(f"  {figures.clock(moment.now, moment.zone, seconds=firing > 0)} ", "bar")
    brief = Cell(f"  {figures.clock(moment.now, moment.zone)} ", "bar")
    choices = [
        [*hint, *left, fires, *held, exact],
        [*left, fires, *held, exact],
        [*left, fires, *held, brief],
        [*left, fires, brief],
        [*left, fires],
    ]
    choices += [[fires, *held, brief], [fires, brief], [fires, Cell(" ", "bar")]]
    return next((one for one in choices if sum(len(cell.text) for cell in one) <= room), choices[-1])


def _length(name: str) -> int:
    return max(1, len(name or "standby"))


def notices(moment: Moment, width: int) -> list[Row]:
    """What is wrong with the picture itself, most urgent first, then the guide of the demonstration."""
    snapshot = moment.snapshot
    told: list[tuple[str, str]] = []
    if snapshot.store_trouble:
        told.append((f"✗ shown is what was read last: {snapshot.store_trouble}", "banner.down"))
    if alarm := engine(moment).alarm:
        told.append((f"✗ {alarm}", "banner.down"))
    row = snapshot.engine
    if row is not None and row.blind_since is not None and row.state != "stopped":
        since = figures.stamp(row.blind_since, moment.now, moment.zone)
        gone = figures.age(moment.now - row.blind_since)
        told.append(
            (f"? BLIND since {since} ({gone}): our own network is gone; results are unknown, alerts frozen", "banner")
        )
    if row is not None and row.trouble and moment.engine_alive:
        told.append((f"✗ {row.trouble}", "banner.down"))
    if refusal := snapshot.link.refusal:
        told.append((f"you may look, not act: {refusal}", "banner"))
    rows = [
        line([Cell(fit(f" {part}" if number == 0 else f"   {part}", width), style)], width)
        for text, style in told
        for number, part in enumerate(wrap(text, width - 4, _LINES_EACH))
    ]
    if guidance := guide(moment):
        rows.append(line([Cell(fit(f" → {guidance}", width), "guide")], width))
    return rows
