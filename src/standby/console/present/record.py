"""Everything that is known of one selected line, wrapped instead of cut."""

from __future__ import annotations

from collections.abc import Iterable

from standby.console.present import figures
from standby.console.present.alerts import PREFIX as ALERT
from standby.console.present.cells import Cell, Row, blank, fit, line, wrap
from standby.console.present.glyphs import DASH
from standby.console.present.log import log
from standby.console.present.moment import Moment
from standby.domain.outside import Origin
from standby.domain.units import SECOND, format_duration


def record(moment: Moment, width: int, key: str) -> list[Row]:
    """A name and a value a line; long values go on below."""
    facts = list(_facts(moment, key))
    if not facts:
        return [line([Cell("  it is gone from the store; esc goes back", "dim")], width)]
    label = max(len(name) for name, _ in facts) + 2
    rows: list[Row] = []
    for name, value in facts:
        for number, text in enumerate(wrap(value, max(10, width - label - 2), 40)):
            head = fit(f" {name}" if number == 0 else "", label)
            rows.append(line([Cell(head, "dim"), Cell(f" {text}", "text")], width))
    return [*rows, *_history(moment, width, key)]


def _history(moment: Moment, width: int, key: str) -> list[Row]:
    """What was written down about an alert."""
    if not key.startswith(ALERT):
        return []
    pane = moment.snapshot.pane if moment.snapshot.pane.integration == key else None
    if pane is None or not pane.loaded:
        return [blank(width), line([Cell("  no data yet: reading the store", "dim")], width)]
    if pane.failed:
        return [blank(width), line([Cell(f" failed: {pane.failed}", "down")], width)]
    return [blank(width), *log(moment, width, pane.audits)]


def _facts(moment: Moment, key: str) -> Iterable[tuple[str, str]]:
    kind, _, rest = key.partition(":")
    if kind == "observation":
        return _observation_facts(moment, rest)
    if kind == "alert":
        return _alert_facts(moment, rest)
    if kind == "audit":
        return _audit_facts(moment, rest)
    return _check_facts(moment, rest) if kind == "check" else ()


def _observation_facts(moment: Moment, rest: str) -> Iterable[tuple[str, str]]:
    for one in moment.snapshot.pane.observations:
        if f"{one.check_id}@{one.slot}" == rest:
            yield "check", one.check_id
            yield "outcome", one.outcome.value
            yield "failure", one.failure.value if one.failure else DASH
            yield "slot", figures.stamp(one.slot, moment.now, moment.zone)
            yield "ended", figures.stamp(one.at, moment.now, moment.zone)
            yield "latency", f"{figures.exact(one.latency_ms)} ms"
            for name in ("resolve", "connect", "tls", "first_byte", "transfer"):
                yield name.replace("_", " "), f"{figures.exact(getattr(one.phases, name))} ms"
            yield "message", one.message or DASH
            for name, value in one.metrics.items():
                yield name, f"{value:g}"


def _alert_facts(moment: Moment, rest: str) -> Iterable[tuple[str, str]]:
    number = int(rest) if rest.isascii() and rest.isdigit() else -1
    alert = moment.snapshot.alerts.get(number)
    if alert is None:
        alert = next((one for one in moment.snapshot.pane.alerts if one.id == number), None)
    if alert is None:
        return

    def when(at: int | None) -> str:
        return DASH if at is None else figures.stamp(at, moment.now, moment.zone)

    yield "alert", f"#{alert.id} {alert.state.value}"
    yield "integration", moment.snapshot.estate.name_of(alert.integration)
    yield "rule", alert.rule
    yield "severity", alert.severity.value
    yield "what", alert.summary
    yield "true since", when(alert.since)
    yield "fired", when(alert.fired_at)
    yield "resolved", when(alert.resolved_at)
    yield "acked by", alert.acked_by or DASH
    yield "acked at", when(alert.acked_at)
    yield "acked from", alert.acked_from or DASH
    for mute in alert.mutes:
        yield "quiet", f"{mute.why or mute.by}{f', until {when(mute.until)}' if mute.until is not None else ''}"
    if alert.origin is not None:
        yield "told by", f"{alert.origin.source}{_unless(alert.origin)}"
        yield "look at", alert.origin.link or DASH
    yield "labels", ", ".join(f"{name}={value}" for name, value in alert.labels.items()) or DASH


def _unless(origin: Origin) -> str:
    if origin.lease_ns is None:
        return ", until it says that it is over"
    return f", over unless said again within {format_duration(origin.lease_ns // SECOND * SECOND)}"


def _audit_facts(moment: Moment, rest: str) -> Iterable[tuple[str, str]]:
    for entry in (*moment.snapshot.audits, *moment.snapshot.pane.audits):
        if str(entry.no) == rest:
            yield "entry", f"{entry.no}"
            yield "at", figures.stamp(entry.at, moment.now, moment.zone)
            yield "who", entry.actor
            yield "from", entry.origin or DASH
            yield "what", entry.kind
            yield "on", entry.subject
            yield "message", entry.message or DASH
            yield "command", entry.command or DASH
            yield "hash", entry.hash.hex()
            return


def _check_facts(moment: Moment, rest: str) -> Iterable[tuple[str, str]]:
    check, state = moment.snapshot.estate.checks.get(rest), moment.snapshot.checks.get(rest)
    if check is None:
        return
    yield "check", check.id
    yield "kind", check.kind
    yield "target", check.target or DASH
    yield "every", format_duration(check.every_ns)
    yield "timeout", format_duration(check.timeout_ns)
    if state is None:
        return
    yield "outcome", f"{state.outcome.value} since {figures.stamp(state.since, moment.now, moment.zone)}"
    yield "last", f"{state.raw.value} at {figures.stamp(state.at, moment.now, moment.zone)}"
    yield "attempt", f"{state.attempt} of {state.attempts}"
    yield "failure", state.failure.value if state.failure else DASH
    yield "latency", f"{figures.exact(state.latency_ms)} ms"
    yield "errors", figures.share(state.error_rate)
    yield "unknown", f"{state.unknowns} in a row"
    yield "missed", f"{state.missed} slots"
    yield "message", state.message or DASH
