"""The screens with one list: every alert, and the log."""

from __future__ import annotations

from collections.abc import Mapping

from standby.console.present import alerts, log
from standby.console.screens.frame import Frame, Show


class AlertsScreen(Frame):
    """Every alert, the resolved ones too."""

    NAME = "alerts"
    PLACE = "alerts"

    def heads(self) -> Mapping[str, int]:
        """One pane, its titles stay."""
        return {"alerts": 1}

    def panes(self) -> Mapping[str, Show]:
        """The feed."""
        return {"alerts": lambda moment, box: alerts.feed(moment, box.width)}


class LogScreen(Frame):
    """Who did what and when."""

    NAME = "log"
    PLACE = "log"

    def heads(self) -> Mapping[str, int]:
        """One pane, its titles stay."""
        return {"log": 1}

    def panes(self) -> Mapping[str, Show]:
        """The log."""
        return {"log": lambda moment, box: log.log(moment, box.width)}
