"""Where the panes of the first screen lie, for every size of terminal."""

from __future__ import annotations

from typing import NamedTuple

WIDE = 170  # from here two columns: the war room's wall
_ALERTS_LEAST = 4
_LOG_LEAST = 5


class Box(NamedTuple):
    """A rectangle of cells; of no height when there is no room."""

    x: int
    y: int
    width: int
    height: int


def overview(width: int, height: int, notices: int, status: tuple[int, int], alerts: int) -> dict[str, Box]:
    """Boxes of `status`, `alerts` and `log` for a screen of `width` x `height`.

    `notices` is how many lines stand under the header; `status` how many rows its panes need
    and would like, `alerts` how many there are. One
    line at the top is the header's; the two at the bottom are the selected line's message and the keys.
    """
    top = 1 + min(notices, max(0, height - 6))
    room = max(0, height - top - 2)
    if width >= WIDE and room >= 12:
        left = width * 11 // 20
        right = width - left - 1
        upper = min(max(alerts, 8), room * 2 // 3)
        return {
            "status": Box(0, top, left, room),
            "alerts": Box(left + 1, top, right, upper),
            "log": Box(left + 1, top + upper + 1, right, room - upper - 1),
        }
    below = min(alerts, max(_ALERTS_LEAST, room // 3)) if room >= 8 else 0
    above = room - below - 1 if below else room
    tight, airy = status
    above = airy if airy <= above else min(tight, above)
    below = room - above - 1 if below else 0
    log = below - alerts - 1 if below - alerts - 1 >= _LOG_LEAST and height >= 32 else 0
    if log:
        below = alerts
    y = top + above + 1
    return {
        "status": Box(0, top, width, above),
        "alerts": Box(0, y, width, below),
        "log": Box(0, y + below + 1, width, log),
    }


def page(width: int, height: int, notices: int) -> Box:
    """The box of a screen with one pane."""
    top = 1 + min(notices, max(0, height - 6))
    return Box(0, top, width, max(0, height - top - 2))
