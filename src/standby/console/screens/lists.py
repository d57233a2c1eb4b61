"""The screens with one list: every alert, who was told, the log, what ends when, and what is kept quiet."""

from __future__ import annotations

from collections.abc import Mapping

from standby.console.present import alerts, calendar, escalation, log, quiet
from standby.console.screens.frame import Frame, Sectioned, Show


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


class EscalationScreen(Frame):
    """Who was told about each alert, and who is next."""

    NAME = "escalation"
    PLACE = "escalation"

    def heads(self) -> Mapping[str, int]:
        """One pane, its titles stay."""
        return {"escalation": 1}

    def panes(self) -> Mapping[str, Show]:
        """Alerts with everybody who was told."""
        return {"escalation": lambda moment, box: escalation.escalations(moment, box.width)}

    def tick(self) -> None:
        """Its clocks run each second."""
        self.paint()


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


class CalendarScreen(Frame):
    """What ends when."""

    NAME = "calendar"
    PLACE = "calendar"

    def heads(self) -> Mapping[str, int]:
        """One pane, its titles stay."""
        return {"calendar": 1}

    def panes(self) -> Mapping[str, Show]:
        """The dates."""
        return {"calendar": lambda moment, box: calendar.calendar(moment, box.width)}


class QuietScreen(Sectioned):
    """What is kept quiet, by whom and until when."""

    NAME = "quiet"
    PLACE = "quiet"
    PLANS = True

    def panes(self) -> Mapping[str, Show]:
        """Silences, windows, announced work, other reasons."""
        return {"page": lambda moment, box: quiet.quiet(moment, box.width)}
