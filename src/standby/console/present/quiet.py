"""What is kept quiet, by whom and until when: silences, maintenance windows, vendors' announced work, other reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta, tzinfo

from standby.console.coming import left
from standby.console.estate import Window
from standby.console.present import figures
from standby.console.present.calendar import PREFIX as DATE
from standby.console.present.calendar import entries
from standby.console.present.cells import Cell, Column, Row, blank, lay_out, line, place, titles
from standby.console.present.moment import Moment
from standby.console.snapshot import Snapshot, Span
from standby.domain.muting import Mute, MuteKind
from standby.domain.outcome import AlertState, Outcome
from standby.domain.silence import Silence, SilenceState
from standby.domain.units import DAY, MINUTE
from standby.store.rows import AlertRow

SILENCE = "silence:"
WINDOW = "window:"
MUTE = "mute:"
LATELY = DAY
_MOST_EXPIRED = 20
_MOST_OTHERS = 50
_STATES = {
    SilenceState.ACTIVE: ("● active", "maintenance"),
    SilenceState.PENDING: ("~ pending", "soft"),
    SilenceState.EXPIRED: ("· expired", "dim"),
}
_SILENCES = (
    Column("cursor", "", 1),
    Column("state", "silences", 9),
    Column("number", "no", 4, right=True),
    Column("left", "ends", 10, right=True),
    Column("until", "at", 12),
    Column("hides", "hides", 5, right=True),
    Column("what", "alerts with", 20, weight=5),
    Column("by", "by", 8, weight=1, most=16),
    Column("why", "why", 16, weight=4, drop=3),
)
_WINDOWS = (
    Column("cursor", "", 1),
    Column("state", "maintenance", 11),
    Column("id", "window", 14, weight=2, most=30),
    Column("left", "", 13, right=True),
    Column("until", "at", 12),
    Column("hides", "hides", 5, right=True),
    Column("covers", "covers", 16, weight=4),
    Column("reason", "why", 16, weight=3, drop=3),
)
_OTHERS = (
    Column("cursor", "", 1),
    Column("kind", "also quiet", 11),
    Column("by", "because of", 14, weight=2, most=30),
    Column("until", "until", 12),
    Column("hides", "hides", 5, right=True),
    Column("why", "why", 20, weight=5),
)


def quiet(moment: Moment, width: int) -> list[Row]:
    """The whole page; longer than the screen, so it scrolls."""
    counted = hiding(moment.snapshot)
    rows = [*_silences(moment, width, counted), blank(width), *_windows(moment, width, counted)]
    for more in (_announced(moment, width), _others(moment, width, counted)):
        rows += [blank(width), *more] if more else []
    return rows


def hiding(snapshot: Snapshot) -> Mapping[tuple[MuteKind, str], int]:
    """How many open alerts each reason keeps quiet now, by its kind and its name."""
    open_ones = (one for one in snapshot.alerts.values() if one.mutes and one.state is not AlertState.RESOLVED)
    return Counter((mute.kind, mute.by) for one in open_ones for mute in one.mutes)


def hidden_by(snapshot: Snapshot, kind: MuteKind, by: str) -> list[AlertRow]:
    """The open alerts that one reason keeps quiet now."""
    return [one for one in snapshot.open_alerts() if any(mute.kind is kind and mute.by == by for mute in one.mutes)]


def written(one: Silence) -> str:
    """Its matchers as people write them."""
    return " or ".join(", ".join(map(str, matchers)) for matchers in one.matchers) or "nothing that can be read"


def remaining(now: int, at: int) -> str:
    """`in 1h12m`, `3h05m ago`, `now`."""
    if abs(at - now) < MINUTE:
        return "now"
    return f"in {figures.age(at - now)}" if at > now else f"{figures.age(now - at)} ago"


def on_now(spans: Sequence[Span], now: int) -> bool:
    """Whether the first of these has begun."""
    return bool(spans) and spans[0][0] <= now


def covers(window: Window) -> str:
    """Which alerts a window is about."""
    named = [*window.vendors, *window.integrations]
    which = ", ".join(window.match)
    if named and which:
        return f"{', '.join(named)} with {which}"
    return ", ".join(named) or which


def window_of(key: str) -> str:
    """The id of a window, out of what follows `window:` in the id of a line."""
    return key.partition("@")[0]


def occurrence(span: Span, zone: tzinfo | None, now: int) -> str:
    """`Tue 08 Dec 22:00 – 24:00` on the wall clock of `zone` (`None`: the machine's); with the year, if another."""
    begin, end = figures.local(span[0], zone), None if span[1] is None else figures.local(span[1], zone)
    today = figures.local(now, zone)
    if begin is None or today is None:
        return "?"
    text = begin.strftime("%a %d %b %H:%M" if begin.year == today.year else "%a %d %b %Y %H:%M")
    if end is None:
        return f"{text} – open"
    if end.date() == begin.date():
        return f"{text} – {end:%H:%M}"
    midnight = end.hour == end.minute == 0 and end.date() - begin.date() == timedelta(days=1)
    return f"{text} – 24:00" if midnight else f"{text} – {end:%a %d %b %H:%M}"


def occurrences(moment: Moment, window: Window) -> Iterator[tuple[Span, str]]:
    """The next of a window: how far away, when in its zone and, where that differs, when here."""
    known = moment.snapshot.coming
    zone = known.zones.get(window.id)
    for span in left(known.spans.get(window.id, ()), moment.now):
        there, here = figures.local(span[0], zone), figures.local(span[0], moment.zone)
        told = f"{_when(moment, span):>13}  {occurrence(span, zone, moment.now)} {window.zone}"
        if there is not None and here is not None and there.replace(tzinfo=None) != here.replace(tzinfo=None):
            told += f"  here {here:{'%H:%M' if here.date() == there.date() else '%a %d %b %H:%M'}}"
        yield span, told


def _when(moment: Moment, span: Span) -> str:
    if span[0] > moment.now:
        return remaining(moment.now, span[0])
    return "no end" if span[1] is None else f"ends {remaining(moment.now, span[1])}"


def _silences(moment: Moment, width: int, counted: Mapping[tuple[MuteKind, str], int]) -> Iterator[Row]:
    slots = lay_out(_SILENCES, width)
    yield titles(slots, width)
    known = moment.snapshot.silences.values()
    found = [one for one in known if moment.shows(written(one), one.by, one.why, one.state(moment.now))]
    by_state = {state: [one for one in found if one.state(moment.now) is state] for state in SilenceState}
    over = [one for one in by_state[SilenceState.EXPIRED] if moment.now - one.ends_at < LATELY]
    over.sort(key=lambda one: (-one.ends_at, one.id))
    shown = [
        *sorted(by_state[SilenceState.ACTIVE], key=lambda one: (one.ends_at, one.id)),
        *sorted(by_state[SilenceState.PENDING], key=lambda one: (one.starts_at, one.id)),
        *over[:_MOST_EXPIRED],
    ]
    if not shown:
        told = f"no silence matches {moment.filter}; esc clears the filter" if moment.filter else "nothing is silenced"
        yield line([Cell(f"  {told}", "dim")], width)
    for one in shown:
        cells = _silence(moment, one, counted.get((MuteKind.SILENCE, str(one.id)), 0))
        yield place(slots, cells, width, id=f"{SILENCE}{one.id}")


def _silence(moment: Moment, one: Silence, hides: int) -> dict[str, Cell]:
    state = one.state(moment.now)
    word, style = _STATES[state]
    pending, over = state is SilenceState.PENDING, state is SilenceState.EXPIRED
    text = "dim" if over else "text"
    at = one.starts_at if pending else one.ends_at
    left_over = remaining(moment.now, at)
    return {
        "state": Cell(word, style),
        "number": Cell(str(one.id), "dim"),
        "left": Cell(f"on {left_over}" if pending else left_over, text),
        "until": Cell(figures.stamp(at, moment.now, moment.zone), "dim"),
        "hides": Cell("–" if pending or over else str(hides), "figure" if hides else "dim"),
        "what": Cell(written(one), text),
        "by": Cell(one.by, "acked"),
        "why": Cell(one.why, text),
    }


def _windows(moment: Moment, width: int, counted: Mapping[tuple[MuteKind, str], int]) -> Iterator[Row]:
    slots = lay_out(_WINDOWS, width)
    yield titles(slots, width)
    known = moment.snapshot.estate.windows.values()
    shown = [one for one in known if moment.shows(one.id, one.reason, one.zone, covers(one))]
    if not shown:
        told = f"no window matches {moment.filter}" if known else "no [[maintenance]] is configured"
        yield line([Cell(f"  {told}", "dim")], width)
    for one in shown:
        hides = counted.get((MuteKind.MAINTENANCE, one.id), 0)
        yield place(slots, _window(moment, one, hides), width, id=f"{WINDOW}{one.id}")
        for span, text in occurrences(moment, one):
            yield line([Cell("  "), Cell(text, "dim")], width, id=f"{WINDOW}{one.id}@{span[0]}")


def _window(moment: Moment, one: Window, hides: int) -> dict[str, Cell]:
    spans = left(moment.snapshot.coming.spans.get(one.id, ()), moment.now)
    active = on_now(spans, moment.now)
    at = (spans[0][1] if active else spans[0][0]) if spans else None
    return {
        "state": Cell(*window_state(moment, one)),
        "id": Cell(one.id, "name"),
        "left": Cell(_when(moment, spans[0]) if spans else "", "text"),
        "until": Cell(figures.stamp(at, moment.now, moment.zone) if at is not None else "", "dim"),
        "hides": Cell(str(hides) if active or hides else "–", "figure" if hides else "dim"),
        "covers": Cell(covers(one), "text"),
        "reason": Cell(one.reason, "text"),
    }


def window_state(moment: Moment, one: Window) -> tuple[str, str]:
    """Whether a window is on, with the style of the word."""
    known = moment.snapshot.coming
    if known.digest != moment.snapshot.estate.digest:
        return "? reading", "dim"
    if one.id not in known.zones:
        return "? no zone", "degraded"
    spans = left(known.spans.get(one.id, ()), moment.now)
    if on_now(spans, moment.now):
        return "◆ on", "maintenance"
    return ("· off", "dim") if spans else ("· over", "dim")


def _announced(moment: Moment, width: int) -> list[Row]:
    """What vendors say of their own work, where a check hears of it."""
    estate, checks = moment.snapshot.estate, moment.snapshot.checks
    now_on = [row for row in checks.values() if row.outcome is Outcome.MAINTENANCE]
    coming = [one for one in entries(checks.values(), moment.now) if one.due.begins]
    rows = []
    for row in sorted(now_on, key=lambda row: (row.since, row.check_id)):
        told = f"{row.check_id} since {figures.stamp(row.since, moment.now, moment.zone)}: {row.message}"
        if moment.shows(estate.name_of(row.integration), told):
            head = Cell(f"  ◆ on        {estate.name_of(row.integration)} ", "maintenance")
            rows.append(line([head, Cell(told, "text")], width, id=f"check:{row.check_id}"))
    for due, row in coming:
        told = f"{row.check_id} {remaining(moment.now, due.at)}, {figures.stamp(due.at, moment.now, moment.zone)}"
        if moment.shows(estate.name_of(row.integration), told):
            head = Cell(f"  ~ announced {estate.name_of(row.integration)} ", "soft")
            rows.append(line([head, Cell(told, "text")], width, id=f"{DATE}{row.check_id}@{due.figure}"))
    return [line([Cell("  vendors' own work", "title")], width), *rows] if rows else []


def _others(moment: Moment, width: int, counted: Mapping[tuple[MuteKind, str], int]) -> list[Row]:
    """What keeps alerts quiet besides: inhibition, dependencies, flapping, quiet hours; the most first."""
    windows = moment.snapshot.estate.windows
    listed = (MuteKind.SILENCE, MuteKind.MAINTENANCE)
    keys = {
        key for key in counted if key[0] not in listed or (key[0] is MuteKind.MAINTENANCE and key[1] not in windows)
    }
    found = (
        {
            (mute.kind, mute.by): mute
            for one in moment.snapshot.alerts.values()
            for mute in one.mutes
            if (mute.kind, mute.by) in keys
        }
        if keys
        else {}
    )
    most = sorted(found.items(), key=lambda item: (-counted[item[0]], item[0]))[:_MOST_OTHERS]
    shown = [(mute, counted[key]) for key, mute in most if moment.shows(mute.kind, mute.by, mute.why)]
    if not shown:
        return []
    slots = lay_out(_OTHERS, width)
    rows = [place(slots, _other(moment, *one), width, id=f"{MUTE}{one[0].kind}:{one[0].by}") for one in shown]
    return [titles(slots, width), *rows]


def _other(moment: Moment, mute: Mute, hides: int) -> dict[str, Cell]:
    until = "" if mute.until is None else figures.stamp(mute.until, moment.now, moment.zone)
    return {
        "kind": Cell(mute.kind.value, "dim"),
        "by": Cell(mute.by, "name"),
        "until": Cell(until, "dim"),
        "hides": Cell(str(hides), "figure"),
        "why": Cell(mute.why, "text"),
    }
