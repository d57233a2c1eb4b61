"""One integration, and one line of it with everything that is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from standby.console.keys import Situation
from standby.console.present.detail import detail
from standby.console.present.footer import Hint
from standby.console.present.record import OWN_HISTORY, record
from standby.console.screens.frame import Frame, Sectioned, Show


class DetailScreen(Sectioned):
    """Checks, alerts, observations with their phases, notes and log of one integration."""

    NAME = "detail"
    PLACE = "detail"

    def __init__(self, integration: str) -> None:
        super().__init__()
        self._integration = integration

    def integration(self) -> str:
        """The one this is about."""
        return self._integration

    def panes(self) -> Mapping[str, Show]:
        """The page."""
        return {"page": lambda moment, box: detail(moment, box.width, self._integration)}

    def hints(self) -> Sequence[Hint]:
        """The history is asked for here more often than the filter."""
        known = super().hints()
        if self.console_app.prompt is not None or not self.integration():
            return known
        return [*known[:1], Hint("H", "history"), *(hint for hint in known[1:] if hint.label != "filter")]


class RecordScreen(DetailScreen):
    """One alert, check, observation, silence, window or log entry, wrapped instead of cut."""

    NAME = "record"
    PLACE = "record"
    PLANS = True

    def __init__(self, key: str, integration: str | None) -> None:
        super().__init__(integration or "")
        self._key = key

    def integration(self) -> str:
        """What is read for it: an alert and a silence bring their own history along."""
        return self._key if self._key.startswith(OWN_HISTORY) else self._integration

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
