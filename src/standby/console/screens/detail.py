"""One integration, and one line of it with everything that is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from standby.console.keys import Situation
from standby.console.present.alerts import PREFIX as ALERT
from standby.console.present.detail import detail
from standby.console.present.footer import Hint
from standby.console.present.record import record
from standby.console.screens.frame import Frame, Show


class DetailScreen(Frame):
    """Checks, alerts, observations with their phases, notes and log of one integration."""

    NAME = "detail"
    PLACE = "detail"

    def __init__(self, integration: str) -> None:
        super().__init__()
        self._integration = integration

    def integration(self) -> str:
        """The one this is about."""
        return self._integration

    def heads(self) -> Mapping[str, int]:
        """One pane that scrolls whole; tab goes from section to section."""
        return {"page": 0}

    def panes(self) -> Mapping[str, Show]:
        """The page."""
        return {"page": lambda moment, box: detail(moment, box.width, self._integration)}

    def hints(self) -> Sequence[Hint]:
        """The history is asked for here more often than the filter."""
        known = super().hints()
        if self.console_app.prompt is not None or not self.integration():
            return known
        return [*known[:1], Hint("H", "history"), *(hint for hint in known[1:] if hint.label != "filter")]

    def next_pane(self, step: int) -> None:
        """To the next section; from the last to the first."""
        grid = self.current
        if grid is not None and not grid.to_section(step):
            grid.to_end(last=step < 0)
        self.paint_bottom()


class RecordScreen(DetailScreen):
    """One alert, check, observation or log entry, wrapped instead of cut."""

    NAME = "record"
    PLACE = "record"

    def __init__(self, key: str, integration: str | None) -> None:
        super().__init__(integration or "")
        self._key = key

    def integration(self) -> str:
        """What is read for it: an alert brings its own history along."""
        return self._key if self._key.startswith(ALERT) else self._integration

    def hints(self) -> Sequence[Hint]:
        """Those of every screen."""
        return Frame.hints(self)

    def situation(self) -> Situation:
        """The keys act on the record that is shown."""
        return Situation(self.console_app.snapshot, self.NAME, self._key, self._integration or None)

    def panes(self) -> Mapping[str, Show]:
        """Every fact."""
        return {"page": lambda moment, box: record(moment, box.width, self._key)}

    def next_pane(self, step: int) -> None:
        """One pane: tab moves a page."""
        if self.current is not None:
            self.current.page(step)
