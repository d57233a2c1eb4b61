"""When maintenance comes, out of what the engine stored of the configuration. Calendars take a while: in a thread."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import tzinfo
from zoneinfo import ZoneInfo

from standby.console.estate import Estate, Window
from standby.console.snapshot import Coming, Span
from standby.domain import timeintervals

SHOWN = 5
_FOUND = SHOWN + 1  # when the first is over there are still enough


def coming(estate: Estate, now: int) -> Coming:
    """The occurrences of every window from `now` on; those of one whose zone or times are unknown here are missing."""
    zones = {window.id: zone for window in estate.windows.values() if (zone := _zone(window.zone)) is not None}
    spans = {key: tuple(_spans(estate.windows[key], zone, now)) for key, zone in zones.items()}
    ends = [found[0][1] for found in spans.values() if found]
    return Coming(estate.digest, spans, zones, min((end for end in ends if end is not None), default=None))


def left(spans: Sequence[Span], now: int) -> list[Span]:
    """Those that are not over, as many as are shown."""
    return [span for span in spans if span[1] is None or span[1] > now][:SHOWN]


def _zone(name: str) -> tzinfo | None:
    try:
        return ZoneInfo(name)
    except (ValueError, KeyError, OSError):  # the stored name may be of a machine that knew it
        return None


def _spans(window: Window, zone: tzinfo, now: int) -> Iterator[Span]:
    if window.once is not None:
        if now < window.once[1]:
            yield window.once
        return
    try:
        interval = timeintervals.read(window.written, zone)
    except ValueError:  # stored by an engine that can read more
        return
    if any(window.written.values()):
        yield from timeintervals.spans([interval], now, _FOUND)
