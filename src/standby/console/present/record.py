"""Everything that is known of one selected line, wrapped instead of cut."""

from __future__ import annotations

from collections.abc import Iterable

from standby.console.present import figures
from standby.console.present.alerts import PREFIX as ALERT
from standby.console.present.alerts import named
from standby.console.present.cells import Cell, Row, blank, fit, line, wrap
from standby.console.present.glyphs import DASH
from standby.console.present.log import log
from standby.console.present.moment import Moment
from standby.console.present.quiet import SILENCE, covers, hidden_by, occurrences, window_of, window_state
from standby.console.present.silence import alert_rows, hides, until
from standby.console.present.usual import facts as learned
from standby.console.present.usual import listed, series
from standby.domain.muting import MuteKind
from standby.domain.outside import Origin
from standby.domain.phases import PHASES
from standby.domain.silence import Silence, SilenceState
from standby.domain.units import SECOND, format_duration
from standby.store.rows import AlertRow

_MOST_HIDDEN = 200


OWN_HISTORY = (ALERT, SILENCE)
"""What has a history of its own in the log."""


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
    return [*rows, *_hidden(moment, width, key), *_history(moment, width, key)]


def _hidden(moment: Moment, width: int, key: str) -> list[Row]:
    """The alerts that a silence, a window or another reason keeps quiet now; those that a silence to come would."""
    kind, _, rest = key.partition(":")
    if kind not in ("silence", "window", "mute"):
        return []
    found = _hidden_by(moment, kind, rest)
    rows = [blank(width), line([Cell(f" {hides(found)}", "name")], width)]
    return [*rows, *(alert_rows(moment, width, _MOST_HIDDEN, found) if found else ())]


def _hidden_by(moment: Moment, kind: str, rest: str) -> list[AlertRow]:
    if kind == "window":
        return hidden_by(moment.snapshot, MuteKind.MAINTENANCE, window_of(rest))
    if kind == "mute":
        mute, _, by = rest.partition(":")
        return hidden_by(moment.snapshot, MuteKind(mute), by) if mute in tuple(MuteKind) else []
    one = _silence(moment, rest)
    if one is not None and one.state(moment.now) is SilenceState.PENDING:
        return [alert for alert in moment.snapshot.open_alerts() if one.matches(alert.labels)]
    return hidden_by(moment.snapshot, MuteKind.SILENCE, rest)


def _history(moment: Moment, width: int, key: str) -> list[Row]:
    """What was written down about an alert or a silence."""
    if not key.startswith(OWN_HISTORY):
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
    if kind == "silence":
        return _silence_facts(moment, rest)
    if kind == "window":
        return _window_facts(moment, window_of(rest))
    if kind == "mute":
        return _mute_facts(moment, rest)
    if kind == "usual":
        row = series(moment.snapshot.pane.usual, rest)
        return learned(moment, row) if row is not None else listed(moment.snapshot.pane.usual, rest)
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
            for name in PHASES:
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
        yield "muted by", f"{named(mute)}{f' until {when(mute.until)}' if mute.until is not None else ''}: {mute.why}"
    if alert.origin is not None:
        yield "told by", f"{alert.origin.source}{_unless(alert.origin)}"
        yield "look at", alert.origin.link or DASH
    yield "labels", ", ".join(f"{name}={value}" for name, value in alert.labels.items()) or DASH


def _unless(origin: Origin) -> str:
    if origin.lease_ns is None:
        return ", until it says that it is over"
    return f", over unless said again within {format_duration(origin.lease_ns // SECOND * SECOND)}"


def _silence(moment: Moment, rest: str) -> Silence | None:
    return moment.snapshot.silences.get(int(rest)) if rest.isascii() and rest.isdigit() and len(rest) < 19 else None


def _silence_facts(moment: Moment, rest: str) -> Iterable[tuple[str, str]]:
    one = _silence(moment, rest)
    if one is None:
        return
    yield "silence", f"{one.id} {one.state(moment.now).value}"
    for number, matchers in enumerate(one.matchers):
        yield "or" if number else "alerts with", ", ".join(map(str, matchers))
    yield "begins" if one.starts_at > moment.now else "began", until(moment, one.starts_at)
    yield "ends" if one.ends_at > moment.now else "ended", until(moment, one.ends_at)
    yield "by", one.by
    yield "from", one.origin or DASH
    yield "why", one.why


def _window_facts(moment: Moment, name: str) -> Iterable[tuple[str, str]]:
    one = moment.snapshot.estate.windows.get(name)
    if one is None:
        return
    yield "maintenance", f"{one.id} {window_state(moment, one)[0][2:]}"
    yield "why", one.reason or DASH
    yield "covers", covers(one)
    yield "zone", one.zone
    for key, entries in one.written.items():
        if entries:
            yield key.replace("_", " "), ", ".join(entries)
    for number, (_, text) in enumerate(occurrences(moment, one)):
        yield "" if number else "next", text.strip()


def _mute_facts(moment: Moment, rest: str) -> Iterable[tuple[str, str]]:
    kind, _, by = rest.partition(":")
    known = (mute for one in moment.snapshot.alerts.values() for mute in one.mutes)
    mute = next((one for one in known if one.kind == kind and one.by == by), None)
    if mute is not None:
        yield "quiet by", f"{mute.kind.value} {mute.by}"
        yield "why", mute.why or DASH
        yield "until", DASH if mute.until is None else until(moment, mute.until)


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
