"""What each rule did, and one rule with a setting that would do better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from standby.console.keys import Situation
from standby.console.present import review
from standby.console.present.footer import Hint
from standby.console.screens.frame import Frame, Show
from standby.console.snapshot import Suggested


class RulesScreen(Frame):
    """Every rule, the worst first."""

    NAME = "rules"
    PLACE = "rules"

    def reads_book(self) -> bool:
        """What the rules did is read for it."""
        return True

    def heads(self) -> Mapping[str, int]:
        """One pane, its titles stay."""
        return {"rules": 1}

    def panes(self) -> Mapping[str, Show]:
        """The list."""
        return {"rules": lambda moment, box: review.rules(moment, box.width)}


class RuleScreen(Frame):
    """One rule: what it did, and the difference that another setting would be."""

    NAME = "rule"
    PLACE = "rule"

    def __init__(self, key: str) -> None:
        super().__init__()
        self._key = key
        self.suggested = Suggested()
        self._command = ""

    async def look(self) -> None:
        """Have other settings tried, which takes a while."""
        self.suggested = await self.console_app.setup.suggest(self._key)
        self.paint()

    def asked(self, command: str) -> None:
        """The engine was asked for what is shown, by this command: it is not offered again."""
        self._command = command
        self.suggested = Suggested(done=True, asked=True)
        self.paint()

    def refused(self, command: str, text: str) -> None:
        """The answer stands where the difference was."""
        if command == self._command:
            self.suggested = Suggested(done=True, failed=text)

    def reads_book(self) -> bool:
        """What the rules did is read for it."""
        return True

    def situation(self) -> Situation:
        """The keys act on this rule."""
        offered = bool(self.suggested.diff)
        return Situation(self.console_app.snapshot, self.NAME, f"{review.PREFIX}{self._key}", offered=offered)

    def heads(self) -> Mapping[str, int]:
        """One pane that scrolls whole."""
        return {"page": 0}

    def panes(self) -> Mapping[str, Show]:
        """The page."""
        return {"page": lambda moment, box: review.rule(moment, box.width, self._key, self.suggested)}

    def hints(self) -> Sequence[Hint]:
        """What changes the rule comes first, while there is something to change."""
        if self.console_app.prompt is not None:
            return super().hints()
        own = (Hint("w", "write it"),) if self.suggested.diff else ()
        return [*own, *super().hints()]
