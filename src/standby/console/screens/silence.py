"""What a silence would cover before it is made, and what is told again before it is ended."""

from __future__ import annotations

from collections.abc import Mapping

from standby.console.present.silence import Wish, silence
from standby.console.present.silence_change import Change, change
from standby.console.screens.frame import Frame, Show


class SilenceScreen(Frame):
    """One wish, whole."""

    NAME = "silence"
    PLACE = "silence"

    def __init__(self, wish: Wish) -> None:
        super().__init__()
        self.wish = wish

    def integration(self) -> str:
        """The one whose alerts are meant, or whose check asks that Alertmanager."""
        return self.wish.integration

    def heads(self) -> Mapping[str, int]:
        """One pane."""
        return {"page": 0}

    def panes(self) -> Mapping[str, Show]:
        """The wish."""
        return {"page": lambda moment, box: silence(moment, box.width, box.height, self.wish)}


class ChangeScreen(Frame):
    """One silence that somebody is about to end, or to have end at another time."""

    NAME = "silence"
    PLACE = "silence"

    def __init__(self, meant: Change) -> None:
        super().__init__()
        self.meant = meant

    def heads(self) -> Mapping[str, int]:
        """One pane."""
        return {"page": 0}

    def panes(self) -> Mapping[str, Show]:
        """The silence, and what happens."""
        return {"page": lambda moment, box: change(moment, box.width, box.height, self.meant)}
