"""The one-line prompt at the bottom: a text to type, or a question with one key that means yes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from standby.console.edit import EditLine
from standby.console.present.cells import Cell, Row, fit, line


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is asked. `text` `None` makes it a question, of one key that means yes or of several `choices`.

    `live` hears every change of the text; `give_up` is called when the person leaves it.
    """

    label: str
    submit: Callable[[str], None]
    text: EditLine | None = None
    yes: str = "enter"
    live: Callable[[str], None] | None = None
    give_up: Callable[[], None] = lambda: None
    choices: Sequence[str] = ()  # the keys of a question; what is submitted is the one that was pressed

    def key(self, name: str, character: str | None) -> Prompt | None:
        """After a key. `None`: the prompt is over (submitted or given up). Every key is swallowed."""
        if name in ("escape", "ctrl+c"):
            self.give_up()
            return None
        if self.text is None:
            if name in self.choices:
                self.submit(name)
            elif name == self.yes and not self.choices:
                self.submit("")
            else:
                self.give_up()
            return None  # any other key means no
        if name == "enter":
            self.submit(self.text.text.strip())
            return None
        changed = self.text.key(name)
        if changed is None and character is not None and character.isprintable():
            changed = self.text.typed(character)
        return self if changed is None else self._with(changed)

    def pasted(self, text: str) -> Prompt:
        """After a paste; only text prompts take one."""
        return self if self.text is None else self._with(self.text.typed(text))

    def _with(self, text: EditLine) -> Prompt:
        if self.live is not None:
            self.live(text.text.strip())
        return replace(self, text=text)

    def row(self, width: int) -> Row:
        """The line as it stands on the screen; the cursor stays in sight."""
        if self.text is None:
            return line([Cell(fit(f" {self.label}", width), "prompt")], width)
        label = f" {self.label}: "
        room = max(4, width - len(label) - 1)
        start = max(0, self.text.at - room + 1)
        shown, at = self.text.text[start:], self.text.at - start
        return line(
            [
                Cell(label, "prompt"),
                Cell(shown[:at], "prompt"),
                Cell(shown[at : at + 1] or " ", "prompt.cursor"),
                Cell(shown[at + 1 :], "prompt"),
                Cell(" " * width, "prompt"),
            ],
            width,
        )
