"""Where traffic goes, and one run that moves it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from standby.console.keys import Situation
from standby.console.present import failover, routes
from standby.console.present.footer import Hint
from standby.console.screens.frame import Frame, Show
from standby.domain.failover import RunState
from standby.store.failovers import FailoverRow


class RoutesScreen(Frame):
    """Every route."""

    NAME = "routes"
    PLACE = "routes"

    def heads(self) -> Mapping[str, int]:
        """One pane, its titles stay."""
        return {"routes": 1}

    def panes(self) -> Mapping[str, Show]:
        """The list."""
        return {"routes": lambda moment, box: routes.routes(moment, box.width)}


class FailoverScreen(Frame):
    """One run: the one that a command of this console asked for, or the newest of its route."""

    NAME = "failover"
    PLACE = "failover"

    def __init__(self, route: str, integration: str) -> None:
        super().__init__()
        self._route = route
        self._integration = integration
        self.command = ""  # the plan that was asked for here
        self.waiting = "no run on this route yet; F makes a plan"

    def run(self) -> FailoverRow | None:
        """The run that is shown."""
        found = routes.runs_of(self.console_app.moment(), self._route)
        if self.command:
            return next((run for run in found if run.command == self.command), None)
        return found[0] if found else None

    def situation(self) -> Situation:
        """The keys act on the run that is shown."""
        run = self.run()
        selected = f"{failover.RUN}{run.id}" if run is not None else f"{routes.PREFIX}{self._route}"
        return Situation(self.console_app.snapshot, self.NAME, selected, self._integration)

    def heads(self) -> Mapping[str, int]:
        """One pane that scrolls whole."""
        return {"page": 0}

    def panes(self) -> Mapping[str, Show]:
        """The page."""
        return {"page": lambda moment, box: failover.failover(moment, box.width, self.run(), self.waiting)}

    def hints(self) -> Sequence[Hint]:
        """What moves traffic comes first, while there is something to confirm."""
        run = self.run()
        armed = run is not None and run.state is RunState.ARMED and self.console_app.prompt is None
        own = (Hint("c", "type the word"), Hint("X", "drop")) if armed else ()
        return [*own, *super().hints()]

    def refused(self, command: str, text: str) -> None:
        """When there is no run to show, the answer is why."""
        if command == self.command:
            self.waiting = text

    def tick(self) -> None:
        """Its clocks run each second."""
        self.paint()
