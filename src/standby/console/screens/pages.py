"""Help and palette, both made from the action table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from textual import events

from standby.console import keys
from standby.console.edit import EditLine
from standby.console.present import pages, plan
from standby.console.present.cells import Cell, Row, line
from standby.console.present.footer import Hint
from standby.console.present.moment import Moment
from standby.console.prompt import Prompt
from standby.console.screens.frame import Frame, Show

_NOTES = (
    "● up   ▲ degraded   ✗ down   ◆ maintenance   ? unknown: nothing is known, it may be fine",
    "down 2/3: seen twice in a row, believed the third time   stale 40s: silent for longer than it should be",
    "history: █ up to p50, ▒ to p95, ░ to p99, ╱ no data; errors ▁ some, █ above 90%, m maintenance",
    "by min: mean latency of each minute, the usual at a third of the height; · no latency, blank: nothing",
)


class HelpScreen(Frame):
    """Every key, and why one does nothing now."""

    NAME = "help"
    PLACE = "help"

    def __init__(self, below: keys.Situation) -> None:
        super().__init__()
        self._below = below

    def situation(self) -> keys.Situation:
        """The keys act on what was selected when help was asked for."""
        return replace(self._below, snapshot=self.console_app.snapshot, screen=self.NAME)

    def heads(self) -> Mapping[str, int]:
        """One pane."""
        return {"help": 0}

    def panes(self) -> Mapping[str, Show]:
        """The table, grouped."""
        return {"help": lambda _, box: pages.help_rows(entries(self._below), box.width, _NOTES)}


class PaletteScreen(Frame):
    """Every action by name: type, choose, Enter."""

    NAME = "palette"
    PLACE = "palette"

    def __init__(self, below: keys.Situation, extra: Sequence[pages.Entry]) -> None:
        super().__init__()
        self._entries = [entry for entry in entries(below) if entry.group != "move" and entry.id != "palette"]
        self._entries += extra
        self.typed = EditLine()

    def heads(self) -> Mapping[str, int]:
        """The line that is typed, and the list below it."""
        return {"typed": 0, "palette": 0}

    def boxes(self, notices: int) -> Mapping[str, plan.Box]:
        """One line on top, the list below."""
        whole = plan.page(*self.app.size, notices)
        return {
            "typed": plan.Box(0, whole.y, whole.width, 1),
            "palette": plan.Box(0, whole.y + 1, whole.width, whole.height - 1),
        }

    def panes(self) -> Mapping[str, Show]:
        """What was typed, and what matches it."""
        return {
            "typed": lambda _, box: [Prompt("action", lambda _: None, self.typed).row(box.width)],
            "palette": lambda _, box: pages.palette_rows(self._entries, box.width, self.typed.text),
        }

    def hints(self) -> Sequence[Hint]:
        """The keys of this screen alone."""
        return (Hint("enter", "do it"), Hint("↑↓", "choose"), Hint("esc", "back"))

    def info(self, _: Moment, width: int, /) -> Row:
        """What the chosen action does, or why not now, which the list may have cut."""
        chosen = next((one for one in self._entries if pages.PREFIX + one.id == self.grid("palette").selected), None)
        return line([Cell(f" {chosen.label}: {chosen.now}" if chosen is not None else "", "dim")], width)

    def paint(self) -> None:
        """The list has the keys."""
        self.active = 1
        super().paint()

    def key(self, event: events.Key) -> None:
        """Typing narrows the list; arrows, Enter and Escape do what they say."""
        grid = self.grid("palette")
        if event.key in ("escape", "ctrl+c", "ctrl+p"):
            self.console_app.go_back()
        elif event.key == "enter":
            self.console_app.choose(grid.selected)
        elif event.key in ("up", "down", "pageup", "pagedown"):
            step = -1 if event.key in ("up", "pageup") else 1
            grid.move(step) if event.key in ("up", "down") else grid.page(step)
            self.paint_bottom()
        else:
            changed = self.typed.key(event.key)
            if changed is None and event.character is not None and event.character.isprintable():
                changed = self.typed.typed(event.character)
            if changed is not None:
                self.typed = changed
                grid.followed = False
                self.paint()

    def on_paste(self, event: events.Paste) -> None:
        """Pasted text narrows the list too."""
        self.typed = self.typed.typed(event.text)
        event.stop()
        self.paint()


def entries(situation: keys.Situation) -> list[pages.Entry]:
    """The action table as the pages show it."""
    ordered = sorted(keys.ACTIONS, key=lambda action: keys.GROUPS.index(action.group))
    return [
        pages.Entry(
            action.id, keys.shown_keys(action), action.label, action.help, action.group, action.refusal(situation) or ""
        )
        for action in ordered
    ]
