"""The first screen: status panes by criticality, the alert feed, and on a big screen the log."""

from __future__ import annotations

from collections.abc import Mapping

from standby.console.present import alerts, integrations, log, plan
from standby.console.screens.frame import Frame, Show


class OverviewScreen(Frame):
    """What fails, since when, who has it."""

    NAME = "overview"

    def heads(self) -> Mapping[str, int]:
        """Tab order; the alert feed and the log keep their titles."""
        return {"status": 0, "alerts": 1, "log": 1}

    def boxes(self, notices: int) -> Mapping[str, plan.Box]:
        """Stacked, or two columns on a wall."""
        width, height = self.app.size
        moment = self.console_app.moment()
        feed = len(alerts.live(moment, width))
        return plan.overview(width, height, notices, integrations.lines(moment), feed)

    def panes(self) -> Mapping[str, Show]:
        """What fails, what waits for somebody, what happened."""
        return {
            "status": lambda moment, box: integrations.panes(moment, box.width, box.height),
            "alerts": lambda moment, box: alerts.live(moment, box.width),
            "log": lambda moment, box: log.log(moment, box.width, most=box.height),
        }
