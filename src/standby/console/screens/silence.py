"""What a silence in an Alertmanager would cover, before somebody types the word."""

from __future__ import annotations

from collections.abc import Mapping

from standby.console.present.silence import Wish, silence
from standby.console.screens.frame import Frame, Show


class SilenceScreen(Frame):
    """One wish, whole."""

    NAME = "silence"
    PLACE = "silence"

    def __init__(self, wish: Wish) -> None:
        super().__init__()
        self._wish = wish

    def integration(self) -> str:
        """The one whose check asks that Alertmanager."""
        return self._wish.integration

    def heads(self) -> Mapping[str, int]:
        """One pane."""
        return {"page": 0}

    def panes(self) -> Mapping[str, Show]:
        """The wish."""
        return {"page": lambda moment, box: silence(moment, box.width, self._wish)}
