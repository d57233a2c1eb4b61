"""One integration over time: a chart, a cursor that reads it, windows from an hour to a month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from standby.console.keys import Situation
from standby.console.present import chart, history
from standby.console.present.cells import Cell, Row, fit, line
from standby.console.present.footer import Hint
from standby.console.present.moment import Moment
from standby.console.present.reading import more
from standby.console.screens.frame import Frame, Show
from standby.console.snapshot import Wanted
from standby.domain.history import FIRST, WINDOWS, History, step_for
from standby.domain.units import HOUR

_ALSO = ("a", "n", "?", "q")


class HistoryScreen(Frame):
    """Latency, errors and outages of an hour, a day, a week or a month."""

    NAME = "history"
    PLACE = "history"

    def __init__(self, integration: str) -> None:
        super().__init__()
        self._integration = integration
        self._window = FIRST
        self._cursor: int | None = None
        self._settled = False  # the window is the person's, or fits what is known

    def paint(self) -> None:
        """A day of which only the last hour is known begins with that hour."""
        if not self._settled and self._is_young():
            self.widen(-1)
        else:
            super().paint()

    def situation(self) -> Situation:
        """The keys act on the integration whose history this is."""
        return Situation(self.console_app.snapshot, self.NAME, None, self._integration)

    def heads(self) -> Mapping[str, int]:
        """One pane."""
        return {"history": 0}

    def panes(self) -> Mapping[str, Show]:
        """The page."""
        view = history.View(self.wanted(), self._cursor)
        return {"history": lambda moment, box: history.page(moment, box.width, box.height, view)}

    def hints(self) -> Sequence[Hint]:
        """The keys of this screen first."""
        known = super().hints()
        if self.console_app.prompt is not None:
            return known
        own = (Hint("esc", "back"), Hint("←→", "cursor"), Hint("[ ]", "window"), Hint("e", "export"))
        return (*own, *(hint for hint in known if hint.key in _ALSO))

    def info(self, moment: Moment, width: int, /) -> Row:
        """What happened at the cursor and found no room in the page's own line."""
        known = self._known()
        rest = "" if known is None else more(known, history.cursor_column(known, self._cursor), width, moment.zone)
        return line([Cell(fit(f" {rest}" if rest else "", width))], width)

    def wanted(self) -> Wanted:
        """As many columns as there is room for."""
        step = step_for(WINDOWS[self._window], chart.columns_for(self.app.size.width))
        return Wanted(self._integration, self._window, step)

    def step(self, columns: int) -> None:
        """Move the cursor by so many columns."""
        known = self._known()
        if known is not None:
            self._put(known, history.cursor_column(known, self._cursor) + columns)

    def to_event(self, direction: int) -> None:
        """Move the cursor to the next column in which something happened, or to the end."""
        known = self._known()
        if known is None:
            return
        here = history.cursor_column(known, self._cursor)
        ahead = [at for at in chart.event_columns(known) if (at - here) * direction > 0]
        self._put(known, (min if direction > 0 else max)(ahead) if ahead else len(known.columns) * direction)

    def to_end(self, *, last: bool) -> None:
        """To the oldest column, or to the newest and on with it."""
        known = self._known()
        if known is not None:
            self._put(known, len(known.columns) if last else 0)

    def widen(self, step: int) -> None:
        """To the next longer (1) or shorter (-1) window."""
        self._settled = True
        names = list(WINDOWS)
        self._window = names[max(0, min(len(names) - 1, names.index(self._window) + step))]
        self.paint()
        self.console_app.pulse.read_history()

    def _is_young(self) -> bool:
        """Whether all of the first window that is known lies within its last hour; asked until it is read."""
        past = self.console_app.snapshot.past
        if past.history is None or past.wanted != self.wanted():
            return False
        self._settled = True
        known = next((column for column in past.history.columns if not column.silent), None)
        return known is not None and known.start >= past.history.end - HOUR

    def _known(self) -> History | None:
        past = self.console_app.snapshot.past
        return past.history if past.wanted is not None and past.wanted.integration == self._integration else None

    def _put(self, known: History, column: int) -> None:
        at = max(0, min(len(known.columns) - 1, column))
        self._cursor = None if at == len(known.columns) - 1 else known.columns[at].start
        self.paint()
